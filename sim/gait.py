"""How a body stands, walks and reaches: world-aligned rotations of its bones, and where its pelvis is.

Everything here is in the body's own frame: metres, z up, the floor at z = 0, facing -y, left is +x. Rotations are
relative to the rest pose (the identity everywhere is the rest pose). The feet follow a path on the floor and the legs
follow the feet, so that a standing foot does not slide; reaching bends, leans, crouches or stretches as far as needed.
"""

import math
from dataclasses import dataclass

import numpy as np

from sim.bodies import BONE, BONES, Body, Floats, load_topology

STANCE = 0.6  # share of the walking cycle in which a foot is on the floor (Perry, Gait Analysis)
HEEL_STRIKE, TOE_OFF = 0.32, -0.75  # pitch of the foot, radians, toes up positive
MAX_LEAN = 1.25
REACH = 0.97  # share of the arm's length that is used before the torso follows


@dataclass(frozen=True, slots=True)
class Posture:
    """rotations (B, 3, 3) of the bones and origin (3,) of the root bone, body frame."""

    rotations: Floats
    origin: Floats


@dataclass(frozen=True, slots=True)
class ReachGoal:
    """A palm's goal in the body's frame: side +1 left or -1 right, target (x, y, z), blend 0 ... 1."""

    side: int
    target: tuple[float, float, float]
    blend: float


@dataclass(frozen=True, slots=True)
class Habit:
    """What is personal: stoop (radians), sway of the arms (factor), foot spread (factor), bag arm (+1 left, -1 right).

    bag: "none", "hand" (hangs from the straight arm) or "elbow" (hangs from the bent arm).
    """

    stoop: float = 0.0
    sway: float = 1.0
    spread: float = 1.0
    bag_side: int = 1
    bag: str = "none"


def stride_length(height_m: float, speed: float) -> float:
    """Metres of two steps: 1.4 m at 1.75 m height and 1.3 m/s, growing with the root of speed.

    The root law is the usual one of free walking (cadence and step grow alike; Grieve and Gear 1966).
    """
    return 0.8 * height_m * math.sqrt(max(speed, 0.25) / 1.3)


def rotation_x(angle: float) -> Floats:
    """Rotation about x (positive lifts what points forward, -y, downward: a forward lean)."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def rotation_z(angle: float) -> Floats:
    """Rotation about z, anticlockwise from above."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def rotation_about(axis: Floats, angle: float) -> Floats:
    """Rotation by `angle` radians about the unit vector `axis` (3,)."""
    x, y, z = (float(v) for v in axis)
    c, s = math.cos(angle), math.sin(angle)
    d = 1 - c
    return np.array(
        [
            [c + d * x * x, d * x * y - s * z, d * x * z + s * y],
            [d * x * y + s * z, c + d * y * y, d * y * z - s * x],
            [d * x * z - s * y, d * y * z + s * x, c + d * z * z],
        ]
    )


def arc(a: Floats, b: Floats) -> Floats:
    """The shortest rotation that takes the unit vector a (3,) to the unit vector b (3,)."""
    ax, ay, az = (float(v) for v in a)
    bx, by, bz = (float(v) for v in b)
    x, y, z = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    k = 1 / max(1 + ax * bx + ay * by + az * bz, 1e-6)
    return np.array(
        [
            [1 - k * (y * y + z * z), k * x * y - z, k * x * z + y],
            [k * x * y + z, 1 - k * (x * x + z * z), k * y * z - x],
            [k * x * z - y, k * y * z + x, 1 - k * (x * x + y * y)],
        ]
    )


def unit(v: Floats) -> Floats:
    """v (3,) scaled to length 1."""
    return v / max(math.sqrt(float(v @ v)), 1e-9)


def two_bones(start: Floats, end: Floats, first: float, second: float, pole: Floats) -> tuple[Floats, Floats]:
    """Unit directions of two bones of given lengths from start towards end, bent towards `pole`; stretched if too far."""
    line = end - start
    distance = math.sqrt(float(line @ line))
    line = line / max(distance, 1e-9)
    distance = min(max(distance, abs(first - second) + 1e-3), (first + second) * 0.9995)
    cosine = (first * first + distance * distance - second * second) / (2 * first * distance)
    out = unit(pole - float(pole @ line) * line)
    upper = cosine * line + math.sqrt(max(1 - cosine * cosine, 0)) * out
    return upper, unit(distance * line - first * upper)


