"""What people are seen to carry: how strongly the colours at their hands say that they hold a certain product.

Tracking tells which colours around somebody's hands belong neither to the empty store nor to bodies; the catalogue
tells which colour a product has. That alone proves little: a sleeve, a bag or bare skin may have that colour too. So it
is compared with the same person's hands at other times. Strengths are log likelihood ratios: of what was seen if the
product was in a hand, against empty hands. Where nothing can be seen they are 0.
"""

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, hypot, lgamma, log

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from store.events import TrackPosition, WeightChange
from store.gate import Gates
from store.handing import Meeting
from store.planogram import Planogram
from store.whereabouts import Whereabouts

DARKEST, BRIGHTEST = 0.5, 1.1
"""Light on things in people's hands, as a share of that in which their pictures were taken; measured 0.53 to 1.02."""

MOMENT_S = 0.3
"""Steps in which the moment at which something passed is looked for, seconds."""

MARGIN_S, HIDDEN_S = 0.6, 1.0
"""How long before hands meet or after they part something may have passed, and how long it may be hidden, seconds."""

LEVELS = (4, 8, 16)
"""Pixels of a product's colour in one view, from which on more of them say more."""


class CarriedSettings(BaseModel):
    """How colours speak. Shares of views are by the number of pixels: under 4, under 8, under 16, more."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    off_share: float = Field(default=0.05, gt=0, lt=1, description="how far off a colour may be, share of brightness")
    off_levels: float = Field(default=6.0, ge=0, le=100, description="and beyond that, levels of 255")
    held: tuple[float, float, float, float] = Field(
        default=(0.25, 0.1, 0.2, 0.45), description="shares of views of hands that hold it, measured"
    )
    empty: tuple[float, float, float, float] = Field(
        default=(0.955, 0.03, 0.01, 0.005), description="the same of empty hands, where nothing else is known"
    )
    wears_it: float = Field(
        default=0.1, gt=0, lt=1, description="probability that somebody's clothes or skin have a product's colour"
    )
    held_trust: float = Field(default=2.0, gt=0, le=1e4, description="views as which the first guess counts")
    empty_trust: float = Field(default=10.0, gt=0, le=1e4, description="views as which the second guess counts")
    alike: float = Field(default=2.0, ge=1, le=100, description="views that say as much as one, as they are much alike")
    shown: float = Field(
        default=0.8, gt=0, lt=1, description="probability that hands are in view well enough at all to say so"
    )
    loudest: float = Field(default=6.0, gt=0, le=50, description="greatest log ratio of one look")
    surely: float = Field(default=0.7, gt=0, le=50, description="log ratio from which something was seen in a hand")
    pass_s: float = Field(
        default=0.5, gt=0, le=2, description="for so long what is passed is in a hand before, and in another after it"
    )
    lift_s: float = Field(default=0.7, ge=0, le=2, description="from a plate's first move until it is off the shelf")
    look_s: float = Field(
        default=1.5, gt=0, le=2, description="after a plate first moves for taking, or before it does for putting back"
    )
    near_m: float = Field(default=1.6, gt=0, le=5, description="who stands farther from a plate did not reach it")
    memory_s: float = Field(default=8.0, gt=0, le=12, description="how far back hands are compared, seconds")


@dataclass(frozen=True, slots=True)
class Handled:
    """Between two times (seconds) whoever stood near a plate at (x, y), metres, had something in hand."""

    start: float
    end: float
    x: float
    y: float

    def near(self, at: TrackPosition, within_m: float) -> bool:
        """Whether somebody stood near."""
        return hypot(at.x - self.x, at.y - self.y) < within_m

    def covers(self, at: TrackPosition, within_m: float) -> bool:
        """Whether somebody stood near, and then."""
        return self.start <= at.t <= self.end and self.near(at, within_m)


class Carried:
    """Judges what tracks carry by the whereabouts' memory."""

    FIXED = frozenset({"settings", "_planogram", "_where", "_gates"})

    def __init__(
        self, planogram: Planogram, gates: Gates, where: Whereabouts, settings: CarriedSettings | None = None
    ) -> None:
        self._planogram, self._gates, self._where = planogram, gates, where
        self.settings = settings or CarriedSettings()
        self._handled: deque[Handled] = deque(maxlen=64)
        self._waiting: list[WeightChange] = []

    def expect(self, change: WeightChange) -> None:
        """A weight changed: whoever did it had something in hand just before, or soon will have."""
        x, y, _ = self._planogram.plate[change.plates[0]].position
        look = self.settings.look_s
        start, end = (look, change.settled) if change.delta_g > 0 else (0.3, change.started + look + 0.3)
        self._handled.append(Handled(change.started - start, end, x, y))
        self._waiting.append(change)

    def due(self, t: float) -> list[WeightChange]:
        """Changes after which hands have been looked at for long enough."""
        due = [change for change in self._waiting if t >= self._window(change)[1]]
        self._waiting = [change for change in self._waiting if change not in due]
        return due

    def of_change(self, change: WeightChange, visit: str, product: str) -> float:
        """Log ratio: whoever of a visit stood near had the product in hand after it was taken, or before it was put
        back."""
        start, end = self._window(change)
        tracks = [track for track, member in self._gates.owner.items() if member.visit == visit]
        paths = [self._where.between(track, start, end) for track in tracks]
        handled = [one for one in self._handled if one.start <= change.started <= one.end]
        near = [path for path in paths if any(one.near(at, self.settings.near_m) for at in path for one in handled)]
        return self._one_of(near, product)

    def at_shelf(self, meeting: Meeting) -> bool:
        """Whether hands met because both were at a plate that moved: then nothing says that anything passed."""
        idle = [
            {at.t for track in tracks for at in self._idle(track, meeting.started, meeting.ended)}
            for tracks in meeting.tracks
        ]
        ticks = {
            at.t
            for tracks in meeting.tracks
            for track in tracks
            for at in self._where.between(track, meeting.started, meeting.ended)
        }
        return len(idle[0] & idle[1]) < len(ticks) / 2

    def of_meeting(self, meeting: Meeting, before: str | None, after: str | None, product: str) -> float:
        """Log ratio: one visit had the product in hand before some moment of a meeting, another one after it.

        Both may be the same; None is nobody. What either took from a shelf just then, or was about to put back, says
        nothing about that. While hands are together bodies often hide them, so that the moment may be a while.
        """
        tracks = dict(zip((meeting.first, meeting.second), meeting.tracks, strict=True))
        first, last = meeting.started - MARGIN_S, meeting.ended + MARGIN_S
        moments = np.linspace(first, last, 1 + max(1, round((last - first) / MOMENT_S))).tolist()
        seconds = self.settings.pass_s
        given = [self._idly(tracks.get(before or "", ()), product, t - seconds, t) for t in moments]
        taken = [self._idly(tracks.get(after or "", ()), product, t, t + seconds) for t in moments]
        ratios = [
            one + other
            for t, one in zip(moments, given, strict=True)
            for later, other in zip(moments, taken, strict=True)
            if 0 <= later - t <= HIDDEN_S
        ]
        return max(ratios) + log(sum(exp(one - max(ratios)) for one in ratios) / len(ratios))

    def shown(self, meeting: Meeting, products: Iterable[str]) -> bool:
        """Whether anything was seen in a hand around a meeting; also True where no hand was ever looked at."""
        paths = [self._where.between(track, meeting.started, meeting.ended) for own in meeting.tracks for track in own]
        if not any(at.carried for path in paths for at in path):
            return True
        visits = (meeting.first, meeting.second)
        return any(
            max(self.of_meeting(meeting, visit, None, product), self.of_meeting(meeting, None, visit, product))
            > self.settings.surely
            for visit in visits
            for product in products
        )

    def _idly(self, tracks: Iterable[int], product: str, start: float, end: float) -> float:
        return self._one_of([self._idle(track, start, end) for track in sorted(tracks)], product)

    def _window(self, change: WeightChange) -> tuple[float, float]:
        """When whoever made a change has in hand what it was, seconds."""
        if change.delta_g > 0:
            return change.started - self.settings.look_s, change.started
        return change.started + self.settings.lift_s, change.started + self.settings.look_s

    def _idle(self, track: int, start: float, end: float) -> list[TrackPosition]:
        """Where a track was, but for when it stood before a plate that moved."""
        path = self._where.between(track, start, end)
        return [at for at in path if not any(one.covers(at, self.settings.near_m) for one in self._handled)]

    def _one_of(self, paths: Iterable[Sequence[TrackPosition]], product: str) -> float:
        """Log ratio: one of the hands that have these paths held the product meanwhile, against empty hands."""
        known = self._planogram.products.get(product)
        paths = [path for path in paths if path]
        if known is None or known.colour is None or not paths:
            return 0.0
        ratios = [exp(self._hand(path, side, known.colour)) for path in paths for side in ("L", "R")]
        return log(sum(ratios) / len(ratios))

    def _hand(self, path: Sequence[TrackPosition], side: str, colour: tuple[int, int, int]) -> float:
        """Log ratio of one hand, compared with how that person's hands looked in the seconds before."""
        start = path[0].t
        before = self._idle(path[0].track, start - self.settings.memory_s, start - 0.01)
        return self._against(self._levels(path, (side,), colour), self._levels(before, ("L", "R"), colour))

    def _levels(
        self, path: Sequence[TrackPosition], sides: Sequence[str], colour: tuple[int, int, int]
    ) -> Counter[int]:
        """In how many views how much of the colour is seen, as a place among `LEVELS`."""
        settings = self.settings
        return Counter(
            bisect_right(LEVELS, alike(look.colours, colour, settings.off_share, settings.off_levels))
            for at in path
            for look in at.carried
            if look.side in sides
        )

    def _against(self, own: Counter[int], before: Counter[int]) -> float:
        """Log ratio of a hand's own counts of levels, given those of the same hand when it was empty."""
        if not own:
            return 0.0
        settings, kinds = self.settings, range(len(LEVELS) + 1)
        seen, known = ([counts[kind] / settings.alike for kind in kinds] for counts in (own, before))
        both = [one + other for one, other in zip(seen, known, strict=True)]
        # Most people wear nothing of that colour; to some whose clothes have it, empty hands look like full ones.
        empty = ([settings.empty_trust * share for share in settings.empty], log(1 - settings.wears_it))
        wears = ([settings.held_trust * share for share in settings.held], log(settings.wears_it))
        if_empty = _either(both, empty, wears) - _either(known, empty, wears)
        ratio = _drawn(seen, wears[0]) - if_empty
        return log(settings.shown * exp(min(ratio, settings.loudest)) + 1 - settings.shown)


