"""An officer who walks a patrol through the store with a camera on the chest: no token, no basket, no bill."""

import dataclasses
import itertools
import math

import numpy as np

from sim.appearance import Appearance, sample_appearance
from sim.doorways import Doorway
from sim.moving import LOOK_SECONDS, WALK_SECONDS, Steps
from sim.people import Person
from sim.premises import Premises
from sim.randomness import generator
from sim.routing import Router, Spot
from sim.scenario import OFFICER, BodyCamera
from sim.shoppers import Shopper
from sim.store_plan import StorePlan
from sim.visitors import Visitor
from sim.walking import Walker

PACE_M_S = 0.9
"""A patrol's pace between shelves; our choice."""

APART_M = 1.1
"""Between the spots of a patrol, metres; our choice."""

BACK_M = 0.35
"""The officer keeps so much farther from a shelf than somebody who reaches into it."""

SIGHT_M = 4.5
"""People nearer than this are looked at; our choice."""

LOOK_S = (1.0, 2.5)
"""Shortest and longest look at one spot, seconds; our choice."""

NAVY, BLACK = (0.07, 0.09, 0.17), (0.05, 0.05, 0.06)


class Officer(Shopper):
    """Comes in past the attendant, walks from aisle to aisle, looks at whoever is near, and leaves."""

    role = OFFICER

    def __init__(self, visitor: Visitor, premises: Premises, rng: np.random.Generator, plan: StorePlan, stay: float):
        """On the way to the store, to stay for `stay` seconds inside."""
        super().__init__(visitor, premises, rng)
        self._stay = stay
        self._spots = patrol(plan, premises.walkers.router)

    def _identify(self, door: Doorway) -> None:
        """Shows no token: the attendant opens."""

    def _shop(self) -> Steps:
        until = self.premises.now + self._stay
        for spot in itertools.cycle(self._spots):
            if self.premises.closing or self.premises.now >= until:
                return
            if (yield from self._go(spot, WALK_SECONDS)):
                yield from self._look_around()

    def _look_around(self) -> Steps:
        """Turns to the nearest person in sight and follows them with the eyes; else looks somewhere."""
        until = self.premises.now + float(self._rng.uniform(*LOOK_S))
        somewhere = float(self._rng.uniform(-math.pi, math.pi))
        while self.premises.now < until and not self.premises.closing:
            other = self._nearest()
            if other is None:
                self._body.face(somewhere)
            else:
                self._look_at(other.spot)
            yield self._wait(LOOK_SECONDS)

    def _nearest(self) -> Walker | None:
        """The nearest person within sight over the floor."""
        router, body = self.premises.walkers.router, self._body
        near = [(math.dist(w.spot, body.spot), w) for w in self.premises.walkers.present.values() if w is not body]
        for away, walker in sorted(near, key=lambda pair: (pair[0], pair[1].person.name)):
            if away <= SIGHT_M and router.straight(body.spot, walker.spot):
                return walker
        return None


def officer_visitor(camera: BodyCamera, seed: int) -> Visitor:
    """The officer as one who comes; the empty party means that nobody pays."""
    return Visitor(Person(OFFICER, _uniform(seed)), party="", arrive=camera.arrive, cruise=PACE_M_S)


def _uniform(seed: int) -> Appearance:
    looks = sample_appearance(generator(seed, "appearance", OFFICER), age_group="adult")
    return dataclasses.replace(
        looks, hair="cap", sleeve="long", looseness=0.3, upper_colour=NAVY, upper_print="plain", bag="none",
        lower="trousers", lower_colour=BLACK, lower_print="plain", shoe_colour=BLACK, bag_colour=NAVY,
    )  # fmt: skip


def patrol(plan: StorePlan, router: Router) -> list[Spot]:
    """Spots before every shelf, `APART_M` apart, each the nearest to the one before, from the first gate on."""
    rest: list[Spot] = []
    for place in plan.slot_places():
        back = (place.access[0] - BACK_M * math.cos(place.heading), place.access[1] - BACK_M * math.sin(place.heading))
        spot = back if router.standable(back) else router.nearest(place.access)
        if all(math.dist(spot, other) >= APART_M for other in rest):
            rest.append(spot)
    here, order = plan.gate_places()[0].inside, []
    while rest:
        start = here
        here = min(rest, key=lambda spot: _metres([start, *router.way(start, spot)]))
        rest.remove(here)
        order.append(here)
    return order


def _metres(way: list[Spot]) -> float:
    return sum(math.dist(a, b) for a, b in itertools.pairwise(way))
