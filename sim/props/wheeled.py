"""What people push or put down: trolleys, prams and shopping baskets, built of boxes and bars."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.props.mannequin import moved
from sim.props.prop import HIDDEN, Placement
from sim.store_geometry import GROUP_SHOWN

BOX, CYLINDER = mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_CYLINDER
ELLIPSOID = mujoco.mjtGeom.mjGEOM_ELLIPSOID
Point = tuple[float, float, float]
Tint = tuple[float, float, float]
_DARK: Tint = (0.08, 0.08, 0.09)
_ALONG_Y = (float(np.sqrt(0.5)), float(np.sqrt(0.5)), 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Part:
    """One geom in the prop's own frame (x ahead, z up, metres): its kind, half sizes, middle, colour and turn."""

    kind: Any
    size: Point
    middle: Point
    colour: Tint
    turn: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)


class Cart:
    """A thing of several parts that moves as one."""

    def __init__(self, name: str, parts: list[Part], half_size_m: Point, handle_m: Point | None) -> None:
        """Takes the parts.

        Args:
            name: unique in the scene.
            parts: its geoms.
            half_size_m: half of length, width and height.
            handle_m: middle of the bar that hands hold, None where it is not pushed.
        """
        self.name, self.half_size_m, self.handle_m = name, half_size_m, handle_m
        self.radius_m = float(np.hypot(half_size_m[0], half_size_m[1]))
        self._parts = parts
        self._mocap = -1

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Adds one body with all parts."""
        body = spec.worldbody.add_body(name=self.name, mocap=True, pos=HIDDEN)
        for part in self._parts:
            body.add_geom(
                type=part.kind,
                size=part.size,
                pos=part.middle,
                quat=part.turn,
                rgba=(*part.colour, 1),
                group=GROUP_SHOWN,
                contype=0,
                conaffinity=0,
            )

    def bind(self, model: Any) -> None:
        """Finds the body in the compiled model."""
        self._mocap = int(model.body(self.name).mocapid[0])

    def place(self, model: Any, data: Any, at: Placement | None) -> NDArray[np.float64]:
        """Moves it there or hides it; returns its eight corners (8, 3), none when hidden."""
        data.mocap_pos[self._mocap] = HIDDEN if at is None else (at.x, at.y, at.z)
        if at is None:
            return np.zeros((0, 3))
        data.mocap_quat[self._mocap] = (np.cos(at.heading / 2), 0, 0, np.sin(at.heading / 2))
        frame, (length, width, height) = moved(at), self.half_size_m
        corners = np.array([(x, y, z) for x in (-length, length) for y in (-width, width) for z in (0, 2 * height)])
        points: NDArray[np.float64] = corners @ frame[:3, :3].T + frame[:3, 3]
        return points

    def pushed_by(self, x: float, y: float, heading: float, arm_m: float = 0.34) -> tuple[Placement, Point, Point]:
        """Where it is when somebody at (x, y) pushes it, and where left and right hand then are (world metres)."""
        back, _, up = self.handle_m or (-self.half_size_m[0], 0.0, 2 * self.half_size_m[2])
        ahead = arm_m - back
        at = Placement(self.name, x + ahead * np.cos(heading), y + ahead * np.sin(heading), heading)
        frame = moved(at)
        left, right = ((frame @ (back, side * 0.2, up, 1.0))[:3] for side in (1, -1))
        return at, _point(left), _point(right)


def trolley(name: str, rng: np.random.Generator) -> Cart:
    """A supermarket's trolley: a cage of wire or a tub of plastic on four wheels, with some goods in it."""
    colour = _metal(rng) if rng.uniform() < 0.7 else _paint(rng)
    trim = _paint(rng)
    parts = _chassis(0.40, 0.24, 0.5, colour, 0.05)
    rear, front, wide, low, top = -0.36, 0.44, 0.25, 0.52, 0.95
    if rng.uniform() < 0.3:
        parts += _tub(rear, front, wide, low, top, colour)
    else:
        parts += _cage(rear, front, wide, low, top, colour)
    parts.append(_bar((-0.45, -0.26, 1.02), (-0.45, 0.26, 1.02), 0.016, trim))
    parts += [_bar((-0.45, side * 0.24, 1.02), (-0.30, side * 0.24, 0.55), 0.010, colour) for side in (-1, 1)]
    parts += _goods(rng, rear, front, wide, low)
    return Cart(name, parts, (0.47, 0.27, 0.52), (-0.45, 0.0, 1.02))


