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
from tracking.detect import DetectorSettings, YoloDetector
from tracking.embed import EMBEDDING_SIZE, ReidEmbedder, crops
from tracking.observation import Detection

Picture = NDArray[np.uint8]
Floats = NDArray[np.float32]
Place = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""

PICTURES_AT_ONCE = 64
SHEET_WIDTH, SHEET_HEIGHT, TALLEST, ENLARGED = 640, 360, 240, 3.0
"""Pictures are laid on sheets of a frame's size, as the pose network has seen people in frames; small ones are
enlarged, which brings the head that it finds nearer to its place."""
LEAST_CONFIDENCE, LEAST_OVERLAP = 0.05, 0.4
"""A picture shows one person, so that an uncertain one will do if it lies where the picture was cut."""
MARGIN = 1 / 12
"""Room that `tracking.crops` leaves on every side, as a share of the picture's height."""
GREY = 128
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
    def _detector(self) -> YoloDetector:
        return YoloDetector(settings=DetectorSettings(confidence=LEAST_CONFIDENCE))

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
        # Each on a sheet of its own: beside others it would be read a little differently in every company.
        sheets, places = zip(*(_sheet(picture) for picture in pictures), strict=True)
        windows = [np.array([[left, top, left + width, top + height]]) for left, top, width, height in places]
        found = np.full((len(pictures), HEAD_VALUES), np.nan, np.float32)
        for number, people in enumerate(self._detector.detect(sheets, windows)):
            left, top, width, height = places[number]
            overlaps = [_overlap(person, places[number]) for person in people]
            if overlaps and max(overlaps) >= LEAST_OVERLAP:
                head = _head_of(people[int(np.argmax(overlaps))], places[number])
                found[number] = colours_of_head(sheets[number][top : top + height, left : left + width], head)
        return found


def _sheet(picture: Picture) -> tuple[Picture, Place]:
    """A grey sheet with the picture in its middle, and its place there."""
    scale = min(ENLARGED, TALLEST / picture.shape[0], SHEET_WIDTH / picture.shape[1])
    width, height = (max(1, int(size * scale)) for size in (picture.shape[1], picture.shape[0]))
    left, top = (SHEET_WIDTH - width) // 2, (SHEET_HEIGHT - height) // 2
    sheet = np.full((SHEET_HEIGHT, SHEET_WIDTH, 3), GREY, np.uint8)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    sheet[top : top + height, left : left + width] = cv2.resize(picture, (width, height), interpolation=way)
    return sheet, (left, top, width, height)


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


def _head_of(person: Detection, place: Place) -> tuple[float, float, float]:
    x, y, radius = head_disc(person.keypoints, person.box)
    return x - place[0], y - place[1], radius


def _overlap(person: Detection, place: Place) -> float:
    """Intersection over union of a found person with the box that a picture was cut around."""
    left, top, width, height = place
    room = MARGIN * height
    box = np.array([left + room, top + room, left + width - room, top + height - room])
    inner = np.minimum(person.box[2:], box[2:]) - np.maximum(person.box[:2], box[:2])
    shared = float(np.prod(np.maximum(inner, 0)))
    return shared / max(1.0, float(np.prod(person.box[2:] - person.box[:2]) + np.prod(box[2:] - box[:2])) - shared)
