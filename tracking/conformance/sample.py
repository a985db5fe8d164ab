"""The rendered picture that detectors and embedders are checked on: a shop floor with two people, and it empty."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.background import dim

Frame = NDArray[np.uint8]
_FOLDER = Path(__file__).parent / "pictures"


@cache
def sample(dimmed: bool = False) -> Frame:
    """The (360, 640, 3) BGR uint8 picture, read-only; `dimmed` as a detector that says so sees it."""
    picture = _read("frame.jpg")
    if dimmed:
        picture = np.array(dim(picture, _read("empty.jpg")))
    picture.setflags(write=False)
    return picture


@cache
def people() -> NDArray[np.float64]:
    """(N, 4) x1, y1, x2, y2 pixels of the people in it."""
    lines = (_FOLDER / "frame.txt").read_text(encoding="utf-8").splitlines()
    rows = np.array([line.split()[1:5] for line in lines], np.float64)
    height, width = sample().shape[:2]
    boxes = np.concatenate([rows[:, :2] - rows[:, 2:] / 2, rows[:, :2] + rows[:, 2:] / 2], axis=1)
    return np.asarray(boxes * (width, height, width, height), np.float64)


def _read(name: str) -> Frame:
    return np.asarray(cv2.imread(str(_FOLDER / name), cv2.IMREAD_COLOR), np.uint8)
