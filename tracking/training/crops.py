"""Pictures of single people with their identities, in Market-1501's file names: `0001_c1s1_000151_00.jpg`."""

import re
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.embed import CROP_HEIGHT, CROP_WIDTH
from tracking.training.pictures import BadTrainingData, read_picture

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


def _who(file: Path) -> tuple[int, int]:
    match = _NAME.match(file.name)
    if match is None:
        raise BadTrainingData(f"{file}: found this name, allowed: IDENTITY_cCAMERA..., as in Market-1501")
    return int(match[1]), int(match[2])
