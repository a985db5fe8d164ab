"""Crops of people, and of what the detector took for people, for the pose network: prepared once, kept on disk."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracking.background import Background
from tracking.box_overlap import overlaps
from tracking.detect import PROPOSALS, YoloDetector
from tracking.pose import CROP_HEIGHT, CROP_WIDTH, KEYPOINTS, crop_window, cut
from tracking.training.pictures import (
    disturb,
    empty_view,
    labelled_files,
    memory_of,
    read_ignored,
    read_labels,
    read_picture,
)
from tracking.windows import busy_windows

WIDER = 1.5
"""Prepared crops are so many times as high as the network's, so that they can be turned and shifted."""
PREPARED_WIDTH, PREPARED_HEIGHT = round(CROP_WIDTH * WIDER), round(CROP_HEIGHT * WIDER)
_SMALLEST_PX = 16.0
_SAME, _OTHER = 0.4, 0.2
"""Overlap from which a proposal means a person, and under which it means nobody."""
_FEW_FILES = 64
Crop = tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Prepared crops, and who is meant in each.

    Args:
        crops: (N, 192, 144, 4) uint8 BGR and new.
        keypoints: (N, 17, 3) float32 x, y in px there, and the flag; all 0 where nobody is meant.
        boxes: (N, 4) float32 x1, y1, x2, y2 in px there; nan where nobody is meant.
    """

    crops: NDArray[np.uint8]
    keypoints: NDArray[np.float32]
    boxes: NDArray[np.float32]


def load_people(data_dir: Path, split: str, progress: Callable[[int, int], None] | None = None) -> People:
    """Everybody labelled in one split of a data set folder (see `load_pictures`), and what is taken for people there.

    The committed detector looks at every picture first. Half of the people are cut out as it found them, the others
    as they are labelled; what it found where nobody is, teaches the network to say so.

    Raises:
        BadTrainingData: no pictures, an unreadable picture, a missing empty view or a label of a wrong length.
    """
    files = labelled_files(data_dir, split)
    crops, rows = data_dir / f"people-{split}.u8", data_dir / f"people-{split}.npz"
    names = data_dir / f"people-{split}.json"
    if not names.exists() or json.loads(names.read_text()) != [file.name for file in files]:
        names.unlink(missing_ok=True)
        _prepare(data_dir, split, files, crops, rows, progress)
        names.write_text(json.dumps([file.name for file in files]))
    with np.load(rows) as kept:
        keypoints, boxes = kept["keypoints"], kept["boxes"]
    shape = (len(boxes), PREPARED_HEIGHT, PREPARED_WIDTH, 4)
    return People(np.memmap(crops, np.uint8, "r", shape=shape), keypoints, boxes)


def _prepare(
    data_dir: Path,
    split: str,
    files: list[Path],
    crops: Path,
    rows: Path,
    progress: Callable[[int, int], None] | None,
) -> None:
    detector = YoloDetector(settings=PROPOSALS)
    keypoints: list[NDArray[np.float32]] = []
    boxes: list[NDArray[np.float32]] = []
    with crops.open("wb") as out:
        for start in range(0, len(files), _FEW_FILES):
            for number, file in enumerate(files[start : start + _FEW_FILES], start):
                for crop, points, box in _crops_of(detector, data_dir, split, file, np.random.default_rng(number)):
                    out.write(crop.tobytes())
                    keypoints.append(points)
                    boxes.append(box)
            if progress:
                progress(min(start + _FEW_FILES, len(files)), len(files))
    np.savez(rows, keypoints=np.stack(keypoints), boxes=np.stack(boxes))


def _crops_of(
    detector: YoloDetector, data_dir: Path, split: str, file: Path, rng: np.random.Generator
) -> Iterator[Crop]:
    frame = read_picture(file)
    size = (frame.shape[1], frame.shape[0])
    memory = memory_of(disturb(read_picture(empty_view(data_dir, split, file.stem)), rng))
    found = proposals(detector, memory, frame)
    rows = read_labels(data_dir / "labels" / split / f"{file.stem}.txt")
    ignored = read_ignored(data_dir / "ignore" / split / f"{file.stem}.txt")
    people, others = corners(rows[:, :4], size), corners(ignored[:, :4], size)
    matches = overlaps(people, found)
    for row, person, match in zip(rows, people, matches, strict=True):
        if person[3] - person[1] < _SMALLEST_PX:
            continue
        best = int(match.argmax()) if len(match) else -1
        taken = found[best] if best >= 0 and match[best] >= _SAME and rng.random() < 0.5 else person
        points = row[4:].reshape(KEYPOINTS, 3) * (*size, 1)
        yield _cut_out(frame, memory.new, taken, points.astype(np.float32), person)
    nobody = np.concatenate([overlaps(people, found), overlaps(others, found)]).max(0, initial=0) < _OTHER
    for box in found[nobody]:
        nothing = np.zeros((KEYPOINTS, 3), np.float32), np.full(4, np.nan, np.float32)
        yield _cut_out(frame, memory.new, box, *nothing)


def proposals(detector: YoloDetector, memory: Background, frame: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(N, 4) xyxy px: whatever the detector takes for people in a (H, W, 3) frame, as a store would ask it."""
    shown = memory.dim(frame)
    windows = busy_windows(memory.new, np.zeros((0, 4)), (frame.shape[1], frame.shape[0]))
    found = detector.detect([shown], [windows])[0]
    return np.array([one.box for one in found], np.float32).reshape(-1, 4)


def corners(boxes: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.float32]:
    """(N, 4) xyxy px from (N, 4) centre, width and height as shares of a picture of `size` (width, height)."""
    centre, half = boxes[:, :2] * size, boxes[:, 2:4] * size / 2
    return np.concatenate([centre - half, centre + half], 1).astype(np.float32)


def _cut_out(
    frame: NDArray[np.uint8],
    new: NDArray[np.uint8],
    around: NDArray[np.float32],
    points: NDArray[np.float32],
    person: NDArray[np.float32],
) -> Crop:
    x, y, tall = crop_window(around)
    scale = PREPARED_HEIGHT / (tall * WIDER)
    middle = np.array((PREPARED_WIDTH, PREPARED_HEIGHT), np.float32) / 2
    moved = points.copy()
    moved[:, :2] = (points[:, :2] - (x, y)) * scale + middle
    box = (person - (x, y, x, y)) * scale + np.tile(middle, 2)
    crop = cut(frame, new, (x, y, tall * WIDER), (PREPARED_WIDTH, PREPARED_HEIGHT))
    return crop, moved, box.astype(np.float32)
