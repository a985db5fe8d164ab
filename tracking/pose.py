"""A second look at everybody whom the detector found: a small network over crops, with honest errors.

The detector looks at whole frames and has a few pixels for a hand. This network looks at one person at a time, at a
size of its own. It says of each keypoint where it is, how far off that may be, and whether it is in view; draws the box
anew; and says how well that box fits a person, or that there is none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.box_overlap import suppress
from tracking.observation import KEYPOINT_NAMES, Detection
from tracking.openvino_network import OpenVinoNetwork

Frame = NDArray[np.uint8]
"""(H, W, 3) uint8, BGR."""

COMMITTED_WEIGHTS = Path(__file__).parent / "weights" / "pose.xml"
CROP_WIDTH, CROP_HEIGHT = 96, 128
ROOM = 1.25
"""A crop is so many times as high, or as wide, as its box."""
KEYPOINTS = len(KEYPOINT_NAMES)
FILL = 128


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """People found in a frame, to be looked at again.

    Args:
        frame: the plain frame (H, W, 3) BGR.
        new: (h, w) uint8 what is new in it, 255 new, of any size (see `Background.new`).
        people: found in it.
    """

    frame: Frame
    new: NDArray[np.uint8]
    people: Sequence[Detection]


class PoseEstimator(Protocol):
    """Finds the keypoints of detected people."""

    def refine(self, sights: Sequence[Sight]) -> list[list[Detection]]:
        """The people of each frame with better keypoints; whoever is nobody, or somebody else, may be left out."""
        ...


@dataclass(frozen=True, slots=True)
class SecondLookSettings:
    """Who remains after the second look."""

    confidence: float = 0.42
    """Least confidence, 0 to 1, of both looks together."""
    overlap: float = 0.5
    """Intersection over union from which the less certain of two boxes is taken for the same person."""
    trust: float = 0.7
    """Weight of the second look's logarithm beside the first's (which has the rest)."""


class CropPose:
    """The committed pose network, run by OpenVINO."""

    def __init__(self, weights: Path | None = None, settings: SecondLookSettings | None = None) -> None:
        """Load the network in an OpenVINO `.xml`; None for the committed one.

        Raises:
            MissingWeights: no such file, or not a network.
        """
        self.settings = settings or SecondLookSettings()
        self._network = OpenVinoNetwork(Path(weights or COMMITTED_WEIGHTS), "a pose network", to_rgb=False)

    def refine(self, sights: Sequence[Sight]) -> list[list[Detection]]:
        """Of each frame who is somebody, most certain first, looked at anew; see `PoseEstimator`."""
        return [self._chosen(people) for people in self.look(sights)]

    def look(self, sights: Sequence[Sight]) -> list[list[Detection]]:
        """All of the people, in the same order, with keypoints, their errors, box and confidence of both looks."""
        windows = [[crop_window(one.box) for one in sight.people] for sight in sights]
        crops = [cut(sight.frame, sight.new, one) for sight, own in zip(sights, windows, strict=True) for one in own]
        if not crops:
            return [[] for _ in sights]
        points, boxes = self._network.batch(np.stack(crops))
        rows = iter(zip(points, boxes, strict=True))
        return [
            [
                self._placed(one.confidence, *next(rows), window, (sight.frame.shape[1], sight.frame.shape[0]))
                for one, window in zip(sight.people, own, strict=True)
            ]
            for sight, own in zip(sights, windows, strict=True)
        ]

    def _chosen(self, people: Sequence[Detection]) -> list[Detection]:
        seen = [one for one in people if one.confidence >= self.settings.confidence]
        if not seen:
            return []
        boxes, confidences = np.stack([one.box for one in seen]), np.array([one.confidence for one in seen], np.float32)
        return [seen[k] for k in suppress(boxes, confidences, self.settings.overlap)]

    def _placed(
        self,
        confidence: float,
        points: NDArray[np.float32],
        box: NDArray[np.float32],
        window: tuple[float, float, float],
        size: tuple[int, int],
    ) -> Detection:
        """A person from the network's keypoints (17, 4) and box (5,), lengths being shares of the crop's height."""
        x, y, tall = window
        corner = np.array((x - tall * CROP_WIDTH / CROP_HEIGHT / 2, y - tall / 2))
        keypoints = np.empty((KEYPOINTS, 3), np.float32)
        keypoints[:, :2] = corner + points[:, :2] * tall
        keypoints[:, 2] = points[:, 3]
        edges = np.clip(np.tile(corner, 2) + box[:4] * tall, 0, np.tile(size, 2)).astype(np.float32)
        edges[2:] = np.maximum(edges[2:], edges[:2] + 1)
        trust = self.settings.trust
        both = float(confidence) ** (1 - trust) * float(box[4]) ** trust
        # The scale is that of a Laplace distribution.
        return Detection(edges, both, keypoints, (np.sqrt(2) * tall * points[:, 2]).astype(np.float32))


def crop_window(box: NDArray[np.floating]) -> tuple[float, float, float]:
    """Centre x, centre y and height in px of the crop of a box (4,) xyxy; it is three quarters as wide as high."""
    width, height = float(box[2] - box[0]), float(box[3] - box[1])
    tall = ROOM * max(height, width * CROP_HEIGHT / CROP_WIDTH, 8.0)
    return float(box[0] + box[2]) / 2, float(box[1] + box[3]) / 2, tall


def cut(
    frame: Frame, new: NDArray[np.uint8], window: tuple[float, float, float], size: tuple[int, int] | None = None
) -> NDArray[np.uint8]:
    """What a window (see `crop_window`) of a frame holds, and what of it is new: (128, 96, 4) uint8, or of `size`.

    Args:
        frame: (H, W, 3) uint8.
        new: (h, w) uint8 of any size.
        window: in px of the frame.
        size: width and height in px of the result.
    """
    width, height = size or (CROP_WIDTH, CROP_HEIGHT)
    x, y, tall = window
    crop = np.empty((height, width, 4), np.uint8)
    scale = height / tall
    shift = (width / 2 - scale * x, height / 2 - scale * y)
    matrix = np.array([[scale, 0, shift[0]], [0, scale, shift[1]]])
    crop[..., :3] = cv2.warpAffine(frame, matrix, (width, height), borderValue=(FILL, FILL, FILL))
    across, down = frame.shape[1] / new.shape[1], frame.shape[0] / new.shape[0]
    coarse = np.array([[scale * across, 0, shift[0]], [0, scale * down, shift[1]]])
    crop[..., 3] = cv2.warpAffine(new, coarse, (width, height))
    return crop
