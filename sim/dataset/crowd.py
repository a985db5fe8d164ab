"""Random people in a store: standing, walking, reaching into shelves as shoppers do, crouching, close together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from sim.dataset.shelf_reach import at_slot, side_by_side
from sim.people import Person, Reach
from sim.store_places import SlotPlace
from sim.store_plan import StorePlan

SHOULDER_ROOM_M = 0.36  # closest that two people's centres come
BUSY_SHELF = 0.45  # share of instants at which several people stand at one shelf


@dataclass(frozen=True, slots=True)
class Posture:
    """One person at one instant, as the renderer takes it."""

    person: str
    x: float
    y: float
    heading: float
    phase: float = 0.0
    speed: float = 0.0
    reach: Reach | Sequence[Reach] | None = None
    carrying: float = 0.0
    held_product: str | None = None
    outfit: int = 0
    bag_at: tuple[float, float, float] | None = None


class Crowd:
    """Draws postures of `people` in a plan."""

    def __init__(
        self, plan: StorePlan, people: Sequence[Person], rng: np.random.Generator, taken: BaseGeometry | None = None
    ) -> None:
        """Prepares the floor on which people can stand: the plan's, less what is `taken` (metres)."""
        self._people, self._rng = list(people), rng
        whole: BaseGeometry = plan.walkable(clearance_m=0.2)
        self._floor = whole if taken is None or whole.within(taken) else whole.difference(taken)
        self._slots: list[SlotPlace] = plan.slot_places()
        self._products = [product.id for product in plan.products]
        self._bounds = self._floor.bounds

    def postures(self, count: int) -> list[Posture]:
        """`count` different people, or fewer where the floor is full."""
        chosen = [self._people[int(index)] for index in self._rng.permutation(len(self._people))[:count]]
        placed = self._at_one_shelf(chosen) if self._slots and self._rng.uniform() < BUSY_SHELF else []
        there = {posture.person for posture in placed}
        for person in chosen:
            posture = self._free_posture(person, placed) if person.name not in there else None
            if posture is not None:
                placed.append(posture)
        return placed

    def posture(self, person: Person, near: tuple[float, float] | None = None, radius_m: float = 1.5) -> Posture | None:
        """One posture of a person, within `radius_m` of a point if that is given."""
        for _ in range(40):
            posture = self._at_shelf(person) if self._rng.uniform() < 0.3 else self._on_floor(person)
            if near is None or np.hypot(posture.x - near[0], posture.y - near[1]) < radius_m:
                return posture
        return None

    def _free_posture(self, person: Person, placed: list[Posture]) -> Posture | None:
        for _ in range(25):
            kind = self._rng.uniform()
            if kind < 0.42 and self._slots:
                posture = self._at_shelf(person)
            elif kind < 0.62 and placed:
                posture = self._beside(person, placed[int(self._rng.integers(len(placed)))])
            else:
                posture = self._on_floor(person)
            if self._is_free(posture, placed):
                return posture
        return None

    def _is_free(self, posture: Posture, placed: list[Posture]) -> bool:
        near = any(np.hypot(posture.x - p.x, posture.y - p.y) < SHOULDER_ROOM_M for p in placed)
        return not near and bool(self._floor.covers(Point(posture.x, posture.y)))

    def _at_one_shelf(self, people: Sequence[Person]) -> list[Posture]:
        """Two to five of the people shoulder to shoulder at one shelf, as far as there is room."""
        placed: list[Posture] = []
        group = people[: int(self._rng.integers(2, 6))]
        for person, slot, spot in side_by_side(self._slots, group, self._rng):
            posture = self._before(person, slot, spot)
            if self._is_free(posture, placed):
                placed.append(posture)
        return placed

    def _at_shelf(self, person: Person) -> Posture:
        """Reaching into a slot, or standing before it with hanging arms."""
        if not self._slots:
            return self._on_floor(person)
        slot = self._slots[int(self._rng.integers(len(self._slots)))]
        for _ in range(4):
            if slot.centre[2] <= person.reach_m[1]:
                break
            slot = self._slots[int(self._rng.integers(len(self._slots)))]
        return self._before(person, slot, None)

    def _before(self, person: Person, slot: SlotPlace, spot: tuple[float, float] | None) -> Posture:
        """Before a shelf, a hand on its way to a slot; `spot` in metres, None for one from which shoppers take it."""
        rng = self._rng
        at = at_slot(person, slot, rng, spot)
        carrying = 1.0 if rng.uniform() < 0.3 else self._carrying()
        held = slot.product if at.holding else None
        return Posture(person.name, *at.spot, at.heading, 0.0, 0.0, at.reach, carrying, held)

    def _on_floor(self, person: Person) -> Posture:
        rng = self._rng
        for _ in range(60):
            x, y = rng.uniform(self._bounds[0], self._bounds[2]), rng.uniform(self._bounds[1], self._bounds[3])
            if self._floor.covers(Point(x, y)):
                break
        return self._standing_or_walking(person, float(x), float(y), rng.uniform(-np.pi, np.pi))

    def _beside(self, person: Person, other: Posture) -> Posture:
        """In the same group: shoulder to shoulder or face to face."""
        rng = self._rng
        angle, distance = rng.uniform(-np.pi, np.pi), rng.uniform(0.38, 0.85)
        x, y = other.x + distance * np.cos(angle), other.y + distance * np.sin(angle)
        heading = float(rng.choice([other.heading, angle + np.pi])) + rng.normal(0, 0.3)
        return self._standing_or_walking(person, float(x), float(y), heading)

    def _standing_or_walking(self, person: Person, x: float, y: float, heading: float) -> Posture:
        rng = self._rng
        speed = float(rng.uniform(0.3, 1.3) * person.walking_speed) if rng.uniform() < 0.6 else 0.0
        held = str(rng.choice(self._products)) if rng.uniform() < 0.15 else None
        reach = self._gesture(x, y, heading) if rng.uniform() < 0.25 else None
        phase = float(rng.uniform(0, 2 * np.pi))
        return Posture(person.name, x, y, heading, phase, speed, reach, self._carrying(), held)

    def _gesture(self, x: float, y: float, heading: float) -> Reach:
        """A hand somewhere before the body: a telephone, a product looked at, a hand to the floor."""
        rng = self._rng
        angle, distance = heading + rng.normal(0, 0.4), rng.uniform(0.2, 0.6)
        target = np.array([x + distance * np.cos(angle), y + distance * np.sin(angle), rng.uniform(0.15, 1.7)])
        return Reach("R" if rng.uniform() < 0.5 else "L", _point(target), float(rng.uniform(0.3, 1)))

    def _carrying(self) -> float:
        return float(self._rng.uniform(0, 1)) if self._rng.uniform() < 0.5 else 0.0


def _point(v: np.ndarray) -> tuple[float, float, float]:
    return float(v[0]), float(v[1]), float(v[2])
