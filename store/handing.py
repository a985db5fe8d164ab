"""Hand-overs inside the store: who pays for what one shopper gives another, and when something may have passed.

The rule is the store's to choose. `picker-pays`: whoever took it off the shelf, as a store must say that cannot see
hand-overs. `carrier-pays`: whoever carries it out. `party-pays`: as that, on the one bill of the carrier's family, by
the families that the accounts have registered.

Cameras see that a hand of one and a hand of another were at one place for a while, or a hand of one halfway to the
other, and the colours in those hands before and after (`store.carried`); what that meant is left to the belief
(`store.attribution.Belief.hand_over`). So a meeting is told a moment after it, when the colours are known.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import dist
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from store.events import TrackPosition

HandOverRule = Literal["picker-pays", "carrier-pays", "party-pays"]


class HandingSettings(BaseModel):
    """The rule, and when something may have passed between two people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: HandOverRule = Field(default="picker-pays", description="who pays for what is handed over in the store")
    near_m: float = Field(default=0.3, gt=0, le=1, description="hands so near are at one place; 2 sd of found hands")
    least_ticks: int = Field(default=3, ge=1, le=100, description="camera ticks in which they were, to count")
    window_s: float = Field(default=1.5, gt=0, le=10, description="within so many seconds, as hands are often hidden")
    reach_m: float = Field(default=1.0, gt=0, le=3, description="bodies so near can pass things, metres")
    halfway_m: float = Field(
        default=0.25, ge=0, le=1, description="a hand so near to the middle between them may do so; 2 sd of found hands"
    )
    in_view: float = Field(default=0.6, ge=0, le=1, description="probability from which such a hand is believed")
    longest_s: float = Field(default=2.5, gt=0, le=10, description="longest meeting; what lasts longer is several")
    apart_s: float = Field(default=1.0, ge=0, le=5, description="hands that were apart for so long have parted")
    again_s: float = Field(
        default=2.0, ge=0, le=10, description="from a meeting in which something was seen until there is a new one"
    )
    settle_s: float = Field(
        default=2.5,
        ge=0,
        le=10,
        description="from parting until it is judged: what was then put back to a shelf is known by then, seconds",
    )
    handed: float = Field(
        default=0.0, ge=0, lt=1, description="probability that an item passed when hands met; 0: not looked for"
    )


@dataclass(frozen=True, slots=True)
class Meeting:
    """Something may have passed between two visits from `started` until `ended` (seconds from opening), known at `t`.

    `first` is before `second` in order of name; `tracks` are those who met, of the first and of the second.
    """

    t: float
    first: str
    second: str
    started: float
    ended: float
    tracks: tuple[frozenset[int], frozenset[int]]


@dataclass(slots=True)
class _Touch:
    """Two visits whose hands are together, or were a moment ago, at these times (seconds)."""

    times: list[float] = field(default_factory=list)
    met: bool = False
    tracks: tuple[set[int], set[int]] = field(default_factory=lambda: (set(), set()))


class Meetings:
    """Finds meetings, tick by tick: one for as long as hands stay together, but a new one every few seconds."""

    FIXED = frozenset({"settings"})

    def __init__(self, settings: HandingSettings | None = None) -> None:
        self.settings = settings or HandingSettings()
        self._touches: dict[tuple[str, str], _Touch] = {}
        self._parted: list[tuple[tuple[str, str], _Touch]] = []
        self._judged: dict[tuple[str, str], float] = {}

    def update(self, t: float, positions: Iterable[TrackPosition], visit_of: Mapping[int, str]) -> list[Meeting]:
        """Meetings that are over at this tick; `visit_of` names the visits of tracks that have one."""
        named = [(visit_of[one.track], one.track, one) for one in positions if one.track in visit_of and one.hands]
        own = sorted(named, key=lambda row: row[:2])
        for number, (visit, track, one) in enumerate(own):
            for other_visit, other_track, other in own[number + 1 :]:
                if visit != other_visit and self._touching(one, other):
                    self._touched(t, (visit, other_visit), (track, other_track))
        self._part(t)
        return self._over(t)

    def judged(self, meeting: Meeting) -> None:
        """Something was seen in this meeting: what the two do right after it belongs to it, as putting things away."""
        self._judged[meeting.first, meeting.second] = meeting.ended

    def _touched(self, t: float, pair: tuple[str, str], tracks: tuple[int, int]) -> None:
        if any(one == pair and t - touch.times[-1] < self.settings.apart_s for one, touch in self._parted):
            return  # what is seen now belongs to the meeting that was just cut short
        touch = self._touches.setdefault(pair, _Touch())
        for known, track in zip(touch.tracks, tracks, strict=True):
            known.add(track)
        if not touch.times or touch.times[-1] < t:
            touch.times.append(t)
        if not touch.met:
            touch.times = [time for time in touch.times if time > t - self.settings.window_s]
            touch.met = len(touch.times) >= self.settings.least_ticks

    def _part(self, t: float) -> None:
        """Ends those whose hands have parted, or have been together for long; whoever did not meet is forgotten."""
        settings = self.settings
        for pair, touch in list(self._touches.items()):
            parted = t - touch.times[-1] >= (settings.apart_s if touch.met else settings.window_s) - 1e-9
            if parted or touch.times[-1] - touch.times[0] >= settings.longest_s:
                del self._touches[pair]
                if touch.met:
                    self._parted.append((pair, touch))

    def _over(self, t: float) -> list[Meeting]:
        """Those that have been over for long enough."""
        over = [(pair, touch) for pair, touch in self._parted if t >= touch.times[-1] + self.settings.settle_s - 1e-9]
        self._parted = [one for one in self._parted if one not in over]
        return [
            Meeting(t, *pair, touch.times[0], touch.times[-1], (frozenset(touch.tracks[0]), frozenset(touch.tracks[1])))
            for pair, touch in over
            if touch.times[0] >= self._judged.get(pair, float("-inf")) + self.settings.again_s
        ]

    def _touching(self, one: TrackPosition, other: TrackPosition) -> bool:
        """Whether hands are at one place, or, as the other one's is often hidden, a hand is halfway to the other."""
        if any(dist((a.x, a.y, a.z), (b.x, b.y, b.z)) < self.settings.near_m for a in one.hands for b in other.hands):
            return True
        if dist((one.x, one.y), (other.x, other.y)) > self.settings.reach_m:
            return False
        middle = ((one.x + other.x) / 2, (one.y + other.y) / 2)
        return any(
            hand.seen >= self.settings.in_view and dist((hand.x, hand.y), middle) < self.settings.halfway_m
            for hand in (*one.hands, *other.hands)
        )
