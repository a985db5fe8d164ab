"""How well the pose network finds keypoints of people whose boxes are right: misses in pixels, and honest errors."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracking.observation import Detection
from tracking.pose import KEYPOINTS, CropPose, Sight
from tracking.training.people import corners
from tracking.training.pictures import empty_view, labelled_files, memory_of, read_labels, read_picture

_WRISTS, _ANKLES = [9, 10], [15, 16]
# Constants of COCO's object keypoint similarity.
_COCO_SIGMA = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]) / 1000


@dataclass(frozen=True, slots=True)
class KeypointScore:
    """Quality of keypoints of the labelled people of a data set."""

    people: int
    similar: float
    """Share of people with an object keypoint similarity (COCO's, hidden keypoints included) of at least 0.5."""
    seen_px: float
    """Median error of keypoints in view, px of the frame."""
    wrist_px: float
    """Median error of wrists in view, px of the frame."""
    ankle_px: float
    """Median error of ankles in view, px of the frame."""
    within_one_sd: float
    """Share of coordinates of keypoints in view that are off by no more than the stated standard deviation; of a
    Laplace distribution 0.757 are."""
    seen_accuracy: float
    """Share of keypoints inside the frame of which it is rightly said whether they are in view."""


def evaluate_keypoints(pose: CropPose, data_dir: Path, split: str = "test") -> KeypointScore:
    """Score a pose network on the labelled boxes of one split of a data set folder.

    Raises:
        BadTrainingData: no pictures there.
    """
    rows = [_judged(pose, data_dir, split, file) for file in labelled_files(data_dir, split)]
    gaps, sds, told, flags, heights, areas = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    inside, seen = flags > 0, flags > 1
    errors = np.linalg.norm(gaps, axis=2)
    similarity = np.exp(-(errors**2) / (8 * areas[:, None] * _COCO_SIGMA**2))
    means = (similarity * inside).sum(1) / np.maximum(inside.sum(1), 1)
    return KeypointScore(
        people=len(heights),
        similar=float((means >= 0.5).mean()),
        seen_px=float(np.median(errors[seen])),
        wrist_px=float(np.median(errors[:, _WRISTS][seen[:, _WRISTS]])),
        ankle_px=float(np.median(errors[:, _ANKLES][seen[:, _ANKLES]])),
        within_one_sd=float((np.abs(gaps[seen]) <= sds[seen][:, None]).mean()),
        seen_accuracy=float(((told > 0.5) == seen)[inside].mean()),
    )


def _judged(pose: CropPose, data_dir: Path, split: str, file: Path) -> tuple[NDArray[np.float64], ...]:
    """Of one picture's people: gaps (n, 17, 2) px, stated sd (n, 17) px, in view (n, 17), flags, heights, areas."""
    labels = read_labels(data_dir / "labels" / split / f"{file.stem}.txt").astype(np.float64)
    frame = read_picture(file)
    memory = memory_of(read_picture(empty_view(data_dir, split, file.stem)))
    new = memory.foreground(frame)
    size = np.array([frame.shape[1], frame.shape[0]])
    boxes, extent = corners(labels[:, :4], (frame.shape[1], frame.shape[0])), labels[:, 2:4] * size
    truth = labels[:, 4:].reshape(-1, KEYPOINTS, 3)
    blank = np.zeros((KEYPOINTS, 3), np.float32)
    (found,) = pose.look([Sight(frame, new, [Detection(box, 1.0, blank) for box in boxes])])
    points = np.array([one.keypoints for one in found], np.float64).reshape(-1, KEYPOINTS, 3)
    nothing = np.full(KEYPOINTS, np.nan, np.float32)
    sds = np.array([nothing if one.keypoint_sd is None else one.keypoint_sd for one in found], np.float64)
    gaps = points[..., :2] - truth[..., :2] * size
    return gaps, sds.reshape(-1, KEYPOINTS), points[..., 2], truth[..., 2], extent[:, 1], extent.prod(1)
