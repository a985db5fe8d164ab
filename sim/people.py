"""The simulated people: one skin each in a MuJoCo scene, posed by mocap bodies.

Poses are (B, 4, 4) float64 world transforms: one for each bone of `sim.bodies.BONES` and a last one for what hangs
from the hand. Floor frame: metres, x right, y up on the plan, z up; headings in radians from x.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.appearance import Appearance, Colour, sample_appearance
from sim.bodies import BONE, BONES, Floats, load_body, load_topology
from sim.clothes import SIZE, painted
from sim.errors import BadInput
from sim.face_geometry import FacePatch, face_patch
from sim.figure import BAG_DEPTH_M, CARRY, Mesh, dressed, soles
from sim.gait import Habit, Walker, stride_length
from sim.reaching import ReachGoal

__all__ = ["LEFT_TO_RIGHT", "Appearance", "Colour", "Person", "Reach", "advance_phase", "sample_appearance"]

LEFT_TO_RIGHT = (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15)
"""COCO-17 keypoints of the mirrored body."""

HIDDEN = (0.0, 0.0, -100.0)
SPEEDS = {"child": 0.9, "elder": 0.8}  # m/s; table of SHOPPERS (RiMEA, Weidmann), adults by sex below
SIDES = {"L": 1, "R": -1}

Mobility = Literal["walks", "wheelchair", "pram"]
WHEELCHAIR_SPEED = 0.79
"""m/s of manual wheelchairs, sd 0.19 (Spaeth)."""

REACH_SHARE = 1.08
"""A standing person takes things from up to this share of the own height."""

SEATED_REACH = (0.4, 1.2)
"""Metres above the floor between which somebody in a wheelchair takes things; about what building rules assume."""

_KEYPOINT_BONES = tuple(
    BONE[f"{bone}.{side}"]
    for bone in ("upperarm01", "lowerarm01", "wrist", "upperleg01", "lowerleg01", "foot")
    for side in "LR"
)


@dataclass(frozen=True, slots=True)
class Reach:
    """A hand on its way: side "L" or "R", target (x, y, z) of the palm in world metres, blend 0 (hanging) to 1 (there).

    Raises BadInput for another side, a blend outside 0 ... 1 or a target that is not three finite numbers.
    """

    side: str
    target: tuple[float, float, float]
    blend: float

    def __post_init__(self) -> None:
        """Refuses bad values."""
        if self.side not in SIDES:
            raise BadInput("Reach", "side", self.side, "L, R")
        if not 0 <= self.blend <= 1:
            raise BadInput("Reach", "blend", self.blend, "0 ... 1")
        if len(self.target) != 3 or not all(math.isfinite(v) for v in self.target):
            raise BadInput("Reach", "target", self.target, "three finite numbers, metres")


class Person:
    """One simulated person: add to a scene once, then `place` a `pose` every tick.

    name: unique in the scene, letters, digits, "-" and "_" (BadInput otherwise). others: what the person may wear
    later, outfits from 1 on, with the same body, shoes and bag (BadInput otherwise); `appearance` is outfit 0.
    """

    def __init__(
        self, name: str, appearance: Appearance, others: Sequence[Appearance] = (), mobility: Mobility = "walks"
    ) -> None:
        """Loads the body; draws nothing yet. Who uses a wheelchair sits, and has no bag in the hand."""
        if mobility == "wheelchair" and appearance.bag in BAG_DEPTH_M:
            raise BadInput("Person", "appearance.bag", appearance.bag, "no bag in the hand of a wheelchair user")
        self.mobility: Mobility = mobility
        for other in others:
            for field in ("body", "shoe_colour", "bag"):
                if getattr(other, field) != getattr(appearance, field):
                    raise BadInput("Person", f"others.{field}", getattr(other, field), getattr(appearance, field))
        if not name or not all(c.isalnum() or c in "-_" for c in name):
            raise BadInput("Person", "name", name, 'letters, digits, "-", "_"')
        self.name, self.appearance = name, appearance
        self.outfits = (appearance, *others)
        self._worn = 0
        self._body = body = load_body(appearance.body)
        joints = body.joints
        self.height_m = body.height_m
        self.age_group = body.age_group
        # The outermost of the deltoid lies about 4.5 cm outside an adult's shoulder joint.
        self.shoulder_half_width_m = float(joints[BONE["upperarm01.L"], 0]) + 0.045 * body.height_m / 1.75
        self.walking_speed = (
            WHEELCHAIR_SPEED if mobility == "wheelchair" else SPEEDS.get(body.age_group, 1.15 if body.female else 1.35)
        )
        stoop = 0.16 * (body.years - 60) / 25 if body.age_group == "elder" else 0.0
        bend = 0.85 if appearance.bag in BAG_DEPTH_M else 1.35
        habit = Habit(stoop=stoop, sway=appearance.arm_sway, carrying_bend=bend)
        self._walker = Walker(body, habit, *soles(appearance, body))
        self._face_points = _face_points(appearance.body)
        self._skins: tuple[int, ...] = ()
        self._mocap: NDArray[np.int64] = np.zeros(0, dtype=np.int64)

    @property
    def reach_m(self) -> tuple[float, float]:
        """Lowest and highest point above the floor, metres, from which the person takes things."""
        return SEATED_REACH if self.mobility == "wheelchair" else (0.0, REACH_SHARE * self.height_m)

    @property
    def skin_ids(self) -> tuple[int, ...]:
        """Ids of this person's skins in the bound model (object type `mjOBJ_SKIN` in segmentation images)."""
        return self._skins

    @property
    def worn_skin(self) -> int:
        """Id of the skin of the outfit that the person wears now."""
        return self._skins[self._worn]

    def wear(self, outfit: int) -> None:
        """Puts on an outfit; it shows when the scene is set next."""
        self._worn = outfit

    @property
    def face_patch(self) -> FacePatch:
        """The skin of this person's face, relative to the head's joint at rest."""
        return face_patch(self.appearance.body)

    def mesh(self, outfit: int = 0) -> Mesh:
        """The dressed mesh at rest."""
        return dressed(self.outfits[outfit], self._body)

    def paint(self, outfit: int = 0) -> NDArray[np.uint8]:
        """The texture (256, 256, 3) uint8 RGB of clothes, skin and hair."""
        return painted(self.outfits[outfit], self._body)

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Adds mocap bodies "NAME:BONE" and, for each outfit, texture, material and skin; nothing collides.

        The skin of the first outfit is called "NAME", those of others "NAME:1" and so on.
        """
        for bone in (*BONES, "carry"):
            spec.worldbody.add_body(name=f"{self.name}:{bone}", mocap=True, pos=HIDDEN)
        for outfit in range(len(self.outfits)):
            self._add_skin(spec, outfit)

    def _skin_name(self, outfit: int) -> str:
        return f"{self.name}:{outfit}" if outfit else self.name

    def _add_skin(self, spec: mujoco.MjSpec, outfit: int) -> None:
        name, mesh = self._skin_name(outfit), self.mesh(outfit)
        paint = f"{name}:paint"
        texture = spec.add_texture(name=paint, type=mujoco.mjtTexture.mjTEXTURE_2D, width=SIZE, height=SIZE, nchannel=3)
        texture.data = self.paint(outfit).tobytes()
        material = spec.add_material(name=paint, specular=0.08, shininess=0.1)
        material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = paint
        skin = spec.add_skin(name=name, material=paint)
        skin.vert, skin.texcoord, skin.face = mesh.vertices.ravel(), mesh.texcoords.ravel(), mesh.faces.ravel()
        joints = np.concatenate([self._body.joints, np.zeros((1, 3))])
        used = [b for b in range(CARRY + 1) if mesh.weights[:, b].any()]
        skin.bodyname = [f"{self.name}:{(*BONES, 'carry')[b]}" for b in used]
        skin.bindpos = joints[used].ravel()
        skin.bindquat = np.tile((1.0, 0.0, 0.0, 0.0), len(used))
        vertices = [np.flatnonzero(mesh.weights[:, b]) for b in used]
        skin.vertid = [v.tolist() for v in vertices]
        skin.vertweight = [mesh.weights[v, b].tolist() for v, b in zip(vertices, used, strict=True)]

    def bind(self, model: mujoco.MjModel) -> None:
        """Finds this person in the compiled model. Raises BadInput where the person was not added to it."""
        try:
            self._skins = tuple(int(model.skin(self._skin_name(k)).id) for k in range(len(self.outfits)))
        except KeyError:
            raise BadInput("Person.bind", "name", self.name, "a person that was added to this model") from None
        bones = [model.body(f"{self.name}:{bone}").id for bone in (*BONES, "carry")]
        self._mocap = model.body_mocapid[bones].astype(np.int64)

    def pose(
        self,
        x: float,
        y: float,
        heading: float,
        phase: float,
        speed: float,
        reach: Reach | Sequence[Reach] | None = None,
        carrying: float = 0.0,
        bag_at: tuple[float, float, float] | None = None,
    ) -> Floats:
        """(B, 4, 4) world transforms of a person over (x, y) facing `heading`, at `phase` (radians) of a walk.

        speed in m/s scales the gait, 0 stands; reach: one hand or both; carrying 0 ... 1 bends the left arm (the
        one that holds a bag); bag_at: where the bag stands that the hand has let go of, metres. Raises BadInput for
        values that are not finite, a negative speed or carrying outside 0 ... 1.
        """
        if not all(math.isfinite(v) for v in (x, y, heading, phase, speed)) or speed < 0:
            raise BadInput(
                "Person.pose", "x, y, heading, phase, speed", (x, y, heading, phase, speed), "finite, speed >= 0"
            )
        if not 0 <= carrying <= 1:
            raise BadInput("Person.pose", "carrying", carrying, "0 ... 1")
        c, s = math.cos(heading), math.sin(heading)
        turn, at = np.array([[-s, -c, 0], [c, -s, 0], [0, 0, 1]]), np.array([x, y, 0.0])  # -y of the body to heading
        reaches = (reach,) if isinstance(reach, Reach) else tuple(reach or ())
        goals = tuple(ReachGoal(SIDES[r.side], _tuple((np.array(r.target) - at) @ turn), r.blend) for r in reaches)
        if self.mobility == "wheelchair":
            posture = self._walker.seated(goals, math.sin(phase) * min(1.0, speed / 0.3))
        else:
            posture = self._walker.posture(phase, speed, goals, carrying)
        out = np.zeros((CARRY + 1, 4, 4))
        out[:CARRY, :3, :3] = turn @ posture.rotations
        out[:CARRY, :3, 3] = self._walker.joints(posture) @ turn.T + at
        out[:, 3, 3] = 1
        out[CARRY, :3, :3] = turn
        out[CARRY, :3, 3] = self.hand(out, "L")
        # A bag in the hand of someone who crouches stands on the floor.
        depth = BAG_DEPTH_M.get(self.appearance.bag, 0.0)
        out[CARRY, 2, 3] = max(out[CARRY, 2, 3], depth)
        if bag_at is not None:
            out[CARRY, :3, 3] = (bag_at[0], bag_at[1], bag_at[2] + depth)
        return out

    def place(self, data: mujoco.MjData, pose: Floats) -> None:
        """Moves the person's mocap bodies to the pose; takes effect with the next `mj_forward` or `mj_kinematics`."""
        data.mocap_pos[self._mocap] = pose[:, :3, 3]
        data.mocap_quat[self._mocap] = quaternions(pose[:, :3, :3])

    def hide(self, data: mujoco.MjData) -> None:
        """Moves the person far below the floor, out of every camera's sight."""
        data.mocap_pos[self._mocap] = HIDDEN

    def keypoints(self, pose: Floats) -> Floats:
        """(17, 3) world metres, COCO order: nose, eyes, ears, shoulders, elbows, wrists, hips, knees, ankles (L, R)."""
        head = pose[BONE["head"]]
        face = self._face_points @ head[:3, :3].T + head[:3, 3]
        return np.concatenate([face, pose[list(_KEYPOINT_BONES), :3, 3]])

    def hand(self, pose: Floats, side: str) -> Floats:
        """(3,) world position of the palm, side "L" or "R" (BadInput otherwise)."""
        if side not in SIDES:
            raise BadInput("Person.hand", "side", side, "L, R")
        wrist, knuckle = pose[BONE[f"wrist.{side}"], :3, 3], pose[BONE[f"finger3-1.{side}"], :3, 3]
        out: Floats = wrist + 0.8 * (knuckle - wrist)
        return out

    def face(self, pose: Floats) -> tuple[Floats, Floats, float]:
        """(centre (3,) between eyes and nose, unit vector (3,) the way the face looks, width in m), world frame."""
        centre: Floats = self.keypoints(pose)[:3].mean(0)
        return centre, -pose[BONE["head"], :3, 1], self.face_patch.width_m


