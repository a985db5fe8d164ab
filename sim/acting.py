"""What only scripted people do: each action of a script as a SimPy process."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sim.burdens import Burden, lean
from sim.hands import HandMotion, Point3
from sim.meeting import Meeting
from sim.moving import LOOK_SECONDS, WALK_SECONDS, Steps
from sim.script import (
    Action,
    BlockCamera,
    ChangeClothes,
    HandOver,
    Lean,
    LeaveBasket,
    Lift,
    Look,
    PassOver,
    Pick,
    Push,
    PutBack,
    SetDownBag,
    ShelfStep,
    SwapBags,
    TakeUpBag,
    Talk,
    Touch,
    Wait,
    Walk,
)
from sim.shopping_list import GiveBack, Take
from sim.stock import Item, ShelfPlace
from sim.store_places import plate_id

BAG_SECONDS, BAG_PARTS = 0.3, 4
"""In which time, and in how many parts, a bag's weight comes onto a plate or off it; our choice."""

SHIFT_SECONDS = 0.35
"""How long an item is pushed until it stands elsewhere; our choice."""

LENS_REACH = 1.22
"""How high a raised arm with something in the hand comes, as a share of the body's height."""

FLOOR_M = 0.35
"""How far beside the feet a basket is put down."""


class Acting(Meeting):
    """Somebody who can do what a script says."""

    _bag_burden: Burden | None = None

    def _act(self, action: Action) -> Steps:
        """One action: waits for its cue, pauses, does it, and gives its own cue."""
        premises, script = self.premises, self.visitor.script
        if action.after is not None:
            yield from self._await(action.after)
        if script is not None and script.dwell[1] > 0:
            yield self._wait(float(self._rng.uniform(*script.dwell)))
        while premises.now < self.stays_until:
            yield self._wait(LOOK_SECONDS)
        if premises.closing:
            return
        yield from self._doing(action)
        if action.cue is not None:
            premises.cues.give(action.cue)

    def _await(self, cue: str) -> Steps:
        """Waits for a cue, and steps aside when somebody else wants to get at the shelf."""
        given = self.premises.cues.given(cue)
        while not given.triggered and not self.premises.closing:
            self.idle = True
            yield given | self._wait(0.4)
            self.idle = False
            if self.asked:
                yield from self._step_aside()

    def _doing(self, action: Action) -> Steps:
        ways: Mapping[type, Callable[[Any], Steps]] = {
            Pick: self._pick, PutBack: self._put_back, Lift: self._lift, Touch: self._touch, Push: self._push_item,
            Lean: self._lean, SetDownBag: self._set_down_bag, TakeUpBag: self._take_up_bag, Look: self._look,
            HandOver: self._hand_over, PassOver: self._pass_over, SwapBags: self._swap_bags, Talk: self._talk,
            Wait: self._stand, Walk: self._walk, ChangeClothes: self._change_here, BlockCamera: self._block_camera,
            LeaveBasket: self._leave_basket,
        }  # fmt: skip
        return ways[type(action)](action)

    def _pick(self, action: Pick) -> Steps:
        return self._take(
            Take(
                action.product, action.quantity, 0.0, plates=_plates(action), together=action.together, at=action.at,
                insist=True, aside=action.aside, sync=action.sync, into=action.into, decoy_g=action.decoy_g,
            )
        )  # fmt: skip

    def _put_back(self, action: PutBack) -> Steps:
        plates = _plates(action)
        place = self.premises.shelves.place(plates) if plates else None
        return self._give_back(
            GiveBack(
                action.product, action.quantity, 0.0, place, at=action.at, aside=action.aside, sync=action.sync,
                behind=action.behind,
            )
        )  # fmt: skip

    def _stand(self, action: Wait) -> Steps:
        yield self._wait((action.at or 0.0) - self.premises.now)
        yield self._wait(min(action.seconds, self.premises.last_call - self.premises.now))

    def _walk(self, action: Walk) -> Steps:
        yield self._wait((action.at or 0.0) - self.premises.now)
        self.premises.spots.release(self.name)
        yield from self._go(self.premises.walkers.router.nearest((action.x, action.y)), WALK_SECONDS)

    # At a shelf, without taking anything

    def _place_of(self, action: ShelfStep) -> ShelfPlace:
        """The place that an action names, or the nearest of its product."""
        plates = _plates(action)
        if not plates:
            return self._own_place(action.product)
        own = self.premises.shelves.own_place(action.product, plates)
        return own or self.premises.shelves.place(plates)

    def _lift(self, action: Lift) -> Steps:
        """The item leaves the plate, hangs in the air, and is set back."""
        shelves = self.premises.shelves
        lying = shelves.offer_at(action.product, self._place_of(action).plates)
        if lying is None or not (yield from self._before(action, lying.place)):
            return
        target = shelves.hand_target(action.product, lying.place)
        yield from self._reach_out(target, lying.place)
        lying = shelves.offer_at(action.product, lying.place.plates)
        if lying is not None:
            self.held = [shelves.take(lying)]
            self._note("pick", action.product, self.held, lying.place.plates)
            yield from self._move_hand(target, 0.75, action.seconds / 2)
            yield from self._move_hand(target, 1.0, action.seconds / 2)
            back = shelves.put(self.held[0], lying.place)
            self._note("put_back", action.product, self.held, back.place.plates)
            self.held = []
        yield from self._draw_back()

    def _touch(self, action: Touch) -> Steps:
        place = self._place_of(action)
        if (yield from self._before(action, place)):
            yield from self._reach_out(self.premises.shelves.hand_target(action.product, place), place)
            self._note("touch", action.product, plates=place.plates)
            yield self._wait(float(self._rng.uniform(0.1, 0.6)))
            yield from self._draw_back()

    def _push_item(self, action: Push) -> Steps:
        """An item slides onto other plates, and stands behind what belongs there."""
        shelves = self.premises.shelves
        place = self._place_of(action)
        if not (yield from self._before(action, place)):
            return
        gondola, shelf, _ = place.plates[0].rsplit("-", 2)
        there = shelves.place([plate_id(gondola, int(shelf), index) for index in action.to])
        yield from self._reach_out(shelves.hand_target(action.product, place), place)
        lying = shelves.offer_at(action.product, place.plates)
        if lying is not None:
            self._press(there, self.premises.now + SHIFT_SECONDS)
            target = shelves.hand_target(action.product, there, behind=True)
            side = self.hand.side if self.hand else "R"
            self.hand = HandMotion(side, target, self.premises.now, SHIFT_SECONDS, 0.9, 1.0)
            yield self._wait(SHIFT_SECONDS)
            shelves.put(shelves.take(lying), there, behind=True)
            self._note("push", action.product, plates=(*lying.place.plates, *there.plates))
        yield from self._draw_back()

    def _look(self, action: Look) -> Steps:
        place = self._place_of(action)
        if (yield from self._before(action, place)):
            yield self._wait(min(action.seconds, self.premises.last_call - self.premises.now))

    def _lean(self, action: Lean) -> Steps:
        """The left hand leans on the front of the plates; the right one stays free."""
        place, premises = self._place_of(action), self.premises
        if not (yield from self._before(action, place)):
            return
        seconds, indices = premises.hands.reach_seconds, [premises.shelves.plate_index(one) for one in place.plates]
        self.other_hand = HandMotion("L", self._edge(place), premises.now, seconds, 0.0, 1.0)
        yield self._wait(seconds)
        self._note("touch", action.product, plates=place.plates)
        lean(premises.scales, indices, premises.now, action.seconds, action.newton, self._rng)
        leaning = self._environment.process(self._lean_back(action.seconds))
        if not action.meanwhile:
            yield leaning

    def _lean_back(self, seconds: float) -> Steps:
        yield self._wait(seconds)
        if self.other_hand is not None:
            back = self.premises.hands.reach_seconds
            self.other_hand = HandMotion("L", self.other_hand.target, self.premises.now, back, 1.0, 0.0)
            yield self._wait(back)
            self.other_hand = None

    def _edge(self, place: ShelfPlace) -> Point3:
        """A point over the front of the plates where a hand leans or a bag stands."""
        x, y, z = place.centre
        return x - 0.08 * math.cos(place.heading), y - 0.08 * math.sin(place.heading), z + 0.04

    def _before(self, action: ShelfStep, place: ShelfPlace) -> Any:
        """Goes before a place and waits for the action's instant; False when the shop closes."""
        if not (yield from self._approach(place, insist=True, aside=action.aside)):
            return False
        yield self._wait((action.at or 0.0) - self.premises.hands.reach_seconds - self.premises.now)
        yield from self._at_one_instant(action.sync)
        return True

    # The bag

    def _set_down_bag(self, action: SetDownBag) -> Steps:
        place, premises = self._place_of(action), self.premises
        if not (yield from self._before(action, place)) or self.bag_at is not None:
            return
        x, y, z = self._edge(place)
        seconds = premises.hands.reach_seconds
        handle = (x, y, z + 0.35)
        self.other_hand = HandMotion("L", handle, premises.now, seconds, 0.0, 1.0)
        yield self._wait(seconds)
        self.bag_at = (x, y, z)
        self._note("touch", action.product, plates=place.plates)
        indices = [premises.shelves.plate_index(plate) for plate in place.plates]
        self._bag_burden = Burden(premises.scales, indices, self._rng)
        yield from self._shift_bag(action.grams + sum(item.weight_g for item in self.bag))
        self.other_hand = HandMotion("L", handle, premises.now, seconds, 1.0, 0.0)
        yield self._wait(seconds)
        self.other_hand = None

    def _take_up_bag(self, action: TakeUpBag | None = None) -> Steps:
        burden, at = self._bag_burden, self.bag_at
        if burden is None or at is None:
            return
        seconds, handle = self.premises.hands.reach_seconds, (at[0], at[1], at[2] + 0.35)
        self.other_hand = HandMotion("L", handle, self.premises.now, seconds, 0.0, 1.0)
        yield self._wait(seconds)
        yield from self._shift_bag(-burden.grams)
        self._bag_burden, self.bag_at = None, None
        self.other_hand = HandMotion("L", handle, self.premises.now, seconds, 1.0, 0.0)
        yield self._wait(seconds)
        self.other_hand = None

    def _shift_bag(self, grams: float) -> Steps:
        """The bag's weight comes onto the plates, or off them, within a moment."""
        for _ in range(BAG_PARTS):
            if self._bag_burden is not None:
                self._bag_burden.add(grams / BAG_PARTS)
            yield self._wait(BAG_SECONDS / BAG_PARTS)

    def _stow(self, items: Sequence[Item]) -> None:
        super()._stow(items)
        if self._bag_burden is not None:
            self._bag_burden.add(sum(item.weight_g for item in items))

    def _unstow(self, item: Item) -> None:
        super()._unstow(item)
        if self._bag_burden is not None:
            self._bag_burden.add(-item.weight_g)

    def _free_hands(self) -> Steps:
        """Before a walk the bag is taken up, and nobody leans any longer than the weight does."""
        yield from self._take_up_bag()
        while self.other_hand is not None and not self.premises.closing:
            yield self._wait(LOOK_SECONDS)

    def _leave_basket(self, action: LeaveBasket | None = None) -> Steps:
        """The basket stands on the floor beside the feet, and stays there."""
        yield from self._take_up_bag()
        body = self._body
        left = body.heading + math.pi / 2
        self.bag_at = (body.x + FLOOR_M * math.cos(left), body.y + FLOOR_M * math.sin(left), 0.0)
        yield self._wait(1.0)
        for item in self.bag:
            self._note("abandon", item.product, [item])
        self.left_behind += self.bag
        self.bag = []

    # Where cameras are concerned

    def _change_here(self, action: ChangeClothes) -> Steps:
        yield self._wait((action.at or 0.0) - self.premises.now)
        yield self._wait(action.seconds / 2)
        self.outfit = (self.outfit + 1) % len(self.person.outfits)
        self._note("change_clothes")
        yield self._wait(action.seconds / 2)

    def _block_camera(self, action: BlockCamera) -> Steps:
        """Stands under the camera and holds something up before its lens."""
        premises = self.premises
        x, y, z = premises.cameras[action.camera]
        premises.spots.release(self.name)
        yield from self._go(premises.walkers.router.nearest((x, y)), WALK_SECONDS)
        self._look_at((x, y))
        body = self._body
        away = max(0.05, math.dist((x, y), body.spot))
        near = min(0.3, away) / away
        high = min(z, LENS_REACH * self.person.height_m)
        target = (body.x + near * (x - body.x), body.y + near * (y - body.y), high)
        yield from self._move_hand(target, 1.0, premises.hands.reach_seconds)
        premises.blocked.add(action.camera)
        self._note("block_camera")
        if action.cue is not None:
            premises.cues.give(action.cue)
        yield premises.cues.given(action.until) | self._wait(premises.last_call - premises.now)
        premises.blocked.discard(action.camera)
        yield from self._draw_back()


def _plates(action: ShelfStep) -> tuple[str, ...]:
    if action.gondola is None or action.shelf is None:
        return ()
    return tuple(plate_id(action.gondola, action.shelf, index) for index in action.plates)
