"""The empty store as one camera knows it, and frames in which that empty store is dimmed for the network.

A fixed camera looks at the same shelves all day. Fading what it knows to be empty leaves people standing out, and a
small detector then learns several times faster (the empty picture comes from the camera's own frames, never from
the simulation). The same `dim` makes the training pictures, so that the network meets what it was taught.
"""

import math
from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.errors import TrackingError
from tracking.lighting import Light, brightness_gain, expected, light_of, local_light, shadow_weight
from tracking.stayers import Stayers

Frame = NDArray[np.uint8]
"""(H, W, 3) uint8, BGR."""

WORK_WIDTH = 384
"""Width in px at which differences are computed: that of the network, so finer detail would be lost anyway."""

BLUR_SIGMA_PX = 1.5
SOFT_LOW, SOFT_HIGH = 8, 24
FADE_FACTOR, FADE_OFFSET = 0.25, 96
_LIGHT_EVERY = 5  # frames; light by part of the view costs as much as all the rest
_SUSPICIOUS = 0.2  # share of the view that is new from which light by part of the view is looked at at once

_RAMP = np.clip((np.arange(256) - SOFT_LOW) * 255.0 / (SOFT_HIGH - SOFT_LOW), 0, 255).astype(np.uint8)
_FADE = np.clip(np.round(np.arange(256) * FADE_FACTOR + FADE_OFFSET), 0, 255).astype(np.uint8)
_SPREAD = np.ones((5, 5), np.uint8)
_NEARBY = np.ones((3, 3), np.uint8)


class BackgroundNotLearnt(TrackingError):
    """A camera was asked what is new before it had seen any frame of the empty store."""


def dim(frame: Frame, empty: Frame) -> Frame:
    """Fade whatever of `frame` looks as in `empty`, and keep the rest untouched.

    Largest channel difference, less of it in a soft shadow, blurred (sigma 1.5 px), a soft mask between 8 and 24
    grey levels, dilated 5x5; outside the mask the frame becomes a quarter of itself plus 96. The empty picture is
    first brought to the light of the frame.

    Args:
        frame: (H, W, 3) uint8.
        empty: (h, w, 3) uint8, the same view without people, of any size.

    Returns:
        (H, W, 3) uint8.
    """
    size = work_size(frame.shape[1], frame.shape[0])
    now, then = shrink(frame, size), shrink(empty, size)
    return fade(frame, novelty(now, expected(now, then, light_of(now, then))))


def work_size(width: int, height: int) -> tuple[int, int]:
    """(width, height) in px at which a frame of that size is compared with its empty picture."""
    return WORK_WIDTH, max(1, round(height * WORK_WIDTH / width))


