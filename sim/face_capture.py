"""Whether a matcher could use what a camera sees of a face: pixels, turn, what hides it, motion blur."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.bodies import BONE
from sim.face_geometry import POINTS, turned
from sim.lens import Lens
from sim.visibility import Floats, inside_frame, unhidden
from tracking.camera import Camera

if TYPE_CHECKING:
    from sim.people import Person

FACE_SLACK_M = 0.05
"""A point of a face counts as hidden by what is drawn so much before it: more than its own nose and hair."""


@dataclass(frozen=True, slots=True)
class FaceView:
    """A face before a camera.

    face_px: its width from cheek to cheek in the camera's own pixels, as if it were turned to the camera.
    yaw_deg, pitch_deg: how the camera lies to the face, degrees, 0 and 0 when it looks straight into the lens; see
        `sim.face_geometry.turned` for the signs.
    occluded: fraction, 0 to 1, of the face's skin turned to the camera, as projected, that people, shelves, items, the
        person's own cap or hands or the frame's edge keep from the picture.
    blur_px: pixels that the face moves in the picture during the exposure.
    """

    camera: str
    person: str
    face_px: float
    yaw_deg: float
    pitch_deg: float
    occluded: float
    blur_px: float


@dataclass(frozen=True, slots=True)
class Faces:
    """Everybody's face in the world, metres: names of P people, rotations (P, 3, 3) of their heads from rest.

    centres: (P, 3). moved: (P, 3) that each face moves during the exposure. widths: (P,). points, normals: (P, S, 3)
    and areas (P, S) m^2 of the skin, as in `FacePatch`.
    """

    names: tuple[str, ...]
    rotations: Floats
    centres: Floats
    moved: Floats
    widths: Floats
    points: Floats
    normals: Floats
    areas: Floats

    def but(self, name: str) -> Faces:
        """All of them without `name`."""
        kept = [i for i, other in enumerate(self.names) if other != name]
        return Faces(
            tuple(self.names[i] for i in kept), self.rotations[kept], self.centres[kept], self.moved[kept],
            self.widths[kept], self.points[kept], self.normals[kept], self.areas[kept],
        )  # fmt: skip


class FaceMotion:
    """Follows everybody's face from tick to tick, so that it is known how far each moves during an exposure."""

    def __init__(self, exposure_s: float) -> None:
        """Nobody has been seen yet."""
        self._exposure_s = exposure_s
        self._before: dict[str, list[tuple[float, Floats]]] = {}

    def faces(self, t: float, people: Mapping[str, Person], poses: Mapping[str, Floats]) -> Faces:
        """Everybody's face at `t` seconds, given their poses by name, judged by the call before."""
        names = tuple(poses)
        centres = {name: people[name].face(poses[name])[0] for name in names}
        moved = [self._velocity(name, t, centres[name]) * self._exposure_s for name in names]
        for name, centre in centres.items():
            recent = [one for one in self._before.get(name, []) if abs(t - one[0]) < 1]
            self._before[name] = [*recent, (t, centre)]
        patches = [people[name].face_patch for name in names]
        heads = np.array([poses[name][BONE["head"]] for name in names], np.float64).reshape(-1, 4, 4)
        points, normals = (
            np.array([getattr(patch, field) for patch in patches], np.float64).reshape(-1, POINTS, 3)
            for field in ("points", "normals")
        )
        turns = heads[:, :3, :3].transpose(0, 2, 1)
        return Faces(
            names=names,
            rotations=heads[:, :3, :3],
            centres=np.array(list(centres.values()), np.float64).reshape(-1, 3),
            moved=np.array(moved, np.float64).reshape(-1, 3),
            widths=np.array([patch.width_m for patch in patches], np.float64),
            points=points @ turns + heads[:, None, :3, 3],
            normals=normals @ turns,
            areas=np.array([patch.areas for patch in patches], np.float64).reshape(-1, POINTS),
        )

    def _velocity(self, person: str, t: float, centre: Floats) -> Floats:
        """Metres a second since the call before, none where that is too long ago to tell."""
        # Cameras whose clocks are wrong ask for earlier moments in between.
        before = max((one for one in self._before.get(person, []) if one[0] < t), key=lambda one: one[0], default=None)
        if before is None or t - before[0] >= 1:
            return np.zeros(3)
        return np.asarray((centre - before[1]) / (t - before[0]), np.float64)


