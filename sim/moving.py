"""How a shopper's body gets about the store, as SimPy processes on simulated time."""

import math
from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import simpy

from sim.doorways import Doorway
from sim.hands import HandMotion, Point3
from sim.people import Reach
from sim.premises import Premises
from sim.routing import Spot
from sim.stock import Item, ShelfPlace
from sim.truth import TruthEvent, TruthKind
from sim.visitors import BAG_IN_LEFT_HAND, Visitor
from sim.walking import Walker

Steps = Generator[simpy.Event, Any, None]
Tried = Generator[simpy.Event, Any, bool]

LOOK_SECONDS = 0.08
"""How often people look whether they have arrived, or whether a spot has become free."""

PATIENCE = 15.0
"""Seconds after which a random shopper gives up a place that others occupy."""

WALK_SECONDS = 25.0
"""No walk inside a store should take longer; then people think again."""

IN_THE_WAY_M = 1.0
"""Whoever stands nearer than this to the spot before a place may be in the way there."""

STEP_M = 0.15
"""A shorter way is a shift of the feet, with the hands where they are."""


class Mover:
    """One visitor's body in the store, for the renderer too, and what is in hand and bag."""

    role = "shopper"

    def __init__(self, visitor: Visitor, premises: Premises, rng: np.random.Generator) -> None:
        """On the way to the store."""
        self.visitor, self.premises, self._rng = visitor, premises, rng
        self.name, self.person = visitor.person.name, visitor.person
        self.walker: Walker | None = None
        self.hand: HandMotion | None = None
        self.other_hand: HandMotion | None = None
        self.held: list[Item] = []
        self.bag: list[Item] = []
        self.hidden: list[Item] = []
        self.left_behind: list[Item] = []
        self.bag_at: Point3 | None = None
        self.door: Doorway | None = None
        self.inside = False
        self.gone = False
        self.stays_until = 0.0
        self.outfit = 0
        self.leaving = False
        self.idle, self.asked, self.engaged = False, False, False
        self.linked: dict[str, Reach] = {}

    @property
    def carries_left(self) -> bool:
        """Whether the left hand holds a bag or basket."""
        return self.person.appearance.bag in BAG_IN_LEFT_HAND and self.bag_at is None

    @property
    def items(self) -> list[Item]:
        """All that the person has: in the hand, in the bag, under the clothes."""
        return [*self.held, *self.bag, *self.hidden]

    def reach(self, t: float) -> Reach | tuple[Reach, ...] | None:
        """What the arms do at time t: one or both reach, or hold somebody's hand (`linked`)."""
        own = [arm for hand in (self.hand, self.other_hand) if hand and (arm := hand.at(t))]
        held = {one.side: one for one in self.linked.values() if all(one.side != arm.side for arm in own)}
        arms = (*own, *held.values())
        return arms if len(arms) > 1 else arms[0] if arms else None

    @property
    def _environment(self) -> simpy.Environment:
        return self.premises.environment

    @property
    def _body(self) -> Walker:
        if self.walker is None:
            raise RuntimeError(f"{self.name} acts without being in the store")
        return self.walker

    def _wait(self, seconds: float) -> simpy.Event:
        return self._environment.timeout(max(0.0, seconds))

    def _note(
        self, kind: TruthKind, product: str = "", items: Sequence[Item] = (), plates: tuple[str, ...] = ()
    ) -> None:
        event = TruthEvent(self.premises.now, self.name, self.visitor.account, kind, product, len(items), plates)
        self.premises.truth.add(event, [item.number for item in items])

    def _free_hands(self) -> Steps:
        """Before a walk: nothing to let go of."""
        yield from ()

    def _go(self, spot: Spot, seconds: float) -> Tried:
        """Walks to a spot; False when it takes too long or the shop is about to close."""
        if math.dist(spot, self._body.spot) > STEP_M:
            yield from self._free_hands()
        until = self.premises.now + seconds
        self.premises.walkers.send(self._body, spot)
        while not self._body.arrived:
            if self.premises.now > until or (math.isfinite(seconds) and self.premises.closing):
                self._body.stop()
                return False
            yield self._wait(LOOK_SECONDS)
        return True

    def _approach(self, place: ShelfPlace, insist: bool, aside: float | None = None) -> Tried:
        """Walks before a place, waiting beside while others stand there; False when given up.

        aside: stands so many metres to the right of its middle, else at the best free spot.
        """
        spots, body, until = self.premises.spots, self._body, self.premises.now + PATIENCE
        while not self.premises.closing and (insist or self.premises.now < until):
            body.slim = aside is not None
            spot = spots.claim_before(place, body, aside)
            if spot is not None:
                if (yield from self._go(spot, WALK_SECONDS)):
                    # A chair stands along the shelf, or its footrests would be in it.
                    turn = math.pi / 2 if self.person.mobility == "wheelchair" else 0.0
                    yield from self._face(place.heading + turn)
                    return True
                continue
            self._ask_for_room(place)
            beside = spots.claim_beside(place.access, place.heading, body)
            if beside is not None and math.dist(beside, body.spot) > 0.3:
                yield from self._go(beside, WALK_SECONDS)
            self._look_at(place.centre)
            self.idle = insist
            yield self._wait(0.4)
            self.idle = False
            if self.asked:
                yield from self._step_aside()
        return False

    def _step_aside(self) -> Steps:
        """A step or two back from the shelf, so that others get at it."""
        self.asked = False
        body, spots = self._body, self.premises.spots
        heading = body.heading
        spot = spots.claim_behind(body.spot, heading, body)
        if spot is not None:
            yield from self._go(spot, WALK_SECONDS)
            body.face(heading)

    def _ask_for_room(self, place: ShelfPlace) -> None:
        """Whoever stands before the place and only waits will step aside."""
        for other in self.premises.shoppers.values():
            there = other.walker
            if other.idle and there is not None and math.dist(there.spot, place.access) < IN_THE_WAY_M:
                other.asked = True

    def _face(self, heading: float) -> Steps:
        self._body.face(heading)
        for _ in range(25):
            if self._body.turned:
                return
            yield self._wait(LOOK_SECONDS)

    def _look_at(self, point: Sequence[float]) -> None:
        self._body.face(math.atan2(point[1] - self._body.y, point[0] - self._body.x))
