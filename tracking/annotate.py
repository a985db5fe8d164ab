"""What the tracker believes, drawn on a camera's picture: box, name and skeleton in one colour for each person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.observation import Observation

Frame = NDArray[np.uint8]
Colour = tuple[int, int, int]
Pixel = tuple[int, int]

_BONES = (
    (5, 7), (7, 9), (6, 8), (8, 10), (5, 6), (5, 11), (6, 12), (11, 12), (11, 13), (13, 15), (12, 14), (14, 16),
    (0, 5), (0, 6),
)  # fmt: skip
_NOBODY: Colour = (150, 150, 150)
# Fractions of a golden-angle turn apart, so that neighbouring ids never look alike.
_GOLDEN = 0.618033988749895
_FONT = cv2.FONT_HERSHEY_DUPLEX


def track_colour(track: int) -> Colour:
    """The colour (blue, green, red) of a track, the same in every picture and on every camera."""
    hue = int((track * _GOLDEN % 1.0) * 180)
    shade = 235 if track % 2 else 255
    pixel = cv2.cvtColor(np.array([[[hue, 170, shade]]], np.uint8), cv2.COLOR_HSV2BGR)[0, 0]
    return int(pixel[0]), int(pixel[1]), int(pixel[2])


def annotate(
    frame: Frame,
    people: Sequence[tuple[Observation, int | None]],
    names: Mapping[int, str] | None = None,
    keypoint_confidence: float = 0.45,
) -> Frame:
    """A copy of `frame` with everybody drawn on it.

    Args:
        frame: (H, W, 3) BGR uint8.
        people: observations of this camera at this tick with their track; None is drawn thin and grey.
        names: what to write for a track instead of its number.
        keypoint_confidence: keypoints below are not drawn.
    """
    picture = frame.copy()
    scale = max(0.5, frame.shape[1] / 1280)
    for one, track in sorted(people, key=lambda pair: (pair[1] is not None, float(pair[0].box[3]))):
        colour = _NOBODY if track is None else track_colour(track)
        if track is not None:
            _draw_skeleton(picture, one, colour, keypoint_confidence)
        _draw_corners(picture, one.box, colour, thin=track is None)
        if track is not None:
            text = (names or {}).get(track, f"{track}")
            _draw_label(picture, text, (int(one.box[0]), int(one.box[1])), colour, scale)
    return picture


def _draw_skeleton(picture: Frame, one: Observation, colour: Colour, least: float) -> None:
    points = [(int(x), int(y)) for x, y, _ in one.keypoints]
    sure = one.keypoints[:, 2] >= least
    for start, end in _BONES:
        if sure[start] and sure[end]:
            cv2.line(picture, points[start], points[end], colour, 1, cv2.LINE_AA)
    for wrist in (9, 10):
        if sure[wrist]:
            cv2.circle(picture, points[wrist], 2, (255, 255, 255), -1, cv2.LINE_AA)


def _draw_corners(picture: Frame, box: NDArray[np.float32], colour: Colour, thin: bool) -> None:
    """A faint rectangle with strong corners: the person stays visible."""
    left, top, right, bottom = (int(value) for value in box)
    cv2.rectangle(picture, (left, top), (right, bottom), colour, 1, cv2.LINE_AA)
    if thin:
        return
    arm = max(4, min(right - left, bottom - top) // 5)
    for x, dx in ((left, arm), (right, -arm)):
        for y, dy in ((top, arm), (bottom, -arm)):
            cv2.line(picture, (x, y), (x + dx, y), colour, 2, cv2.LINE_AA)
            cv2.line(picture, (x, y), (x, y + dy), colour, 2, cv2.LINE_AA)


def _draw_label(picture: Frame, text: str, corner: Pixel, colour: Colour, scale: float) -> None:
    """A rounded plate above the box, or inside it where the picture ends, with dark text."""
    (width, height), _ = cv2.getTextSize(text, _FONT, 0.8 * scale, 1)
    pad = max(3, round(6 * scale))
    plate = (width + 2 * pad, height + 2 * pad)
    left = min(max(corner[0] - 1, 0), max(0, picture.shape[1] - plate[0] - 1))
    top = corner[1] - plate[1] - 1
    if top < 0:
        top = min(max(corner[1] + 1, 0), max(0, picture.shape[0] - plate[1] - 1))
    _rounded(picture, (left, top), (left + plate[0], top + plate[1]), colour, pad)
    cv2.putText(picture, text, (left + pad, top + pad + height), _FONT, 0.8 * scale, (25, 25, 25), 1, cv2.LINE_AA)


def _rounded(picture: Frame, low: Pixel, high: Pixel, colour: Colour, radius: int) -> None:
    (left, top), (right, bottom) = low, high
    cv2.rectangle(picture, (left + radius, top), (right - radius, bottom), colour, -1)
    cv2.rectangle(picture, (left, top + radius), (right, bottom - radius), colour, -1)
    for x in (left + radius, right - radius):
        for y in (top + radius, bottom - radius):
            cv2.circle(picture, (x, y), radius, colour, -1, cv2.LINE_AA)
