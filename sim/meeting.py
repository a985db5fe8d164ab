"""What shoppers do with each other: items go from hand to hand, over the gate, or with the whole bag; people talk."""

import math
from collections.abc import Callable

from sim.handling import Handling
from sim.hands import HandMotion
from sim.moving import LOOK_SECONDS, WALK_SECONDS, Steps, Tried
from sim.script import HandOver, PassOver, SwapBags, Talk
from sim.stock import Item

AT_GATE_M, LEFT_M = 0.5, 0.22
"""How far from the beam two stand who reach over the gate, and how far to the left of the middle; our choice."""

IN_SIGHT_M, APPROACH_SECONDS = 4.0, 8.0
"""How far away people are whom one meets, and how long one tries to reach them; our choice."""

GATE_PATIENCE = 60.0
"""Seconds for which somebody waits for the other to come to the gate."""


class Meeting(Handling):
    """Somebody who can deal with other shoppers."""

    def _hand_over(self, errand: HandOver) -> Steps:
        """Walks up to the other shopper when that one stands, and passes an item from hand to hand."""
        other = self._other(errand.to)
        yield self._wait((errand.at or 0.0) - self.premises.now)
        item = self._carried(errand.product)
        if item is not None and (yield from self._walk_up_to(other, lambda: self._carried(errand.product) is not None)):
            yield from self._pass_item(item, other)

    def _swap_bags(self, errand: SwapBags) -> Steps:
        """Both give the other what they have, bag for bag."""
        other = self._other(errand.to)
        yield self._wait((errand.at or 0.0) - self.premises.now)
        if not (yield from self._walk_up_to(other)):
            return
        yield from self._join_hands(other)
        mine, theirs = list(self.bag), list(other.bag)
        self.bag, other.bag = theirs, mine
        for giver, taker, items in ((self, other, mine), (other, self, theirs)):
            for item in items:
                giver._note("hand_over", item.product, [item])
                taker._note("receive", item.product, [item])
        yield from self._part_hands(other)

    def _talk(self, errand: Talk) -> Steps:
        """Walks up to the other and talks."""
        other = self._other(errand.to)
        yield self._wait((errand.at or 0.0) - self.premises.now)
        if (yield from self._walk_up_to(other)):
            yield from self._chat(other, errand.seconds)

    def _chat_with_somebody(self, seconds: float) -> Steps:
        """Talks with the nearest of another party who stands in sight, for a little while tries to get there."""
        here, until = self._body.spot, self.premises.now + APPROACH_SECONDS
        near = [
            (math.dist(other.walker.spot, here), name)
            for name, other in self.premises.shoppers.items()
            if other.walker is not None and other.inside and other.visitor.group != self.visitor.group
            and other.role == self.role and not other.leaving
        ]  # fmt: skip
        if not near or min(near)[0] > IN_SIGHT_M:
            return
        other = self._other(min(near)[1])
        if (yield from self._walk_up_to(other, lambda: self.premises.now < until and not other.leaving)):
            yield from self._chat(other, seconds)

    def _chat(self, other: "Meeting", seconds: float) -> Steps:
        """Stands with the other for a while; hands speak now and then."""
        until = self.premises.now + seconds
        other.stays_until = until
        self._turn_to(other)
        while self.premises.now < until and not self.premises.closing:
            if self._rng.random() < 0.4:
                yield from self._gesture()
            yield self._wait(float(self._rng.uniform(0.5, 2.0)))

    def _gesture(self) -> Steps:
        """A hand goes up before the body and down again."""
        body, angle = self._body, self._body.heading + float(self._rng.uniform(-0.6, 0.6))
        target = (body.x + 0.35 * math.cos(angle), body.y + 0.35 * math.sin(angle), 0.68 * self.person.height_m)
        yield from self._move_hand(target, float(self._rng.uniform(0.5, 1.0)), 0.7)
        yield self._wait(float(self._rng.uniform(0.3, 1.5)))
        yield from self._move_hand(target, 0.0, 0.7)
        self.hand = None

    def _pass_over(self, errand: PassOver) -> Steps:
        """Hands an item over the gate to somebody who waits on the street; it leaves without its picker."""
        premises, other = self.premises, self._other(errand.to)
        item, until = self._carried(errand.product), premises.now + GATE_PATIENCE
        while other.door is None or other.walker is None or not other.walker.arrived:
            if premises.now > until or premises.closing or other.gone:
                return
            yield self._wait(LOOK_SECONDS)
        spot = premises.walkers.router.nearest(other.door.within(AT_GATE_M, LEFT_M))
        premises.spots.release(self.name)
        if item is None or not (yield from self._go(spot, WALK_SECONDS)):
            return
        self._turn_to(other)
        self._unstow(item)
        yield from self._join_hands(other)
        self.held, other.held = [], [item]
        self._note("pass_out", item.product, [item])
        yield from self._part_hands(other)
        other.bag += other.held
        other.held, other.stays_until = [], premises.now

    # What they share

    def _other(self, name: str) -> "Meeting":
        return self.premises.shoppers[name]

    def _carried(self, product: str) -> Item | None:
        return next((item for item in self.bag if item.product == product), None)

    def _walk_up_to(self, other: "Meeting", still: Callable[[], bool] = lambda: True) -> Tried:
        """Stands beside the other as soon as that one stands; False when the shop closes or `still` no longer holds."""
        while not self.premises.closing and still():
            there = other.walker
            if there is None or not other.inside or not there.arrived or other.hand is not None:
                yield self._wait(LOOK_SECONDS)
                continue
            other.stays_until = self.premises.now + 6.0
            spot = self.premises.spots.claim_beside(there.spot, there.heading, self._body)
            if spot is not None and (yield from self._go(spot, WALK_SECONDS)) and there.arrived:
                return True
            yield self._wait(0.4)
        return False

    def _turn_to(self, other: "Meeting") -> None:
        other._look_at(self._body.spot)
        self._look_at(other._body.spot)

    def _join_hands(self, other: "Meeting") -> Steps:
        """A hand of each goes to the point between the two."""
        body, there = self._body, other._body
        height = 0.6 * min(self.person.height_m, other.person.height_m)
        middle = ((body.x + there.x) / 2, (body.y + there.y) / 2, height)
        seconds = self.premises.hands.reach_seconds
        while other.hand is not None:
            yield self._wait(LOOK_SECONDS)
        other.engaged = True
        other.hand = HandMotion("R", middle, self.premises.now, seconds, 0.0, 1.0)
        yield from self._move_hand(middle, 1.0, seconds)

    def _part_hands(self, other: "Meeting") -> Steps:
        seconds = self.premises.hands.reach_seconds
        if other.hand is not None:
            other.hand = HandMotion("R", other.hand.target, self.premises.now, seconds, 1.0, 0.0)
        yield from self._draw_back()
        other.hand, other.engaged = None, False

    def _pass_item(self, item: Item, other: "Meeting") -> Steps:
        body, there = self._body, other._body
        other.stays_until = self.premises.now + 4.0
        there.face(math.atan2(body.y - there.y, body.x - there.x))
        yield from self._face(math.atan2(there.y - body.y, there.x - body.x))
        self._unstow(item)
        yield from self._join_hands(other)
        self.held, other.held = [], [item]
        self._note("hand_over", item.product, [item])
        other._note("receive", item.product, [item])
        yield from self._part_hands(other)
        other._stow(other.held)
        other.held = []