def face_views(
    name: str, lens: Lens, depth: NDArray[np.float32], faces: Faces, later: Camera | None = None
) -> list[FaceView]:
    """The faces of which camera `name` shows something; one turned away by 90 degrees or more is no face.

    Args:
        name: the camera's.
        lens: the camera's.
        depth: (H, W) raw depth of the lens's upside-down pinhole picture with everybody in it.
        faces: everybody's.
        later: where a moving camera is at the end of the exposure.
    """
    if not faces.names:
        return []
    eye = lens.pinhole.position
    towards = eye - faces.centres
    yaw, pitch = turned(np.einsum("pji,pj->pi", faces.rotations, towards))
    before = (faces.centres - eye) @ lens.pinhole.rotation[2] > 0
    turned_here = np.flatnonzero((np.abs(yaw) < 90) & before)
    if not len(turned_here):
        return []
    shown = 1 - _occluded(lens, depth, faces, turned_here)
    sizes = _widths_px(lens, faces, towards)
    blurs = _blurs_px(lens.camera, later or lens.camera, faces)
    return [
        FaceView(
            name, faces.names[i], float(sizes[i]), float(yaw[i]), float(pitch[i]),
            min(1.0, max(0.0, 1 - float(share))), float(blurs[i]),
        )
        for i, share in zip(turned_here, shown, strict=True)
        if share > 0
    ]  # fmt: skip


def _occluded(lens: Lens, depth: NDArray[np.float32], faces: Faces, which: NDArray[np.intp]) -> Floats:
    """(N,) hidden fraction of the faces in `which`; 1 where no skin is turned to the camera."""
    points = faces.points[which]
    towards = lens.pinhole.position - points
    squared = np.einsum("psi,psi->ps", towards, towards)
    facing = np.maximum(np.einsum("psi,psi->ps", faces.normals[which], towards), 0)
    weights = facing * faces.areas[which] / (squared * np.sqrt(squared))
    counted, camera = weights > 0, lens.camera
    flat = points[counted]
    seen = inside_frame(camera.project(flat), camera.width, camera.height) & unhidden(lens, depth, flat, FACE_SLACK_M)
    shown = np.zeros_like(weights)
    shown[counted] = weights[counted] * seen
    shown = shown.sum(1)
    return np.asarray(1 - shown / np.maximum(weights.sum(1), 1e-12), np.float64)


def _widths_px(lens: Lens, faces: Faces, towards: Floats) -> Floats:
    """(P,) pixels from cheek to cheek of each face turned to the camera where it is, through the lens."""
    widths = faces.widths
    level = np.stack([towards[:, 1], -towards[:, 0], np.zeros(len(towards))], 1)
    level /= np.maximum(np.linalg.norm(level, axis=1, keepdims=True), 1e-9)
    half = level * widths[:, None] / 2
    ends = lens.camera.project(np.concatenate([faces.centres - half, faces.centres + half])).reshape(2, -1, 2)
    # Beyond the lens's own picture, where only a cheek may still be in it, the pinhole has to do.
    plain = widths * lens.pinhole.focal / np.maximum(-towards @ lens.pinhole.rotation[2], 1e-3)
    bent = np.linalg.norm(ends[1] - ends[0], axis=1)
    return np.asarray(np.where(np.isnan(bent), plain, bent), np.float64)


def _blurs_px(camera: Camera, later: Camera, faces: Faces) -> Floats:
    """(P,) pixels between where each face is at the beginning and at the end of the exposure."""
    if later is camera:
        pixels = camera.project(np.concatenate([faces.centres, faces.centres + faces.moved])).reshape(2, -1, 2)
    else:
        pixels = np.stack([camera.project(faces.centres), later.project(faces.centres + faces.moved)])
    return np.asarray(np.nan_to_num(np.linalg.norm(pixels[1] - pixels[0], axis=1)), np.float64)
