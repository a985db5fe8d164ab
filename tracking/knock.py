"""Notices that somebody turned a camera where it hangs, and by how much, from its own picture of the empty store.

Corners of the remembered empty picture are found again in the frame by optical flow, there and back; a camera that
was turned moves all that stand still by one rotation of its rays, whatever their distance. That rotation is fitted to
the corners by random samples of two and then by least squares (Kabsch) over those that agree. People, goods taken and
lamps move or change few corners or none, and never most of them by one rotation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tracking.background import Background, shrink
from tracking.camera import Camera

Array = NDArray[np.float64]
Frame = NDArray[np.uint8]
_CORNERS, _QUALITY, _APART_PX = 220, 0.01, 6
_FLOW_WINDOW_PX, _FLOW_LEVELS = (17, 17), 4
_THERE_AND_BACK_PX = 0.5
_SAMPLES = 150
_AGREE_PX, _CLOSE_PX = 1.5, 0.8
_EVERY_NTH, _STILL_PX, _STILL_SHARE = 3, 0.5, 0.4
_LEAST_CORNERS, _LEAST_SHARE = 16, 0.5
_SAME_DEG = 0.15
_IN_UPHEAVAL = 0.2  # of the usual time from look to look
_STALE_SHARE = 0.4
_HEALTHY_DEG = 0.1


class KnockSettings(BaseModel):
    """When a camera counts as turned."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    watch: bool = Field(default=True, description="whether to correct cameras that were turned")
    every_seconds: float = Field(default=1.0, gt=0, le=3600, description="from one look for a knock to the next")
    least_deg: float = Field(default=0.25, gt=0, le=10, description="smaller turns are left alone, degrees")


@dataclass(frozen=True, slots=True, eq=False)
class Correction:
    """A camera was found turned.

    Args:
        t: seconds from opening.
        camera: its name.
        degrees: how far it was turned.
        corrected: the camera as it hangs now.
    """

    t: float
    camera: str
    degrees: float
    corrected: Camera


@dataclass(frozen=True, slots=True, eq=False)
class _Reference:
    """Grey picture (h, w) without its brightness, corners (N, 2) px in it and their rays (N, 3)."""

    grey: NDArray[np.uint8]
    corners: NDArray[np.float32]
    rays: Array


class KnockWatch:
    """Watches one camera; give it every frame and what the camera knows of the empty store."""

    def __init__(self, settings: KnockSettings | None = None) -> None:
        """Nothing seen yet."""
        self.settings = settings or KnockSettings()
        self._reference: _Reference | None = None
        self._looked_at = -np.inf
        self._suspected: Array | None = None

    def look(
        self, t: float, camera: Camera, frame: Frame, background: Background, boxes: NDArray[np.floating]
    ) -> Camera | None:
        """The camera as it hangs now if it was turned, else None. A turn is believed once two frames agree on it.

        Args:
            t: seconds from opening.
            camera: as it hung so far.
            frame: (H, W, 3) uint8, the one last given to `background`.
            background: what the camera knows of the empty store.
            boxes: (N, 4) xyxy px of the frame, where people are.
        """
        if self._reference is None:
            self._reference = _reference(background.empty, camera)
        wait = self.settings.every_seconds * (_IN_UPHEAVAL if background.upheaval else 1.0)
        if t < self._looked_at + wait:
            return None
        self._looked_at = t
        size = (background.new.shape[1], background.new.shape[0])
        measured = _turn(self._reference, camera, shrink(frame, size), boxes * (size[0] / frame.shape[1]))
        if measured is None:
            self._suspected = None
            return None
        turn, tracked = measured
        if degrees(turn) < self.settings.least_deg:
            if tracked < _STALE_SHARE and degrees(turn) < _HEALTHY_DEG:
                # The shelves have changed a great deal since; the camera has not been turned.
                self._reference = _reference(background.empty, camera)
            self._suspected = None
            return None
        before, self._suspected = self._suspected, turn
        if before is None or degrees(turn @ before.T) > _SAME_DEG:
            self._looked_at = -np.inf  # and look again at the next frame
            return None
        self._reference = self._suspected = None
        return turned_by(camera, turn)


def turned_by(camera: Camera, turn: Array) -> Camera:
    """The camera after its rays (its own frame) were multiplied by `turn` (3, 3), about its centre."""
    return replace(camera, rotation=turn @ camera.rotation, translation=turn @ camera.translation)


def degrees(turn: Array) -> float:
    """Angle of a rotation matrix (3, 3)."""
    # From the skew part: the trace alone is blind to small angles.
    axis = np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]])
    return float(np.degrees(np.arctan2(np.linalg.norm(axis), np.trace(turn) - 1)))


def turn_between(before: Camera, after: Camera) -> float:
    """Degrees between two directions of a camera."""
    return degrees(after.rotation @ before.rotation.T)


def places_before(before: Camera, after: Camera, size: tuple[int, int]) -> NDArray[np.float32]:
    """Where each pixel of a turned camera's picture of `size` (w, h) px was before: (h, w, 2) px, nan if unseen."""
    columns, rows = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    scale = np.array([before.width / size[0], before.height / size[1]])
    pixels = (np.stack([columns, rows], 2).reshape(-1, 2) + 0.5) * scale - 0.5
    then = before.project(after.ray(pixels) + after.centre)
    return np.asarray(((then + 0.5) / scale - 0.5).reshape(size[1], size[0], 2), np.float32)


def _reference(empty: Frame, camera: Camera) -> _Reference:
    grey = _flat(empty)
    found = cv2.goodFeaturesToTrack(grey, _CORNERS, _QUALITY, _APART_PX)
    corners = np.zeros((0, 2), np.float32) if found is None else np.asarray(found, np.float32).reshape(-1, 2)
    return _Reference(grey, corners, _rays(camera, corners, grey.shape))


