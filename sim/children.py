"""Children who go through the store at the hand of an adult."""

import math

import numpy as np

from sim.hands import nearer_hand
from sim.moving import LOOK_SECONDS, Steps
from sim.people import Reach
from sim.premises import Premises
from sim.routing import Spot
from sim.shoppers import Shopper
from sim.shopping_list import Take
from sim.visitors import Visitor

BESIDE_M = 0.45
"""Between the middles of an adult and of the child at hand: half their shoulders' widths."""

LOOK_AHEAD_SECONDS = 0.25
"""Children head for where the adult will be so much later, so that they keep up."""

HELD_M, APART_M = 0.75, 1.05
"""Up to the first distance hands are held, from the second on they are not, and in between arms are on their way."""

GRAB_M, GRAB_SHARE = 1.6, 1.05
"""How far from the adult, and up to which share of the own height, a child grabs something; our choice."""

SIDES = {"L": 1.0, "R": -1.0}


class Child(Shopper):
    """Comes in after the adult, keeps at that one's side, may take something, and leaves when the adult does."""

    def __init__(self, visitor: Visitor, premises: Premises, rng: np.random.Generator) -> None:
        """On the way to the store."""
        super().__init__(visitor, premises, rng)
        self._side = visitor.hand_side
        self._at_shelf = False

    def _shop(self) -> Steps:
        adult = self.premises.shoppers[self.visitor.hand_of]
        self._body.led_by = adult.name
        while not adult.leaving and not self.premises.closing:
            if adult.walker is not None:
                self._keep_beside(adult)
                if self._wants_something(adult):
                    yield from self._grab(adult)
            yield self._wait(LOOK_SECONDS)
        self._body.led_by = ""
        self._let_go(adult)

    def _wants_something(self, adult: Shopper) -> bool:
        """Whether the adult has begun to stand at a shelf just now, and the child's lot says so."""
        stands = adult.hand is not None and adult._body.arrived
        begun, self._at_shelf = stands and not self._at_shelf, stands
        share = self.visitor.takes
        return begun and share > 0 and bool(self._rng.random() < share)

    def _grab(self, adult: Shopper) -> Steps:
        """Lets go, takes one thing from a low place near the adult, and comes back."""
        shelves, here = self.premises.shelves, adult._body.spot
        near = [
            place
            for place in shelves.slots.values()
            if place.centre[2] < GRAB_SHARE * self.person.height_m and math.dist(place.access, here) < GRAB_M
        ]
        if not near:
            return
        place = near[int(self._rng.integers(len(near)))]
        self._let_go(adult)
        self._body.led_by = ""
        yield from self._take(Take(shelves.product_at(place), 1, float(self._rng.uniform(0.2, 1.5)), place))
        self.premises.spots.release(self.name)
        self._body.led_by = adult.name

    def _keep_beside(self, adult: Shopper) -> None:
        body, other = self._body, adult._body
        vx, vy = other.velocity
        ahead = (other.x + LOOK_AHEAD_SECONDS * vx, other.y + LOOK_AHEAD_SECONDS * vy)
        walkers, own = self.premises.walkers, (body.person.name, other.person.name)
        others = [walker.spot for name, walker in walkers.present.items() if name not in own]
        spots = places(ahead, other.heading, self._side)
        free = (
            spot
            for spot in spots
            if all(math.dist(spot, taken) > BESIDE_M for taken in others) and walkers.router.straight(other.spot, spot)
        )
        walkers.lead(body, next(free, spots[0]))
        if body.arrived:
            body.face(other.heading)
        self._hold_hands(adult)

    def _hold_hands(self, adult: Shopper) -> None:
        body, other = self._body, adult._body
        blend = min(1.0, max(0.0, (APART_M - math.dist(body.spot, other.spot)) / (APART_M - HELD_M)))
        if blend <= 0.01:
            self._let_go(adult)
            return
        # No lower than the adult's hanging hand, or holding it would bend the adult's back.
        height = max(0.6 * self.person.height_m, 0.47 * adult.person.height_m)
        middle = ((body.x + other.x) / 2, (body.y + other.y) / 2, height)
        own = nearer_hand(body.spot, body.heading, middle, left_is_free=True)
        theirs = nearer_hand(other.spot, other.heading, middle, left_is_free=not adult.carries_left)
        self.linked = {adult.name: Reach(own, middle, blend)}
        adult.linked[self.name] = Reach(theirs, middle, blend)

    def _let_go(self, adult: Shopper) -> None:
        self.linked = {}
        adult.linked.pop(self.name, None)


def places(spot: Spot, heading: float, side: str) -> list[Spot]:
    """Where a child keeps who is at hand on that side ("L" or "R") of somebody at `spot` who faces `heading`.

    Best is `BESIDE_M` aside, then further and further behind.
    """
    angles = [heading + SIDES[side] * turn * math.pi for turn in (0.5, 0.7, 0.9)]
    return [(spot[0] + BESIDE_M * math.cos(angle), spot[1] + BESIDE_M * math.sin(angle)) for angle in angles]