@dataclass(frozen=True, slots=True)
class _Foot:
    """An ankle's place ahead of its rest (m), its height (m) and the foot's pitch (radians)."""

    ahead: float
    up: float
    pitch: float


class Walker:
    """Postures of one body whose soles (vertices (S, 3) with skin weights (S, B)) stand on the floor."""

    def __init__(self, body: Body, habit: Habit, soles: Floats, sole_weights: Floats) -> None:
        self.body, self.habit = body, habit
        self._sole_weights = sole_weights
        self._sole_arms = soles[:, None] - body.joints[None]
        j = body.joints
        parents = load_topology().parents
        self.offsets = j - j[parents]
        self.ancestors = _ancestors(parents)
        self.parents = parents
        self._size = body.height_m / 1.75
        self._ankle = float(j[BONE["foot.L"], 2])
        self._heel, self._ball = _foot_lengths(body)
        self._leg = _length(j, "upperleg01.L", "lowerleg01.L"), _length(j, "lowerleg01.L", "foot.L")
        palm = 0.8 * _length(j, "wrist.L", "finger3-1.L")
        self.palm = palm
        self._arm = _length(j, "upperarm01.L", "lowerarm01.L"), _length(j, "lowerarm01.L", "wrist.L") + palm
        self._rest = {n: unit(j[BONE[b]] - j[BONE[n]]) for n, b in _LIMBS.items()}

    def posture(self, phase: float, speed: float, reaches: tuple[ReachGoal, ...], carrying: float) -> Posture:
        """The posture at `phase` (radians; the left heel strikes at 0) of a walk at `speed` m/s; 0 stands."""
        walk = min(speed / 0.35, 1.0)
        walk = walk * walk * (3 - 2 * walk)
        bend = [self._bend(goal) for goal in reaches]
        lean = max((b.lean for b in bend), default=0.0)
        drop = max((b.drop for b in bend), default=0.0)
        yaw = sum(b.yaw for b in bend)
        tiptoe = max((b.tiptoe for b in bend), default=0.0)
        g = np.broadcast_to(np.eye(3), (len(BONES), 3, 3)).copy()
        swing = math.cos(phase) * walk
        self._torso(g, lean, yaw, swing, walk)
        feet = tuple(self._foot(phase / math.tau + half, speed, walk, tiptoe) for half in (0.0, 0.5))
        origin = self._pelvis(g, feet, drop, lean)
        self._legs(g, feet, origin)
        origin[2] -= self._lowest(g, origin)
        self._head(g, reaches)
        for side in (1, -1):
            goal = next((r for r in reaches if r.side == side), None)
            self._arm_pose(g, side, origin, swing * side, walk, goal, carrying if side == self.habit.bag_side else 0.0)
        return Posture(g, origin)

    def joints(self, posture: Posture) -> Floats:
        """(B, 3) where the bones start, body frame."""
        moved = np.matmul(posture.rotations[self.parents], self.offsets[:, :, None])[:, :, 0]
        moved[0] = posture.origin
        out: Floats = self.ancestors @ moved
        return out

    def _lowest(self, g: Floats, origin: Floats) -> float:
        """Height of the lowest point of the soles."""
        joints = self.joints(Posture(g, origin))
        heights = np.einsum("bk,sbk->sb", g[:, 2], self._sole_arms) + joints[:, 2]
        return float((heights * self._sole_weights).sum(1).min())

    def _torso(self, g: Floats, lean: float, yaw: float, swing: float, walk: float) -> None:
        stoop = self.habit.stoop + 0.03 * walk
        g[BONE["root"]] = rotation_z(0.25 * yaw - 0.10 * swing) @ rotation_x(0.02 + 0.35 * lean)
        g[BONE["spine03"]] = rotation_z(0.6 * yaw) @ rotation_x(0.3 * stoop + 0.7 * lean)
        g[BONE["spine01"]] = rotation_z(yaw + 0.08 * swing) @ rotation_x(stoop + lean)

    def _foot(self, turns: float, speed: float, walk: float, tiptoe: float) -> _Foot:
        stride = stride_length(self.body.height_m, speed) * walk
        u = turns % 1.0
        if u < STANCE:
            return self._pivot(stride * (STANCE / 2 - u), _stance_pitch(u) * walk - tiptoe)
        v = (u - STANCE) / (1 - STANCE)
        start = self._pivot(-stride * STANCE / 2, TOE_OFF * walk)
        end = self._pivot(stride * STANCE / 2, HEEL_STRIKE * walk)
        ease = v - 0.75 * math.sin(math.tau * v) / math.tau
        lift = 0.045 * self._size * walk * math.sin(math.pi * v) ** 2
        up = start.up + (end.up - start.up) * min(1.6 * v, 1.0)
        pitch = start.pitch + (end.pitch - start.pitch) * math.sin(min(1.25 * v, 1.0) * math.pi / 2)
        return _Foot(start.ahead + (end.ahead - start.ahead) * ease, up + lift, pitch - tiptoe)

    def _pivot(self, ahead: float, pitch: float) -> _Foot:
        """The foot flat at `ahead`, then turned about its heel (toes up) or its ball (heel up)."""
        c, s = math.cos(pitch), math.sin(abs(pitch))
        if pitch >= 0:
            return _Foot(ahead - self._heel + self._heel * c - self._ankle * s, self._heel * s + self._ankle * c, pitch)
        return _Foot(ahead + self._ball - self._ball * c + self._ankle * s, self._ball * s + self._ankle * c, pitch)

    def _ankles(self, feet: tuple[_Foot, ...]) -> tuple[Floats, Floats]:
        j = self.body.joints
        width = 0.075 * self._size * self.habit.spread
        left, right = (
            np.array([side * width, float(j[BONE[n], 1]) - foot.ahead, foot.up])
            for side, n, foot in ((1, "foot.L", feet[0]), (-1, "foot.R", feet[1]))
        )
        return left, right

    def _pelvis(self, g: Floats, feet: tuple[_Foot, ...], drop: float, lean: float) -> Floats:
        """As high as the straighter leg allows (which is what makes walking bob), less a crouch, hips back in a lean."""
        j, reach = self.body.joints, 0.99 * sum(self._leg)
        back = (0.16 * lean + 0.35 * drop) * self._size
        origin = np.array([0.0, float(j[0, 1]) + back, 0.0])
        heights = []
        for ankle, name in zip(self._ankles(feet), ("upperleg01.L", "upperleg01.R"), strict=True):
            hip = origin + g[0] @ self.offsets[BONE[name]]
            away = (hip[0] - ankle[0]) ** 2 + (hip[1] - ankle[1]) ** 2
            heights.append(float(ankle[2]) + math.sqrt(max(reach**2 - away, 0.04)) - float(hip[2]))
        origin[2] = min(heights) - drop
        return origin

    def _legs(self, g: Floats, feet: tuple[_Foot, ...], origin: Floats) -> None:
        for side, foot, ankle in zip("LR", feet, self._ankles(feet), strict=True):
            thigh, shank = BONE[f"upperleg01.{side}"], BONE[f"lowerleg01.{side}"]
            hip = origin + g[0] @ self.offsets[thigh]
            out = 0.12 if side == "L" else -0.12
            upper, lower = two_bones(hip, ankle, *self._leg, np.array([out, -1.0, 0.25]))
            g[thigh] = arc(self._rest[f"upperleg01.{side}"], upper)
            g[shank] = arc(g[thigh] @ self._rest[f"lowerleg01.{side}"], lower) @ g[thigh]
            turn = rotation_z(out)
            g[BONE[f"foot.{side}"]] = turn @ rotation_x(-foot.pitch)
            g[BONE[f"toe2-1.{side}"]] = turn @ rotation_x(-max(foot.pitch, 0.15 * foot.pitch))

    def _head(self, g: Floats, reaches: tuple[ReachGoal, ...]) -> None:
        yaw = pitch = 0.0
        for goal in reaches:
            x, y, z = goal.target
            near = math.hypot(x, y)
            yaw += goal.blend * min(max(0.6 * math.atan2(x, -y), -0.7), 0.7)
            pitch += goal.blend * min(max(0.7 * math.atan2(0.85 * self.body.height_m - z, near), -0.3), 0.8)
        chest = g[BONE["spine01"]]
        turn = rotation_z(0.8 * yaw) @ rotation_x(0.04 + 0.3 * self.habit.stoop + pitch)
        g[BONE["head"]] = turn
        g[BONE["neck01"]] = _between(chest, turn)

    def _shoulder(self, g: Floats, side: str, origin: Floats) -> Floats:
        spine, chest = BONE["spine03"], BONE["spine01"]
        clavicle, arm = BONE[f"clavicle.{side}"], BONE[f"upperarm01.{side}"]
        o = self.offsets
        out: Floats = origin + g[0] @ o[spine] + g[spine] @ o[chest] + g[chest] @ o[clavicle] + g[clavicle] @ o[arm]
        return out

    def _arm_pose(
        self, g: Floats, side: int, origin: Floats, swing: float, walk: float, goal: ReachGoal | None, carrying: float
    ) -> None:
        s = "L" if side > 0 else "R"
        chest, clavicle = BONE["spine01"], BONE[f"clavicle.{s}"]
        upper_bone, lower_bone = BONE[f"upperarm01.{s}"], BONE[f"lowerarm01.{s}"]
        g[clavicle] = g[chest]
        upper, lower = self._hanging_arm(side, swing, walk, carrying)
        facing = rotation_z(math.atan2(float(g[chest][1, 0]), float(g[chest][0, 0])))
        upper, lower = facing @ upper, facing @ lower
        if goal is not None and goal.blend > 0:
            target = np.array(goal.target)
            at = self._shoulder(g, s, origin)
            collar = g[chest] @ self._rest[f"clavicle.{s}"]
            g[clavicle] = arc(collar, unit(collar + 0.3 * goal.blend * unit(target - at))) @ g[chest]
            at = self._shoulder(g, s, origin)
            to_upper, to_lower = two_bones(at, target, *self._arm, np.array([0.6 * side, 0.35, -1.0]))
            upper = unit(upper + (to_upper - upper) * goal.blend)
            lower = unit(lower + (to_lower - lower) * goal.blend)
        g[upper_bone] = arc(g[clavicle] @ self._rest[f"upperarm01.{s}"], upper) @ g[clavicle]
        g[lower_bone] = arc(g[upper_bone] @ self._rest[f"lowerarm01.{s}"], lower) @ g[upper_bone]
        hand = g[lower_bone] @ self._rest[f"wrist.{s}"]
        g[BONE[f"wrist.{s}"]] = arc(hand, lower) @ g[lower_bone]
        wrist = g[BONE[f"wrist.{s}"]]
        curl = 0.5 + 0.8 * carrying
        axis = unit(wrist @ load_topology().knuckles[0 if side > 0 else 1])
        g[BONE[f"finger3-1.{s}"]] = rotation_about(axis, curl * (1 if side > 0 else -1)) @ wrist

    def _hanging_arm(self, side: int, swing: float, walk: float, carrying: float) -> tuple[Floats, Floats]:
        """Directions of upper arm and forearm of an arm that hangs, swings against its leg, or carries."""
        held = carrying if self.habit.bag != "none" else 0.0
        swing = -swing * self.habit.sway * (1 - 0.7 * held)
        raised = 0.38 * swing + 0.02
        bend = 0.25 + 0.12 * walk + 0.30 * max(swing, 0.0)
        if self.habit.bag == "elbow":
            bend += (1.45 - bend) * held
        upper = np.array([0.16 * side, -math.sin(raised), -math.cos(raised)])
        lower = np.array([(0.10 - 0.12 * bend) * side, -math.sin(raised + bend), -math.cos(raised + bend)])
        return unit(upper), unit(lower)

    def _bend(self, goal: ReachGoal) -> "_Bend":
        """How far the torso turns, leans, crouches or stretches so that the arm alone can do the rest."""
        x, y, z = goal.target
        blend, arm = goal.blend, REACH * sum(self._arm)
        bearing = math.atan2(x, -y)
        yaw = min(max(0.5 * bearing - 0.25 * goal.side, -0.9), 0.9)
        shoulder = float(self.body.joints[BONE["upperarm01.L"], 2])
        low = max(shoulder - 0.62 * self._size - z, 0.0)
        drop = min(0.5 * low, 0.42 * sum(self._leg))
        tiptoe = 0.0
        if z > shoulder and self._distance(goal, 0.05, 0.0, yaw) > arm:
            tiptoe = 0.55
        lean = self._least_lean(goal, drop, yaw, arm)
        return _Bend(lean * blend, drop * blend, yaw * blend, tiptoe * blend)

    def _least_lean(self, goal: ReachGoal, drop: float, yaw: float, arm: float) -> float:
        if self._distance(goal, 0.0, drop, yaw) <= arm:
            return 0.0
        angles = [MAX_LEAN * k / 10 for k in range(11)]
        away = [self._distance(goal, a, drop, yaw) for a in angles]
        near = next((k for k, d in enumerate(away) if d <= arm), None)
        if near is None:
            return angles[min(range(11), key=away.__getitem__)]
        share = (away[near - 1] - arm) / max(away[near - 1] - away[near], 1e-9)
        return angles[near - 1] + share * (angles[1] - angles[0])

    def _distance(self, goal: ReachGoal, lean: float, drop: float, yaw: float) -> float:
        """From the shoulder to the goal with that lean (radians), crouch (m) and yaw (radians)."""
        o, s = self.offsets, "L" if goal.side > 0 else "R"
        stoop = self.habit.stoop
        # The hips' height of a standing body, then the same chain as in _torso, written out because it runs often.
        x = y = 0.0
        z = float(self.body.joints[0, 2]) - drop
        y += float(self.body.joints[0, 1]) + (0.16 * lean + 0.35 * drop) * self._size
        collar = o[BONE[f"clavicle.{s}"]] + o[BONE[f"upperarm01.{s}"]]
        for offset, turn, tilt in (
            (o[BONE["spine03"]], 0.25 * yaw, 0.02 + 0.35 * lean),
            (o[BONE["spine01"]], 0.6 * yaw, 0.3 * stoop + 0.7 * lean),
            (collar, yaw, stoop + lean),
        ):
            ox, oy, oz = float(offset[0]), float(offset[1]), float(offset[2])
            oy, oz = oy * math.cos(tilt) - oz * math.sin(tilt), oy * math.sin(tilt) + oz * math.cos(tilt)
            x += ox * math.cos(turn) - oy * math.sin(turn)
            y += ox * math.sin(turn) + oy * math.cos(turn)
            z += oz
        tx, ty, tz = goal.target
        return math.sqrt((tx - x) ** 2 + (ty - y) ** 2 + (tz - z) ** 2)


@dataclass(frozen=True, slots=True)
class _Bend:
    lean: float
    drop: float
    yaw: float
    tiptoe: float


_LIMBS = {
    f"{a}.{s}": f"{b}.{s}"
    for s in "LR"
    for a, b in (
        ("clavicle", "upperarm01"),
        ("upperarm01", "lowerarm01"),
        ("lowerarm01", "wrist"),
        ("wrist", "finger3-1"),
        ("upperleg01", "lowerleg01"),
        ("lowerleg01", "foot"),
    )
}


def _stance_pitch(u: float) -> float:
    if u < 0.1:
        return HEEL_STRIKE * (1 - u / 0.1)
    return 0.0 if u < 0.33 else TOE_OFF * ((u - 0.33) / (STANCE - 0.33)) ** 1.5


def _between(a: Floats, b: Floats) -> Floats:
    """The rotation half way between two near ones: their mean, made orthonormal."""
    x = unit(a[:, 0] + b[:, 0])
    y = a[:, 1] + b[:, 1]
    y = unit(y - float(x @ y) * x)
    return np.stack([x, y, np.cross(x, y)], axis=1)


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
