"""How different cameras record the same scene: gain, sharpness and grain."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Exposure:
    """How one camera records: gain, blur (standard deviation in pixels), noise (standard deviation in grey levels)."""

    gain: float
    blur_px: float
    noise_sd: float


def draw_exposure(rng: np.random.Generator) -> Exposure:
    """A random camera."""
    return Exposure(float(rng.uniform(0.75, 1.25)), max(0.0, float(rng.uniform(-0.3, 0.9))), float(rng.uniform(1, 7)))


def exposed(
    picture: NDArray[np.uint8], exposure: Exposure, rng: np.random.Generator, jitter: float, noise: float
) -> NDArray[np.uint8]:
    """The picture (H, W, 3) as the camera records it.

    `jitter` is the gain's relative standard deviation between frames, `noise` scales the sensor's.
    """
    if exposure.blur_px > 0.2:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), exposure.blur_px), np.uint8)
    gain = exposure.gain * float(1 + rng.normal(0, jitter) if jitter else 1)
    # One channel, three times as wide: OpenCV's generator would otherwise leave two of three channels without noise.
    grain = np.empty((picture.shape[0], 3 * picture.shape[1]), np.int16)
    cv2.setRNGSeed(int(rng.integers(1 << 30)))
    cv2.randn(grain, np.zeros(1), np.full(1, exposure.noise_sd * noise))
    brighter = cv2.convertScaleAbs(picture, alpha=gain)
    return np.asarray(cv2.add(brighter, grain.reshape(picture.shape), dtype=cv2.CV_8U), np.uint8)
