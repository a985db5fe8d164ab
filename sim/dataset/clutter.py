"""Hard negatives of one training store: which props it has, where they are, and what people push about.

Half of the mannequins and banners are put down, or moved, after the cameras learnt the empty store, so that being new
does not make a thing a person; trolleys and prams move with those who push them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from shapely.geometry import MultiPoint, Point
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from sim.dataset.crowd import Posture
from sim.people import Reach
from sim.props import Cart, Mannequin, Placement, Poster, Prop, pram, shopping_basket, trolley
from sim.props.poster import portraits
from sim.store_places import front_and_right
from sim.store_plan import GondolaSpec, StorePlan

_TRIES = 40
_OFF_WALL_M = 0.02
_LATE = 0.5  # share of mannequins and banners that the empty picture does not show where they are
_LATE_POSTER = 0.15
_ELSEWHERE = 0.5  # share of the late ones that the empty picture shows in another place
_PUSHED, _PARKED = 0.75, 0.15
_GAIT_M_S = (0.0, 0.5, 0.9, 1.2)
_BODY_M = 0.22


@dataclass(frozen=True, slots=True)
class _Fitting:
    """A prop that stays where it is: there from the start (`learnt`) or put (there or elsewhere) afterwards."""

    prop: Prop
    now: Placement
    learnt: Placement | None


class Clutter:
    """The props of one store."""

    def __init__(self, plan: StorePlan, rng: np.random.Generator, bodies: str) -> None:
        """Draws the props; `bodies` as in `sample_appearance`, for mannequins and the people on posters.

        Raises:
            MissingLibrary: the machine cannot draw.
        """
        self._rng = rng
        self._floor: BaseGeometry = plan.walkable(0.05, vestibules=False)
        self._fittings: list[_Fitting] = []
        for k in range(int(rng.choice(4, p=(0.5, 0.25, 0.15, 0.1)))):
            self._stand(Mannequin(f"mannequin{k}", rng, bodies))
        self._hang_posters(plan, bodies)
        #: Floor on which nobody can stand (metres).
        self.taken = _discs([(fitting.now, fitting.prop.radius_m) for fitting in self._fittings], 0.2)
        self._floor = self._floor.difference(_discs([(f.now, f.prop.radius_m) for f in self._fittings], 0.02))
        self._carts = [trolley(f"trolley{k}", rng) for k in range(int(rng.choice(4, p=(0.4, 0.25, 0.2, 0.15))))]
        self._carts += [pram("pram", rng)] if rng.uniform() < 0.3 else []
        self._carts += [shopping_basket(f"basket{k}", rng) for k in range(int(rng.choice(3, p=(0.6, 0.25, 0.15))))]

    @property
    def props(self) -> list[Prop]:
        """All of them."""
        return [*(fitting.prop for fitting in self._fittings), *self._carts]

    def learnt(self) -> tuple[Placement, ...]:
        """What stands where while the cameras learn the empty store."""
        return tuple(fitting.learnt for fitting in self._fittings if fitting.learnt is not None)

    def among(self, postures: Sequence[Posture]) -> tuple[list[Posture], tuple[Placement, ...]]:
        """The people of one instant, some of them now with both hands on a trolley, and where everything is."""
        people, placed = list(postures), [fitting.now for fitting in self._fittings]
        taken: list[BaseGeometry] = []
        for cart in self._carts:
            kind = self._rng.uniform()
            at = None
            if cart.handle_m is not None and kind < _PUSHED:
                at = self._push(cart, people, taken)
            elif kind < _PUSHED + _PARKED or cart.handle_m is None:
                at = self._free_place(cart, [*taken, _people(people)])
            if at is not None:
                placed.append(at)
                taken.append(_outline(cart, at))
        return people, tuple(placed)

    def _push(self, cart: Cart, people: list[Posture], taken: list[BaseGeometry]) -> Placement | None:
        """Gives the cart to somebody with free hands who has room before them, in `people` too; None if nobody has."""
        rng = self._rng
        for k in rng.permutation(len(people))[:4]:
            one = people[int(k)]
            if one.reach is not None:
                continue
            others = [*taken, _people([other for other in people if other is not one])]
            for heading in (one.heading, *rng.uniform(-np.pi, np.pi, 3)):
                at, left, right = cart.pushed_by(one.x, one.y, float(heading))
                if self._fits(cart, at, others):
                    hands = (Reach("L", left, 1.0), Reach("R", right, 1.0))
                    speed = float(rng.choice(_GAIT_M_S))
                    people[int(k)] = replace(
                        one, heading=float(heading), reach=hands, held_product=None, carrying=0.0, speed=speed
                    )
                    return at
        return None

    def _free_place(self, prop: Cart | Mannequin | Poster, others: list[BaseGeometry]) -> Placement | None:
        for _ in range(_TRIES):
            at = self._anywhere(prop.name)
            if at is not None and self._fits(prop, at, others):
                return at
        return None

    def _anywhere(self, name: str) -> Placement | None:
        if self._floor.is_empty:
            return None
        x1, y1, x2, y2 = self._floor.bounds
        rng = self._rng
        return Placement(name, rng.uniform(x1, x2), rng.uniform(y1, y2), float(rng.uniform(-np.pi, np.pi)))

    def _fits(self, prop: Cart | Mannequin | Poster, at: Placement, others: list[BaseGeometry]) -> bool:
        outline = _outline(prop, at)
        return bool(self._floor.covers(outline)) and not any(outline.intersects(other) for other in others)

    def _stand(self, prop: Mannequin | Poster) -> None:
        """Puts something on the floor for good, perhaps not before the cameras learnt the empty store."""
        others: list[BaseGeometry] = [_discs([(f.now, f.prop.radius_m) for f in self._fittings], 0.05)]
        now = self._free_place(prop, others)
        if now is None:
            return
        learnt: Placement | None = now
        if self._rng.uniform() < _LATE:
            learnt = self._free_place(prop, others) if self._rng.uniform() < _ELSEWHERE else None
        self._fittings.append(_Fitting(prop, now, learnt))

    def _hang_posters(self, plan: StorePlan, bodies: str) -> None:
        rng = self._rng
        count = int(rng.choice(5, p=(0.4, 0.2, 0.2, 0.1, 0.1)))
        for k, picture in enumerate(portraits(rng, count, bodies) if count else []):
            shape = picture.shape[1] / picture.shape[0]
            name, kind = f"poster{k}", rng.uniform()
            if kind < 0.25:
                height = rng.uniform(1.5, 2.0)
                self._stand(Poster(name, picture, (height * shape, height), standing=True))
                continue
            height = rng.uniform(0.6, 1.6)
            racks = plan.gondolas
            if kind < 0.6 and racks:
                rack = racks[int(rng.integers(len(racks)))]
                height = min(height, 0.44 / shape, rack.height_m - 0.15)
                at: Placement | None = _on_rack(name, rack, height, rng)
            else:
                at = _on_wall(name, plan, height * shape, height, rng)
            if at is None:
                continue
            late = rng.uniform() < _LATE_POSTER
            poster = Poster(name, picture, (height * shape, height), fixed=None if late else at)
            self._fittings.append(_Fitting(poster, at, None if late else at))


def _on_rack(name: str, rack: GondolaSpec, height_m: float, rng: np.random.Generator) -> Placement:
    """At one of a rack's two ends."""
    _, right = front_and_right(rack.heading_deg)
    out = right * (1 if rng.uniform() < 0.5 else -1)
    x, y = np.array([rack.x, rack.y]) + out * (rack.length_m / 2 + _OFF_WALL_M / 2)
    low = rng.uniform(0.05, max(0.06, rack.height_m - height_m - 0.03))
    return Placement(name, float(x), float(y), float(np.arctan2(out[1], out[0])), float(low))


