"""Random changes to a training picture and its labels: mirror, zoom, shift, brightness, colour cast, noise."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

MIRRORED_KEYPOINTS = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]
FILL = 128
_LEAST_ZOOM, _MOST_ZOOM = 0.7, 1.6
_KEPT_SHARE = 0.3
_SMALLEST_PX = 5.0


def augmented(
    image: NDArray[np.uint8], people: NDArray[np.float32], size: tuple[int, int], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A part of one picture as the network shall see it this time, as a store shows it parts of a frame.

    Args:
        image: (H, W, 3) uint8.
        people: (n, 55) float32, box and keypoints as shares of the picture (see `Pictures`).
        size: (width, height) px of the result; filled up with grey where the picture is too small.
        rng: source of every choice.

    Returns:
        The new picture (height, width, 3) uint8 and its people (m, 55), m <= n: who left it is gone.
    """
    height, width = image.shape[:2]
    zoom = math.exp(rng.uniform(math.log(_LEAST_ZOOM), math.log(_MOST_ZOOM)))
    sign = -1.0 if rng.random() < 0.5 else 1.0
    # What lies in the middle of the result: anywhere, so long as the result is filled.
    room = np.maximum(np.array([width, height]) - np.array(size) / zoom, 0)
    middle = np.array([width, height]) / 2 + rng.uniform(-0.5, 0.5, 2) * room
    x0, y0 = np.array(size) / 2 - zoom * middle * (sign, 1)
    matrix = np.array([[sign * zoom, 0, x0], [0, zoom, y0]])
    picture = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderValue=(FILL, FILL, FILL))
    return _recoloured(picture, rng), _moved(people, (width, height), matrix, size)  # type: ignore[arg-type]


def relit(
    picture: NDArray[np.uint8], rng: np.random.Generator, brightness: float, cast: float, offset: float
) -> NDArray[np.uint8]:
    """A picture (H, W, 3) under other light.

    Args:
        picture: uint8.
        rng: source of every choice.
        brightness: all channels become up to this share brighter or darker.
        cast: and each channel by itself up to this share.
        offset: grey levels added or taken, at most.
    """
    gains = rng.uniform(1 - brightness, 1 + brightness) * rng.uniform(1 - cast, 1 + cast, 3)
    table = np.clip(np.arange(256)[:, None] * gains + rng.uniform(-offset, offset), 0, 255).astype(np.uint8)
    return np.asarray(cv2.LUT(picture, table[None]), np.uint8)


def _recoloured(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    picture = relit(picture, rng, 0.15, 0.05, 12)
    if rng.random() < 0.3:
        noise = rng.integers(-6, 7, picture.shape, np.int16)
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    return picture


def _moved(
    people: NDArray[np.float32], old: tuple[int, int], matrix: NDArray[np.float64], size: tuple[int, int]
) -> NDArray[np.float32]:
    if not len(people):
        return people.copy()
    scale, offset = np.diag(matrix[:, :2]), matrix[:, 2]
    centre = people[:, :2] * old * scale + offset
    half = np.abs(people[:, 2:4] * old * scale) / 2
    low, high = np.clip(centre - half, 0, size), np.clip(centre + half, 0, size)
    inside = (high - low).prod(1) > _KEPT_SHARE * (4 * half.prod(1))
    inside &= ((high - low) > _SMALLEST_PX).all(1)
    points = people[:, 4:].reshape(-1, 17, 3).copy()
    points[..., :2] = points[..., :2] * old * scale + offset
    if scale[0] < 0:
        points = points[:, MIRRORED_KEYPOINTS]
    outside = ((points[..., :2] < 0) | (points[..., :2] >= size)).any(2)
    points[outside] = 0
    points[..., :2] /= size
    box = np.concatenate([(low + high) / 2, high - low], 1) / np.tile(size, 2)
    moved: NDArray[np.float32] = np.concatenate([box, points.reshape(-1, 51)], 1)[inside].astype(np.float32)
    return moved
