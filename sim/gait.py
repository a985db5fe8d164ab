"""How a body stands, walks and reaches: rotations of its bones, and where its pelvis is.

Everything here is in the body's own frame: metres, z up, the floor at z = 0, facing -y, left is +x. Rotations are
relative to the rest pose (the identity everywhere is the rest pose). The feet follow a path on the floor and the legs
follow the feet, so that a standing foot does not slide; `sim.reaching` bends, crouches or stretches the body.
"""

import math
from dataclasses import dataclass

import numpy as np

from sim.bodies import BONE, BONES, Body, Floats, load_topology
from sim.reaching import Bend, ReachGoal, Shoulders
from sim.rotations import (
    IDENTITY,
    Matrix,
    Vector,
    about,
    about_z_then_tilted,
    apply,
    arc,
    between,
    multiply,
    plus,
    two_bones,
    unit,
)

STANCE = 0.6  # share of the walking cycle in which a foot is on the floor (Perry, Gait Analysis)
HEEL_STRIKE, TOE_OFF = 0.32, -0.75  # pitch of the foot, radians, toes up positive

ROOT, SPINE, CHEST, NECK, HEAD = (BONE[n] for n in ("root", "spine03", "spine01", "neck01", "head"))
ARM_BONES = {
    side: tuple(BONE[f"{n}.{s}"] for n in ("clavicle", "upperarm01", "lowerarm01", "wrist", "finger3-1"))
    for side, s in ((1, "L"), (-1, "R"))
}
LEG_BONES = {
    side: tuple(BONE[f"{n}.{s}"] for n in ("upperleg01", "lowerleg01", "foot", "toe2-1"))
    for side, s in ((1, "L"), (-1, "R"))
}
_LEGS = [*LEG_BONES[1][1:], *LEG_BONES[-1][1:]]


@dataclass(frozen=True, slots=True)
class Posture:
    """rotations (B, 3, 3) of the bones and origin (3,) of the root bone, body frame."""

    rotations: Floats
    origin: Floats


@dataclass(frozen=True, slots=True)
class Habit:
    """What is personal: stoop (radians), sway (factor on the arms' swing), bend of the elbow that carries (radians)."""

    stoop: float = 0.0
    sway: float = 1.0
    carrying_bend: float = 1.35


SEAT_M, REST_M = 0.58, 0.10
"""Height of the hip joints on a wheelchair's seat, and of its footrests; usual chairs have seats of 0.5 m."""


def stride_length(height_m: float, speed: float) -> float:
    """Metres of two steps: 1.4 m at 1.75 m height and 1.3 m/s, growing with the root of speed.

    The root law is the usual one of free walking (cadence and step grow alike; Grieve and Gear 1966).
    """
    return 0.8 * height_m * math.sqrt(max(speed, 0.25) / 1.3)


@dataclass(frozen=True, slots=True)
class _Foot:
    """An ankle's place ahead of its rest (m), its height (m) and the foot's pitch (radians)."""

    ahead: float
    up: float
    pitch: float


