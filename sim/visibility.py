"""What a camera truly sees of a person: box, visible fraction, keypoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.drawing import metres
from sim.lens import Lens

Floats = NDArray[np.float64]
SKIN_SLACK_M = 0.06  # a vertex counts as seen although the drawn surface lies this much before it
JOINT_SLACK_M = 0.2  # joints lie inside the body


@dataclass(frozen=True, slots=True)
class TruthBox:
    """A person in a camera's frame.

    box: (4,) float32 x1 y1 x2 y2 pixels of the whole body as if nothing hid it, clipped to the frame.
    visible: fraction that the frame shows of the body's surface that faces the camera, as projected. About 0.8 for
        somebody whom nothing hides, since arms hide parts of the trunk.
    keypoints: (17, 3) float32 x, y, v; v is 2 seen, 1 hidden, 0 outside the frame (x = y = 0).
    shown: (4,) float32 x1 y1 x2 y2 pixels of what the frame shows of the body; zeros where it shows nothing.
    """

    person: str
    box: NDArray[np.float32]
    visible: float
    keypoints: NDArray[np.float32]
    shown: NDArray[np.float32]


def skin_areas(model: Any, skin: int) -> Floats:
    """(V,) m^2: the part of a skin's surface that each of its vertices stands for, at rest."""
    start, count = model.skin_vertadr[skin], model.skin_vertnum[skin]
    vertices = np.asarray(model.skin_vert[start : start + count], np.float64)
    first = model.skin_faceadr[skin]
    faces = np.asarray(model.skin_face[first : first + model.skin_facenum[skin]])
    a, b, c = (vertices[faces[:, i]] for i in range(3))
    thirds = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 6
    areas = np.zeros(count)
    np.add.at(areas, faces.ravel(), np.repeat(thirds, 3))
    return areas


@dataclass(frozen=True, slots=True)
class Bodies:
    """Everybody in the scene, one after another, so that a camera looks at all of them at once.

    names: P people. starts: (P,) where each one's vertices begin. vertices, normals: (V, 3) world; areas: (V,) m^2.
    keypoints: (P, 17, 3) world metres.
    """

    names: tuple[str, ...]
    starts: NDArray[np.int64]
    vertices: Floats
    normals: Floats
    areas: Floats
    keypoints: Floats


def truth_boxes(lens: Lens, depth: NDArray[np.float32], bodies: Bodies) -> list[TruthBox]:
    """The people of whom some vertex falls into this camera's frame.

    Args:
        lens: the camera's.
        depth: (H, W) raw depth of the lens's upside-down pinhole picture with everybody in it.
        bodies: everybody.
    """
    if not bodies.names:
        return []
    camera = lens.camera
    pixels = camera.project(bodies.vertices)
    inside = inside_frame(pixels, camera.width, camera.height)
    present = np.logical_or.reduceat(inside, bodies.starts)
    if not present.any():
        return []
    limit = np.array([camera.width, camera.height]) - 0.5
    low = np.clip(np.fmin.reduceat(pixels, bodies.starts), -0.5, limit)
    high = np.clip(np.fmax.reduceat(pixels, bodies.starts), -0.5, limit)
    visible, seen = _visible(lens, depth, bodies, inside)
    shown = _shown(pixels, seen, bodies.starts)
    points = _keypoints(lens, depth, bodies.keypoints)
    return [
        TruthBox(name, np.array([*low[i], *high[i]], np.float32), float(visible[i]), points[i], shown[i])
        for i, name in enumerate(bodies.names)
        if present[i]
    ]


def _visible(
    lens: Lens, depth: NDArray[np.float32], bodies: Bodies, inside: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.intp]]:
    """(P,) fraction of each body's surface facing the camera that is in the frame and unhidden, and those vertices."""
    towards = lens.pinhole.position - bodies.vertices
    squared = np.einsum("ij,ij->i", towards, towards)
    facing = np.einsum("ij,ij->i", bodies.normals, towards)
    weight = np.maximum(facing, 0) * bodies.areas / (squared * np.sqrt(squared))
    candidates = np.flatnonzero(inside & (facing > 0))
    seen = np.zeros(len(weight))
    shown = candidates[unhidden(lens, depth, bodies.vertices[candidates], SKIN_SLACK_M)]
    seen[shown] = weight[shown]
    whole = np.add.reduceat(weight, bodies.starts)
    return np.asarray(np.add.reduceat(seen, bodies.starts) / np.maximum(whole, 1e-12), np.float64), shown


def _shown(pixels: Floats, seen: NDArray[np.intp], starts: NDArray[np.int64]) -> NDArray[np.float32]:
    """(P, 4) boxes around the pixels of the vertices `seen`, rising numbers; zeros for people without any."""
    boxes = np.zeros((len(starts), 4), np.float32)
    cuts = np.searchsorted(seen, starts)
    some = np.flatnonzero(np.diff([*cuts, len(seen)]))
    if len(some):
        boxes[some, :2] = np.minimum.reduceat(pixels[seen], cuts[some])
        boxes[some, 2:] = np.maximum.reduceat(pixels[seen], cuts[some])
    return boxes


def _keypoints(lens: Lens, depth: NDArray[np.float32], points: Floats) -> NDArray[np.float32]:
    """(P, 17, 3) float32 x, y, flag of keypoints (P, 17, 3) in world metres."""
    camera, flat = lens.camera, points.reshape(-1, 3)
    pixels = camera.project(flat)
    inside = inside_frame(pixels, camera.width, camera.height)
    flags = np.where(unhidden(lens, depth, flat, JOINT_SLACK_M), 2.0, 1.0)
    result = np.zeros((len(flat), 3), np.float32)
    result[inside, :2] = pixels[inside]
    result[inside, 2] = flags[inside]
    return result.reshape(*points.shape[:2], 3)


def inside_frame(pixels: Floats, width: int, height: int) -> NDArray[np.bool_]:
    """Whether pixels (N, 2) lie in a frame of that size; nan does not."""
    x, y = pixels[:, 0], pixels[:, 1]
    return np.asarray((x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5))


def unhidden(lens: Lens, depth: NDArray[np.float32], points: Floats, slack_m: float) -> NDArray[np.bool_]:
    """Whether nothing is drawn more than `slack_m` before world points (N, 3); False outside the pinhole picture.

    `depth` is raw, and only the pixels asked for are turned into metres.
    """
    view = lens.pinhole
    local = (points - view.position) @ view.rotation.T
    z = np.maximum(local[:, 2], 1e-6)
    columns = np.rint(view.focal * local[:, 0] / z + (view.width - 1) / 2)
    rows = np.rint((view.height - 1) / 2 - view.focal * local[:, 1] / z)
    inside = (local[:, 2] > 0.05) & (columns >= 0) & (columns < view.width) & (rows >= 0) & (rows < view.height)
    column, row = np.where(inside, columns, 0).astype(np.intp), np.where(inside, rows, 0).astype(np.intp)
    return np.asarray(inside & (metres(depth[row, column]) > z - slack_m))