def pram(name: str, rng: np.random.Generator) -> Cart:
    """A pram: a tub with a hood on four wheels."""
    cloth, colour = _paint(rng), _metal(rng)
    parts = _chassis(0.34, 0.24, 0.45, colour, 0.10)
    parts.append(Part(BOX, (0.34, 0.19, 0.10), (0.04, 0, 0.60), cloth))
    parts.append(Part(BOX, (0.31, 0.16, 0.02), (0.06, 0, 0.71), tuple(0.6 + 0.4 * c for c in cloth)))  # type: ignore[arg-type]
    parts.append(Part(ELLIPSOID, (0.22, 0.205, 0.24), (-0.16 if rng.uniform() < 0.5 else 0.22, 0, 0.74), _paint(rng)))
    parts.append(_bar((-0.46, -0.22, 1.0), (-0.46, 0.22, 1.0), 0.014, _DARK))
    parts += [_bar((-0.46, side * 0.22, 1.0), (0.1, side * 0.22, 0.45), 0.011, colour) for side in (-1, 1)]
    return Cart(name, parts, (0.47, 0.27, 0.52), (-0.46, 0.0, 1.0))


def wheelchair(name: str, rng: np.random.Generator) -> Cart:
    """A manual wheelchair, around somebody whose hips are over its origin: two large wheels, seat, back and rests."""
    cloth, colour = _paint(rng), _metal(rng)
    parts = [Part(CYLINDER, (0.30, 0.015, 0.0), (-0.02, y, 0.30), _DARK, _ALONG_Y) for y in (-0.29, 0.29)]
    parts += [Part(CYLINDER, (0.08, 0.015, 0.0), (0.36, y, 0.08), _DARK, _ALONG_Y) for y in (-0.2, 0.2)]
    parts.append(Part(BOX, (0.22, 0.21, 0.02), (0.10, 0, 0.47), cloth))
    parts.append(Part(BOX, (0.02, 0.20, 0.20), (-0.20, 0, 0.70), cloth))
    for y in (-0.22, 0.22):
        parts.append(_bar((-0.20, y, 0.30), (-0.22, y, 0.95), 0.012, colour))
        parts.append(_bar((-0.20, y, 0.46), (0.34, y, 0.46), 0.012, colour))
        parts.append(_bar((0.34, y, 0.46), (0.44, 0.7 * y, 0.10), 0.012, colour))
        parts.append(_bar((0.36, 0.9 * y, 0.08), (0.34, y, 0.46), 0.012, colour))
        parts.append(Part(BOX, (0.08, 0.07, 0.008), (0.48, 0.45 * y, 0.08), _DARK))
    return Cart(name, parts, (0.42, 0.31, 0.48), None)


def shopping_basket(name: str, rng: np.random.Generator) -> Cart:
    """A basket on the floor, alone or on a low stack of them."""
    colour = _paint(rng)
    stacked = int(rng.integers(1, 5)) if rng.uniform() < 0.5 else 1
    parts, top = [], 0.0
    for level in range(stacked):
        parts += _tub(-0.22, 0.22, 0.15, 0.08 * level, 0.08 * level + 0.22, colour)
        top = 0.08 * level + 0.22
    parts.append(_bar((0.0, -0.15, top), (0.05, -0.15, top + 0.13), 0.007, _DARK))
    parts.append(_bar((0.0, 0.15, top), (0.05, 0.15, top + 0.13), 0.007, _DARK))
    parts.append(_bar((0.05, -0.15, top + 0.13), (0.05, 0.15, top + 0.13), 0.009, _DARK))
    if stacked == 1:
        parts += _goods(rng, -0.2, 0.2, 0.14, 0.02)
    return Cart(name, parts, (0.24, 0.17, top / 2 + 0.07), None)


