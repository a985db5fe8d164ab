"""Gates as people use them: one at a time, with a scan before stepping in and a light beam in the middle."""

import math
from collections.abc import Mapping
from typing import Literal

import simpy

from sim.routing import Spot
from sim.store_places import GatePlace
from sim.store_plan import StorePlan

SCAN_M = 0.45
"""Before the beam, where people stop to show their token."""

CLEAR_M = 0.9
"""Behind the beam; from there on the next one may use the gate."""

QUEUE = ((1.3, 0.0), (1.3, 0.7), (1.3, -0.7), (1.9, 0.0), (2.0, 0.7), (2.0, -0.7), (2.6, 0.0))
QUEUE_ASIDE = ((1.1, 0.95), (1.1, -0.95), (1.7, 0.95), (1.7, -0.95), (2.3, 0.95), (2.3, -0.95))
"""Metres inwards and to the left where people wait to leave; aside of a gate by which others come in."""


class Doorway:
    """One gate. Whoever holds its `turn` may pass."""

    def __init__(self, place: GatePlace, environment: simpy.Environment) -> None:
        """A gate that nobody uses."""
        self.place = place
        self.turn = simpy.Resource(environment, capacity=1)
        self.inward = math.atan2(place.inward[1], place.inward[0])
        self._beam: dict[str, float] = {}

    @property
    def outside(self) -> Spot:
        """On the street."""
        return self.place.outside

    @property
    def scan_spot(self) -> Spot:
        """Before the reader."""
        return self.within(-SCAN_M)

    def queue(self) -> list[Spot]:
        """Where people wait inside until they may leave, the best spots first."""
        offsets = QUEUE_ASIDE if self.place.direction == "both" else QUEUE
        return [self.within(depth, left) for depth, left in offsets]

    def within(self, depth: float, left: float = 0.0) -> Spot:
        """The point `depth` metres inwards of the beam and `left` metres to the left of somebody who comes in."""
        ix, iy = self.place.inward
        return self.place.x + depth * ix - left * iy, self.place.y + depth * iy + left * ix

    def depth(self, spot: Spot) -> float:
        """Metres inwards of the beam; negative outside."""
        ix, iy = self.place.inward
        return (spot[0] - self.place.x) * ix + (spot[1] - self.place.y) * iy

    def watch(self, spots: Mapping[str, Spot]) -> list[tuple[str, Literal["in", "out"]]]:
        """Who broke the beam since the last call, and which way."""
        ix, iy = self.place.inward
        found: list[tuple[str, Literal["in", "out"]]] = []
        depths = {}
        for name, spot in spots.items():
            aside = abs((spot[1] - self.place.y) * ix - (spot[0] - self.place.x) * iy)
            if aside > self.place.width_m / 2 + 0.2:
                continue
            depths[name] = self.depth(spot)
            before = self._beam.get(name)
            if before is not None and (before < 0) != (depths[name] < 0):
                found.append((name, "in" if before < 0 else "out"))
        self._beam = depths
        return found


class Doorways:
    """All gates of a store."""

    def __init__(self, plan: StorePlan, environment: simpy.Environment) -> None:
        """One doorway a gate."""
        self.all = {place.id: Doorway(place, environment) for place in plan.gate_places()}

    def ways_in(self, only: str = "") -> list[Doorway]:
        """Gates through which one may come in; with `only`, that one."""
        ways = [door for door in self.all.values() if door.place.direction in ("in", "both")]
        return [door for door in ways if only in ("", door.place.id)]

    def nearest_way_out(self, spot: Spot) -> Doorway:
        """The gate through which one leaves from `spot`."""
        ways = [door for door in self.all.values() if door.place.direction in ("out", "both")]
        return min(ways, key=lambda door: math.dist(spot, (door.place.x, door.place.y)))
