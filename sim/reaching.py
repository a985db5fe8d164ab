"""How far a body turns, leans, crouches or stretches so that its arm can reach a point; body frame of `sim.gait`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sim.bodies import BONE, Body
from sim.rotations import Vector

MAX_LEAN = 1.5  # radians
REACH = 0.97  # share of the arm's length that is used before the torso follows
TIPTOE = 0.55  # pitch of the feet, radians


@dataclass(frozen=True, slots=True)
class ReachGoal:
    """A palm's goal: side +1 left or -1 right, target (x, y, z) in metres, blend 0 ... 1."""

    side: int
    target: Vector
    blend: float


@dataclass(frozen=True, slots=True)
class Bend:
    """lean forward, yaw to the left, tiptoe (radians) and drop of the hips (m)."""

    lean: float = 0.0
    drop: float = 0.0
    yaw: float = 0.0
    tiptoe: float = 0.0

    @classmethod
    def joint(cls, bends: Sequence["Bend"]) -> "Bend":
        """What serves several reaches at once: the deepest of each, the sum of the turns."""
        if not bends:
            return cls()
        return cls(
            lean=max(b.lean for b in bends),
            drop=max(b.drop for b in bends),
            yaw=sum(b.yaw for b in bends),
            tiptoe=max(b.tiptoe for b in bends),
        )

    def hips_back(self, size: float) -> float:
        """Metres that the hips of a body of `size` (1 at 1.75 m) go back to keep the balance."""
        return (0.12 * self.lean + 0.16 * self.drop) * size


class Shoulders:
    """Where one body's shoulders go when it bends, and the bend that brings a goal within an arm's length."""

    def __init__(self, body: Body, stoop: float, stand: float, arm: float, leg: float) -> None:
        """stoop in radians; stand: height of the root when standing (m); lengths of arm (to the palm) and leg (m).

        With a leg of 0 nobody stands or crouches: the body sits.
        """
        j = body.joints
        self._stoop, self._stand, self._back = stoop, stand, float(j[0, 1])
        self._arm, self._leg, self._size = REACH * arm, leg, body.height_m / 1.75
        self._height = float(j[BONE["upperarm01.L"], 2])
        self._solved, self._solved_for = Bend(), (0, (0.0, 0.0, 0.0))
        bones = ("root", "spine03", "spine01")
        self._chain = {
            side: tuple(
                tuple(float(v) for v in j[BONE[b]] - j[BONE[a]])
                for a, b in zip(bones, (*bones[1:], f"upperarm01.{s}"), strict=True)
            )
            for side, s in ((1, "L"), (-1, "R"))
        }

    def bend(self, goal: ReachGoal) -> Bend:
        """The bend for that goal, scaled by its blend."""
        if (goal.side, goal.target) != self._solved_for:
            # Somebody who reaches stands still, so the same goal comes tick after tick while only the blend changes.
            self._solved, self._solved_for = self._solve(goal), (goal.side, goal.target)
        whole, k = self._solved, goal.blend
        return Bend(whole.lean * k, whole.drop * k, whole.yaw * k, whole.tiptoe * k)

    def _solve(self, goal: ReachGoal) -> Bend:
        x, y, z = goal.target
        yaw = min(max(0.5 * math.atan2(x, -y) - 0.25 * goal.side, -0.9), 0.9)
        if self._leg > 0 and z > self._height and self._distance(goal, 0.05, 0.0, yaw) > self._arm:
            return Bend(self._least_lean(goal, 0.0, yaw), 0.0, yaw, TIPTOE)
        drop = min(0.55 * max(self._height - 0.62 * self._size - z, 0.0), 0.5 * self._leg)
        if drop > 0 and self._distance(goal, MAX_LEAN, drop, yaw) > self._arm:
            drop = 0.62 * self._leg
        return Bend(self._least_lean(goal, drop, yaw), drop, yaw)

    def _least_lean(self, goal: ReachGoal, drop: float, yaw: float) -> float:
        """The smallest lean (radians) that brings the shoulder within an arm of the goal, else the nearest one.

        A golden-section search finds the nearest lean, bisection the smallest that does.
        """
        if self._distance(goal, 0.0, drop, yaw) <= self._arm:
            return 0.0
        low, high = 0.0, MAX_LEAN
        for _ in range(5):
            a, b = high - 0.618 * (high - low), low + 0.618 * (high - low)
            if self._distance(goal, a, drop, yaw) < self._distance(goal, b, drop, yaw):
                high = b
            else:
                low = a
        low, high = 0.0, (low + high) / 2
        if self._distance(goal, high, drop, yaw) > self._arm:
            return high
        for _ in range(5):
            middle = (low + high) / 2
            low, high = (low, middle) if self._distance(goal, middle, drop, yaw) <= self._arm else (middle, high)
        return high

    def _distance(self, goal: ReachGoal, lean: float, drop: float, yaw: float) -> float:
        """Metres from the shoulder to the goal: the chain of `Walker._torso` and `Walker._pelvis`."""
        x, y, z = 0.0, self._back + Bend(lean, drop).hips_back(self._size), self._stand - drop
        tilts = (0.02 + 0.35 * lean, 0.3 * self._stoop + 0.7 * lean, self._stoop + lean)
        for (ox, oy, oz), turn, tilt in zip(self._chain[goal.side], (0.25 * yaw, 0.6 * yaw, yaw), tilts, strict=True):
            c, s = math.cos(tilt), math.sin(tilt)
            oy, oz = oy * c - oz * s, oy * s + oz * c
            c, s = math.cos(turn), math.sin(turn)
            x, y, z = x + ox * c - oy * s, y + ox * s + oy * c, z + oz
        tx, ty, tz = goal.target
        return math.sqrt((tx - x) ** 2 + (ty - y) ** 2 + (tz - z) ** 2)
