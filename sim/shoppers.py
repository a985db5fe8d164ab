"""What a shopper does from the street to the street, as SimPy processes on simulated time."""

import math

import simpy

from sim.moving import LOOK_SECONDS, PATIENCE, WALK_SECONDS, Steps
from sim.passing import Passing
from sim.shopping_list import ChangeClothes, Chat, GiveBack, Look, Stop, Take

Errand = Look | Take | GiveBack | ChangeClothes | Chat

FITTING_ROOM_PATIENCE = 60.0
"""Seconds after which somebody keeps on what they wear, as all fitting rooms are taken."""

FITTING_ROOM_M = 0.3
"""Nobody changes further than this from a fitting room's spot."""


class Shopper(Passing):
    """One visitor from the street to the street."""

    def visit(self) -> Steps:
        """The whole visit."""
        yield self._environment.timeout(self.visitor.arrive)
        if not self.premises.closing and (yield from self._come()):
            yield from self._shop()
        for index, stop in enumerate(self.visitor.stops):
            self._finish(index, stop)
        self.leaving = True
        if self.walker is not None:
            yield from self._leave()
        self.gone = True

    def _shop(self) -> Steps:
        yield from self._wait_for_children()
        for action in self.visitor.actions:
            yield from self._act(action)
        for index, stop in enumerate(self.visitor.stops):
            if self.premises.closing:
                return
            if stop.member == self.name:
                for errand in stop.errands:
                    yield from self._do(errand)
                self._finish(index, stop)
            else:
                yield from self._stand_by(stop, self.premises.stop_done(self.visitor.group, index))
        if self.visitor.manners.leaves_basket and not self.premises.closing:
            yield from self._leave_basket()

    def _wait_for_children(self) -> Steps:
        until = self.premises.now + PATIENCE
        others = [self.premises.shoppers[name] for name in self.visitor.children]
        while not all(other.inside for other in others) and self.premises.now < until and not self.premises.closing:
            yield self._wait(LOOK_SECONDS)

    def _finish(self, index: int, stop: Stop) -> None:
        done = self.premises.stop_done(self.visitor.group, index)
        if stop.member == self.name and not done.triggered:
            done.succeed()

    def _do(self, errand: Errand) -> Steps:
        while self.premises.now < self.stays_until:
            yield self._wait(LOOK_SECONDS)
        if self.premises.closing:
            return
        if isinstance(errand, Take):
            yield from self._take(errand)
        elif isinstance(errand, GiveBack):
            yield from self._give_back(errand)
        elif isinstance(errand, Look):
            if (yield from self._approach(errand.place, insist=False)):
                yield self._wait(errand.dwell)
        elif isinstance(errand, Chat):
            yield from self._chat_with_somebody(errand.seconds)
        else:
            yield from self._change_clothes(errand)

    def _stand_by(self, stop: Stop, done: simpy.Event) -> Steps:
        """Keeps near while somebody else of the party is at a shelf."""
        place, spots = stop.place, self.premises.spots
        while not done.triggered and not self.premises.closing:
            spot = spots.claim_beside(place.access, place.heading, self._body)
            if spot is not None and math.dist(spot, self._body.spot) > 0.3:
                yield from self._go(spot, WALK_SECONDS)
            self._look_at(place.centre)
            yield done | self._wait(2.0)

    def _change_clothes(self, errand: ChangeClothes) -> Steps:
        """Waits for a fitting room, changes there, and gives up where none becomes free or can be reached."""
        spots, body, until = self.premises.spots, self._body, self.premises.now + FITTING_ROOM_PATIENCE
        while self.premises.now < until and not self.premises.closing:
            free = [room for room in self.premises.fitting_rooms if spots.free(room, body)]
            if not free:
                yield self._wait(0.4)
                continue
            room = spots.claim(min(free, key=lambda spot: math.dist(spot, body.spot)), body)
            if not (yield from self._go(room, WALK_SECONDS)):
                continue
            yield self._wait(errand.seconds / 2)
            if math.dist(body.spot, room) < FITTING_ROOM_M:
                self.outfit = (self.outfit + 1) % len(self.person.outfits)
                self._note("change_clothes")
                yield self._wait(errand.seconds / 2)
                return
