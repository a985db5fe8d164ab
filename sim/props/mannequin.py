"""A shop-window dummy: a body in clothes, with plastic for skin, without hair or face, on a base plate."""

from __future__ import annotations

import dataclasses
from typing import Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.appearance import Appearance, Colour, sample_appearance
from sim.bodies import Floats, load_body
from sim.clothes import HEAD, painted
from sim.people import Person, Reach
from sim.props.prop import HIDDEN, Placement
from sim.store_geometry import GROUP_HIDDEN, GROUP_SHOWN

BASE_RADIUS_M, BASE_HEIGHT_M = 0.19, 0.024
# Whites, greys, gold, red and blue. Neither beiges, browns nor blacks: at a camera's distance nothing but the skin
# may tell a bald person from a mannequin, and no skin tone may be taught to be plastic.
PLASTICS: tuple[Colour, ...] = (
    (0.90, 0.91, 0.93),
    (0.72, 0.74, 0.77),
    (0.50, 0.52, 0.56),
    (0.78, 0.62, 0.18),
    (0.70, 0.12, 0.12),
    (0.25, 0.36, 0.60),
)


class _Dummy(Person):
    """A person who is painted as plastic."""

    def __init__(self, name: str, appearance: Appearance, plastic: Colour) -> None:
        super().__init__(name, appearance)
        self._plastic = plastic

    def paint(self, outfit: int = 0) -> NDArray[np.uint8]:
        """The atlas (256, 256, 3) uint8 RGB: skin, which is what changes with the skin tone, and face in plastic."""
        body = load_body(self.appearance.body)
        light, dark = (painted(dataclasses.replace(self.outfits[outfit], skin_tone=tone), body) for tone in (0, 9))
        skin = (light != dark).any(2)
        skin[HEAD.y : HEAD.y + HEAD.height, HEAD.x : HEAD.x + HEAD.width] = True
        light[skin] = np.round(np.array(self._plastic) * 255)
        return light


class Mannequin:
    """A mannequin that keeps its posture wherever it is put."""

    def __init__(self, name: str, rng: np.random.Generator, bodies: str = "train") -> None:
        """Draws body, clothes, plastic and posture; `bodies` as in `sample_appearance`."""
        look = dataclasses.replace(
            sample_appearance(rng, bodies, "adult" if rng.uniform() < 0.8 else "child"),
            hair="none",
            beard=False,
            glasses=False,
            bag="none",
            skin_tone=0.0,
        )
        self.name, self.radius_m = name, 0.25
        self._dummy = _Dummy(
            name, look, PLASTICS[int(rng.choice(len(PLASTICS), p=(0.4, 0.22, 0.14, 0.08, 0.08, 0.08)))]
        )
        self._lift = BASE_HEIGHT_M + (float(rng.uniform(0.1, 0.45)) if rng.uniform() < 0.3 else 0.0)
        self._at_rest = self._posture(rng)
        self._base = -1

    def _posture(self, rng: np.random.Generator) -> Floats:
        """(B, 4, 4) world transforms at the origin: a step frozen, perhaps with an arm held out."""
        speed = float(rng.choice([0.0, 0.25, 0.5]))
        height = self._dummy.height_m
        target = (float(rng.uniform(0.15, 0.4)), float(rng.uniform(0.1, 0.35)), height * float(rng.uniform(0.5, 0.75)))
        reach = Reach("L", target, float(rng.uniform(0.4, 1))) if rng.uniform() < 0.4 else None
        return self._dummy.pose(0.0, 0.0, 0.0, float(rng.uniform(0, 2 * np.pi)), speed, reach)

    def paint(self) -> NDArray[np.uint8]:
        """The texture (256, 256, 3) uint8 RGB of clothes and plastic."""
        return self._dummy.paint()

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Adds the body's skin and the base."""
        self._dummy.add_to(spec)
        base = spec.worldbody.add_body(name=f"{self.name}:base", mocap=True, pos=HIDDEN)
        half = self._lift / 2
        base.add_geom(
            type=mujoco.mjtGeom.mjGEOM_CYLINDER,
            size=(BASE_RADIUS_M if self._lift < 0.05 else 1.5 * BASE_RADIUS_M, half, 0),
            pos=(0, 0, half),
            rgba=(0.75, 0.76, 0.78, 1),
            group=GROUP_SHOWN,
            contype=0,
            conaffinity=0,
        )

    def bind(self, model: Any) -> None:
        """Finds skin and base in the compiled model."""
        self._dummy.bind(model)
        self._base = int(model.body(f"{self.name}:base").mocapid[0])

    def place(self, model: Any, data: Any, at: Placement | None) -> Floats:
        """Moves it there or hides it; returns its joints (N, 3), none when hidden."""
        model.skin_group[list(self._dummy.skin_ids)] = GROUP_HIDDEN if at is None else GROUP_SHOWN
        if at is None:
            data.mocap_pos[self._base] = HIDDEN
            return np.zeros((0, 3))
        pose = moved(at, self._lift) @ self._at_rest
        self._dummy.place(data, pose)
        data.mocap_pos[self._base] = (at.x, at.y, at.z)
        points: Floats = pose[:, :3, 3]
        return points


def moved(at: Placement, lift_m: float = 0.0) -> Floats:
    """(4, 4) transform from a prop's own frame (x ahead, z up) to the world."""
    c, s = np.cos(at.heading), np.sin(at.heading)
    return np.array([[c, -s, 0, at.x], [s, c, 0, at.y], [0, 0, 1, at.z + lift_m], [0, 0, 0, 1]])
