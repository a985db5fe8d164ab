"""What a camera truly sees of a person: box, visible fraction, keypoints, and the face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sim.lens import Lens

if TYPE_CHECKING:
    from sim.people import Person

Floats = NDArray[np.float64]
SKIN_SLACK_M = 0.06  # a vertex counts as seen although the drawn surface lies this much before it
JOINT_SLACK_M = 0.2  # joints lie inside the body
FACE_SLACK_M = 0.12


@dataclass(frozen=True, slots=True)
class TruthBox:
    """A person in a camera's frame.

    box: (4,) float32 x1 y1 x2 y2 pixels of the whole body as if nothing hid it, clipped to the frame.
    visible: fraction that the frame shows of the body's surface that faces the camera, as projected. About 0.8 for
        somebody whom nothing hides, since arms hide parts of the trunk.
    keypoints: (17, 3) float32 x, y, v; v is 2 seen, 1 hidden, 0 outside the frame (x = y = 0).
    """

    person: str
    box: NDArray[np.float32]
    visible: float
    keypoints: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FaceView:
    """A face before a camera: width in pixels, turned by yaw and nodded by pitch (degrees, 0 faces the camera)."""

    camera: str
    person: str
    face_px: float
    yaw_deg: float
    pitch_deg: float
    occluded: bool
    blur_px: float


def skin_areas(model: Any, person: Person) -> Floats:
    """(V,) m^2: the part of the skin's surface that each of the person's vertices stands for, at rest."""
    parts = []
    for skin in person.skin_ids:
        start, count = model.skin_vertadr[skin], model.skin_vertnum[skin]
        vertices = np.asarray(model.skin_vert[start : start + count], np.float64)
        first = model.skin_faceadr[skin]
        faces = np.asarray(model.skin_face[first : first + model.skin_facenum[skin]])
        a, b, c = (vertices[faces[:, i]] for i in range(3))
        thirds = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 6
        areas = np.zeros(count)
        np.add.at(areas, faces.ravel(), np.repeat(thirds, 3))
        parts.append(areas)
    return np.concatenate(parts)


def truth_box(
    person: str,
    lens: Lens,
    depth_m: NDArray[np.float32],
    vertices: Floats,
    normals: Floats,
    areas: Floats,
    keypoints: Floats,
) -> TruthBox | None:
    """The person in this camera, None where no vertex falls into the frame.

    Args:
        person: name.
        lens: the camera's.
        depth_m: (H, W) metres along the axis, of the lens's upside-down pinhole picture with everybody in it.
        vertices, normals: (V, 3) of the body's surface, world; areas: (V,) m^2.
        keypoints: (17, 3) world metres.
    """
    camera = lens.camera
    pixels = camera.project(vertices)
    inside = _inside(pixels, camera.width, camera.height)
    if not inside.any():
        return None
    known = pixels[~np.isnan(pixels[:, 0])]
    limit = np.array([camera.width, camera.height]) - 0.5
    low, high = np.clip(known.min(0), -0.5, limit), np.clip(known.max(0), -0.5, limit)
    towards = lens.pinhole.position - vertices
    distance = np.linalg.norm(towards, axis=1)
    facing = (normals * towards).sum(1) / distance
    weight = np.maximum(facing, 0) * areas / distance**2
    seen = inside & (facing > 0) & _unhidden(lens, depth_m, vertices, SKIN_SLACK_M)
    visible = float(weight[seen].sum() / max(weight.sum(), 1e-12))
    return TruthBox(person, np.array([*low, *high], np.float32), visible, _keypoints(lens, depth_m, keypoints))


def _keypoints(lens: Lens, depth_m: NDArray[np.float32], points: Floats) -> NDArray[np.float32]:
    camera = lens.camera
    pixels = camera.project(points)
    inside = _inside(pixels, camera.width, camera.height)
    flags = np.where(_unhidden(lens, depth_m, points, JOINT_SLACK_M), 2.0, 1.0)
    result = np.zeros((len(points), 3), np.float32)
    result[inside, :2] = pixels[inside]
    result[inside, 2] = flags[inside]
    return result


def face_view(
    camera: str,
    person: str,
    lens: Lens,
    depth_m: NDArray[np.float32],
    face: tuple[Floats, Floats, float],
    moved: Floats,
) -> FaceView | None:
    """The face in this camera, None where it is outside the frame or turned away by more than 90 degrees.

    Args:
        camera, person: names.
        lens: the camera's.
        depth_m: as in `truth_box`.
        face: centre (3,), unit forward (3,), width in metres.
        moved: (3,) metres that the face moves during the exposure.
    """
    centre, forward, width = face
    pixels = lens.camera.project(np.stack([centre, centre + moved]))
    if not _inside(pixels[:1], lens.camera.width, lens.camera.height)[0]:
        return None
    towards = lens.pinhole.position - centre
    towards = towards / np.linalg.norm(towards)
    if float(towards @ forward) <= 0:
        return None
    yaw = np.arctan2(forward[0] * towards[1] - forward[1] * towards[0], forward[:2] @ towards[:2])
    pitch = np.arcsin(np.clip(towards[2], -1, 1)) - np.arcsin(np.clip(forward[2], -1, 1))
    depth = float(lens.pinhole.rotation[2] @ (centre - lens.pinhole.position))
    blur = float(np.linalg.norm(pixels[1] - pixels[0])) if np.isfinite(pixels[1]).all() else 0.0
    hidden = not bool(_unhidden(lens, depth_m, centre[None], FACE_SLACK_M)[0])
    size = float(width * lens.pinhole.focal / max(depth, 1e-3))
    return FaceView(camera, person, size, float(np.degrees(yaw)), float(np.degrees(pitch)), hidden, blur)


def _inside(pixels: Floats, width: int, height: int) -> NDArray[np.bool_]:
    x, y = pixels[:, 0], pixels[:, 1]
    return np.asarray((x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5))


def _unhidden(lens: Lens, depth_m: NDArray[np.float32], points: Floats, slack_m: float) -> NDArray[np.bool_]:
    """Whether nothing is drawn more than `slack_m` before world points (N, 3); False outside the pinhole picture."""
    view = lens.pinhole
    local = (points - view.position) @ view.rotation.T
    z = np.maximum(local[:, 2], 1e-6)
    columns = np.rint(view.focal * local[:, 0] / z + (view.width - 1) / 2)
    rows = np.rint(view.height - 1 - (view.focal * local[:, 1] / z + (view.height - 1) / 2))
    inside = (local[:, 2] > 0.05) & (columns >= 0) & (columns < view.width) & (rows >= 0) & (rows < view.height)
    column, row = np.where(inside, columns, 0).astype(int), np.where(inside, rows, 0).astype(int)
    return np.asarray(inside & (depth_m[row, column] > z - slack_m))