def shrink(frame: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """The frame, or a mask, at `size` (width, height) px; bilinear, because area averaging costs ten times as much."""
    if (frame.shape[1], frame.shape[0]) == size:
        return frame
    return cv2.resize(frame, size, interpolation=cv2.INTER_LINEAR)  # type: ignore[return-value]


def novelty(frame: Frame, lit: Frame) -> NDArray[np.uint8]:
    """How much each pixel differs from the lit empty picture: (h, w) uint8, 0 known to 255 new. Both (h, w, 3)."""
    blue, green, red = cv2.split(cv2.absdiff(frame, lit))
    difference = cv2.multiply(cv2.max(cv2.max(blue, green), red), shadow_weight(frame, lit), scale=1 / 255)
    difference = cv2.GaussianBlur(difference, (0, 0), BLUR_SIGMA_PX)
    return cv2.dilate(cv2.LUT(difference, _RAMP), _SPREAD)  # type: ignore[return-value]


def fade(frame: Frame, mask: NDArray[np.uint8]) -> Frame:
    """Keep `frame` (H, W, 3) where `mask` (any size, uint8) is 255, fade it where the mask is 0, blend between."""
    keep = cv2.cvtColor(shrink(mask, (frame.shape[1], frame.shape[0])), cv2.COLOR_GRAY2BGR)
    faded = cv2.LUT(frame, _FADE)
    kept = cv2.multiply(frame, keep, scale=1 / 255)
    return cv2.add(kept, cv2.multiply(faded, cv2.bitwise_not(keep), scale=1 / 255))  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class BackgroundSettings:
    """How a camera's picture of the empty store is learnt and how fast it follows changes."""

    warm_up_frames: int = 15
    """Frames of the empty store of which the median is taken; more are allowed, the latest count."""
    fade_seconds: float = 5.0
    """Time constant with which lasting changes are absorbed where nobody is."""
    hold_seconds: float = 3.0
    """How long a place stays protected after the last detection there, so that one missed frame absorbs nobody."""
    box_margin: float = 0.15
    """Protected margin around each detected box, as a share of its width and height."""
    adapt_every_seconds: float = 0.5
    """Time between updates; absorbing is slow, so it need not happen at every frame."""
    patience_seconds: float = 120.0
    """How long the place of somebody who was lost while standing is kept, see `tracking.stayers`."""
    upheaval_share: float = 0.5
    """Share of the view from which what is new is not people: the camera was turned, or all lamps changed."""
    upheaval_seconds: float = 10.0
    """How long nothing is absorbed in an upheaval, so that what a camera knew is still there when it is explained."""


@dataclass(frozen=True, slots=True, eq=False)
class Scenery:
    """What of a frame is new, and between which levels the empty store lies at each place.

    Args:
        new: (h, w) uint8, 255 new.
        low, high: (h, w, 3) uint8 BGR, least and greatest level nearby in the empty picture, in today's light.
    """

    new: NDArray[np.uint8]
    low: NDArray[np.uint8]
    high: NDArray[np.uint8]


class Background:
    """One camera's memory of its empty view.

    Show it frames of the empty store with `learn`, then `dim` each frame for the detector and give the detected boxes
    back with `adapt`: what lasts and is nobody (an item gone from a shelf) fades into the background, people do not,
    however long they stand.
    """

    def __init__(self, settings: BackgroundSettings | None = None) -> None:
        """An empty memory; `settings` default to values that suit 10 frames a second."""
        self.settings = settings or BackgroundSettings()
        self._warm_up: deque[Frame] = deque(maxlen=self.settings.warm_up_frames)
        self._empty: NDArray[np.float32] | None = None
        self._protected: NDArray[np.float32] = np.zeros((0, 0), np.float32)
        self._waited_seconds = 0.0
        self._light = Light(np.ones(3))
        self._stayers = Stayers(self.settings.patience_seconds)
        self._upheaval_for = 0.0
        self._frames = 0
        self._new: NDArray[np.uint8] = np.zeros((1, 1), np.uint8)
        self._lit: Frame = np.zeros((1, 1, 3), np.uint8)

    @property
    def learnt(self) -> bool:
        """Whether any frame of the empty store was seen."""
        return self._empty is not None or bool(self._warm_up)

    @property
    def new(self) -> NDArray[np.uint8]:
        """What was new in the last frame given to `dim` or `foreground`: (h, w) uint8 at 384 px width, 255 new."""
        return self._new

    @property
    def scenery(self) -> Scenery:
        """The empty store behind the last frame given to `dim` or `foreground`, in its light."""
        low, high = cv2.erode(self._lit, _NEARBY), cv2.dilate(self._lit, _NEARBY)
        return Scenery(self._new, np.asarray(low, np.uint8), np.asarray(high, np.uint8))

    @property
    def upheaval(self) -> bool:
        """Whether so much was new in the last frame that it cannot be people."""
        return float(cv2.mean(self._new)[0]) > 255 * self.settings.upheaval_share

    @property
    def empty(self) -> Frame:
        """The empty view (h, w, 3) at 384 px width, in the light in which it was learnt.

        Raises:
            BackgroundNotLearnt: before the first `learn`.
        """
        return np.clip(self._model(), 0, 255).astype(np.uint8)

    def learn(self, frame: Frame) -> None:
        """Take in one (H, W, 3) frame of the empty store. A passer-by in fewer than half of them does no harm."""
        self._warm_up.append(shrink(frame, work_size(frame.shape[1], frame.shape[0])).copy())
        self._empty = None

    def foreground(self, frame: Frame) -> NDArray[np.uint8]:
        """What is new in a (H, W, 3) frame: (h, w) uint8 at 384 px width, 255 new.

        Raises:
            BackgroundNotLearnt: before the first `learn`.
        """
        small = shrink(frame, work_size(frame.shape[1], frame.shape[0]))
        empty = self._model()
        fresh = self._frames % _LIGHT_EVERY == 0
        self._frames += 1
        gain = brightness_gain(small, empty)
        self._compare(small, empty, Light(gain, local_light(small, empty, gain) if fresh else self._light.local))
        if not fresh and cv2.mean(self._new)[0] > 255 * _SUSPICIOUS:
            self._compare(small, empty, Light(gain, local_light(small, empty, gain)))
        return self._new

    def _compare(self, small: Frame, empty: NDArray[np.float32], light: Light) -> None:
        self._light, self._lit = light, expected(small, empty, light)
        self._new = novelty(small, self._lit)

    def dim(self, frame: Frame) -> Frame:
        """The (H, W, 3) frame with the empty store faded, for the detector.

        Raises:
            BackgroundNotLearnt: before the first `learn`.
        """
        return fade(frame, self.foreground(frame))

    def adapt(self, frame: Frame, boxes: NDArray[np.floating], elapsed_seconds: float) -> None:
        """Let lasting changes fade into the background, except where people are.

        Args:
            frame: (H, W, 3) uint8, the plain frame last given to `dim`.
            boxes: (N, 4) xyxy px in that frame, the people detected in it; N may be 0.
            elapsed_seconds: since the last call.
        """
        empty = self._model()
        scale = empty.shape[1] / frame.shape[1]
        self._waited_seconds += elapsed_seconds
        np.maximum(self._protected - elapsed_seconds, 0, out=self._protected)
        found = np.asarray(boxes, np.float64).reshape(-1, 4) * scale
        lost = self._stayers.update(found, self._new, elapsed_seconds)
        for left, top, right, bottom in np.concatenate([found, lost]):
            dx, dy = self.settings.box_margin * (right - left), self.settings.box_margin * (bottom - top)
            rows = slice(max(0, math.floor(top - dy)), max(0, math.ceil(bottom + dy)))
            columns = slice(max(0, math.floor(left - dx)), max(0, math.ceil(right + dx)))
            self._protected[rows, columns] = self.settings.hold_seconds
        self._upheaval_for = self._upheaval_for + elapsed_seconds if self.upheaval else 0.0
        if 0 < self._upheaval_for <= self.settings.upheaval_seconds:
            self._waited_seconds = 0.0
        if self._waited_seconds >= self.settings.adapt_every_seconds:
            self._absorb(shrink(frame, (empty.shape[1], empty.shape[0])), empty)

    def _absorb(self, small: Frame, empty: NDArray[np.float32]) -> None:
        rate = 1 - math.exp(-self._waited_seconds / self.settings.fade_seconds)
        self._waited_seconds = 0.0
        free = (self._protected <= 0).astype(np.uint8)
        # The memory is kept at its own brightness, so a lamp that dims does not have to be unlearnt later.
        level = small / self._light.factors((small.shape[1], small.shape[0]))
        cv2.accumulateWeighted(level, empty, rate, mask=free)

    def move(self, frame: Frame, places: NDArray[np.float32]) -> None:
        """The camera was turned: take the memory along, and what it never saw from this (H, W, 3) frame.

        Args:
            frame: of the turned camera.
            places: (h, w, 2) x, y px of the remembered picture at which each pixel of the new one was; nan: nowhere.
        """
        empty = self._model()
        inside = (places >= 0) & (places <= (empty.shape[1] - 1, empty.shape[0] - 1))  # nan is neither
        seen: NDArray[np.bool_] = np.asarray(inside.all(2), np.bool_)
        maps = np.where(seen[..., None], places, -1).astype(np.float32)
        moved = cv2.remap(empty, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR)
        small = shrink(frame, (empty.shape[1], empty.shape[0]))
        gain = brightness_gain(np.where(seen[..., None], small, 0).astype(np.uint8), moved)
        moved[~seen] = small[~seen] / gain
        self._empty = np.asarray(moved, np.float32)
        self._protected[:] = 0
        self._stayers = Stayers(self.settings.patience_seconds)

    def _model(self) -> NDArray[np.float32]:
        if self._empty is None:
            if not self._warm_up:
                raise BackgroundNotLearnt("no frame of the empty store was learnt for this camera")
            self._empty = np.median(np.stack(self._warm_up), axis=0).astype(np.float32)
            self._warm_up.clear()
            self._protected = np.zeros(self._empty.shape[:2], np.float32)
        return self._empty