@lru_cache(maxsize=65_536)
def alike(look: bytes, colour: tuple[int, int, int], off_share: float, off_levels: float) -> int:
    """How many pixels of a look (`HandLook.colours`) have a colour, in any light that stores have."""
    seen: NDArray[np.uint8] = np.frombuffer(look, np.uint8).reshape(-1, 4)
    levels, picture = seen[:, :3].astype(np.float64), np.array(colour, np.float64)
    light = levels @ picture / max(float(picture @ picture), 1.0)
    off = np.linalg.norm(levels - light[:, None] * picture, axis=1)
    near = off < off_share * np.linalg.norm(levels, axis=1) + off_levels
    return int(seen[near & (light > DARKEST) & (light < BRIGHTEST), 3].sum())


def _drawn(seen: Sequence[float], guess: Sequence[float]) -> float:
    """Log probability of views of several kinds whose shares have a Dirichlet distribution; of one order of them."""
    return (
        sum(lgamma(a + n) - lgamma(a) for n, a in zip(seen, guess, strict=True))
        + lgamma(sum(guess))
        - lgamma(sum(guess) + sum(seen))
    )


def _either(seen: Sequence[float], *guesses: tuple[Sequence[float], float]) -> float:
    """Log probability of views of several kinds under one of several guesses, each with its log probability."""
    logs = [_drawn(seen, guess) + log_p for guess, log_p in guesses]
    return max(logs) + log(sum(exp(one - max(logs)) for one in logs))