def advance_phase(phase: float, distance: float, person: Person, speed: float | None = None) -> float:
    """The phase (radians, 0 ... 2 pi) after walking `distance` metres at `speed` m/s (default: the person's own)."""
    stride = stride_length(person.height_m, person.walking_speed if speed is None else speed)
    return (phase + math.tau * distance / stride) % math.tau


def quaternions(rotations: Floats) -> Floats:
    """(N, 4) unit quaternions w, x, y, z of rotation matrices (N, 3, 3), by the largest of the four components."""
    r = rotations
    xx, yy, zz = r[:, 0, 0], r[:, 1, 1], r[:, 2, 2]
    # K = 4 q q^T of each rotation; its column with the largest diagonal is the safest to normalise.
    k = np.empty((len(r), 4, 4))
    k[:, 0, 0], k[:, 1, 1] = 1 + xx + yy + zz, 1 + xx - yy - zz
    k[:, 2, 2], k[:, 3, 3] = 1 - xx + yy - zz, 1 - xx - yy + zz
    for a, b, v in (
        (0, 1, r[:, 2, 1] - r[:, 1, 2]),
        (0, 2, r[:, 0, 2] - r[:, 2, 0]),
        (0, 3, r[:, 1, 0] - r[:, 0, 1]),
        (1, 2, r[:, 0, 1] + r[:, 1, 0]),
        (1, 3, r[:, 0, 2] + r[:, 2, 0]),
        (2, 3, r[:, 1, 2] + r[:, 2, 1]),
    ):
        k[:, a, b] = k[:, b, a] = v
    best = k[np.arange(len(r)), k[:, range(4), range(4)].argmax(1)]
    out: Floats = best / np.linalg.norm(best, axis=1, keepdims=True)
    return out


def _tuple(v: Floats) -> tuple[float, float, float]:
    return float(v[0]), float(v[1]), float(v[2])


def _face_points(index: int) -> Floats:
    """(5, 3) nose, eyes and ears relative to the head bone at rest; the eyes' fronts lie before their middle."""
    body, t = load_body(index), load_topology()
    front = np.array([0, -0.012, 0]) * body.height_m / 1.75
    nose, ears = body.vertices[[t.nose_vertex]], body.vertices[list(t.ear_vertices)]
    points: Floats = np.concatenate([nose, body.eyes + front, ears]) - body.joints[BONE["head"]]
    return points
