"""How a shopper takes things from shelves and puts them back, hand by hand."""

import math
from collections.abc import Generator
from typing import Any

import simpy

from sim.hands import HandMotion, Point3, nearer_hand
from sim.moving import Mover, Steps
from sim.scales import Press
from sim.shopping_list import GiveBack, Take
from sim.stock import Lying, ShelfPlace

HOLDING = 0.15
"""Blend of a hand that holds something before the body."""


class Handling(Mover):
    """Somebody who can reach into shelves."""

    def _take(self, errand: Take) -> Steps:
        left, dwell = errand.quantity, errand.dwell
        while left > 0 and not self.premises.closing:
            lying = self._offer(errand)
            if lying is None:
                if not errand.insist:
                    return
                yield self._wait(0.4)
                continue
            if not (yield from self._approach(lying.place, errand.insist)):
                return
            yield self._wait(dwell)
            yield self._wait((errand.at or 0.0) - self.premises.hands.reach_seconds - self.premises.now)
            taken = yield from self._grasp(errand.product, lying.place, left if errand.together else 1)
            left, dwell = left - taken, 0.0

    def _offer(self, errand: Take) -> Lying | None:
        """The item that the shopper means: at the given place, else the nearest of its product."""
        plates = errand.place.plates if errand.place else errand.plates
        if plates:
            return self.premises.shelves.offer_at(errand.product, plates)
        offers = self.premises.shelves.offers(errand.product)
        return min(offers, key=lambda lying: math.dist(lying.place.access, self._body.spot), default=None)

    def _grasp(self, product: str, place: ShelfPlace, most: int) -> Generator[simpy.Event, Any, int]:
        """Takes up to `most` items in one reach and stows them; returns how many there were."""
        shelves = self.premises.shelves
        yield from self._reach_out(shelves.hand_target(product, place), place)
        while len(self.held) < most and (lying := shelves.offer_at(product, place.plates)):
            self.held.append(shelves.take(lying))
            place = lying.place
        count = len(self.held)
        if count:
            self._note("pick", product, count, place.plates)
        yield from self._draw_back()
        return count

    def _give_back(self, errand: GiveBack) -> Steps:
        shelves, hands = self.premises.shelves, self.premises.hands
        for _ in range(errand.quantity):
            item = next((item for item in self.bag if item.product == errand.product), None)
            place = errand.place or self._own_place(errand.product)
            if item is None or not (yield from self._approach(place, insist=True)):
                return
            yield self._wait(errand.dwell)
            lead = hands.reach_seconds + hands.hold_seconds / 2
            yield self._wait((errand.at or 0.0) - lead - self.premises.now)
            self.bag.remove(item)
            self.held = [item]
            target = shelves.hand_target(item.product, place, putting=True)
            yield from self._move_hand(target, HOLDING, hands.hold_seconds / 2)
            yield from self._reach_out(target, place)
            lying = shelves.put(item, place)
            self.held = []
            self._note("put_back", item.product, 1, lying.place.plates)
            yield from self._draw_back()

    def _own_place(self, product: str) -> ShelfPlace:
        places = self.premises.shelves.slots_of(product)
        return min(places, key=lambda place: math.dist(place.access, self._body.spot))

    def _move_hand(self, target: Point3, high: float, seconds: float) -> Steps:
        """Takes the hand to a blend towards `target`, from wherever it is; the nearer hand, if none was at work."""
        side = self.hand.side if self.hand else self._hand_for(target)
        low = self.hand.high if self.hand else 0.0
        self.hand = HandMotion(side, target, self.premises.now, seconds, low, high)
        yield self._wait(seconds)

    def _hand_for(self, target: Point3) -> str:
        return nearer_hand(self._body.spot, self._body.heading, target, not self.carries_left)

    def _reach_out(self, target: Point3, place: ShelfPlace) -> Steps:
        """The hand goes out to a shelf and presses its plates when it gets there."""
        seconds = self.premises.hands.reach_seconds
        self._press(place, self.premises.now + seconds)
        yield from self._move_hand(target, 1.0, seconds)

    def _draw_back(self) -> Steps:
        """The hand comes back; with something in it, it stops before the body for a look, then stows it."""
        if self.hand is None:
            return
        target, hands = self.hand.target, self.premises.hands
        if self.held:
            yield from self._move_hand(target, HOLDING, hands.reach_seconds * 0.8)
            yield self._wait(hands.hold_seconds)
            self.bag += self.held
            self.held = []
        yield from self._move_hand(target, 0.0, hands.reach_seconds * (self.hand.high * 0.6 + 0.2))
        self.hand = None

    def _press(self, place: ShelfPlace, t: float) -> None:
        """Mostly a push, now and then a lift, around the time `t` of the grasp."""
        hands = self.premises.hands
        newton = float(self._rng.exponential(hands.press_newton)) * (1 if self._rng.random() < 0.7 else -0.5)
        start = t - hands.press_seconds * float(self._rng.uniform(0.3, 0.6))
        for plate in place.plates:
            index = self.premises.shelves.plate_index(plate)
            self.premises.scales.press(Press(index, start, hands.press_seconds, newton / len(place.plates)))
