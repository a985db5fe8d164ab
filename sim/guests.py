"""A crowd that is in the room from the first instant: groups who stand and talk, and people who walk about."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.coverage import FOOT_M, HEAD_M, cameras_seeing, floor_grid
from sim.errors import BadInput
from sim.moving import Steps
from sim.people import Person, sample_appearance
from sim.premises import Premises
from sim.randomness import generator
from sim.routing import Spot
from sim.scenario import Crowd
from sim.shoppers import Shopper
from sim.store_plan import StorePlan
from sim.visitors import Visitor
from tracking.camera import Camera

APART_M = 0.5
"""Between the middles of any two at the start: shoulder to shoulder."""

RING_M = (0.45, 0.9)
"""Least and greatest radius of the ring in which a group stands; our choice."""

GROUP_SIZES, GROUP_SHARES = (1, 2, 3, 4, 5), (0.2, 0.35, 0.22, 0.15, 0.08)
"""How many stand together: smaller groups more often, as zero-truncated Poisson (PLoS ONE 0010047)."""

PLACES_TRIED = 4000

STROLL_M, STROLL_SECONDS = (1.5, 6.0), 20.0
GESTURE_M, GESTURE_HIGH = 0.35, 1.15
"""How far before the body and how high above the floor, of a body of 1.7 m, a talking hand is held."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody begins, facing `heading` (radians), and whether that one walks about."""

    spot: Spot
    heading: float
    walks: bool


class Guest(Shopper):
    """Somebody of a crowd: no token, no basket, no bill; stays until the end."""

    role = "guest"

    def __init__(
        self, visitor: Visitor, premises: Premises, rng: np.random.Generator, place: Place, floor: NDArray[np.float64]
    ) -> None:
        """At `place`; `floor` (N, 2) are the points to which the guest may walk."""
        super().__init__(visitor, premises, rng)
        self._place, self._floor = place, floor

    def visit(self) -> Steps:
        """The whole run."""
        self.walker = self.premises.walkers.add(self.person, self._place.spot, self._place.heading, self.visitor.cruise)
        self.inside = True
        self._body.face(self._place.heading)
        while True:
            yield from (self._stroll() if self._place.walks else self._gesticulate())

    def _stroll(self) -> Steps:
        here = np.array(self._body.spot)
        away = np.linalg.norm(self._floor - here, axis=1)
        near = np.flatnonzero((away > STROLL_M[0]) & (away < STROLL_M[1]))
        if len(near):
            x, y = self._floor[near[int(self._rng.integers(len(near)))]]
            yield from self._go((float(x), float(y)), STROLL_SECONDS)
        yield self._wait(float(self._rng.exponential(1.0)))

    def _gesticulate(self) -> Steps:
        """Stands, looks about a little, and now and then speaks with a hand."""
        self._body.face(self._place.heading + float(self._rng.normal(0, 0.25)))
        yield self._wait(float(self._rng.uniform(1.0, 5.0)))
        if self._rng.random() < 0.5:
            body, angle = self._body, self._body.heading + float(self._rng.uniform(-0.6, 0.6))
            high = GESTURE_HIGH * self.person.height_m / 1.7
            target = (body.x + GESTURE_M * math.cos(angle), body.y + GESTURE_M * math.sin(angle), high)
            yield from self._move_hand(target, float(self._rng.uniform(0.5, 1.0)), 0.7)
            yield self._wait(float(self._rng.uniform(0.5, 4.0)))
            yield from self._move_hand(target, 0.0, 0.7)
            self.hand = None


def guests_of(crowd: Crowd, plan: StorePlan, cameras: Iterable[Camera], premises: Premises, seed: int) -> list[Guest]:
    """The crowd, on floor of which some camera sees a standing person from foot to head.

    Raises:
        BadInput: fewer people find room there.
    """
    floor = _seen_floor(plan, list(cameras))
    places = _places(crowd, floor, generator(seed, "crowd"))
    guests = []
    for number, place in enumerate(places, start=1):
        name = f"guest{number}"
        person = Person(name, sample_appearance(generator(seed, "appearance", name)))
        visitor = Visitor(person, party="", arrive=0.0, cruise=0.7 * person.walking_speed)
        guests.append(Guest(visitor, premises, generator(seed, "shopper", name), place, floor))
    return guests


def _seen_floor(plan: StorePlan, cameras: Sequence[Camera]) -> NDArray[np.float64]:
    grid = floor_grid(plan, step_m=0.15, clearance_m=0.35)
    seen = [cameras_seeing(plan, cameras, grid, height) > 0 for height in (FOOT_M, HEAD_M)]
    return grid[np.logical_and(*seen)]


def _places(crowd: Crowd, floor: NDArray[np.float64], rng: np.random.Generator) -> list[Place]:
    walkers = round(crowd.count * crowd.walking)
    places: list[Place] = []
    for _ in range(PLACES_TRIED):
        missing = crowd.count - len(places)
        if missing == 0 or not len(floor):
            break
        middle = floor[int(rng.integers(len(floor)))]
        if missing <= walkers:
            group = [Place((float(middle[0]), float(middle[1])), float(rng.uniform(-math.pi, math.pi)), walks=True)]
        else:
            size = int(rng.choice(GROUP_SIZES, p=GROUP_SHARES))
            group = _ring(middle, min(size, missing - walkers), rng)
        if all(_free(one.spot, places, floor) for one in group):
            places += group
    if len(places) < crowd.count:
        raise BadInput("scenario", "crowd.count", crowd.count, f"about {len(places)} at most, who find room in view")
    return places


def _ring(middle: NDArray[np.float64], size: int, rng: np.random.Generator) -> list[Place]:
    """A group around a point, faces inwards; one who is alone looks anywhere."""
    turn, radius = float(rng.uniform(0, math.tau)), float(rng.uniform(*RING_M)) if size > 1 else 0.0
    angles = [turn + k * math.tau / max(size, 1) for k in range(size)]
    return [
        Place(
            (float(middle[0] + radius * math.cos(angle)), float(middle[1] + radius * math.sin(angle))),
            angle + math.pi,
            walks=False,
        )
        for angle in angles
    ]


def _free(spot: Spot, places: Sequence[Place], floor: NDArray[np.float64]) -> bool:
    on_floor = bool((np.abs(floor - np.array(spot)).max(axis=1) < 0.08).any())
    return on_floor and all(math.dist(spot, other.spot) >= APART_M for other in places)
