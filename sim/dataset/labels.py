"""Labels of one frame: which people count, their boxes and keypoints, in YOLO's pose format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.visibility import TruthBox

LEAST_VISIBLE = 0.25  # fraction of the body
LEAST_HEIGHT_PX = 24  # of the visible part
LEAST_PIXELS = 12  # under this a person is not in the picture at all


@dataclass(frozen=True, slots=True)
class Label:
    """One person in a frame.

    person: name.
    box: (4,) x1 y1 x2 y2 pixel edges of the visible part. keypoints: (17, 3) pixels and COCO's flag.
    counts: visible enough to be demanded of a detector; others are ignored in training targets and evaluation.
    """

    person: str
    box: NDArray[np.float64]
    visible: float
    keypoints: NDArray[np.float32]
    counts: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled frame: BGR picture, its camera's empty picture under the name `empty`, and the people in it."""

    name: str
    empty: str
    picture: NDArray[np.uint8]
    labels: list[Label]


def labels_of(boxes: Sequence[TruthBox], who: NDArray[np.int16], numbers: dict[str, int]) -> list[Label]:
    """Labels of the people in a frame, from what is drawn (`who`, (H, W) person numbers) and what is true."""
    labels = []
    for truth in boxes:
        rows, columns = np.nonzero(who == numbers[truth.person])
        if len(rows) < LEAST_PIXELS:
            continue
        box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float64)
        counts = truth.visible >= LEAST_VISIBLE and box[3] - box[1] >= LEAST_HEIGHT_PX
        labels.append(Label(truth.person, box, truth.visible, truth.keypoints, counts))
    return labels


def pose_line(label: Label, width: int, height: int) -> str:
    """YOLO pose: class, centre x, centre y, width, height, then x y v of each keypoint, as fractions of the frame."""
    points = label.keypoints.copy()
    points[:, 0] /= width
    points[:, 1] /= height
    flat = " ".join(f"{x:.5f} {y:.5f} {int(v)}" for x, y, v in np.where(points[:, 2:] > 0, points, 0))
    return f"{box_line(label, width, height)} {flat}"


def box_line(label: Label, width: int, height: int) -> str:
    """YOLO detection: class, centre x, centre y, width, height as fractions of the frame."""
    x1, y1, x2, y2 = label.box
    parts = ((x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height)
    return "0 " + " ".join(f"{part:.5f}" for part in parts)


def ignore_line(label: Label, width: int, height: int) -> str:
    """A person too hidden or too small to count: as `box_line`, then the visible fraction."""
    return f"{box_line(label, width, height)} {label.visible:.3f}"