def _chassis(length: float, width: float, height: float, colour: Tint, wheel: float) -> list[Part]:
    """Four wheels and the frame that carries something at `height`."""
    parts = [
        Part(CYLINDER, (wheel, 0.018, 0.0), (x, y, wheel), _DARK, _ALONG_Y)
        for x in (-length, length)
        for y in (-width, width)
    ]
    for y in (-width, width):
        parts.append(_bar((-length, y, 2 * wheel), (length, y, 2 * wheel + 0.02), 0.011, colour))
        parts.append(_bar((-length, y, 2 * wheel), (-0.6 * length, y, height), 0.011, colour))
        parts.append(_bar((length, y, 2 * wheel), (-0.2 * length, y, height), 0.011, colour))
    return parts


def _tub(rear: float, front: float, wide: float, low: float, top: float, colour: Tint) -> list[Part]:
    """Four walls and a bottom."""
    middle, half, rise = (rear + front) / 2, (front - rear) / 2, (top - low) / 2
    dark: Tint = tuple(0.75 * c for c in colour)  # type: ignore[assignment]
    walls = [Part(BOX, (half, 0.008, rise), (middle, side * wide, low + rise), colour) for side in (-1, 1)]
    walls += [Part(BOX, (0.008, wide, rise), (end, 0, low + rise), colour) for end in (rear, front)]
    return [*walls, Part(BOX, (half, wide, 0.008), (middle, 0, low + 0.008), dark)]


def _cage(rear: float, front: float, wide: float, low: float, top: float, colour: Tint) -> list[Part]:
    """Walls and bottom of wire."""
    parts = []
    for level in np.linspace(low, top, 5):
        thick = 0.011 if level > top - 0.01 else 0.006
        for y in (-wide, wide):
            parts.append(_bar((rear, y, level), (front, y, level), thick, colour))
        for x in (rear, front):
            parts.append(_bar((x, -wide, level), (x, wide, level), thick, colour))
    for x in np.linspace(rear, front, 7):
        parts += [_bar((x, y, low), (x, y, top), 0.005, colour) for y in (-wide, wide)]
        parts.append(_bar((x, -wide, low), (x, wide, low), 0.005, colour))
    for y in np.linspace(-wide, wide, 5)[1:-1]:
        parts += [_bar((x, y, low), (x, y, top), 0.005, colour) for x in (rear, front)]
    return parts


def _goods(rng: np.random.Generator, rear: float, front: float, wide: float, low: float) -> list[Part]:
    goods = []
    for _ in range(int(rng.integers(0, 6))):
        size: Point = tuple(rng.uniform(0.03, 0.09, 3))
        x, y = rng.uniform(rear + 0.1, front - 0.1), rng.uniform(-wide + 0.09, wide - 0.09)
        goods.append(Part(BOX, size, (x, y, low + size[2] + 0.01), _paint(rng)))
    return goods


def _bar(start: Point, end: Point, thick: float, colour: Tint) -> Part:
    """A square bar between two points, `thick` metres to each side."""
    along = np.subtract(end, start)
    length = float(np.linalg.norm(along))
    turn = np.zeros(4)
    mujoco.mju_quatZ2Vec(turn, along / length)
    return Part(
        BOX, (thick, thick, length / 2), _point(np.add(start, end) / 2), colour, (turn[0], turn[1], turn[2], turn[3])
    )


def _metal(rng: np.random.Generator) -> Tint:
    level = rng.uniform(0.45, 0.8)
    return level, level, level * 1.02


def _paint(rng: np.random.Generator) -> Tint:
    return colorsys.hsv_to_rgb(rng.uniform(), rng.uniform(0.3, 0.95), rng.uniform(0.15, 0.95))


def _point(v: NDArray[np.float64]) -> Point:
    return float(v[0]), float(v[1]), float(v[2])
