"""How much of a store's floor its cameras see, from the plan alone: what a planner asks before hanging cameras up.

Walls of the room and gondolas block the view; people do not count.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from sim.store_places import front_and_right
from tracking.camera import Camera

if TYPE_CHECKING:
    from sim.store_plan import GondolaSpec, StorePlan

Floats = NDArray[np.float64]

FOOT_M, HEAD_M = 0.03, 1.6
"""Heights at which a standing person's foot point and head are looked for, metres."""

GRID_M = 0.25


def floor_grid(plan: StorePlan, step_m: float = GRID_M, clearance_m: float = 0.2) -> Floats:
    """(N, 2) points of the floor inside the room on which somebody can stand, `step_m` apart, metres."""
    xs = np.arange(step_m / 2, plan.room.width_m, step_m)
    ys = np.arange(step_m / 2, plan.room.depth_m, step_m)
    points = np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 2)
    inside = shapely.contains_xy(plan.walkable(clearance_m, vestibules=False), points[:, 0], points[:, 1])
    return np.asarray(points[inside], np.float64)


def sees(camera: Camera, points: Floats, gondolas: Iterable[GondolaSpec]) -> NDArray[np.bool_]:
    """(N,) whether the camera's picture holds each point (N, 3) in metres and no gondola stands before it."""
    pixels = camera.project(points)
    with np.errstate(invalid="ignore"):
        seen = (pixels >= 0).all(1) & (pixels[:, 0] <= camera.width - 1) & (pixels[:, 1] <= camera.height - 1)
    for gondola in gondolas:
        seen &= ~_blocked(np.asarray(camera.centre, np.float64), points, gondola)
    return np.asarray(seen, np.bool_)


def cameras_seeing(plan: StorePlan, cameras: Iterable[Camera], spots: Floats, height_m: float) -> NDArray[np.int64]:
    """(N,) how many of the cameras see what is `height_m` above each spot (N, 2) of the floor."""
    points = np.column_stack([spots, np.full(len(spots), height_m)])
    seen = [sees(camera, points, plan.gondolas) for camera in cameras]
    return np.asarray(np.sum(seen, axis=0) if seen else np.zeros(len(spots)), np.int64)


def _blocked(eye: Floats, points: Floats, gondola: GondolaSpec) -> NDArray[np.bool_]:
    """(N,) whether the straight line from `eye` (3,) to each point goes through the gondola's box."""
    front, right = front_and_right(gondola.heading_deg)
    axes = np.array([[*right, 0.0], [*front, 0.0], [0.0, 0.0, 1.0]])
    middle = np.array([gondola.x, gondola.y, gondola.height_m / 2])
    half = np.array([gondola.length_m, gondola.depth_m, gondola.height_m]) / 2
    start, way = (eye - middle) @ axes.T, (points - eye) @ axes.T
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = (-half - start) / way, (half - start) / way
    low, high = np.fmax.reduce(np.fmin(one, two), axis=1), np.fmin.reduce(np.fmax(one, two), axis=1)
    return np.asarray(np.fmax(low, 0.0) < np.fmin(high, 1.0) - 1e-9, np.bool_)