class Walker:
    """Postures of one body whose soles (vertices (S, 3) with skin weights (S, B)) stand on the floor."""

    def __init__(self, body: Body, habit: Habit, soles: Floats, sole_weights: Floats) -> None:
        """Measures the body's limbs."""
        self.body, self.habit = body, habit
        j, topology = body.joints, load_topology()
        self._parents = topology.parents
        offsets = j - j[self._parents]
        self._offset_array, self._ancestors = offsets, _ancestors(self._parents)
        self._offsets = [_vector(o) for o in offsets]
        self._size = body.height_m / 1.75
        self._ankle = float(j[BONE["foot.L"], 2])
        self._ankle_y = {side: float(j[bones[2], 1]) for side, bones in LEG_BONES.items()}
        self._heel, self._ball = _foot_lengths(body)
        self._thigh, self._shank = _length(j, "upperleg01.L", "lowerleg01.L"), _length(j, "lowerleg01.L", "foot.L")
        self._upper_arm = _length(j, "upperarm01.L", "lowerarm01.L")
        self._forearm = _length(j, "lowerarm01.L", "wrist.L") + 0.8 * _length(j, "wrist.L", "finger3-1.L")
        chains = [bones[i : i + 2] for bones in ARM_BONES.values() for i in range(4)]
        chains += [bones[i : i + 2] for bones in LEG_BONES.values() for i in range(2)]
        self._rest = {a: unit(self._offsets[b]) for a, b in chains}
        self._knuckles = {1: unit(_vector(topology.knuckles[0])), -1: unit(_vector(-topology.knuckles[1]))}
        self._sole_weights = sole_weights[:, _LEGS]
        self._sole_arms = ((soles[:, None] - j[None, _LEGS]) * self._sole_weights[:, :, None]).reshape(len(soles), -1)
        self._back = float(j[0, 1])
        stand = float(self.posture(0.0, 0.0, (), 0.0).origin[2])
        self._shoulders = Shoulders(
            body, habit.stoop, stand, self._upper_arm + self._forearm, self._thigh + self._shank
        )
        self._seated_shoulders = Shoulders(body, habit.stoop, SEAT_M, self._upper_arm + self._forearm, 0.0)

    def seated(self, reaches: tuple[ReachGoal, ...], push: float) -> Posture:
        """The posture on a chair whose seat keeps the hips at `SEAT_M`, feet on the rests.

        push -1 ... 1: how far the hands on the wheels are behind or ahead.
        """
        bend = Bend.joint([self._seated_shoulders.bend(goal) for goal in reaches])
        g = [IDENTITY] * len(BONES)
        self._torso(g, bend, 0.0, 0.0)
        origin = (0.0, self._back, SEAT_M)
        foot = _Foot(0.27 * self.body.height_m, self._ankle + REST_M, 0.0)
        self._legs(g, {1: foot, -1: foot}, origin)
        self._head(g, reaches)
        for side in (1, -1):
            upper, lower = unit((0.22 * side, 0.35 - 0.25 * push, -1.0)), unit((0.02 * side, -0.75 - 0.3 * push, -0.9))
            goal = next((r for r in reaches if r.side == side and r.blend > 0), None)
            facing = about_z_then_tilted(math.atan2(g[CHEST][3], g[CHEST][0]), 0.0)
            self._arm(g, side, origin, (apply(facing, upper), apply(facing, lower)), goal)
            self._hand(g, side, 0.9)
        return Posture(np.array(g).reshape(-1, 3, 3), np.array(origin))

    def posture(self, phase: float, speed: float, reaches: tuple[ReachGoal, ...], carrying: float) -> Posture:
        """The posture at `phase` (radians; the left heel strikes at 0) of a walk at `speed` m/s; 0 stands.

        carrying 0 ... 1 bends the left arm.
        """
        walk = min(speed / 0.35, 1.0)
        walk = walk * walk * (3 - 2 * walk)
        bend = Bend.joint([self._shoulders.bend(goal) for goal in reaches])
        g = [IDENTITY] * len(BONES)
        swing = math.cos(phase) * walk
        self._torso(g, bend, swing, walk)
        feet = {s: self._foot(phase / math.tau + h, speed, walk, bend.tiptoe) for s, h in ((1, 0.0), (-1, 0.5))}
        origin = self._pelvis(g, feet, bend)
        origin = plus(origin, (0.0, 0.0, -self._legs(g, feet, origin)))
        self._head(g, reaches)
        for side in (1, -1):
            upper, lower = self._hanging_arm(side, swing * side, walk, carrying if side > 0 else 0.0, bend.drop)
            goal = next((r for r in reaches if r.side == side and r.blend > 0), None)
            facing = about_z_then_tilted(math.atan2(g[CHEST][3], g[CHEST][0]), 0.0)
            self._arm(g, side, origin, (apply(facing, upper), apply(facing, lower)), goal)
            self._hand(g, side, 0.5 + (0.8 * carrying if side > 0 else 0.0))
        return Posture(np.array(g).reshape(-1, 3, 3), np.array(origin))

    def joints(self, posture: Posture) -> Floats:
        """(B, 3) where the bones start, body frame."""
        moved = np.matmul(posture.rotations[self._parents], self._offset_array[:, :, None])[:, :, 0]
        moved[0] = posture.origin
        out: Floats = self._ancestors @ moved
        return out

    def _torso(self, g: list[Matrix], bend: Bend, swing: float, walk: float) -> None:
        stoop, yaw, lean = self.habit.stoop + 0.03 * walk, bend.yaw, bend.lean
        g[ROOT] = about_z_then_tilted(0.25 * yaw - 0.10 * swing, 0.02 + 0.35 * lean)
        g[SPINE] = about_z_then_tilted(0.6 * yaw, 0.3 * stoop + 0.7 * lean)
        g[CHEST] = about_z_then_tilted(yaw + 0.08 * swing, stoop + lean)

    def _foot(self, turns: float, speed: float, walk: float, tiptoe: float) -> _Foot:
        half = stride_length(self.body.height_m, speed) * walk * STANCE / 2
        u = turns % 1.0
        if u < STANCE:
            return self._pivot(half * (1 - 2 * u / STANCE), _stance_pitch(u) * walk - tiptoe)
        v = (u - STANCE) / (1 - STANCE)
        start = self._pivot(-half, TOE_OFF * walk - tiptoe)
        end = self._pivot(half, HEEL_STRIKE * walk - tiptoe)
        ease = v - 0.75 * math.sin(math.tau * v) / math.tau
        lift = 0.045 * self._size * walk * math.sin(math.pi * v) ** 2
        up = start.up + (end.up - start.up) * min(1.6 * v, 1.0)
        pitch = start.pitch + (end.pitch - start.pitch) * math.sin(min(1.25 * v, 1.0) * math.pi / 2)
        return _Foot(start.ahead + (end.ahead - start.ahead) * ease, up + lift, pitch)

    def _pivot(self, ahead: float, pitch: float) -> _Foot:
        """The foot flat at `ahead`, then turned about its heel (toes up) or its ball (heel up)."""
        c, s = math.cos(pitch), math.sin(abs(pitch))
        if pitch >= 0:
            return _Foot(ahead - self._heel + self._heel * c - self._ankle * s, self._heel * s + self._ankle * c, pitch)
        return _Foot(ahead + self._ball - self._ball * c + self._ankle * s, self._ball * s + self._ankle * c, pitch)

    def _ankle_at(self, side: int, foot: _Foot) -> Vector:
        return (side * 0.075 * self._size, self._ankle_y[side] - foot.ahead, foot.up)

    def _pelvis(self, g: list[Matrix], feet: dict[int, _Foot], bend: Bend) -> Vector:
        """As high as the straighter leg allows (so that walking bobs), less a crouch; the hips go back in a lean."""
        reach, back = 0.99 * (self._thigh + self._shank), self._back + bend.hips_back(self._size)
        heights = []
        for side, foot in feet.items():
            hip = apply(g[ROOT], self._offsets[LEG_BONES[side][0]])
            ankle = self._ankle_at(side, foot)
            away = (hip[0] - ankle[0]) ** 2 + (hip[1] + back - ankle[1]) ** 2
            heights.append(ankle[2] + math.sqrt(max(reach * reach - away, 0.04)) - hip[2])
        return (0.0, back, min(heights) - bend.drop)

    def _legs(self, g: list[Matrix], feet: dict[int, _Foot], origin: Vector) -> float:
        """Turns the legs so that the ankles are where the feet want them; the lowest point (m) of the soles."""
        rows: list[float] = []
        heights: list[float] = []
        for side, foot in feet.items():
            thigh, shank, sole, toe = LEG_BONES[side]
            at = plus(origin, apply(g[ROOT], self._offsets[thigh]))
            pole = (0.12 * side, -1.0, 0.25)
            upper, lower = two_bones(at, self._ankle_at(side, foot), self._thigh, self._shank, pole)
            g[thigh] = arc(self._rest[thigh], upper)
            g[shank] = multiply(arc(apply(g[thigh], self._rest[shank]), lower), g[thigh])
            g[sole] = about_z_then_tilted(0.12 * side, -foot.pitch)
            g[toe] = about_z_then_tilted(0.12 * side, -max(foot.pitch, 0.15 * foot.pitch))
            for bone, parent in ((shank, thigh), (sole, shank), (toe, sole)):
                at = plus(at, apply(g[parent], self._offsets[bone]))
                rows += g[bone][6:]
                heights.append(at[2])
        return float((self._sole_arms @ np.array(rows) + self._sole_weights @ np.array(heights)).min())

    def _head(self, g: list[Matrix], reaches: tuple[ReachGoal, ...]) -> None:
        yaw = pitch = 0.0
        for goal in reaches:
            x, y, z = goal.target
            yaw += goal.blend * min(max(0.6 * math.atan2(x, -y), -0.7), 0.7)
            down = 0.7 * math.atan2(0.85 * self.body.height_m - z, math.hypot(x, y))
            pitch += goal.blend * min(max(down, -0.3), 0.8)
        g[HEAD] = about_z_then_tilted(0.8 * yaw, 0.04 + 0.3 * self.habit.stoop + pitch)
        g[NECK] = between(g[CHEST], g[HEAD])

    def _shoulder(self, g: list[Matrix], side: int, origin: Vector) -> Vector:
        collar, arm = ARM_BONES[side][:2]
        at = origin
        for bone, parent in ((SPINE, ROOT), (CHEST, SPINE), (collar, CHEST), (arm, collar)):
            at = plus(at, apply(g[parent], self._offsets[bone]))
        return at

    def _hanging_arm(self, side: int, swing: float, walk: float, carrying: float, drop: float) -> tuple[Vector, Vector]:
        """Directions of upper arm and forearm of an arm that hangs, swings against its leg, or carries."""
        swing = -swing * self.habit.sway * (1 - 0.7 * carrying)
        crouch = min(3.0 * drop / self._size, 1.0)  # the idle arm rests on the knee of someone who crouches
        raised = 0.38 * swing + 0.02 + 0.7 * crouch
        bend = 0.25 + 0.12 * walk + 0.30 * max(swing, 0.0) + 0.7 * crouch
        bend += (self.habit.carrying_bend - bend) * carrying
        upper = (0.13 * side, -math.sin(raised), -math.cos(raised))
        lower = ((0.10 - 0.12 * bend) * side, -math.sin(raised + bend), -math.cos(raised + bend))
        return unit(upper), unit(lower)

    def _arm(
        self, g: list[Matrix], side: int, origin: Vector, hanging: tuple[Vector, Vector], goal: ReachGoal | None
    ) -> None:
        collar, arm, forearm, hand, _ = ARM_BONES[side]
        g[collar] = g[CHEST]
        upper, lower = hanging
        if goal is not None:
            # The collarbone follows first, which wins a few centimetres; then the arm does the rest exactly.
            rest = apply(g[CHEST], self._rest[collar])
            wish = unit(plus(goal.target, self._shoulder(g, side, origin), -1))
            g[collar] = multiply(arc(rest, unit(plus(rest, wish, 0.3 * goal.blend))), g[CHEST])
            at = self._shoulder(g, side, origin)
            goal_upper, goal_lower = two_bones(
                at, goal.target, self._upper_arm, self._forearm, (0.6 * side, 0.35, -1.0)
            )
            upper, lower = _blended(upper, goal_upper, goal.blend), _blended(lower, goal_lower, goal.blend)
        g[arm] = multiply(arc(apply(g[collar], self._rest[arm]), upper), g[collar])
        g[forearm] = multiply(arc(apply(g[arm], self._rest[forearm]), lower), g[arm])
        g[hand] = multiply(arc(apply(g[forearm], self._rest[hand]), lower), g[forearm])

    def _hand(self, g: list[Matrix], side: int, curl: float) -> None:
        hand, fingers = ARM_BONES[side][3:]
        g[fingers] = multiply(about(apply(g[hand], self._knuckles[side]), curl), g[hand])


