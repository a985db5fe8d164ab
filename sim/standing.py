"""Where people stand: spots before shelves and beside each other, each claimed by one person at a time."""

import math
from collections.abc import Iterator

from sim.routing import Spot
from sim.stock import ShelfPlace
from sim.walking import Walker, Walkers

SQUEEZED_M = 0.42
"""Between the centres of two who want to stand shoulder to shoulder: half a metre, less what both may stop short."""

APART_M = 0.6
"""Between the centres of two who stand: shoulders 0.51 m wide and a little air."""

SIDEWAYS_M = (0.0, 0.17, -0.17, 0.34, -0.34, 0.5, -0.5)
"""From the middle of the place along the shelf; an arm of 0.6 m still reaches."""

BESIDE = ((0.0, 0.8), (0.0, -0.8), (-0.5, 0.7), (-0.5, -0.7), (0.0, 1.1), (0.0, -1.1), (-0.8, 0.3), (-0.8, -0.3))
"""Offsets ahead and to the left of somebody at a shelf; friends keep 0.8 m (PLoS ONE 0010047)."""

BEHIND = (
    (-0.9, 0.5), (-0.9, -0.5), (-0.8, 0.8), (-0.8, -0.8), (-1.3, 0.0),
    (-0.6, 1.1), (-0.6, -1.1), (0.0, 1.3), (0.0, -1.3),
)  # fmt: skip
"""Offsets ahead and to the left to which somebody steps who makes room at a shelf; our choice."""


class StandingSpots:
    """Who has claimed which spot on the floor."""

    def __init__(self, walkers: Walkers) -> None:
        """Nobody stands anywhere yet."""
        self._walkers = walkers
        self._claims: dict[str, Spot] = {}

    def release(self, name: str) -> None:
        """Gives a person's spot free."""
        self._claims.pop(name, None)

    def free(self, spot: Spot, walker: Walker, apart: float = APART_M) -> bool:
        """Whether `walker` can stand at `spot` without coming too near to anybody who stands or will stand there."""
        if not self._walkers.router.standable(spot):
            return False
        name = walker.person.name
        if any(other != name and math.dist(spot, claimed) < apart for other, claimed in self._claims.items()):
            return False
        # A child at hand goes where the adult goes.
        others = (w for w in self._walkers.present.values() if w is not walker and w.led_by != name)
        standing = (w for w in others if w.arrived)
        return all(math.dist(spot, other.spot) >= apart - 0.02 for other in standing)

    def claim(self, spot: Spot, walker: Walker) -> Spot:
        """Keeps the spot for the walker."""
        self._claims[walker.person.name] = spot
        return spot

    def claim_before(self, place: ShelfPlace, walker: Walker, aside: float | None = None) -> Spot | None:
        """The best free spot from which the walker reaches a place, claimed; None while others stand there.

        aside: only the spot so many metres to the right of the place's middle, close to others if need be.
        """
        if aside is not None:
            spot = _offset(place.access, place.heading, 0.0, -aside)
            return self.claim(spot, walker) if self.free(spot, walker, SQUEEZED_M) else None
        found = next((spot for spot in _before(place) if self.free(spot, walker)), None)
        return self.claim(found, walker) if found else None

    def claim_beside(self, spot: Spot, heading: float, walker: Walker) -> Spot | None:
        """The nearest free spot beside or behind somebody who stands at `spot` with `heading`, claimed."""
        options = [s for s in _beside(spot, heading) if self.free(s, walker) and self._walkers.router.straight(spot, s)]
        if not options:
            return None
        return self.claim(min(options, key=lambda s: math.dist(s, walker.spot)), walker)

    def claim_behind(self, spot: Spot, heading: float, walker: Walker) -> Spot | None:
        """A free spot a step or two behind `spot`, seen from somebody who faces `heading`, claimed."""
        options = (_offset(spot, heading, ahead, left) for ahead, left in BEHIND)
        found = next((s for s in options if self.free(s, walker) and self._walkers.router.straight(spot, s)), None)
        return self.claim(found, walker) if found else None


def _before(place: ShelfPlace) -> Iterator[Spot]:
    for sideways in SIDEWAYS_M:
        yield _offset(place.access, place.heading, 0.0, sideways)


def _beside(spot: Spot, heading: float) -> Iterator[Spot]:
    for ahead, left in BESIDE:
        yield _offset(spot, heading, ahead, left)


def _offset(spot: Spot, heading: float, ahead: float, left: float) -> Spot:
    cos, sin = math.cos(heading), math.sin(heading)
    return spot[0] + ahead * cos - left * sin, spot[1] + ahead * sin + left * cos
