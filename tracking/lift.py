"""Keypoints in metres without a second camera: each ray meets the upright plane in which the person stands."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tracking.camera import Camera

LEAST_DISTANCE_M = 0.5
"""Nearer under a camera than this, a ray hardly crosses the person's plane, and heights mean nothing."""

HIGHEST_M = 3.0
"""Points above this, below the floor by more than `LOWEST_M`, or farther aside than `HIGHEST_M` are no person's."""

LOWEST_M = 0.5


def lift_keypoints(camera: Camera, keypoints: ArrayLike, floor: ArrayLike) -> NDArray[np.float32]:
    """(N, 17, 3) float32: lateral offset and height above the floor in metres, and confidence, of each keypoint.

    The person is taken for flat: an upright plane through the floor position that faces the camera. The offset is
    along that plane, positive to the right as the camera sees it. A limb that reaches out of the plane, towards the
    camera or away from it, gets a wrong height; a point of which nothing can be said has nan and confidence 0.

    Args:
        camera: that saw the keypoints.
        keypoints: (N, 17, 3) x, y in pixels and confidence.
        floor: (N, 2) metres, where each person stands.
    """
    points = np.asarray(keypoints, dtype=np.float64).reshape(-1, 17, 3)
    feet = np.asarray(floor, dtype=np.float64).reshape(-1, 2)
    towards = camera.centre[:2] - feet
    distance = np.linalg.norm(towards, axis=1)
    normal = towards / np.maximum(distance, 1e-9)[:, None]
    rays = camera.ray(points[..., :2].reshape(-1, 2)).reshape(-1, 17, 3)
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = -distance[:, None] / np.einsum("nkd,nd->nk", rays[..., :2], normal)
    places = camera.centre + steps[..., None] * rays
    right = np.stack([-normal[:, 1], normal[:, 0]], axis=1)
    offset = np.einsum("nkd,nd->nk", places[..., :2] - feet[:, None], right)
    height = places[..., 2]
    with np.errstate(invalid="ignore"):
        good = (steps > 0) & (np.abs(offset) < HIGHEST_M) & (height > -LOWEST_M) & (height < HIGHEST_M)
    good &= (distance >= LEAST_DISTANCE_M)[:, None]
    lifted = np.stack([offset, height, points[..., 2]], axis=-1)
    lifted[~good] = (np.nan, np.nan, 0.0)
    return lifted.astype(np.float32)
