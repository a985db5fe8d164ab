"""A picture with people on it: on a wall, on a rack, or as a banner that stands on the floor."""

from __future__ import annotations

from typing import Any

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.appearance import sample_appearance
from sim.drawing import Pencil, Pinhole
from sim.people import Person, Reach
from sim.props.prop import HIDDEN, Placement
from sim.store_geometry import GROUP_HIDDEN, GROUP_SHOWN

Picture = NDArray[np.uint8]
THICK_M = 0.006
_HEIGHT_PX = 320
_AS_IT_IS = (np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0]))
_STUDIO = (
    "<mujoco><visual><headlight ambient='.5 .5 .5' diffuse='.3 .3 .3' specular='0 0 0'/></visual>"
    "<worldbody><light pos='2 -2 3' dir='-.6 .6 -.7' castshadow='false' diffuse='.5 .5 .5'/></worldbody></mujoco>"
)


class Poster:
    """A flat picture that faces its heading; a `standing` one is a banner that people walk round."""

    def __init__(
        self,
        name: str,
        picture: Picture,
        size_m: tuple[float, float],
        standing: bool = False,
        fixed: Placement | None = None,
    ) -> None:
        """Takes the picture (H, W, 3) uint8 RGB, and how wide and high it is printed.

        A `fixed` one is part of the empty store: always there, wherever it is placed.
        """
        width_m, height_m = size_m
        self._fixed = fixed
        self.name, self.radius_m = name, width_m / 2 if standing else 0.0
        self.width_m, self.height_m = width_m, height_m
        self._picture = picture
        self._mocap = -1

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Adds a thin board with the picture on its front."""
        height, width = self._picture.shape[:2]
        texture = spec.add_texture(
            name=f"{self.name}:print", type=mujoco.mjtTexture.mjTEXTURE_2D, width=width, height=height, nchannel=3
        )
        texture.data = np.ascontiguousarray(self._picture).tobytes()
        material = spec.add_material(name=f"{self.name}:print", specular=0.05)
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = f"{self.name}:print"
        if self._fixed is None:
            body, (centre, turn) = spec.worldbody.add_body(name=self.name, mocap=True, pos=HIDDEN), _AS_IT_IS
        else:
            body, (centre, turn) = spec.worldbody, self._pose(self._fixed)
        board = {
            "type": mujoco.mjtGeom.mjGEOM_BOX,
            "size": (self.width_m / 2, self.height_m / 2, THICK_M / 2),
            "quat": turn,
            "group": GROUP_SHOWN,
            "contype": 0,
            "conaffinity": 0,
        }
        out = np.zeros(3)
        mujoco.mju_rotVecQuat(out, np.array([0.0, 0.0, THICK_M]), turn)
        body.add_geom(pos=centre + out, material=f"{self.name}:print", **board)
        body.add_geom(pos=centre, rgba=(0.6, 0.6, 0.58, 1), **board)

    def bind(self, model: Any) -> None:
        """Finds the board in the compiled model."""
        if self._fixed is None:
            self._mocap = int(model.body(self.name).mocapid[0])

    def place(self, model: Any, data: Any, at: Placement | None) -> NDArray[np.float64]:
        """Hangs it there, its lower edge at `z`, or hides it; returns its corners (4, 3), none when hidden."""
        if self._fixed is not None:
            return np.zeros((0, 3))
        if at is None:
            data.mocap_pos[self._mocap] = HIDDEN
            return np.zeros((0, 3))
        data.mocap_pos[self._mocap], data.mocap_quat[self._mocap] = self._pose(at)
        middle = np.array([at.x, at.y, at.z + self.height_m / 2])
        right = np.array([-np.sin(at.heading), np.cos(at.heading), 0.0]) * self.width_m / 2
        up = np.array([0.0, 0.0, self.height_m / 2])
        return np.array([middle + a * right + b * up for a in (-1, 1) for b in (-1, 1)])

    def _pose(self, at: Placement) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Centre (3,) and quaternion (4,) of a board whose z is the way it faces and whose y is up."""
        centre = np.array([at.x, at.y, at.z + self.height_m / 2])
        outwards, up = np.array([np.cos(at.heading), np.sin(at.heading), 0.0]), np.array([0.0, 0.0, 1.0])
        right = np.cross(up, outwards)
        turn = np.zeros(4)
        mujoco.mju_mat2Quat(turn, np.stack([right, up, outwards], 1).ravel())
        return centre, turn


