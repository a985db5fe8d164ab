"""Hand-overs inside the store: who pays for what one shopper gives another, and when hands met that may have done it.

The rule is the store's to choose. `picker-pays`: whoever took it off the shelf, as a store must say that cannot see
hand-overs. `carrier-pays`: whoever carries it out. `party-pays`: as that, on the one bill of the carrier's family, by
the families that the accounts have registered.

Cameras cannot see what passes from hand to hand. They see that a hand of one and a hand of another were at one place
for a while; what that meant is left to the belief (`store.attribution.Belief.hand_over`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import dist
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from store.events import TrackPosition

HandOverRule = Literal["picker-pays", "carrier-pays", "party-pays"]


class HandingSettings(BaseModel):
    """The rule, and when hands of two people have met."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: HandOverRule = Field(default="picker-pays", description="who pays for what is handed over in the store")
    near_m: float = Field(default=0.3, gt=0, le=1, description="hands so near are at one place; 2 sd of found hands")
    least_ticks: int = Field(default=3, ge=1, le=100, description="camera ticks in which they were, to count")
    window_s: float = Field(default=1.5, gt=0, le=10, description="within so many seconds, as hands are often hidden")
    handed: float = Field(
        default=0.0, ge=0, lt=1, description="probability that an item passed when hands met; 0: not looked for"
    )


@dataclass(frozen=True, slots=True)
class Meeting:
    """Hands of two visits met at `t` (seconds from opening); `first` is before `second` in order of name."""

    t: float
    first: str
    second: str


class Meetings:
    """Finds meetings, tick by tick; one for as long as two people's hands stay together."""

    FIXED = frozenset({"settings"})

    def __init__(self, settings: HandingSettings | None = None) -> None:
        self.settings = settings or HandingSettings()
        self._near: dict[tuple[str, str], list[float]] = {}
        self._met: set[tuple[str, str]] = set()

    def update(self, t: float, positions: Iterable[TrackPosition], visit_of: Mapping[int, str]) -> list[Meeting]:
        """Meetings that are certain at this tick; `visit_of` names the visits of tracks that have one."""
        own = [(visit_of[one.track], one) for one in positions if one.track in visit_of and one.hands]
        for number, (visit, one) in enumerate(own):
            for other_visit, other in own[number + 1 :]:
                if visit != other_visit and self._together(one, other):
                    first, second = sorted((visit, other_visit))
                    self._near.setdefault((first, second), []).append(t)
        found = []
        for pair, times in list(self._near.items()):
            recent = sorted({time for time in times if time > t - self.settings.window_s})
            if not recent:
                del self._near[pair]
                self._met.discard(pair)
                continue
            self._near[pair] = recent
            if pair not in self._met and len(recent) >= self.settings.least_ticks:
                self._met.add(pair)
                found.append(Meeting(t, *pair))
        return found

    def _together(self, one: TrackPosition, other: TrackPosition) -> bool:
        return any(
            dist((a.x, a.y, a.z), (b.x, b.y, b.z)) < self.settings.near_m for a in one.hands for b in other.hands
        )
