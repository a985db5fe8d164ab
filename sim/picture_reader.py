"""Reads kept pictures of people as an attacker would: with the project's own networks.

The re-identification network describes the whole person, mostly their clothes. The pose network finds the head, whose
upper half is mostly hair and whose lower half is mostly skin: colours that stay when clothes change, and that a blur
mixes but does not remove.
"""

from collections.abc import Sequence
from functools import cached_property
from hashlib import blake2b
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.crops import head_disc
from tracking.embed import EMBEDDING_SIZE, ReidEmbedder, crops
from tracking.observation import KEYPOINT_NAMES, Detection
from tracking.pose import CropPose, Sight

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
PICTURES_AT_ONCE = 64
LEAST_CONFIDENCE = 0.05
"""A picture shows one person, so that an uncertain one will do."""
MARGIN = 1 / 12
"""Room that `tracking.crops` leaves on every side, as a share of the picture's height."""
BODY = (0.36, 0.46)
"""Half axes, as shares of a picture's width and height, of the ellipse that is taken for the body: the pose network
wants to know what is new in a picture, and whoever finds one knows nothing of the empty store."""
HEAD_VALUES = 6
HALVES = (-0.7, 0.2, 1.0)
"""Where hair begins, meets the face, and where the face ends, in radii of the head below its centre."""
HALF_WIDTH = 0.6


class NetworkReader:
    """JPEG pictures of one person each -> what they show; a picture is read once, however many policies keep it.

    The networks are loaded with the first picture, so that judging stores without pictures costs nothing.
    """

    def __init__(self) -> None:
        """Loads nothing yet."""
        self._read: dict[bytes, tuple[Floats, Floats]] = {}

    @cached_property
    def _embedder(self) -> ReidEmbedder:
        return ReidEmbedder()

    @cached_property
    def _pose(self) -> CropPose:
        return CropPose()

    def describe(self, jpegs: Sequence[bytes]) -> Floats:
        """One unit vector for each picture: (N, 128) float32; nan where the bytes are no picture."""
        return np.array([whole for whole, _ in self._all(jpegs)], np.float32).reshape(-1, EMBEDDING_SIZE)

    def head_colours(self, jpegs: Sequence[bytes]) -> Floats:
        """(N, 6) float32 mean L*a*b* (0 to 255 each) of the head's upper and lower half; nan without a head."""
        return np.array([head for _, head in self._all(jpegs)], np.float32).reshape(-1, HEAD_VALUES)

    def _all(self, jpegs: Sequence[bytes]) -> list[tuple[Floats, Floats]]:
        names = [blake2b(jpeg, digest_size=16).digest() for jpeg in jpegs]
        new = {name: jpeg for name, jpeg in zip(names, jpegs, strict=True) if name not in self._read}
        for start in range(0, len(new), PICTURES_AT_ONCE):
            part = list(new)[start : start + PICTURES_AT_ONCE]
            self._read.update(zip(part, self._see([new[name] for name in part]), strict=True))
        return [self._read[name] for name in names]

    def _see(self, jpegs: Sequence[bytes]) -> list[tuple[Floats, Floats]]:
        # OpenCV raises on no bytes at all, and gives None for bytes that are no picture.
        decoded = [cv2.imdecode(np.frombuffer(jpeg or b"none", np.uint8), cv2.IMREAD_COLOR) for jpeg in jpegs]
        good = [np.asarray(picture, np.uint8) for picture in decoded if picture is not None]
        whole = np.full((len(jpegs), EMBEDDING_SIZE), np.nan, np.float32)
        heads = np.full((len(jpegs), HEAD_VALUES), np.nan, np.float32)
        if good:
            readable = [picture is not None for picture in decoded]
            boxes = [np.array([[0, 0, picture.shape[1], picture.shape[0]]]) for picture in good]
            tiles = [crops(picture, box)[0] for picture, box in zip(good, boxes, strict=True)]
            whole[readable] = self._embedder.embed_crops(np.stack(tiles))
            heads[readable] = self._heads(good)
        return list(zip(whole, heads, strict=True))

    def _heads(self, pictures: Sequence[Picture]) -> Floats:
        found = np.full((len(pictures), HEAD_VALUES), np.nan, np.float32)
        for number, picture in enumerate(pictures):
            ((person,),) = self._pose.look([Sight(picture, _body(picture), [_whole(picture)])])
            if person.confidence >= LEAST_CONFIDENCE:
                found[number] = colours_of_head(picture, head_disc(person.keypoints, person.box))
        return found


def _body(picture: Picture) -> NDArray[np.uint8]:
    """(H, W) 255 where the body of the person in a picture (H, W, 3) mostly is."""
    height, width = picture.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    axes = int(BODY[0] * width), int(BODY[1] * height)
    return np.asarray(cv2.ellipse(mask, (width // 2, height // 2), axes, 0, 0, 360, 255, -1), np.uint8)


def _whole(picture: Picture) -> Detection:
    """The person that a picture (H, W, 3) was cut around."""
    height, width = picture.shape[:2]
    room = min(MARGIN * height, 0.4 * width)
    box = np.array([room, MARGIN * height, width - room, height * (1 - MARGIN)], np.float32)
    return Detection(box, 1.0, np.zeros((len(KEYPOINT_NAMES), 3), np.float32))


def colours_of_head(picture: Picture, head: tuple[float, float, float]) -> Floats:
    """(6,) mean L*a*b* of the upper and lower half of a head: centre x, y and radius in pixels of the picture."""
    x, y, radius = head
    sides = [int(np.clip(round(x + side * radius), 0, picture.shape[1])) for side in (-HALF_WIDTH, HALF_WIDTH)]
    rows = [int(np.clip(round(y + part * radius), 0, picture.shape[0])) for part in HALVES]
    halves = [picture[top:bottom, sides[0] : sides[1]] for top, bottom in pairwise(rows)]
    if any(half.size == 0 for half in halves):
        return np.full(HEAD_VALUES, np.nan, np.float32)
    lab = [cv2.cvtColor(half, cv2.COLOR_BGR2LAB).reshape(-1, 3).mean(axis=0) for half in halves]
    return np.concatenate(lab).astype(np.float32)
