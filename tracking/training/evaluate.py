"""How good the detector is, in the windows of a store, on pictures it never saw: COCO's average precisions."""

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracking.detect import DetectorSettings, YoloDetector
from tracking.observation import KEYPOINT_NAMES, Detection
from tracking.pose import PoseEstimator, Sight
from tracking.training.pictures import empty_view, labelled_files, memory_of, read_labels, read_picture
from tracking.windows import busy_windows

_BATCH = 16


@dataclass(frozen=True, slots=True)
class DetectorScore:
    """A detector's quality on a set of pictures. All rates are fractions of one.

    Computed by pycocotools, COCO's own implementation. People too hidden or too small to count are ignore regions:
    detections there are neither right nor wrong.
    """

    pictures: int
    people: int
    ap50: float
    """Average precision at an intersection over union of 0.5."""
    ap50_95: float
    """Average precision, mean over intersections over union of 0.50, 0.55, ... 0.95."""
    keypoint_ap50: float
    """Average precision of keypoints at an object keypoint similarity of 0.5."""
    recall50: float
    """Share of people found at any confidence, at an intersection over union of 0.5."""


def evaluate_detector(
    weights: Path | None,
    data_dir: Path,
    split: str = "test",
    limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    pose: PoseEstimator | None = None,
) -> DetectorScore:
    """Score the detector in `weights` (None: the committed one) on one split of a data set folder.

    Args:
        weights: see `YoloDetector`.
        data_dir: the data set.
        split: which of its splits.
        limit: measure on about that many pictures only, spread over the split.
        progress: called with (done, all).
        pose: finds the keypoints; None takes the detector's own.

    Raises:
        MissingWeights: no network there.
        BadTrainingData: no pictures there.
    """
    files = labelled_files(data_dir, split)
    if limit is not None:
        files = files[:: max(1, len(files) // limit)]
    detector = YoloDetector(weights, settings=DetectorSettings(confidence=0.02, overlap=0.7, most=100))
    truths: list[dict[str, Any]] = []
    found: list[dict[str, Any]] = []
    sizes: list[tuple[int, int]] = []
    for start in range(0, len(files), _BATCH):
        batch = files[start : start + _BATCH]
        frames = [read_picture(file) for file in batch]
        empties = [read_picture(empty_view(data_dir, split, file.stem)) for file in batch]
        memories = [memory_of(empty) for empty in empties]
        shown = [memory.dim(frame) for memory, frame in zip(memories, frames, strict=True)]
        windows = [
            busy_windows(memory.new, np.zeros((0, 4)), (picture.shape[1], picture.shape[0]))
            for memory, picture in zip(memories, shown, strict=True)
        ]
        results = detector.detect(shown, windows)
        for file, frame, memory, people in zip(batch, frames, memories, results, strict=True):
            if pose is not None:
                (people,) = pose.refine([Sight(frame, memory.new, people)])
            size = (frame.shape[1], frame.shape[0])
            sizes.append(size)
            truths += _truths(data_dir, split, file.stem, size, len(sizes))
            found += [_found(person, len(sizes)) for person in people]
        if progress:
            progress(len(sizes), len(files))
    return score(truths, found, sizes)


def score(truths: list[dict[str, Any]], found: list[dict[str, Any]], sizes: list[tuple[int, int]]) -> DetectorScore:
    """COCO's figures for annotations and results in COCO's own form; `sizes` (width, height) of images 1 to N."""
    people = sum(not truth["iscrowd"] for truth in truths)
    if not found or not people:
        return DetectorScore(len(sizes), people, 0.0, 0.0, 0.0, 0.0)
    with contextlib.redirect_stdout(io.StringIO()):
        boxes = _coco_eval(truths, found, sizes, "bbox")
        keypoints = _coco_eval(truths, found, sizes, "keypoints")
    precision = boxes.eval["precision"]  # (thresholds, recalls, classes, areas, most)
    recall50 = float(boxes.eval["recall"][0, 0, 0, -1])
    return DetectorScore(
        pictures=len(sizes),
        people=people,
        ap50=float(precision[0, :, 0, 0, -1].mean()),
        ap50_95=float(precision[:, :, 0, 0, -1].mean()),
        keypoint_ap50=float(keypoints.eval["precision"][0, :, 0, 0, -1].mean()),
        recall50=recall50,
    )


def _coco_eval(
    truths: list[dict[str, Any]], found: list[dict[str, Any]], sizes: list[tuple[int, int]], kind: str
) -> Any:
    from pycocotools.coco import COCO  # type: ignore[import-untyped]
    from pycocotools.cocoeval import COCOeval  # type: ignore[import-untyped]

    coco = COCO()
    coco.dataset = {
        "images": [{"id": i + 1, "width": w, "height": h} for i, (w, h) in enumerate(sizes)],
        "annotations": [dict(truth, id=i + 1) for i, truth in enumerate(truths)],
        "categories": [{"id": 1, "name": "person", "keypoints": list(KEYPOINT_NAMES)}],
    }
    coco.createIndex()
    keys = ("image_id", "category_id", "score", "bbox" if kind == "bbox" else "keypoints")
    judge = COCOeval(coco, coco.loadRes([{key: row[key] for key in keys} for row in found]), kind)
    judge.params.areaRng, judge.params.areaRngLbl = [[0, 1e10]], ["all"]
    judge.params.maxDets = [100]
    judge.evaluate()
    judge.accumulate()
    return judge


def _truths(data_dir: Path, split: str, stem: str, size: tuple[int, int], image: int) -> list[dict[str, Any]]:
    people = read_labels(data_dir / "labels" / split / f"{stem}.txt")
    truths = [_truth(row[:4], row[4:].reshape(17, 3), size, image, ignored=False) for row in people]
    ignored = data_dir / "ignore" / split / f"{stem}.txt"
    if ignored.exists():
        # Rows of class, box, visible share.
        rows = [[float(value) for value in line.split()[1:5]] for line in ignored.read_text().splitlines() if line]
        truths += [_truth(np.array(row), np.zeros((17, 3)), size, image, ignored=True) for row in rows]
    return truths


def _truth(
    box: NDArray[Any], keypoints: NDArray[Any], size: tuple[int, int], image: int, ignored: bool
) -> dict[str, Any]:
    centre, extent = box[:2] * size, box[2:4] * size
    points = np.array(keypoints, np.float64)
    points[:, :2] *= size
    return {
        "image_id": image,
        "category_id": 1,
        "bbox": [*(centre - extent / 2).tolist(), *extent.tolist()],
        "area": float(extent.prod()),
        "iscrowd": int(ignored),
        "keypoints": points.ravel().tolist(),
        "num_keypoints": int((points[:, 2] > 0).sum()),
    }


def _found(person: Detection, image: int) -> dict[str, Any]:
    left, top, right, bottom = person.box.tolist()
    return {
        "image_id": image,
        "category_id": 1,
        "bbox": [left, top, right - left, bottom - top],
        "score": person.confidence,
        "keypoints": person.keypoints.astype(np.float64).ravel().tolist(),
    }
