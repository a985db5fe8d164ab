"""What a shopper does from the street to the street, as SimPy processes on simulated time."""

import math
from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import simpy

from sim.doorways import Doorway
from sim.hands import HandMotion, Point3, nearer_hand
from sim.people import Reach
from sim.premises import Premises
from sim.routing import Spot
from sim.scales import Press
from sim.script import HandOver, Pick, PutBack, Wait, Walk
from sim.shopping_list import ChangeClothes, GiveBack, Look, Stop, Take
from sim.stock import Item, Lying, ShelfPlace
from sim.store_places import plate_id
from sim.truth import TruthEvent, TruthKind
from sim.visitors import BAG_IN_LEFT_HAND, Visitor
from sim.walking import Walker
from store.events import GateScan

Steps = Generator[simpy.Event, Any, None]
Tried = Generator[simpy.Event, Any, bool]
Errand = Look | Take | GiveBack | ChangeClothes | Wait | Walk | HandOver

LOOK_SECONDS = 0.08
"""How often people look whether they have arrived, or whether a spot has become free."""

PATIENCE = 15.0
"""Seconds after which a random shopper gives up a place that others occupy."""

FITTING_ROOM_PATIENCE = 60.0
"""Seconds after which somebody keeps on what they wear, as all fitting rooms are taken."""

FITTING_ROOM_M = 0.3
"""Nobody changes further than this from a fitting room's spot."""

WALK_SECONDS = 25.0
"""No walk inside a store should take longer; then people think again."""

REMOVAL_SECONDS = 0.2
"""After somebody is gone; JuPedSim removes people with its next step."""

HOLDING = 0.15
"""Blend of a hand that holds something before the body."""


class Shopper:
    """One visitor in the store: body state for the renderer, and what is in hand and bag."""

    role = "shopper"

    def __init__(self, visitor: Visitor, premises: Premises, rng: np.random.Generator) -> None:
        """On the way to the store."""
        self.visitor, self.premises, self._rng = visitor, premises, rng
        self.name, self.person = visitor.person.name, visitor.person
        self.walker: Walker | None = None
        self.hand: HandMotion | None = None
        self.held: list[Item] = []
        self.bag: list[Item] = []
        self.inside = False
        self.gone = False
        self.stays_until = 0.0
        self.outfit = 0
        self.leaving = False
        self.linked: dict[str, Reach] = {}

    @property
    def carries_left(self) -> bool:
        """Whether the left hand holds a bag or basket."""
        return self.person.appearance.bag in BAG_IN_LEFT_HAND

    def reach(self, t: float) -> Reach | tuple[Reach, ...] | None:
        """What the arms do at time t: one reaches, the other, or both, hold somebody's hand (`linked`)."""
        own = self.hand.at(t) if self.hand else None
        held = {one.side: one for one in self.linked.values() if own is None or one.side != own.side}
        arms = (*((own,) if own else ()), *held.values())
        return arms if len(arms) > 1 else arms[0] if arms else None

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

    def _note(self, kind: TruthKind, product: str = "", quantity: int = 0, plates: tuple[str, ...] = ()) -> None:
        event = TruthEvent(self.premises.now, self.name, self.visitor.account, kind, product, quantity, plates)
        self.premises.truth.add(event)

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

    # Walking

    def _go(self, spot: Spot, seconds: float) -> Tried:
        """Walks to a spot; False when it takes too long or the shop is about to close."""
        until = self.premises.now + seconds
        self.premises.walkers.send(self._body, spot)
        while not self._body.arrived:
            if self.premises.now > until or (math.isfinite(seconds) and self.premises.closing):
                self._body.stop()
                return False
            yield self._wait(LOOK_SECONDS)
        return True

    def _approach(self, place: ShelfPlace, insist: bool) -> Tried:
        """Walks before a place, waiting beside while others stand there; False when given up."""
        spots, body, until = self.premises.spots, self._body, self.premises.now + PATIENCE
        while not self.premises.closing and (insist or self.premises.now < until):
            spot = spots.claim_before(place, body)
            if spot is not None:
                if (yield from self._go(spot, WALK_SECONDS)):
                    yield from self._face(place.heading)
                    return True
                continue
            beside = spots.claim_beside(place.access, place.heading, body)
            if beside is not None and math.dist(beside, body.spot) > 0.3:
                yield from self._go(beside, WALK_SECONDS)
            self._look_at(place.centre)
            yield self._wait(0.4)
        return False

    def _face(self, heading: float) -> Steps:
        self._body.face(heading)
        for _ in range(25):
            if self._body.turned:
                return
            yield self._wait(LOOK_SECONDS)

    def _look_at(self, point: Sequence[float]) -> None:
        self._body.face(math.atan2(point[1] - self._body.y, point[0] - self._body.x))

    # Shelves

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

    # Hands

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

    def _pass_item(self, item: Item, other: "Shopper") -> Steps:
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


def _plates(action: Pick | PutBack) -> tuple[str, ...]:
    if action.gondola is None or action.shelf is None:
        return ()
    return tuple(plate_id(action.gondola, action.shelf, index) for index in action.plates)