def portraits(rng: np.random.Generator, count: int, bodies: str = "train") -> list[Picture]:
    """`count` advertising pictures (H, W, 3) uint8 RGB of one or two random people each, whole or from the waist up.

    Raises:
        MissingLibrary: the machine cannot draw.
    """
    people = [Person(f"model{k}", sample_appearance(rng, bodies)) for k in range(2 * count)]
    spec = mujoco.MjSpec.from_string(_STUDIO)
    for person in people:
        person.add_to(spec)
    model: Any = spec.compile()
    data: Any = mujoco.MjData(model)
    for person in people:
        person.bind(model)
    with Pencil(model, _HEIGHT_PX, _HEIGHT_PX, samples=0) as pencil:
        return [_portrait(pencil, data, people, people[2 * k : 2 * k + 2], rng) for k in range(count)]


def _portrait(
    pencil: Pencil, data: Any, everybody: list[Person], pair: list[Person], rng: np.random.Generator
) -> Picture:
    shown = pair[: 1 + int(rng.uniform() < 0.3)]
    model = pencil.model
    for person in everybody:
        model.skin_group[list(person.skin_ids)] = GROUP_SHOWN if person in shown else GROUP_HIDDEN
    for k, person in enumerate(shown):
        aside = 0.55 * (k - (len(shown) - 1) / 2)
        heading = -np.pi / 2 + float(rng.normal(0, 0.4))
        target = (aside + float(rng.uniform(-0.3, 0.3)), -0.4, person.height_m * float(rng.uniform(0.55, 1.0)))
        reach = Reach("R", target, float(rng.uniform(0.5, 1))) if rng.uniform() < 0.6 else None
        speed = float(rng.choice([0.0, 1.0]))
        person.place(data, person.pose(aside, 0.0, heading, float(rng.uniform(0, 6)), speed, reach))
    mujoco.mj_forward(model, data)
    pencil.load(data, int(mujoco.mjtCatBit.mjCAT_STATIC) | int(mujoco.mjtCatBit.mjCAT_DYNAMIC))
    colour, depth = pencil.draw(_before(shown, rng))
    return _printed(colour[::-1], depth[::-1] > 0, rng)


def _before(shown: list[Person], rng: np.random.Generator) -> Pinhole:
    """A view from the front, whole figures or from the waist up."""
    tall = max(person.height_m for person in shown)
    low, high = (-0.06, tall + 0.12) if rng.uniform() < 0.6 else (0.55 * tall, tall + 0.1)
    wide = (0.62 if len(shown) == 1 else 0.85) * tall if low < 0 else 0.55 * len(shown) * (high - low) + 0.1
    away = 4.0
    focal = _HEIGHT_PX / (high - low) * away
    rotation = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
    width = int(np.clip(wide / (high - low) * _HEIGHT_PX, 96, _HEIGHT_PX)) // 4 * 4
    return Pinhole(np.array([0.0, -away, (low + high) / 2]), rotation, focal, width, _HEIGHT_PX)


def _printed(colour: Picture, figure: NDArray[np.bool_], rng: np.random.Generator) -> Picture:
    """The figure before a ground of two colours, with a line of large print."""
    height, width = figure.shape
    high, low = rng.integers(20, 256, (2, 3))
    mix = np.linspace(0, 1, height)[:, None, None]
    ground = np.broadcast_to(high * (1 - mix) + low * mix, (height, width, 3)).astype(np.uint8)
    picture = np.ascontiguousarray(np.where(figure[..., None], colour, ground))
    if rng.uniform() < 0.7:
        ink = tuple(int(c) for c in rng.integers(0, 256, 3))
        word = str(rng.choice(["NEW", "SALE", "-30 %", "FRESH", "LOOK", "2 FOR 1"]))
        scale = 0.85 * width / cv2.getTextSize(word, cv2.FONT_HERSHEY_DUPLEX, 1.0, 2)[0][0]
        y = int(rng.choice([0.12, 0.92]) * height)
        cv2.putText(picture, word, (width // 14, y), cv2.FONT_HERSHEY_DUPLEX, scale, ink, max(1, int(2.2 * scale)))
    border = int(rng.integers(0, 8))
    if border:
        cv2.rectangle(picture, (0, 0), (width - 1, height - 1), tuple(int(c) for c in rng.integers(0, 256, 3)), border)
    return picture
