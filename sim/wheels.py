"""What people sit in or push, as props of the scene: wheelchairs go with the body, prams ahead of it or beside it."""

import math
from collections.abc import Iterable

from sim.people import Person, Reach
from sim.props.prop import Placement
from sim.props.wheeled import Cart, pram, wheelchair
from sim.randomness import generator
from sim.routing import Router
from sim.walking import Walker

PUSHING_M_S = 0.15
"""Whoever goes faster than this has both hands on the bar."""

AHEAD_M = 0.80
"""From the body to the middle of the pram that it pushes."""

TURNS = (0.0, 0.35, -0.35, 0.7, -0.7, 1.1, -1.1, 1.57, -1.57, 2.2, -2.2, math.pi)
"""By how much (radians) a pram is turned aside where there is no room for it ahead, least first."""


def carts_of(people: Iterable[Person], seed: int) -> dict[str, Cart]:
    """The wheelchairs and prams of people, by the people's names."""
    made = {"wheelchair": wheelchair, "pram": pram}
    return {
        person.name: made[person.mobility](f"{person.mobility}-{person.name}", generator(seed, "cart", person.name))
        for person in people
        if person.mobility in made
    }


class Pushing:
    """Where everybody's wheels are, from one moment to the next; a pram stays where it was left."""

    def __init__(self, carts: dict[str, Cart], router: Router) -> None:
        """Nobody has come yet."""
        self._carts, self._router = carts, router
        self._parked: dict[str, Placement] = {}

    def at(self, walker: Walker) -> tuple[Placement | None, tuple[Reach, ...]]:
        """The wheels of somebody on the floor, and what the hands do with them; None without any."""
        person = walker.person
        cart = self._carts.get(person.name)
        if cart is None:
            return None, ()
        if person.mobility == "wheelchair":
            return Placement(cart.name, walker.x, walker.y, walker.heading), ()
        moving = walker.speed > PUSHING_M_S and not walker.arrived
        parked = self._parked.get(person.name)
        if moving or parked is None or math.dist((parked.x, parked.y), walker.spot) > 2 * AHEAD_M:
            self._parked[person.name] = parked = self._ahead(cart, walker)
        reaches = self._hands(cart, walker, parked) if moving else ()
        return parked, reaches

    def _ahead(self, cart: Cart, walker: Walker) -> Placement:
        """Ahead of the body, turned aside as far as gondolas and walls make it."""
        for turn in TURNS:
            heading = walker.heading + turn
            spot = walker.x + AHEAD_M * math.cos(heading), walker.y + AHEAD_M * math.sin(heading)
            if self._router.standable(spot):
                return Placement(cart.name, *spot, heading)
        return Placement(cart.name, walker.x, walker.y, walker.heading)

    @staticmethod
    def _hands(cart: Cart, walker: Walker, at: Placement) -> tuple[Reach, ...]:
        """Both hands on the bar, where the pram is still ahead."""
        if abs((at.heading - walker.heading + math.pi) % math.tau - math.pi) > 0.8:
            return ()
        back, _, up = cart.handle_m or (0.0, 0.0, 0.0)
        cos, sin = math.cos(at.heading), math.sin(at.heading)
        return tuple(
            Reach(side, (at.x + back * cos - y * sin, at.y + back * sin + y * cos, up), 1.0)
            for side, y in (("L", 0.18), ("R", -0.18))
        )
