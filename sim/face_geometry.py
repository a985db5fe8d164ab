"""Where on a body the face is: points on its skin, from which a camera's view of it is judged."""

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.bodies import BONE, Body, Floats, load_body, load_topology

POINTS_ACROSS, POINTS_DOWN = 9, 11
_ACROSS, _DOWN = (
    axis.ravel()
    for axis in np.meshgrid(*((np.arange(count) + 0.5) * 2 / count - 1 for count in (POINTS_ACROSS, POINTS_DOWN)))
)
_ROUND = _ACROSS**2 + _DOWN**2 < 1
POINTS = int(_ROUND.sum())
"""Points of skin that stand for a face, the same for everybody."""

CHIN_M, BROW_M = 0.118, 0.064
"""Below and above the eyes of a man of 1.75 m: chin and hairline; a face's picture is cut out between them."""


@dataclass(frozen=True, slots=True)
class FacePatch:
    """The skin of a face as seen straight from the front, relative to the head's joint at rest (facing -y, z up).

    points (S, 3) metres and outward unit normals (S, 3): an even grid over the face's ellipse. areas (S,) m^2 of skin
    that each point stands for, 0 beside the head; S is `POINTS`. width_m: between the cheeks, where the
    face falls away halfway from the eyes to the ears; that is what a face detector's box holds. height_m: from chin to
    hairline.
    """

    points: Floats
    normals: Floats
    areas: Floats
    width_m: float
    height_m: float


@functools.lru_cache(maxsize=256)
def face_patch(body: int) -> FacePatch:
    """The face of a body by its index."""
    shape, head = load_body(body), _front_of_head(load_body(body))
    joint = shape.joints[BONE["head"]]
    eyes = shape.eyes.mean(0) - joint
    size = float(np.ptp(shape.eyes[:, 0])) / 0.0625
    half = _half_width(shape, head, eyes)
    low, high = eyes[2] - CHIN_M * size, eyes[2] + BROW_M * size
    x = _ACROSS[_ROUND] * half
    z = (low + high) / 2 + _DOWN[_ROUND] * (high - low) / 2
    y, normals = _front(head, x, z)
    cell = (2 * half / POINTS_ACROSS) * ((high - low) / POINTS_DOWN)
    # Skin seen edge-on would count without bound.
    areas = np.where(np.isfinite(y), cell / np.maximum(-normals[:, 1], 0.2), 0.0)
    return FacePatch(
        points=np.stack([x, np.nan_to_num(y), z], 1),
        normals=normals,
        areas=areas,
        width_m=2 * half,
        height_m=float(high - low),
    )


def _front_of_head(body: Body) -> Floats:
    """(F, 3, 3) metres: corners of the head's triangles that look forward, relative to the head's joint."""
    topology = load_topology()
    of_head = (topology.weights[:, BONE["head"]] > 0.5)[topology.faces].all(1)
    corners = (body.vertices - body.joints[BONE["head"]])[topology.faces[of_head]]
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return np.asarray(corners[across[:, 1] < -1e-9], np.float64)


def _half_width(body: Body, head: Floats, eyes: Floats) -> float:
    """Metres from the middle to a cheek."""
    ears = body.vertices[list(load_topology().ear_vertices)] - body.joints[BONE["head"]]
    nose = body.vertices[load_topology().nose_vertex] - body.joints[BONE["head"]]
    x = np.linspace(0, float(ears[:, 0].max()), 90)
    y, _ = _front(head, x, np.full_like(x, (eyes[2] + nose[2]) / 2))
    return float(x[y < (eyes[1] + ears[:, 1].mean()) / 2].max())


def _front(head: Floats, x: Floats, z: Floats) -> tuple[Floats, Floats]:
    """Foremost y (N,) and unit normals (N, 3) of the head's skin at (x, z) (N,); y is nan beside the head."""
    a, b, c = (head[None, :, k] for k in range(3))
    across = np.cross(head[:, 1] - head[:, 0], head[:, 2] - head[:, 0])
    dx, dz = x[:, None], z[:, None]
    whole = (b[..., 0] - a[..., 0]) * (c[..., 2] - a[..., 2]) - (c[..., 0] - a[..., 0]) * (b[..., 2] - a[..., 2])
    u = ((dx - a[..., 0]) * (c[..., 2] - a[..., 2]) - (c[..., 0] - a[..., 0]) * (dz - a[..., 2])) / whole
    v = ((b[..., 0] - a[..., 0]) * (dz - a[..., 2]) - (dx - a[..., 0]) * (b[..., 2] - a[..., 2])) / whole
    inside = (u >= -1e-6) & (v >= -1e-6) & (u + v <= 1 + 1e-6)
    y = np.where(inside, a[..., 1] + u * (b[..., 1] - a[..., 1]) + v * (c[..., 1] - a[..., 1]), np.inf)
    nearest = y.argmin(1)
    front = y[np.arange(len(x)), nearest]
    unit = across / np.linalg.norm(across, axis=1, keepdims=True)
    return np.where(np.isfinite(front), front, np.nan), np.asarray(unit[nearest], np.float64)


def turned(directions: NDArray[np.float64]) -> tuple[Floats, Floats]:
    """Yaw and pitch (N,) degrees of faces towards which a camera lies in `directions` (N, 3), in the head's own frame.

    The frame is that of a body at rest: x to the person's left, -y forward, z up. Yaw is positive where the camera is
    to the person's left, and beyond 90 degrees it sees the back of the head. Pitch is positive where it is above the
    line of sight: a level face under a camera that looks down by 30 degrees is pitched by 30.
    """
    unit = directions / np.linalg.norm(directions, axis=1, keepdims=True)
    yaw = np.degrees(np.arctan2(unit[:, 0], -unit[:, 1]))
    pitch = np.degrees(np.arcsin(np.clip(unit[:, 2], -1, 1)))
    return np.asarray(yaw, np.float64), np.asarray(pitch, np.float64)
