"""Pictures of single people with their identities: files named as Market-1501's, or cut out of labelled frames."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.embed import CROP_HEIGHT, CROP_WIDTH, crops
from tracking.training.people import corners
from tracking.training.pictures import BadTrainingData, labelled_files, read_labels, read_picture

_LEAST_HEIGHT_PX = 32
_NAME = re.compile(r"^(-?\d+)_c(\d+)")


@dataclass(frozen=True, slots=True, eq=False)
class Crops:
    """Pictures of people.

    Args:
        images: (N, 128, 64, 3) uint8 BGR.
        identities: (N,) int, who it is.
        cameras: (N,) int, which camera took it.
    """

    images: NDArray[np.uint8]
    identities: NDArray[np.int64]
    cameras: NDArray[np.int64]


def load_crops(folder: Path) -> Crops:
    """Every `.jpg` of a folder; identities below 1 (Market-1501's rejects and passers-by) are left out.

    Raises:
        BadTrainingData: no pictures, or a name that is not Market-1501's.
    """
    files = [(file, _who(file)) for file in sorted(folder.glob("*.jpg"))]
    files = [(file, who) for file, who in files if who[0] >= 1]
    if not files:
        raise BadTrainingData(f"{folder}: no pictures named as Market-1501's")
    size = (CROP_WIDTH, CROP_HEIGHT)
    images = np.array([cv2.resize(read_picture(file), size) for file, _ in files], np.uint8)
    identities, cameras = np.array([who for _, who in files], np.int64).T
    return Crops(images, identities, cameras)


def load_frame_crops(data_dir: Path, split: str = "train", progress: Callable[[int, int], None] | None = None) -> Crops:
    """Everybody labelled in the frames of a data set folder, cut out with edges a few percent off, as a detector's are.

    Who is who stands in `identities/SPLIT/NAME.txt`, a number for each label row; a camera is told from the others by
    the frame's name, `1-0002-c0-003`.

    Raises:
        BadTrainingData: no pictures, or a frame without as many identities as people.
    """
    files = labelled_files(data_dir, split)
    images: list[NDArray[np.uint8]] = []
    identities: list[int] = []
    cameras: list[int] = []
    views: dict[str, int] = {}
    for number, file in enumerate(files):
        rows = read_labels(data_dir / "labels" / split / f"{file.stem}.txt")
        who = _identities(data_dir / "identities" / split / f"{file.stem}.txt", len(rows))
        if len(rows):
            frame = read_picture(file)
            boxes = corners(rows[:, :4], (frame.shape[1], frame.shape[0]))
            tall = boxes[:, 3] - boxes[:, 1] >= _LEAST_HEIGHT_PX
            size = np.tile(boxes[:, 2:] - boxes[:, :2], 2)
            shaken = boxes + np.random.default_rng(number).normal(0, 0.04, boxes.shape) * size
            images += list(crops(frame, shaken[tall]))
            identities += [one for one, counts in zip(who, tall, strict=True) if counts]
            cameras += [views.setdefault(file.stem.rpartition("-")[0], len(views) + 1)] * int(tall.sum())
        if progress:
            progress(number + 1, len(files))
    return Crops(np.array(images, np.uint8), np.array(identities, np.int64), np.array(cameras, np.int64))


def _identities(file: Path, people: int) -> list[int]:
    words = file.read_text().split() if file.exists() else []
    if len(words) != people or not all(word.isdigit() for word in words):
        raise BadTrainingData(f"{file}: found {len(words)} identities, allowed: one number for each of {people} people")
    return [int(word) for word in words]


def _who(file: Path) -> tuple[int, int]:
    match = _NAME.match(file.name)
    if match is None:
        raise BadTrainingData(f"{file}: found this name, allowed: IDENTITY_cCAMERA..., as in Market-1501")
    return int(match[1]), int(match[2])
