"""The empty store in the light of the moment: lamps that dim, lamps that go out in one half of the view, soft shadows.

Only what a person could not be explained by is taken for light: the same factor over large parts of the view and on
all three channels, with the picture's texture left as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
SATURATED = 248
_CELLS = (8, 6)  # columns and rows of the grid on which light may differ
_PER_CELL = (8, 6)  # samples of a cell, each way
_LEAST_USABLE = 0.4  # share of a cell's samples that must say something about brightness
_LEAST_EXPLAINED, _EXPLAINED_LEVELS = 0.75, 10.0
_LEAST_NEIGHBOURS = 4  # cells, of nine, that must be explained by light before the middle one is
_WORTH_WHILE = 0.03
_MOST_LOCAL = 2.0
# A soft shadow takes 3 to 30 % of the light, from all channels the same to 8 %; it then counts three tenths.
_SHADOW_LOW, _SHADOW_HIGH, _SHADOW_SPREAD = 8, 77, 20
_SHADOW_COUNTS = 0.3
_SHADOW_STEP = 4  # px; a soft shadow is no smaller


@dataclass(frozen=True, slots=True, eq=False)
class Light:
    """How a frame's light differs from that of the empty picture.

    Args:
        gain: (3,) factors by channel over the whole view, about 1.
        local: (6, 8) float32 further factors by part of the view, None where it is lit evenly.
    """

    gain: NDArray[np.float64]
    local: NDArray[np.float32] | None = None

    def factors(self, size: tuple[int, int]) -> NDArray[np.float32]:
        """What each pixel is to be multiplied by: (3,), or (h, w, 3) where light differs; size is (width, height)."""
        gain = self.gain.astype(np.float32)
        if self.local is None:
            return gain
        field = cv2.resize(self.local, size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.merge([field * float(factor) for factor in gain]), np.float32)


def brightness_gain(frame: Frame, empty: NDArray[Any]) -> NDArray[np.float64]:
    """How much brighter each channel of a frame (h, w, 3) is than the empty picture: (3,) factors, about 1.

    The median over a grid of pixels, so that people covering less than half of the view do not count.
    """
    step = 8
    now = frame[::step, ::step].astype(np.float32)
    then = np.ascontiguousarray(empty[::step, ::step])
    usable = _usable(now, then)
    count = int(usable.sum())
    if count < 100:
        return np.ones(3)
    # By channel in one piece each, which partitions several times faster than columns do.
    ratios = np.ascontiguousarray((now[usable] / then[usable]).T)
    middle = np.partition(ratios, count // 2, axis=1)[:, count // 2].astype(np.float64)
    return np.clip(middle, 0.5, 2.0)


def light_of(frame: Frame, empty: NDArray[Any]) -> Light:
    """The light of a frame (h, w, 3) against that of the empty picture (h, w, 3), over all and by part of the view."""
    gain = brightness_gain(frame, empty)
    return Light(gain, local_light(frame, empty, gain))


def local_light(frame: Frame, empty: NDArray[Any], gain: NDArray[np.float64]) -> NDArray[np.float32] | None:
    """(6, 8) factors by part of the view of a frame against the empty picture times `gain`; None if all are about 1."""
    size = (_CELLS[0] * _PER_CELL[0], _CELLS[1] * _PER_CELL[1])
    now = cv2.resize(frame, size, interpolation=cv2.INTER_NEAREST).astype(np.float32)
    then = np.asarray(cv2.resize(empty, size, interpolation=cv2.INTER_NEAREST), np.float32)
    lit = then * gain.astype(np.float32)
    local = _smooth(_cell_factors(now, lit, _usable(now, then)))
    return local if np.abs(local - 1).max() > _WORTH_WHILE else None


def expected(frame: Frame, empty: NDArray[Any], light: Light) -> Frame:
    """The empty picture (h, w, 3) in that light: (h, w, 3) uint8."""
    factors = light.factors((empty.shape[1], empty.shape[0]))
    if light.local is None:
        view = cv2.multiply(empty, (*light.gain, 1.0), dtype=cv2.CV_8U)  # type: ignore[call-overload]
    else:
        view = cv2.multiply(np.asarray(empty, np.float32), factors, dtype=cv2.CV_8U)
    if factors.min() < 1:
        # What was saturated may have been brighter than could be seen, so in less light it may still be.
        saturated = empty >= SATURATED
        view[saturated] = np.maximum(view[saturated], frame[saturated])
    return np.asarray(view, np.uint8)


def shadow_weight(frame: Frame, lit: Frame) -> NDArray[np.uint8]:
    """How much a difference between a frame and the lit empty picture, both (h, w, 3), counts: (h, w), 255 fully.

    Less where the frame is a little darker by the same share in all channels, as under a soft shadow.
    """
    coarse = (max(1, frame.shape[1] // _SHADOW_STEP), max(1, frame.shape[0] // _SHADOW_STEP))
    now = cv2.resize(frame, coarse, interpolation=cv2.INTER_LINEAR)
    then = cv2.resize(lit, coarse, interpolation=cv2.INTER_LINEAR)
    blue, green, red = cv2.split(cv2.divide(cv2.subtract(then, now), then, scale=255))
    most, least = cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red)
    soft = cv2.bitwise_and(cv2.inRange(most, _SHADOW_LOW, _SHADOW_HIGH), cv2.inRange(least, _SHADOW_LOW, 255))
    soft = cv2.bitwise_and(soft, cv2.inRange(cv2.subtract(most, least), 0, _SHADOW_SPREAD))
    # Specks are texture, not shadow.
    soft = cv2.erode(soft, np.ones((3, 3), np.uint8))
    weight = cv2.convertScaleAbs(soft, alpha=-(1 - _SHADOW_COUNTS), beta=255.0)
    return np.asarray(cv2.resize(weight, (frame.shape[1], frame.shape[0]), interpolation=cv2.INTER_LINEAR), np.uint8)


def _usable(now: NDArray[Any], then: NDArray[Any]) -> NDArray[np.bool_]:
    """Which pixels (h, w, 3) say something about brightness: neither dark nor saturated."""
    bright_enough = cv2.inRange(then, np.full(3, 13.0), np.full(3, 244.0))
    return np.asarray(cv2.bitwise_and(bright_enough, cv2.inRange(now, np.zeros(3), np.full(3, 249.0))) > 0)


def _cells(samples: NDArray[Any]) -> NDArray[Any]:
    """(rows, columns, samples of a cell, ...) of a grid of samples."""
    (columns, rows), (wide, high) = _CELLS, _PER_CELL
    parts = samples.reshape(rows, high, columns, wide, *samples.shape[2:]).swapaxes(1, 2)
    return np.asarray(parts.reshape(rows, columns, high * wide, *samples.shape[2:]))


def _cell_factors(now: NDArray[np.float32], lit: NDArray[np.float32], usable: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(6, 8) how much brighter each cell is than expected; nan where light alone does not explain what it shows."""
    ratio = now.sum(2) / np.maximum(lit.sum(2), 1)
    inside = _cells(usable)
    count = inside.sum(2)
    ordered = np.sort(np.where(inside, _cells(ratio), np.inf), axis=2)
    middle = np.take_along_axis(ordered, (np.maximum(count, 1) // 2)[..., None], axis=2)[..., 0]
    middle = np.where(np.isfinite(middle), middle, 1.0)
    off = np.abs(_cells(now) - middle[..., None, None] * _cells(lit)).max(3)
    explained = ((off < _EXPLAINED_LEVELS) & inside).sum(2)
    trusted = (count >= _LEAST_USABLE * inside.shape[2]) & (explained >= _LEAST_EXPLAINED * count)
    trusted &= (middle > 1 / _MOST_LOCAL) & (middle < _MOST_LOCAL)
    return np.where(trusted, middle, np.nan).astype(np.float32)


def _smooth(factors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Median of what is known in each cell's 3 x 3 neighbourhood, 1 where too little is."""
    padded = np.pad(factors, 1, constant_values=np.nan)
    rows, columns = factors.shape
    around = np.stack([padded[i : i + rows, j : j + columns] for i in range(3) for j in range(3)], axis=2)
    known = np.isfinite(around).sum(2)
    ordered = np.sort(around, axis=2)  # nan comes last
    lower, upper = (
        np.take_along_axis(ordered, at[..., None], axis=2)[..., 0] for at in (np.maximum(known - 1, 0) // 2, known // 2)
    )
    return np.where(known >= _LEAST_NEIGHBOURS, (lower + upper) / 2, 1.0).astype(np.float32)