def _flat(picture: Frame) -> NDArray[np.uint8]:
    """Grey (h, w) less what is smooth in it, so that lamps do not count."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.addWeighted(grey, 1.5, cv2.blur(grey, (25, 25)), -1.5, 128), np.uint8)


def _rays(camera: Camera, pixels: NDArray[np.floating], shape: tuple[int, ...]) -> Array:
    """(N, 3) unit vectors in the camera's own frame through pixels (N, 2) of a picture of that shape (h, w)."""
    scale = np.array([camera.width / shape[1], camera.height / shape[0]])
    flat = camera.normalised((np.asarray(pixels, np.float64) + 0.5) * scale - 0.5)
    rays = np.concatenate([flat, np.ones((len(flat), 1))], axis=1)
    return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True))


def _turn(
    reference: _Reference, camera: Camera, small: Frame, boxes: NDArray[np.floating]
) -> tuple[Array, float] | None:
    """How the camera was turned (3, 3), and the share of corners that agree; None where too few are found again."""
    if len(reference.corners) < _LEAST_CORNERS:
        return None
    now = _flat(small)
    if _unmoved(reference, now):
        return np.eye(3), 1.0
    pixel = 1 / (camera.matrix[0, 0] * now.shape[1] / camera.width)
    for best_fit in (False, True):
        guess = reference.corners + _shift(reference, now) if best_fit else reference.corners
        found, known = _flow(reference, now, guess)
        known &= ~_inside(found, boxes)
        if known.sum() < _LEAST_CORNERS:
            continue
        rays, then = _rays(camera, found[known], now.shape), reference.rays[known]
        turn, agree = _fit(then, rays, pixel)
        if agree.sum() >= _LEAST_CORNERS and agree.mean() >= _LEAST_SHARE:
            return turn, float(agree.sum() / len(reference.corners))
    return None


def _unmoved(reference: _Reference, now: NDArray[np.uint8]) -> bool:
    """Whether enough of a few corners are where they were; most looks end here."""
    some = np.ascontiguousarray(reference.corners[::_EVERY_NTH])
    found, known = _followed(reference.grey, now, some, some, levels=1)
    still = known & (np.linalg.norm(found - some, axis=1) < _STILL_PX)
    return bool(still.mean() >= _STILL_SHARE)


def _shift(reference: _Reference, now: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(2,) px by which one picture fits the other best."""
    window = cv2.createHanningWindow(now.shape[::-1], cv2.CV_32F)
    best, _ = cv2.phaseCorrelate(reference.grey.astype(np.float32), now.astype(np.float32), window)
    return np.array(best, np.float32)


def _flow(
    reference: _Reference, now: NDArray[np.uint8], guess: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Where each corner is now (N, 2), and which are found there and back again (N,)."""
    found, ahead = _followed(reference.grey, now, reference.corners, guess)
    back, behind = _followed(now, reference.grey, found, reference.corners)
    near = np.linalg.norm(back - reference.corners, axis=1) < _THERE_AND_BACK_PX
    inside = (found >= 0).all(1) & (found < now.shape[::-1]).all(1)
    return found, np.asarray(ahead & behind & near & inside)


def _followed(
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    points: NDArray[np.float32],
    guess: NDArray[np.float32],
    levels: int = _FLOW_LEVELS,
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Where points (N, 2) of one picture are in another, near a guess (N, 2), and which were found (N,)."""
    found, status, _ = cv2.calcOpticalFlowPyrLK(
        before,
        after,
        points,
        guess.copy(),
        winSize=_FLOW_WINDOW_PX,
        maxLevel=levels,
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )
    return np.asarray(found, np.float32), np.asarray(status).ravel() == 1


def _inside(points: NDArray[np.float32], boxes: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Which points (N, 2) lie in any of the boxes (M, 4)."""
    x, y = points[:, :1], points[:, 1:]
    hit = (x >= boxes[:, 0]) & (x <= boxes[:, 2]) & (y >= boxes[:, 1]) & (y <= boxes[:, 3])
    return np.asarray(hit.any(1))


def _fit(before: Array, after: Array, pixel: float) -> tuple[Array, NDArray[np.bool_]]:
    """The rotation (3, 3) from unit vectors (N, 3) to others that most agree on, and which do."""
    pairs = np.random.default_rng(len(before)).integers(len(before), size=(_SAMPLES, 2))
    turns = _frames(after, pairs) @ _frames(before, pairs).swapaxes(1, 2)
    misses = np.linalg.norm(np.einsum("kij,nj->kni", turns, before) - after, axis=2)
    agree = misses[np.argmax((misses < _AGREE_PX * pixel).sum(1))] < _AGREE_PX * pixel
    turn = _kabsch(before[agree], after[agree])
    for _ in range(2):
        close = np.linalg.norm(before @ turn.T - after, axis=1) < _CLOSE_PX * pixel
        if close.sum() < _LEAST_CORNERS:
            break
        turn = _kabsch(before[close], after[close])
    return turn, np.linalg.norm(before @ turn.T - after, axis=1) < _AGREE_PX * pixel


def _frames(rays: Array, pairs: NDArray[np.int64]) -> Array:
    """(K, 3, 3) right-handed frames, columns from pairs (K, 2) of rays."""
    first, second = rays[pairs[:, 0]], rays[pairs[:, 1]]
    across = np.cross(first, second)
    across = across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-9)
    return np.stack([first, across, np.cross(first, across)], axis=2)


def _kabsch(before: Array, after: Array) -> Array:
    """The rotation (3, 3) that takes rows (N, 3) nearest to others (W. Kabsch, Acta Cryst. A32, 1976)."""
    u, _, vt = np.linalg.svd(after.T @ before)
    return np.asarray(u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt)
