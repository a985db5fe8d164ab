"""What a person looks like, as a unit vector: near for pictures of the same person, far for those of others.

Crops come from the plain frame, never from the dimmed one: the colour of clothes is most of what tells people apart.
"""

from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.openvino_network import OpenVinoNetwork

Frame = NDArray[np.uint8]
"""(H, W, 3) uint8, BGR."""

COMMITTED_WEIGHTS = Path(__file__).parent / "weights" / "embedder.xml"
CROP_WIDTH, CROP_HEIGHT = 64, 128
EMBEDDING_SIZE = 128


class Embedder(Protocol):
    """Describes the appearance of people."""

    def embed(self, image: Frame, boxes: NDArray[np.floating]) -> NDArray[np.float32]:
        """One unit vector for each of the (N, 4) xyxy px boxes in the (H, W, 3) image: (N, D) float32."""
        ...


class ReidEmbedder:
    """The re-identification network trained by `tracking.training.embedder`, run by OpenVINO."""

    def __init__(self, weights: Path | None = None) -> None:
        """Load the network in an OpenVINO `.xml`; None for the committed one.

        Raises:
            MissingWeights: no such file, or not a network.
        """
        self._network = OpenVinoNetwork(Path(weights or COMMITTED_WEIGHTS), "an embedder")

    def embed(self, image: Frame, boxes: NDArray[np.floating]) -> NDArray[np.float32]:
        """One unit vector for each of the (N, 4) xyxy px boxes in the (H, W, 3) image: (N, 128) float32."""
        if not len(boxes):
            return np.zeros((0, EMBEDDING_SIZE), np.float32)
        return self.embed_crops(crops(image, boxes))

    def embed_crops(self, people: NDArray[np.uint8]) -> NDArray[np.float32]:
        """One unit vector for each of (N, 128, 64, 3) uint8 BGR crops: (N, 128) float32."""
        return _unit(self._network.batch(people)[0])


class ColourEmbedder:
    """Histograms of hue and brightness in four bands of the body: the baseline that needs no training."""

    bands = 4

    def embed(self, image: Frame, boxes: NDArray[np.floating]) -> NDArray[np.float32]:
        """One unit vector for each of the (N, 4) xyxy px boxes in the (H, W, 3) image: (N, 192) float32."""
        if not len(boxes):
            return np.zeros((0, self.bands * 48), np.float32)
        return np.stack([self._describe(crop) for crop in crops(image, boxes)])

    def _describe(self, crop: Frame) -> NDArray[np.float32]:
        # The middle columns: the sides of a box are mostly background.
        middle = cv2.cvtColor(crop, cv2.COLOR_BGR2HSV)[:, CROP_WIDTH // 4 : -CROP_WIDTH // 4]
        histograms = [
            cv2.calcHist([band], [0, 1, 2], None, [6, 2, 4], [0, 180, 0, 256, 0, 256]).ravel()
            for band in np.split(middle, self.bands)
        ]
        described: NDArray[np.float32] = _unit(np.sqrt(np.concatenate(histograms))[None])[0]
        return described


def crops(image: Frame, boxes: NDArray[np.floating]) -> NDArray[np.uint8]:
    """The people in (N, 4) xyxy px boxes, each stretched to (128, 64): (N, 128, 64, 3) uint8.

    What of a box lies outside the image is left out; an empty box gives the nearest pixel.
    """
    height, width = image.shape[:2]
    people = np.empty((len(boxes), CROP_HEIGHT, CROP_WIDTH, 3), np.uint8)
    for person, (x1, y1, x2, y2) in zip(people, np.asarray(boxes, np.float64), strict=True):
        left, top = int(np.clip(x1, 0, width - 1)), int(np.clip(y1, 0, height - 1))
        right, bottom = max(left + 1, int(np.ceil(min(x2, width)))), max(top + 1, int(np.ceil(min(y2, height))))
        cv2.resize(image[top:bottom, left:right], (CROP_WIDTH, CROP_HEIGHT), dst=person)
    return people


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    result: NDArray[np.float32] = (vectors / np.maximum(norms, 1e-12)).astype(np.float32)
    return result
