"""What a shopper does from the street to the street, as SimPy processes on simulated time."""

import math

import simpy

from sim.doorways import Doorway
from sim.meeting import Meeting
from sim.moving import LOOK_SECONDS, PATIENCE, WALK_SECONDS, Steps
from sim.script import HandOver, Pick, PutBack, Wait, Walk
from sim.shopping_list import ChangeClothes, GiveBack, Look, Stop, Take
from sim.store_places import plate_id
from store.events import GateScan

Errand = Look | Take | GiveBack | ChangeClothes | Wait | Walk | HandOver

FITTING_ROOM_PATIENCE = 60.0
"""Seconds after which somebody keeps on what they wear, as all fitting rooms are taken."""

FITTING_ROOM_M = 0.3
"""Nobody changes further than this from a fitting room's spot."""

REMOVAL_SECONDS = 0.2
"""After somebody is gone; JuPedSim removes people with its next step."""


class Shopper(Meeting):
    """One visitor from the street to the street."""

    def visit(self) -> Steps:
        """The whole visit."""
        yield self._environment.timeout(self.visitor.arrive)
        if not self.premises.closing:
            yield from self._enter()
            yield from self._shop()
        for index, stop in enumerate(self.visitor.stops):
            self._finish(index, stop)
        self.leaving = True
        if self.walker is not None:
            yield from self._leave()
        self.gone = True

    # Coming and going

    def _enter(self) -> Steps:
        premises = self.premises
        doors = premises.doorways.ways_in(self.visitor.way_in)
        door = doors[int(self._rng.integers(len(doors)))]
        with door.turn.request() as turn:
            yield turn
            while premises.walkers.crowded(door.outside, 0.6):
                yield self._wait(LOOK_SECONDS)
            self.walker = premises.walkers.add(self.person, door.outside, door.inward, self.visitor.cruise)
            yield from self._go(door.scan_spot, math.inf)
            self._body.face(door.inward)
            yield self._wait(float(self._rng.uniform(0.4, 0.9)))
            self._identify(door)
            premises.walkers.send(self._body, premises.walkers.router.nearest(door.within(1.4)))
            while door.depth(self._body.spot) < 0.9:
                yield self._wait(LOOK_SECONDS)

    def _identify(self, door: Doorway) -> None:
        """Shows the token to the reader."""
        self.premises.scans.append(GateScan(self.premises.now, door.place.id, self.visitor.token))
        self._note("scan")

    def _leave(self) -> Steps:
        premises = self.premises
        door = premises.doorways.nearest_way_out(self._body.spot)
        options = [spot for spot in door.queue() if premises.spots.free(spot, self._body)]
        if options:
            spot = premises.spots.claim(options[0], self._body)
            premises.walkers.send(self._body, spot)
            while not self._body.arrived and math.dist(self._body.spot, spot) > 0.5:
                yield self._wait(LOOK_SECONDS)
        with door.turn.request() as turn:
            yield turn
            premises.spots.release(self.name)
            premises.walkers.send(self._body, door.outside, via=door.within(0.7))
            while not self._body.arrived:
                yield self._wait(LOOK_SECONDS)
            premises.walkers.remove(self.name)
            self.walker = None
            yield self._wait(REMOVAL_SECONDS)

    # The tour

    def _shop(self) -> Steps:
        yield from self._wait_for_children()
        for action in self.visitor.actions:
            yield from self._do(self._errand(action))
        for index, stop in enumerate(self.visitor.stops):
            if self.premises.closing:
                return
            if stop.member == self.name:
                for errand in stop.errands:
                    yield from self._do(errand)
                self._finish(index, stop)
            else:
                yield from self._stand_by(stop, self.premises.stop_done(self.visitor.party, index))

    def _wait_for_children(self) -> Steps:
        until = self.premises.now + PATIENCE
        others = [self.premises.shoppers[name] for name in self.visitor.children]
        while not all(other.inside for other in others) and self.premises.now < until and not self.premises.closing:
            yield self._wait(LOOK_SECONDS)

    def _finish(self, index: int, stop: Stop) -> None:
        done = self.premises.stop_done(self.visitor.party, index)
        if stop.member == self.name and not done.triggered:
            done.succeed()

    def _errand(self, action: Pick | PutBack | HandOver | Wait | Walk) -> Errand:
        """A scripted action as an errand."""
        if isinstance(action, Pick):
            return Take(
                action.product, action.quantity, 0.0, plates=_plates(action), together=action.together,
                at=action.at, insist=True,
            )  # fmt: skip
        if isinstance(action, PutBack):
            plates = _plates(action)
            place = self.premises.shelves.place(plates) if plates else None
            return GiveBack(action.product, action.quantity, 0.0, place, at=action.at)
        return action

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
        elif isinstance(errand, HandOver):
            yield from self._hand_over(errand)
        elif isinstance(errand, ChangeClothes):
            yield from self._change_clothes(errand)
        else:
            yield from self._idle(errand)

    def _idle(self, action: Wait | Walk) -> Steps:
        yield self._wait((action.at or 0.0) - self.premises.now)
        if isinstance(action, Wait):
            yield self._wait(min(action.seconds, self.premises.last_call - self.premises.now))
        else:
            self.premises.spots.release(self.name)
            yield from self._go(self.premises.walkers.router.nearest((action.x, action.y)), WALK_SECONDS)

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


def _plates(action: Pick | PutBack) -> tuple[str, ...]:
    if action.gondola is None or action.shelf is None:
        return ()
    return tuple(plate_id(action.gondola, action.shelf, index) for index in action.plates)
