"""Where somebody was lost while standing: last found there, never seen to leave, and still something new there.

A detector may lose a person who crouches or is half hidden for minutes; were the place learnt as empty meanwhile,
nobody would look there again. So a place is kept as it is until whoever was lost

- is gone: less than half of what was new there still is, or
- has been lost for `patience_seconds`: then it was a thing, or a mistake, and fades into the background as all else.

What was never found to be a person (a box put down, a dummy moved) is not protected at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.box_overlap import overlaps

_SAME = 0.25
_REPLACED = 0.5
_STILL_THERE = 0.5
_LEAST_NEW = 20.0

Boxes = NDArray[np.float32]


@dataclass(slots=True)
class _Lost:
    box: NDArray[np.float32]
    new: float
    seconds: float = 0.0


class Stayers:
    """One camera's memory of who was lost where."""

    def __init__(self, patience_seconds: float) -> None:
        """Nobody was lost yet."""
        self._patience = patience_seconds
        self._found: Boxes = np.zeros((0, 4), np.float32)
        self._new: list[float] = []
        self._lost: list[_Lost] = []

    def update(self, boxes: NDArray[np.floating], new: NDArray[np.uint8], elapsed_seconds: float) -> Boxes:
        """Boxes (M, 4) of those who were lost and may still stand there.

        Args:
            boxes: (N, 4) xyxy px of the mask, the people found now.
            new: (h, w) what is new in the frame, 255 new.
            elapsed_seconds: since the last call.
        """
        now = np.asarray(boxes, np.float32).reshape(-1, 4)
        gone = overlaps(self._found, now).max(1, initial=0) < _SAME
        lost = [_Lost(box, level) for box, level, is_gone in zip(self._found, self._new, gone, strict=True) if is_gone]
        again = _boxes(lost)
        before = [one for one in self._lost if overlaps(one.box[None], again).max(initial=0) < _REPLACED]
        self._lost = [one for one in [*before, *lost] if self._waits(one, new, elapsed_seconds)]
        self._found, self._new = now, [_level(new, box) for box in now]
        return _boxes(self._lost)

    def _waits(self, one: _Lost, new: NDArray[np.uint8], elapsed_seconds: float) -> bool:
        one.seconds += elapsed_seconds
        there = _level(new, one.box) >= max(_STILL_THERE * one.new, _LEAST_NEW)
        return there and one.seconds <= self._patience


def _boxes(lost: list[_Lost]) -> Boxes:
    return np.array([one.box for one in lost], np.float32).reshape(-1, 4)


def _level(new: NDArray[np.uint8], box: NDArray[np.float32]) -> float:
    """Mean of the mask (h, w) in a box (4,) px, 0 where that is empty."""
    x1, y1, x2, y2 = (max(0, round(float(value))) for value in box)
    part = new[y1:y2, x1:x2]
    return float(cv2.mean(part)[0]) if part.size else 0.0
