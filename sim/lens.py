"""From a pinhole picture to what a real camera gives: lens distortion, sensor noise."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.drawing import Pinhole
from tracking.camera import Camera

_STEP = 8  # pixels between the points at which the lens polynomial is inverted; it is smooth in between


@dataclass(frozen=True, slots=True)
class Lens:
    """Bends the upside-down RGB picture of `pinhole` into the upright BGR frame of `camera`."""

    camera: Camera
    pinhole: Pinhole
    _map: tuple[NDArray[np.int16], NDArray[np.uint16]]
    _nearest: NDArray[np.int16]

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
        nearest, _ = cv2.convertMaps(columns, rows, cv2.CV_16SC2, nninterpolation=True)
        return cls(camera, pinhole, smooth, nearest)

    def bend(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The frame (H, W, 3) uint8 BGR."""
        frame = cv2.remap(picture, self._map[0], self._map[1], cv2.INTER_LINEAR)
        return np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), np.uint8)

    def bend_labels(self, labels: NDArray[np.int16]) -> NDArray[np.int16]:
        """Numbers (H, W) int16 of the upside-down picture where the frame shows them, without mixing neighbours."""
        return np.asarray(cv2.remap(labels, self._nearest, None, cv2.INTER_NEAREST), np.int16)


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
