"""The scene that trackers are checked on: two coloured people walk past three cameras, and a detector sees them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.camera import Camera
from tracking.floor import FloorArea
from tracking.observation import Detection

Frame = NDArray[np.uint8]
TICK_S = 0.1
TICKS = 40
_WIDTH, _HEIGHT = 320, 180
_COLOURS = ((255, 0, 255), (0, 255, 0))
_STATURE_M, _HALF_M = 1.7, 0.15


def walk_cameras() -> dict[str, Camera]:
    """Three cameras high in the corners of a room of 6 m x 5 m."""
    places = {"a": (0.0, 0.0), "b": (6.0, 0.0), "c": (3.0, 5.0)}
    return {
        name: Camera.look_at(name, (*place, 2.8), (3.0, 2.5, 0.8), 95.0, _WIDTH, _HEIGHT)
        for name, place in places.items()
    }


def walk_area() -> FloorArea:
    """The room; people may appear anywhere in it."""
    return FloorArea(np.array([(0.0, 0.0), (6.0, 0.0), (6.0, 5.0), (0.0, 5.0)]), ())


def places_at(tick: int) -> NDArray[np.float64]:
    """(2, 2) metres: where the two are; they pass each other 1.6 m apart."""
    return np.array([(1.5 + 0.07 * tick, 1.7), (4.5 - 0.07 * tick, 3.3)])


def frames_at(tick: int) -> dict[str, Frame]:
    """The cameras' pictures at a tick, read-only; before the first (tick -1) the room is empty."""
    return {name: _frame(name, tick) for name in walk_cameras()}


class BlockDetector:
    """Finds the coloured people, by their boxes alone."""

    dimmed = False

    def detect(
        self, images: Sequence[Frame], windows: Sequence[NDArray[np.floating]] | None = None
    ) -> list[list[Detection]]:
        """The people in each image; see `tracking.detect.Detector`."""
        return [[found for colour in _COLOURS if (found := _block(image, colour)) is not None] for image in images]


@cache
def _frame(name: str, tick: int) -> Frame:
    camera, frame = walk_cameras()[name], np.full((_HEIGHT, _WIDTH, 3), 90, np.uint8)
    if tick >= 0:
        order = np.argsort(-np.linalg.norm(places_at(tick) - camera.centre[:2], axis=1))
        for person in order:  # the nearer hides the farther
            _draw(frame, camera, places_at(tick)[person], _COLOURS[person])
    frame.setflags(write=False)
    return frame


def _draw(frame: Frame, camera: Camera, place: NDArray[np.float64], colour: tuple[int, int, int]) -> None:
    sides = (-_HALF_M, _HALF_M)
    corners = [(place[0] + dx, place[1] + dy, z) for dx in sides for dy in sides for z in (0.0, _STATURE_M)]
    pixels = camera.project(corners)
    if np.isfinite(pixels).all():
        (left, top), (right, bottom) = pixels.min(axis=0).round().astype(int), pixels.max(axis=0).round().astype(int)
        cv2.rectangle(frame, (int(left), int(top)), (int(right), int(bottom)), colour, -1)


def _block(image: Frame, colour: tuple[int, int, int]) -> Detection | None:
    rows, columns = np.nonzero((image == np.array(colour, np.uint8)).all(axis=2))
    if len(rows) < 40:
        return None
    box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float32)
    return Detection(box, 0.9, np.zeros((17, 3), np.float32))
