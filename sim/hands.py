"""How a hand goes out, holds and comes back, as a blend between hanging and the target."""

import math
from dataclasses import dataclass

from sim.people import Reach
from sim.routing import Spot

Point3 = tuple[float, float, float]

LEFT_FROM = 0.12
"""Metres to the left of the body's middle from which on the left hand is the nearer one for most people."""


def smooth(share: float) -> float:
    """Minimum-jerk course from 0 to 1 (Flash and Hogan 1985)."""
    s = min(1.0, max(0.0, share))
    return s * s * s * (10 - 15 * s + 6 * s * s)


@dataclass(frozen=True, slots=True)
class HandMotion:
    """A hand's way from blend `low` to blend `high` towards `target`, from `start` for `seconds`."""

    side: str
    target: Point3
    start: float
    seconds: float
    low: float
    high: float

    def at(self, t: float) -> Reach | None:
        """The reach at time t; None when the arm hangs."""
        blend = self.low + (self.high - self.low) * smooth((t - self.start) / self.seconds)
        return Reach(self.side, self.target, min(1.0, max(0.0, blend))) if blend > 1e-3 else None


def nearer_hand(spot: Spot, heading: float, target: Point3, left_is_free: bool) -> str:
    """The hand that reaches `target` more easily; the right one where the left one holds a bag."""
    left = -math.sin(heading) * (target[0] - spot[0]) + math.cos(heading) * (target[1] - spot[1])
    return "L" if left_is_free and left > LEFT_FROM else "R"