def _blended(a: Vector, b: Vector, share: float) -> Vector:
    return unit(plus((a[0] * (1 - share), a[1] * (1 - share), a[2] * (1 - share)), b, share))


def _stance_pitch(u: float) -> float:
    if u < 0.1:
        return HEEL_STRIKE * (1 - u / 0.1)
    return 0.0 if u < 0.33 else TOE_OFF * ((u - 0.33) / (STANCE - 0.33)) ** 1.5


def _vector(v: Floats) -> Vector:
    return (float(v[0]), float(v[1]), float(v[2]))


def _length(joints: Floats, a: str, b: str) -> float:
    return float(np.linalg.norm(joints[BONE[b]] - joints[BONE[a]]))


def _foot_lengths(body: Body) -> tuple[float, float]:
    """Metres from the ankle back to the heel and forward to the ball of the foot."""
    low = body.vertices[body.vertices[:, 2] < 0.04 * body.height_m]
    ankle = float(body.joints[BONE["foot.L"], 1])
    return float(low[:, 1].max()) - ankle, ankle - float(body.joints[BONE["toe2-1.L"], 1])


def _ancestors(parents: np.ndarray) -> Floats:
    """(B, B) with 1 where the column is the row itself or above it."""
    out = np.eye(len(parents))
    for b in range(len(parents)):
        i = b
        while parents[i] != i:
            i = int(parents[i])
            out[b, i] = 1
    return out
