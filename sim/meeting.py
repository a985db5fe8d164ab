"""What shoppers do with each other: an item goes from hand to hand."""

import math

from sim.handling import Handling
from sim.hands import HandMotion
from sim.moving import LOOK_SECONDS, WALK_SECONDS, Steps
from sim.script import HandOver
from sim.stock import Item


class Meeting(Handling):
    """Somebody who can deal with other shoppers."""

    def _hand_over(self, errand: HandOver) -> Steps:
        """Walks up to the other shopper when that one stands, and passes an item from hand to hand."""
        other = self.premises.shoppers[errand.to]
        yield self._wait((errand.at or 0.0) - self.premises.now)
        while not self.premises.closing:
            item = next((item for item in self.bag if item.product == errand.product), None)
            if item is None:
                return
            there = other.walker
            if there is None or not other.inside or not there.arrived or other.hand is not None:
                yield self._wait(LOOK_SECONDS)
                continue
            other.stays_until = self.premises.now + 6.0
            spot = self.premises.spots.claim_beside(there.spot, there.heading, self._body)
            if spot is not None and (yield from self._go(spot, WALK_SECONDS)) and there.arrived:
                yield from self._pass_item(item, other)
                return
            yield self._wait(0.4)

    def _pass_item(self, item: Item, other: "Meeting") -> Steps:
        body, there = self._body, other._body
        other.stays_until = self.premises.now + 4.0
        there.face(math.atan2(body.y - there.y, body.x - there.x))
        yield from self._face(math.atan2(there.y - body.y, there.x - body.x))
        self.bag.remove(item)
        self.held = [item]
        height = 0.6 * min(self.person.height_m, other.person.height_m)
        middle = ((body.x + there.x) / 2, (body.y + there.y) / 2, height)
        seconds = self.premises.hands.reach_seconds
        other.hand = HandMotion("R", middle, self.premises.now, seconds, 0.0, 1.0)
        yield from self._move_hand(middle, 1.0, seconds)
        self.held, other.held = [], [item]
        self._note("hand_over", item.product, 1)
        other._note("receive", item.product, 1)
        other.hand = HandMotion("R", middle, self.premises.now, seconds, 1.0, 0.0)
        yield from self._draw_back()
        other.bag += other.held
        other.held, other.hand = [], None
