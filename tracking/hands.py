"""Hands in space: wrists that several cameras see are triangulated, those that one sees lie level with the body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tracking.camera import Camera
from tracking.observation import Hand, Observation

Array = NDArray[np.float64]
_SIDES: tuple[tuple[Literal["L", "R"], int, int], ...] = (("L", 9, 7), ("R", 10, 8))


class HandSettings(BaseModel):
    """How wrists become hands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    confidence: float = Field(default=0.4, ge=0, le=1, description="keypoints below say nothing")
    pixel_sd: float = Field(default=3.0, gt=0, le=100, description="error of a wrist keypoint, pixels")
    reach_m: float = Field(default=1.1, gt=0, le=3, description="greatest level distance of a hand from its person, m")
    single_sd_m: float = Field(default=0.22, gt=0, le=2, description="error along the ray of a hand seen once, metres")
    greatest_miss_m: float = Field(default=0.25, gt=0, le=2, description="rays that pass farther apart do not meet, m")
    beyond_wrist: float = Field(default=0.35, ge=0, le=1, description="palm beyond the wrist, share of the forearm")


class HandFinder:
    """Finds the hands of the people on the floor."""

    def __init__(self, cameras: Mapping[str, Camera], settings: HandSettings | None = None) -> None:
        """For observations of these cameras."""
        self._cameras = cameras
        self.settings = settings or HandSettings()

    def hands(self, place: Array, seen: Sequence[Observation]) -> tuple[Hand, ...]:
        """Hands of one person, left before right, those that were seen.

        Args:
            place: (2,) metres, where the person stands.
            seen: the person's observations at this tick.
        """
        found = (self._hand(side, wrist, elbow, place, seen) for side, wrist, elbow in _SIDES)
        return tuple(hand for hand in found if hand is not None)

    def _hand(
        self, side: Literal["L", "R"], wrist: int, elbow: int, place: Array, seen: Sequence[Observation]
    ) -> Hand | None:
        usable = [one for one in seen if one.keypoints[wrist, 2] >= self.settings.confidence]
        if not usable:
            return None
        rays = [self._ray(one, wrist, elbow) for one in usable]
        centres = np.stack([self._cameras[one.camera].centre for one in usable])
        directions = np.stack([ray for ray, _ in rays])
        sds = np.array([sd for _, sd in rays])
        point, sd = self._meet(centres, directions, sds, place)
        if point is None or np.hypot(*(point[:2] - place)) > self.settings.reach_m or not -0.1 < point[2] < 2.4:
            return None
        return Hand(side, float(point[0]), float(point[1]), float(point[2]), sd)

    def _ray(self, one: Observation, wrist: int, elbow: int) -> tuple[Array, float]:
        """Unit ray (3,) through the palm, and its angular standard deviation in radians."""
        camera = self._cameras[one.camera]
        pixel = one.keypoints[wrist, :2].astype(np.float64)
        if one.keypoints[elbow, 2] >= self.settings.confidence:
            pixel = pixel + self.settings.beyond_wrist * (pixel - one.keypoints[elbow, :2])
        sd = self.settings.pixel_sd / float(one.keypoints[wrist, 2]) / float(camera.matrix[0, 0])
        return camera.ray(pixel)[0], sd

    def _meet(self, centres: Array, directions: Array, sds: Array, place: Array) -> tuple[Array | None, float]:
        """The point (3,) nearest to all rays, with its standard deviation in metres.

        The person's own place enters as a weak observation, so that a single ray has an answer too: the point of the
        ray that is level with the body.
        """
        across = np.eye(3) - directions[:, :, None] * directions[:, None, :]
        ranges = np.linalg.norm(np.append(place, 1.1) - centres, axis=1)
        weights = across / (sds * ranges)[:, None, None] ** 2
        body = np.diag([1.0, 1.0, 0.0]) / self.settings.single_sd_m**2
        information = weights.sum(axis=0) + body
        target = (weights @ centres[..., None])[..., 0].sum(axis=0) + body @ np.append(place, 0.0)
        cov = np.linalg.inv(information)
        point = cov @ target
        if len(centres) > 1:
            misses = np.linalg.norm((across @ (point - centres)[..., None])[..., 0], axis=1)
            if misses.max() > self.settings.greatest_miss_m:
                # Some camera mixed up the two arms or guessed: the ray that fits the body best is kept alone.
                best = int(np.argmin(misses))
                return self._meet(centres[[best]], directions[[best]], sds[[best]], place)
        return point, float(np.sqrt(np.trace(cov) / 3))
