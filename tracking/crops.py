"""Pictures of tracked people cut from a frame, and the same with the head blurred."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.observation import KEYPOINT_NAMES, Observation

Picture = NDArray[np.uint8]

MARGIN = 0.1
"""Room on every side of the box, as a share of its height."""

JPEG_QUALITY = 85
_FACE = slice(0, 5)
_SHOULDERS = [KEYPOINT_NAMES.index("left_shoulder"), KEYPOINT_NAMES.index("right_shoulder")]

# The face's keypoints lie 0.2 m above the shoulders of an adult 1.75 m tall, whose head reaches 0.14 m around them.
_OF_NECK = 0.65
_OF_SHOULDERS = 0.36
_OF_BOX = 0.075
_TO_CROWN = 0.15
_SIGMA = 0.5
"""Standard deviation of the blur as a share of the head's radius: no feature of a face is left."""


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """One picture (H, W, 3) uint8 BGR of a person, and where its top-left pixel lies in the frame, pixels."""

    picture: Picture
    left: int
    top: int


def crop_of(frame: Picture, box: NDArray[np.floating]) -> Crop:
    """The pixels of a frame (H, W, 3) in a box (4,) x1, y1, x2, y2 with some room, cut at the frame's edges."""
    room = MARGIN * float(box[3] - box[1])
    height, width = frame.shape[:2]
    left, top = (int(np.clip(np.floor(box[k] - room), 0, (width, height)[k] - 1)) for k in range(2))
    right, bottom = (int(np.clip(np.ceil(box[k + 2] + room), 1, (width, height)[k])) for k in range(2))
    return Crop(frame[top : max(bottom, top + 1), left : max(right, left + 1)], left, top)


def head_blurred(crop: Crop, keypoints: NDArray[np.float32], box: NDArray[np.floating]) -> Picture:
    """The crop's picture with a Gaussian blur over the head; the rest is untouched.

    The head is a disc (`head_disc`), as keypoints (17, 3) in pixels of the frame place it, whether they are in view or
    guessed: who turns away has a head too. Where the pose is wrong the head stays sharp, as in any such product.
    """
    x, y, radius = head_disc(keypoints, box)
    x, y = x - crop.left, y - crop.top
    mask = np.zeros(crop.picture.shape[:2], np.uint8)
    cv2.circle(mask, (round(x), round(y)), max(1, round(radius)), 1, -1)
    soft = cv2.GaussianBlur(crop.picture, (0, 0), max(1.0, _SIGMA * radius))
    return np.where(mask[..., None] > 0, soft, crop.picture).astype(np.uint8)


def head_disc(keypoints: NDArray[np.float32], box: NDArray[np.floating]) -> tuple[float, float, float]:
    """Centre x, y and radius in pixels of a disc over the head of keypoints (17, 3) and box (4,)."""
    face, shoulders = keypoints[_FACE, :2], keypoints[_SHOULDERS, :2]
    up = face.mean(axis=0) - shoulders.mean(axis=0)
    # The crown is farther from the eyes than the chin is.
    centre = face.mean(axis=0) + _TO_CROWN * up
    neck = float(np.linalg.norm(up))
    across = float(np.linalg.norm(shoulders[0] - shoulders[1]))
    least = _OF_BOX * float(box[3] - box[1])
    radius = max(_OF_NECK * neck, _OF_SHOULDERS * across, least)
    # A pose gone astray must not blur the whole picture.
    return float(centre[0]), float(centre[1]), min(radius, 3.0 * least)


def jpeg(picture: Picture) -> bytes:
    """The picture as a JPEG file of quality 85."""
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return encoded.tobytes()


def clearness(sighting: Observation) -> float:
    """How well a camera sees a person: the box's height in pixels times the mean confidence of the keypoints."""
    return float(sighting.box[3] - sighting.box[1]) * float(sighting.keypoints[:, 2].mean())
