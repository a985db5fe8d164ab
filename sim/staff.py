"""The people who work in a store: they fill shelves, put stray items back, clean, help, and watch the gate.

They have no token and no account, and the store is not told who they are. What they take is nobody's purchase.
"""

import dataclasses
import itertools
import math

import numpy as np

from sim.appearance import Appearance, sample_appearance
from sim.demand import Employee
from sim.doorways import Doorway
from sim.moving import LOOK_SECONDS, WALK_SECONDS, Steps
from sim.officer import patrol
from sim.people import Person
from sim.premises import Premises
from sim.randomness import generator
from sim.routing import Spot
from sim.shoppers import Shopper
from sim.shopping_list import GiveBack, Take
from sim.stock import ShelfPlace
from sim.store_plan import StorePlan
from sim.visitors import Visitor

PACE_M_S = 1.0
"""Between tasks; our choice."""

CRATE = 6
"""Items that somebody who fills shelves has along for one place; our choice."""

LOW_SHARE = 0.8
"""A place is filled up when it has less than this share of its stock; our choice."""

MOP_SECONDS, MOP_M = (6.0, 20.0), 0.45
"""How long one spot of the floor is cleaned, and how far the hands with the mop go to and fro; our choice."""

HELP_M = 3.0
"""Nearer shoppers are asked whether they need something; our choice."""

GATE_LEFT_M, GATE_IN_M = 1.0, 1.1
"""Where an attendant stands: to the left of who comes in, and behind the beam; our choice."""


class Staff(Shopper):
    """Somebody who works in the store until it closes or the shift ends."""

    role = "staff"

    def __init__(
        self, visitor: Visitor, premises: Premises, rng: np.random.Generator, plan: StorePlan, employee: Employee
    ) -> None:
        """On the way to the store."""
        super().__init__(visitor, premises, rng)
        self._employee, self._full = employee, {slot.key: slot.stock for slot in plan.slot_places()}
        self._spots = patrol(plan, premises.walkers.router)
        self.delivered = 0

    def _identify(self, door: Doorway) -> None:
        """Shows no token: staff open the gate themselves."""

    def _shop(self) -> Steps:
        task = {"restock": self._restock, "clean": self._clean, "help": self._help, "attend": self._attend}
        while not self._over:
            yield from task[self._employee.task]()
            yield self._wait(float(self._rng.uniform(0.5, 2.0)))

    @property
    def _over(self) -> bool:
        return self.premises.closing or self.premises.now >= self.visitor.arrive + self._employee.stay

    def _restock(self) -> Steps:
        """Brings what lies astray back to its place, else fills up the emptiest place."""
        shelves = self.premises.shelves
        stray = shelves.strays()
        if stray:
            lying = min(stray, key=lambda one: math.dist(one.place.access, self._body.spot))
            yield from self._take(Take(lying.item.product, 1, 1.0, lying.place))
            if self._carried(lying.item.product) is not None:
                yield from self._give_back(GiveBack(lying.item.product, 1, 0.5))
            return
        stock = shelves.stock()
        low = [key for key, full in self._full.items() if stock[key] < LOW_SHARE * full]
        if low:
            key = min(low, key=lambda one: stock[one] / self._full[one])
            yield from self._fill(shelves.slots[key], min(CRATE, self._full[key] - stock[key]))
        else:
            yield from self._go(self._somewhere(), WALK_SECONDS)
            yield self._wait(2.0)

    def _fill(self, place: ShelfPlace, items: int) -> Steps:
        """Puts new items from the crate at their place, one by one."""
        shelves = self.premises.shelves
        product = shelves.product_at(place)
        self.bag += [shelves.new_item(product) for _ in range(items)]
        self.delivered += items
        yield from self._give_back(GiveBack(product, items, 0.3, place))
        if left := [item for item in self.bag if item.product == product]:
            self.bag = [item for item in self.bag if item.product != product]
            self.delivered -= len(left)

    def _clean(self) -> Steps:
        """Mops one spot of the floor after the other, and steps aside for nobody."""
        if not (yield from self._go(self._somewhere(), WALK_SECONDS)):
            return
        until = self.premises.now + float(self._rng.uniform(*MOP_SECONDS))
        for side in itertools.cycle((0.5, -0.5)):
            if self.premises.now >= until or self._over:
                break
            body, angle = self._body, self._body.heading + side
            target = (body.x + MOP_M * math.cos(angle), body.y + MOP_M * math.sin(angle), 0.85)
            self.hand = None
            yield from self._move_hand(target, 1.0, 0.7)
        if self.hand is not None:
            yield from self._move_hand(self.hand.target, 0.0, 0.5)
            self.hand = None

    def _help(self) -> Steps:
        """Goes up to a shopper who stands near, talks, and goes on."""
        yield from self._go(self._somewhere(), WALK_SECONDS)
        near = [
            (math.dist(other.walker.spot, self._body.spot), name)
            for name, other in self.premises.shoppers.items()
            if other.role == "shopper" and other.walker is not None and other.inside and not other.leaving
        ]
        if near and min(near)[0] < HELP_M:
            other, until = self._other(min(near)[1]), self.premises.now + 8.0
            if (yield from self._walk_up_to(other, lambda: self.premises.now < until and not other.leaving)):
                yield from self._chat(other, float(self._rng.uniform(3.0, 10.0)))

    def _attend(self) -> Steps:
        """Stands beside the way in and looks at whoever passes."""
        door = self.premises.doorways.ways_in()[0]
        spot = self.premises.walkers.router.nearest(door.within(GATE_IN_M, GATE_LEFT_M))
        if math.dist(spot, self._body.spot) > 0.3:
            yield from self._go(self.premises.spots.claim(spot, self._body), WALK_SECONDS)
        passing = [w for w in self.premises.walkers.present.values() if w is not self.walker]
        near = min(passing, key=lambda walker: math.dist(walker.spot, self._body.spot), default=None)
        if near is not None and math.dist(near.spot, self._body.spot) < HELP_M:
            self._look_at(near.spot)
        else:
            self._body.face(door.inward + math.pi)
        yield self._wait(4 * LOOK_SECONDS)

    def _somewhere(self) -> Spot:
        return self._spots[int(self._rng.integers(len(self._spots)))]


def staff_visitor(employee: Employee, seed: int) -> Visitor:
    """An employee as one who comes; the empty party means that nobody pays. All wear the same clothes."""
    looks = sample_appearance(generator(seed, "appearance", employee.id), age_group="adult")
    worn = sample_appearance(generator(seed, "staff clothes"), age_group="adult")
    return Visitor(
        Person(employee.id, _dressed(looks, worn)), party="", arrive=employee.arrive, cruise=PACE_M_S,
        labels=("staff", f"staff-{employee.task}"),
    )  # fmt: skip


def _dressed(looks: Appearance, worn: Appearance) -> Appearance:
    """In the house's colours, with nothing in the hands."""
    return dataclasses.replace(
        looks, sleeve="short", looseness=0.3, upper_colour=worn.upper_colour, upper_print="plain", lower="trousers",
        lower_colour=worn.lower_colour, lower_print="plain", bag="none",
    )  # fmt: skip
