"""From a pinhole picture to what a real camera gives: lens distortion, sensor noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.drawing import Pinhole, Window
from tracking.camera import Camera

Table = NDArray[Any]
_STEP = 8  # pixels between the points at which the lens polynomial is inverted; it is smooth in between


@dataclass(frozen=True, slots=True)
class Lens:
    """Bends the upside-down RGB picture of `pinhole` into the upright BGR frame of `camera`."""

    camera: Camera
    pinhole: Pinhole
    _map: tuple[Table, Table]
    _nearest: tuple[Table, Table]

    @classmethod
    def of(cls, camera: Camera) -> Lens:
        """The lens of a calibrated camera; its pinhole is as much wider as the distortion needs."""
        flat = _undistorted_grid(camera)
        focal = float(camera.matrix[0, 0])
        width, height = (2 * int(np.ceil(np.abs(flat[..., axis]).max() * focal + 1.5)) for axis in (0, 1))
        pinhole = Pinhole(camera.centre, camera.rotation, focal, width, height)
        columns = (flat[..., 0] * focal + (width - 1) / 2).astype(np.float32)
        rows = (height - 1 - (flat[..., 1] * focal + (height - 1) / 2)).astype(np.float32)
        smooth = cv2.convertMaps(columns, rows, cv2.CV_16SC2)
        nearest = cv2.convertMaps(columns, rows, cv2.CV_16SC2, nninterpolation=True)
        return cls(camera, pinhole, _tables(smooth), _tables(nearest))

    def moved_to(self, camera: Camera) -> Lens:
        """The same lens on a camera of the same intrinsics elsewhere."""
        view = self.pinhole
        pinhole = Pinhole(camera.centre, camera.rotation, view.focal, view.width, view.height)
        return Lens(camera, pinhole, self._map, self._nearest)

    def bend(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The frame (H, W, 3) uint8 BGR."""
        frame = cv2.remap(picture, self._map[0], self._map[1], cv2.INTER_LINEAR)
        return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), np.uint8)

    def bend_part(self, picture: NDArray[np.uint8], part: Window, frame: NDArray[np.uint8]) -> None:
        """Bends only what comes from `part` of the pinhole picture, into `frame` as `bend` would."""
        target = self._bent(part)
        if target is None:
            return
        rows, columns = slice(target.low, target.high), slice(target.left, target.right)
        piece = cv2.remap(picture, self._map[0][rows, columns], self._map[1][rows, columns], cv2.INTER_LINEAR)
        frame[rows, columns] = cv2.cvtColor(piece, cv2.COLOR_RGB2BGR)

    def _bent(self, part: Window) -> Window | None:
        """Rows and columns of the frame that show `part` of the pinhole picture, None where it shows none."""
        view, steps = self.pinhole, np.linspace(0, 1, 9)
        columns = np.concatenate(
            [part.left + (part.right - part.left) * steps] * 2 + [[part.left] * 9, [part.right] * 9]
        )
        rows = part.low + (part.high - part.low) * np.concatenate([[0.0] * 9, [1.0] * 9, steps, steps])
        flat = np.stack([(columns - (view.width - 1) / 2) / view.focal, ((view.height - 1) / 2 - rows) / view.focal], 1)
        rays = np.concatenate([flat, np.ones((len(flat), 1))], 1) @ view.rotation
        pixels = self.camera.project(view.position + rays)
        if np.isnan(pixels).any():
            return Window(0, 0, self.camera.width, self.camera.height)
        low, high = np.floor(pixels.min(0)).astype(int) - 2, np.ceil(pixels.max(0)).astype(int) + 3
        left, top = max(int(low[0]), 0), max(int(low[1]), 0)
        right, bottom = min(int(high[0]), self.camera.width), min(int(high[1]), self.camera.height)
        return Window(left, top, right, bottom) if right > left and bottom > top else None

    def bend_labels(self, labels: NDArray[np.int16]) -> NDArray[np.int16]:
        """Numbers (H, W) int16 of the upside-down picture where the frame shows them, without mixing neighbours."""
        return np.asarray(cv2.remap(labels, self._nearest[0], self._nearest[1], cv2.INTER_NEAREST), np.int16)


def _tables(maps: Sequence[NDArray[Any]]) -> tuple[Table, Table]:
    """OpenCV's fixed-point maps as plain arrays; the second is empty for maps to the nearest pixel."""
    first, second = maps
    return np.asarray(first), np.asarray(second if second is not None else np.zeros(0, np.uint16))


def _undistorted_grid(camera: Camera) -> NDArray[np.float64]:
    """(H, W, 2) undistorted coordinates x/z, y/z of every pixel."""
    xs = np.arange(0, camera.width + _STEP, _STEP, dtype=np.float64)
    ys = np.arange(0, camera.height + _STEP, _STEP, dtype=np.float64)
    coarse = camera.normalised(np.stack(np.meshgrid(xs, ys), -1).reshape(-1, 2)).reshape(len(ys), len(xs), 2)
    at = np.stack(np.meshgrid(np.arange(camera.width), np.arange(camera.height)), -1).astype(np.float32) / _STEP
    fine = cv2.remap(
        coarse.astype(np.float32), at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(fine, np.float64)


class SensorNoise:
    """Gaussian noise of a given strength, cut from one long tape so that a frame costs one addition."""

    def __init__(self, sd: float, rng: np.random.Generator, pixels: int) -> None:
        """`sd` in grey levels; `pixels` of the largest frame."""
        self._rng = rng
        self._sd = sd
        self._spare = 1 << 18
        self._tape = np.rint(rng.normal(0, sd, 3 * pixels + self._spare)).astype(np.int16)

    def add(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The frame with noise."""
        if self._sd <= 0:
            return frame
        start = int(self._rng.integers(0, self._spare))
        noise = self._tape[start : start + frame.size].reshape(frame.shape)
        return np.asarray(cv2.add(frame, noise, dtype=cv2.CV_8U), np.uint8)
