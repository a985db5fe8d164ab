"""A made-up shop front, and what a camera sees of it when it is turned: drawn by homographies, not by our own code."""

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.camera import Camera

WIDTH, HEIGHT = 640, 360
FOCAL = 420.0
_MARGIN = 300


def shop_camera() -> Camera:
    """A camera of 75 degrees without distortion, 2.6 m above the floor."""
    camera = Camera.look_at(
        "shop", (0.0, 0.0, 2.6), (0.0, 5.0, 1.0), 2 * np.degrees(np.arctan(320 / FOCAL)), WIDTH, HEIGHT
    )
    assert abs(camera.matrix[0, 0] - FOCAL) < 1e-6
    return camera


def turn(pan_deg: float, tilt_deg: float, roll_deg: float) -> NDArray[np.float64]:
    """(3, 3) rotation of a camera's rays in its own frame."""
    vector = np.radians([tilt_deg, pan_deg, roll_deg])
    return np.asarray(cv2.Rodrigues(vector)[0], np.float64)


def shop_front(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A picture that reaches beyond the camera's view on all sides: shelves full of coloured packets."""
    height, width = HEIGHT + 2 * _MARGIN, WIDTH + 2 * _MARGIN
    picture = np.full((height, width, 3), (150, 160, 170), np.uint8)
    for _ in range(900):
        x, y = int(rng.integers(0, width - 40)), int(rng.integers(0, height - 40))
        colour = tuple(int(c) for c in rng.integers(30, 220, 3))
        cv2.rectangle(picture, (x, y), (x + int(rng.integers(8, 40)), y + int(rng.integers(8, 40))), colour, -1)
    return picture


def seen(front: NDArray[np.uint8], camera: Camera, rotation: NDArray[np.float64] | None = None) -> NDArray[np.uint8]:
    """What the camera sees of the front after its rays were turned by `rotation`."""
    wide = camera.matrix.copy()
    wide[:2, 2] += _MARGIN
    warp = camera.matrix @ (np.eye(3) if rotation is None else rotation) @ np.linalg.inv(wide)
    return np.asarray(cv2.warpPerspective(front, warp, (WIDTH, HEIGHT), flags=cv2.INTER_AREA), np.uint8)


def visited(
    frame: NDArray[np.uint8], rng: np.random.Generator, people: int = 3
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The frame with people of random colours before it, and their boxes (N, 4)."""
    picture, boxes = frame.copy(), []
    for _ in range(people):
        x, y = int(rng.integers(0, WIDTH - 80)), int(rng.integers(40, HEIGHT - 180))
        cv2.rectangle(picture, (x, y), (x + 70, y + 170), tuple(int(c) for c in rng.integers(0, 255, 3)), -1)
        boxes.append((x, y, x + 71, y + 171))
    return picture, np.array(boxes, np.float64).reshape(-1, 4)


def recorded(frame: NDArray[np.uint8], rng: np.random.Generator, gain: float = 1.0) -> NDArray[np.uint8]:
    """The frame in another light with a sensor's noise."""
    return np.clip(frame * gain + rng.normal(0, 3, frame.shape), 0, 255).astype(np.uint8)