def _on_wall(name: str, plan: StorePlan, width_m: float, height_m: float, rng: np.random.Generator) -> Placement | None:
    """On a wall beside its doors."""
    room, half = plan.room, width_m / 2 + 0.05
    low = float(rng.uniform(0.5, max(0.51, min(1.6, room.height_m - height_m - 0.1))))
    for _ in range(_TRIES):
        along_x, far = rng.uniform() < 0.5, bool(rng.uniform() < 0.5)
        length, across = (room.width_m, room.depth_m) if along_x else (room.depth_m, room.width_m)
        if length < 2 * half:
            continue
        along, out = rng.uniform(half, length - half), across - _OFF_WALL_M if far else _OFF_WALL_M
        x, y = (along, out) if along_x else (out, along)
        if any(np.hypot(gate.x - x, gate.y - y) < half + gate.width_m / 2 + 0.1 for gate in plan.gates):
            continue
        heading = (-np.pi / 2 if far else np.pi / 2) if along_x else (np.pi if far else 0.0)
        return Placement(name, float(x), float(y), heading, low)
    return None


def _outline(prop: Cart | Mannequin | Poster, at: Placement) -> BaseGeometry:
    """The piece of floor that a prop covers."""
    if not isinstance(prop, Cart):
        return Point(at.x, at.y).buffer(prop.radius_m)
    ahead = np.array([np.cos(at.heading), np.sin(at.heading)])
    aside = np.array([-ahead[1], ahead[0]])
    length, width, _ = prop.half_size_m
    corners = [np.array([at.x, at.y]) + a * length * ahead + b * width * aside for a in (-1, 1) for b in (-1, 1)]
    return MultiPoint(corners).convex_hull


def _people(people: Sequence[Posture]) -> BaseGeometry:
    return MultiPoint([(one.x, one.y) for one in people]).buffer(_BODY_M)


def _discs(placed: Sequence[tuple[Placement, float]], margin_m: float) -> BaseGeometry:
    """Everything on the floor within `margin_m` of props that stand there."""
    return unary_union([Point(at.x, at.y).buffer(radius + margin_m) for at, radius in placed if radius > 0])
