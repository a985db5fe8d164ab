"""How people come in and go out: with a token, behind somebody else, only as far as the beam, or not at all."""

import math

from sim.acting import Acting
from sim.doorways import Doorway
from sim.moving import LOOK_SECONDS, Steps, Tried
from sim.standing import APART_M
from store.events import GateScan

REMOVAL_SECONDS = 0.2
"""After somebody is gone; JuPedSim removes people with its next step."""

BEHIND_M = 0.35
"""How far behind the beam somebody turns round who has forgotten something; our choice."""

TAIL_M = 0.5
"""How near to the one ahead a tailgater starts; our choice."""

OUTSIDE = (-0.55, 0.22)
"""Metres inwards and to the left of the beam where somebody waits on the street; our choice."""

OUTSIDE_SECONDS = 240.0
"""How long somebody waits on the street at most."""


class Passing(Acting):
    """Somebody who can pass gates."""

    def _come(self) -> Tried:
        """From the street into the store; False for who stays outside or turns round."""
        manners = self.visitor.manners
        if manners.stays_outside:
            yield from self._wait_outside()
            return False
        if manners.follows:
            yield from self._slip_in(manners.follows)
            return True
        return (yield from self._enter(manners.turns_round))

    def _enter(self, turns_round: str = "") -> Tried:
        premises = self.premises
        doors = premises.doorways.ways_in(self.visitor.way_in)
        door = doors[int(self._rng.integers(len(doors)))]
        with door.turn.request() as turn:
            yield turn
            while not premises.walkers.roomy(door.outside, self.person, APART_M):
                yield self._wait(LOOK_SECONDS)
            self.walker = premises.walkers.add(self.person, door.outside, door.inward, self.visitor.cruise)
            self.door = door
            yield from self._go(door.scan_spot, math.inf)
            self._body.face(door.inward)
            yield self._wait(float(self._rng.uniform(0.4, 0.9)))
            self._identify(door)
            if turns_round:
                yield from self._turn_round(door, turns_round)
                return False
            yield from self._step_in(door)
        return True

    def _step_in(self, door: Doorway) -> Steps:
        self.premises.walkers.send(self._body, self.premises.walkers.router.nearest(door.within(1.4)))
        while door.depth(self._body.spot) < 0.9:
            yield self._wait(LOOK_SECONDS)

    def _identify(self, door: Doorway) -> None:
        """Shows the token to the reader."""
        if not self.visitor.manners.scans:
            return
        self.premises.scans.append(GateScan(self.premises.now, door.place.id, self.visitor.token))
        self._note("scan")

    def _turn_round(self, door: Doorway, where: str) -> Steps:
        """Stops before the beam or right behind it, thinks, and goes back to the street."""
        if where == "behind":
            self.premises.walkers.send(self._body, door.within(BEHIND_M))
            while not self._body.arrived:
                yield self._wait(LOOK_SECONDS)
        yield self._wait(float(self._rng.uniform(0.5, 2.0)))
        yield from self._disappear(door)

    def _slip_in(self, ahead: str) -> Steps:
        """Goes in right behind somebody who has opened the gate."""
        premises, leader = self.premises, self.premises.shoppers[ahead]
        while leader.door is None and not leader.gone and not premises.closing:
            yield self._wait(LOOK_SECONDS)
        door = leader.door or premises.doorways.ways_in(self.visitor.way_in)[0]
        while not premises.walkers.roomy(door.outside, self.person, TAIL_M):
            yield self._wait(LOOK_SECONDS)
        self.walker = premises.walkers.add(self.person, door.outside, door.inward, self.visitor.cruise)
        self.door = door
        while leader.walker is not None and not leader.inside and not leader.gone:
            behind = door.within(min(-0.3, door.depth(leader.walker.spot) - TAIL_M))
            premises.walkers.lead(self._body, behind)
            yield self._wait(LOOK_SECONDS)
        self._identify(door)
        yield from self._step_in(door)

    def _wait_outside(self) -> Steps:
        """Stands on the street beside the gate by which others leave, until something is handed over."""
        premises = self.premises
        door = next(door for door in premises.doorways.all.values() if door.place.direction in ("out", "both"))
        with door.turn.request() as turn:
            yield turn
            while not premises.walkers.roomy(door.outside, self.person, APART_M):
                yield self._wait(LOOK_SECONDS)
            self.walker = premises.walkers.add(self.person, door.outside, door.inward, self.visitor.cruise)
            spot = premises.walkers.router.nearest(door.within(*OUTSIDE))
            yield from self._go(premises.spots.claim(spot, self._body), math.inf)
            self._body.face(door.inward)
            self.door = door
            self.stays_until = premises.now + OUTSIDE_SECONDS
            while premises.now < self.stays_until and not premises.closing:
                yield self._wait(LOOK_SECONDS)
            yield from self._disappear(door)

    def _leave(self) -> Steps:
        premises = self.premises
        yield from self._free_hands()
        door = premises.doorways.nearest_way_out(self._body.spot)
        options = [spot for spot in door.queue() if premises.spots.free(spot, self._body)]
        if options:
            spot = premises.spots.claim(options[0], self._body)
            premises.walkers.send(self._body, spot)
            while not self._body.arrived and math.dist(self._body.spot, spot) > 0.5:
                yield self._wait(LOOK_SECONDS)
        with door.turn.request() as turn:
            yield turn
            yield from self._disappear(door, within=0.7)

    def _disappear(self, door: Doorway, within: float | None = None) -> Steps:
        """Walks out to the street, by the point `within` metres before the beam where given, and is gone."""
        premises = self.premises
        premises.spots.release(self.name)
        premises.walkers.send(self._body, door.outside, via=door.within(within) if within is not None else None)
        while not self._body.arrived:
            yield self._wait(LOOK_SECONDS)
        premises.walkers.remove(self.name)
        self.walker = None
        yield self._wait(REMOVAL_SECONDS)
