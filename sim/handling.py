"""How a shopper takes things from shelves and puts them back, hand by hand."""

import math
from collections.abc import Generator, Sequence
from typing import Any

import simpy

from sim.burdens import Burden
from sim.hands import HandMotion, Point3, nearer_hand
from sim.moving import LOOK_SECONDS, Mover, Steps
from sim.scales import Press
from sim.shopping_list import GiveBack, Take
from sim.stock import Item, Lying, ShelfPlace

HOLDING = 0.15
"""Blend of a hand that holds something before the body."""

INSTANT_SD_S = 0.05
"""How far apart hands are that move at the same instant; our choice."""

DECOY_SECONDS = (0.1, 0.35)
"""Shortest and longest time for which decoy and item stand on the plate together; our choice."""


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
            if not (yield from self._approach(lying.place, errand.insist, errand.aside)):
                return
            yield self._wait(dwell)
            yield self._wait((errand.at or 0.0) - self.premises.hands.reach_seconds - self.premises.now)
            yield from self._at_one_instant(errand.sync)
            taken = yield from self._grasp(errand, lying.place, left if errand.together else 1)
            left, dwell = left - taken, 0.0

    def _at_one_instant(self, name: str | None) -> Steps:
        """Waits until the hands of everybody are ready who takes part; nobody is quite as quick as the other."""
        if name is None:
            return
        closing = self._wait(self.premises.last_call - self.premises.now)
        yield self.premises.cues.ready(name) | closing
        yield self._wait(abs(float(self._rng.normal(0, INSTANT_SD_S))))

    def _offer(self, errand: Take) -> Lying | None:
        """The item that the shopper means: at the given place, else the nearest of its product."""
        plates = errand.place.plates if errand.place else errand.plates
        if plates:
            return self.premises.shelves.offer_at(errand.product, plates)
        offers = self.premises.shelves.offers(errand.product)
        return min(offers, key=lambda lying: math.dist(lying.place.access, self._body.spot), default=None)

    def _grasp(self, errand: Take, place: ShelfPlace, most: int) -> Generator[simpy.Event, Any, int]:
        """Takes up to `most` items in one reach and stows them; returns how many there were."""
        shelves, product = self.premises.shelves, errand.product
        target = shelves.hand_target(product, place)
        if errand.decoy_g is not None:
            self._environment.process(self._leave_decoy(product, place, target, errand.decoy_g))
        yield from self._reach_out(target, place)
        while len(self.held) < most and (lying := shelves.offer_at(product, place.plates)):
            self.held.append(shelves.take(lying))
            place = lying.place
        count = len(self.held)
        if count:
            self._note("pick", product, self.held, place.plates)
        yield from self._draw_back(errand.into)
        return count

    def _leave_decoy(self, product: str, place: ShelfPlace, target: Point3, grams: float) -> Steps:
        """The other hand sets something of that weight down a moment before the item is lifted."""
        side = "L" if self._hand_for(target) == "R" else "R"
        seconds, premises = self.premises.hands.reach_seconds, self.premises
        self.other_hand = HandMotion(side, target, premises.now, seconds, 0.0, 1.0)
        yield self._wait(seconds - float(self._rng.uniform(*DECOY_SECONDS)))
        indices = [premises.shelves.plate_index(plate) for plate in place.plates]
        Burden(premises.scales, indices, self._rng).add(grams)
        premises.shelves.decoy(product, place)
        self._note("decoy", product, plates=place.plates)
        yield self._wait(0.4)
        self.other_hand = HandMotion(side, target, premises.now, seconds, 1.0, 0.0)
        yield self._wait(seconds)
        self.other_hand = None

    def _give_back(self, errand: GiveBack) -> Steps:
        shelves, hands = self.premises.shelves, self.premises.hands
        for _ in range(errand.quantity):
            item = next((item for item in self.bag if item.product == errand.product), None)
            place = errand.place or self._own_place(errand.product)
            if item is None or not (yield from self._approach(place, insist=True, aside=errand.aside)):
                return
            yield self._wait(errand.dwell)
            lead = hands.reach_seconds + hands.hold_seconds / 2
            yield self._wait((errand.at or 0.0) - lead - self.premises.now)
            self._unstow(item)
            target = shelves.hand_target(item.product, place, putting=True, behind=errand.behind)
            yield from self._move_hand(target, HOLDING, hands.hold_seconds / 2)
            yield from self._at_one_instant(errand.sync)
            yield from self._reach_out(target, place)
            lying = shelves.put(item, place, errand.behind)
            self.held = []
            self._note("put_back", item.product, [item], lying.place.plates)
            yield from self._draw_back()

    def _own_place(self, product: str) -> ShelfPlace:
        places = self.premises.shelves.slots_of(product)
        return min(places, key=lambda place: math.dist(place.access, self._body.spot))

    def _move_hand(self, target: Point3, high: float, seconds: float) -> Steps:
        """Takes the hand to a blend towards `target`, from wherever it is; the nearer hand, if none was at work.

        A hand that somebody else has taken (`engaged`) is waited for.
        """
        while self.hand is None and self.engaged:
            yield self._wait(LOOK_SECONDS)
        side = self.hand.side if self.hand else self._hand_for(target)
        low = self.hand.high if self.hand else 0.0
        self.hand = HandMotion(side, target, self.premises.now, seconds, low, high)
        yield self._wait(seconds)

    def _hand_for(self, target: Point3) -> str:
        if self.other_hand is not None:
            return "L" if self.other_hand.side == "R" else "R"
        return nearer_hand(self._body.spot, self._body.heading, target, not self.carries_left)

    def _reach_out(self, target: Point3, place: ShelfPlace) -> Steps:
        """The hand goes out to a shelf and presses its plates when it gets there."""
        seconds = self.premises.hands.reach_seconds
        self._press(place, self.premises.now + seconds)
        yield from self._move_hand(target, 1.0, seconds)

    def _draw_back(self, into: str = "bag") -> Steps:
        """The hand comes back; with something in it, it stops before the body for a look, then stows it.

        into: bag, or clothes: then it goes straight under the jacket.
        """
        if self.hand is None:
            return
        target, hands = self.hand.target, self.premises.hands
        if self.held and into == "clothes":
            yield from self._move_hand(target, HOLDING, hands.reach_seconds * 0.6)
            yield from self._hide()
            target = self.hand.target
        elif self.held:
            yield from self._move_hand(target, HOLDING, hands.reach_seconds * 0.8)
            yield self._wait(hands.hold_seconds)
            self._stow(self.held)
            self.held = []
        yield from self._move_hand(target, 0.0, hands.reach_seconds * (self.hand.high * 0.6 + 0.2))
        self.hand = None

    def _hide(self) -> Steps:
        """What is in the hand goes under the clothes, at the waist."""
        body, side = self._body, self.hand.side if self.hand else "R"
        ahead, high = 0.1 * self.person.height_m, 0.6 * self.person.height_m
        waist = (body.x + ahead * math.cos(body.heading), body.y + ahead * math.sin(body.heading), high)
        self.hand = HandMotion(side, waist, self.premises.now, 0.5, HOLDING, 0.9)
        yield self._wait(0.5 + float(self._rng.uniform(0.2, 0.6)))
        self.hidden += self.held
        self.held = []

    def _stow(self, items: Sequence[Item]) -> None:
        """Items go into the bag."""
        self.bag += items

    def _unstow(self, item: Item) -> None:
        """An item comes from the bag into the hand."""
        self.bag.remove(item)
        self.held = [item]

    def _press(self, place: ShelfPlace, t: float) -> None:
        """Mostly a push, now and then a lift, around the time `t` of the grasp."""
        hands = self.premises.hands
        newton = float(self._rng.exponential(hands.press_newton)) * (1 if self._rng.random() < 0.7 else -0.5)
        start = t - hands.press_seconds * float(self._rng.uniform(0.3, 0.6))
        for plate in place.plates:
            index = self.premises.shelves.plate_index(plate)
            self.premises.scales.press(Press(index, start, hands.press_seconds, newton / len(place.plates)))
