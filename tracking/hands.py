"""Hands in space: wrists that several cameras see are triangulated, those that one sees lie level with the body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tracking.camera import Camera
from tracking.observation import Hand, Observation, keypoint_errors

Array = NDArray[np.float64]
_SIDES: tuple[Literal["L", "R"], ...] = ("L", "R")
_UPPER = np.triu_indices(3)
_WRISTS, _ELBOWS = np.array([9, 10]), np.array([7, 8])
# Where the body has its hands when nothing else is known of their height.
_USUAL_HEIGHT_M = 1.1
# So often the rays are weighed anew by how they fit.
_ROUNDS = 4


class HandSettings(BaseModel):
    """How wrists become hands."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    confidence: float = Field(
        default=0.1, ge=0, le=1, description="keypoints below say nothing; above, their stated errors say how much"
    )
    pixel_sd: float = Field(
        default=3.0, gt=0, le=100, description="error of a wrist where the network names none, pixels"
    )
    reach_m: float = Field(default=1.1, gt=0, le=3, description="greatest level distance of a hand from its person, m")
    single_sd_m: float = Field(default=0.3, gt=0, le=2, description="spread of hands around their bodies, metres")
    doubt_sds: float = Field(
        default=2.0, gt=0, le=100, description="a ray that misses by so many of its errors counts half"
    )
    beyond_wrist: float = Field(default=0.35, ge=0, le=1, description="palm beyond the wrist, share of the forearm")


@dataclass(frozen=True, slots=True, eq=False)
class _Sightings:
    """Wrists seen by cameras: M rays, each of one of the hands that are being looked for."""

    hand: NDArray[np.int64]
    centre: Array
    direction: Array
    sd: Array
    seen: Array

    @property
    def across(self) -> Array:
        """(M, 3, 3): takes a vector to its part across the ray."""
        return np.asarray(np.eye(3) - self.direction[:, :, None] * self.direction[:, None, :])


class HandFinder:
    """Finds the hands of the people on the floor."""

    def __init__(self, cameras: Mapping[str, Camera], settings: HandSettings | None = None) -> None:
        """For observations of these cameras."""
        self._cameras = cameras
        self.settings = settings or HandSettings()

    def find(self, people: Sequence[tuple[Array, Sequence[Observation]]]) -> list[tuple[Hand, ...]]:
        """Hands of each person, left before right, those that were seen.

        Args:
            people: where each person stands, (2,) metres, and the observations of them at this tick.
        """
        sightings = self._sightings(people)
        if len(sightings.hand) == 0:
            return [() for _ in people]
        places: Array = np.repeat(np.array([place for place, _ in people], np.float64).reshape(-1, 2), 2, axis=0)
        across = sightings.across
        points, covs = self._meet(sightings, across, places)
        for _ in range(_ROUNDS):
            # Some camera mixes up the two arms or guesses now and then: a ray is believed less the farther it passes
            # from where the others meet (the weights of a Cauchy distribution).
            rays = points[sightings.hand] - sightings.centre
            gaps, ranges = (across @ rays[..., None])[..., 0], np.linalg.norm(rays, axis=1)
            misses = np.linalg.norm(gaps, axis=1) / (sightings.sd * ranges * self.settings.doubt_sds)
            points, covs = self._meet(replace(sightings, sd=sightings.sd * np.sqrt(1 + misses**2)), across, places)
        return self._believable(sightings, places, points, covs)

    def _sightings(self, people: Sequence[tuple[Array, Sequence[Observation]]]) -> _Sightings:
        by_camera: dict[str, list[tuple[int, Observation]]] = {}
        for person, (_, seen) in enumerate(people):
            for one in seen:
                by_camera.setdefault(one.camera, []).append((person, one))
        parts = [self._rays(self._cameras[name], rows) for name, rows in by_camera.items()]
        if not parts:
            return _Sightings(np.zeros(0, np.int64), np.zeros((0, 3)), np.zeros((0, 3)), np.zeros(0), np.zeros(0))
        return _Sightings(
            np.concatenate([part.hand for part in parts]),
            np.concatenate([part.centre for part in parts]),
            np.concatenate([part.direction for part in parts]),
            np.concatenate([part.sd for part in parts]),
            np.concatenate([part.seen for part in parts]),
        )

    def _rays(self, camera: Camera, rows: Sequence[tuple[int, Observation]]) -> _Sightings:
        """Rays through the palms that one camera sees."""
        keypoints: Array = np.array([one.keypoints for _, one in rows], dtype=np.float64)
        wrists, elbows = keypoints[:, _WRISTS], keypoints[:, _ELBOWS]
        usual = self.settings.pixel_sd / np.maximum(keypoints[:, :, 2], 1e-3)
        errors = keypoint_errors([one for _, one in rows], usual)
        beyond = self.settings.beyond_wrist * (elbows[..., 2] >= self.settings.confidence)
        pixels = wrists[..., :2] + beyond[..., None] * (wrists[..., :2] - elbows[..., :2])
        spread = np.hypot((1 + beyond) * errors[:, _WRISTS], beyond * errors[:, _ELBOWS])
        hands = 2 * np.array([person for person, _ in rows])[:, None] + np.arange(2)
        seen = wrists[..., 2] >= self.settings.confidence
        sds = spread[seen] / float(camera.matrix[0, 0])
        centre = np.tile(camera.centre, (int(seen.sum()), 1))
        return _Sightings(hands[seen].astype(np.int64), centre, camera.ray(pixels[seen]), sds, wrists[seen, 2])

    def _meet(self, sightings: _Sightings, across: Array, places: Array) -> tuple[Array, Array]:
        """The points (H, 3) nearest to all rays of each hand, with covariances (H, 3, 3) in m^2; `across` is theirs.

        The person's own place enters as a weak observation, so that a single ray has an answer too: the point of the
        ray that is level with the body.
        """
        body = np.diag([1.0, 1.0, 0.05]) / self.settings.single_sd_m**2
        middle = np.column_stack([places, np.full(len(places), _USUAL_HEIGHT_M)])
        ranges = np.linalg.norm(middle[sightings.hand] - sightings.centre, axis=1)
        weights = across / ((sightings.sd * ranges) ** 2)[:, None, None]
        information = np.tile(body, (len(places), 1, 1))
        target = middle @ body
        np.add.at(information, sightings.hand, weights)
        np.add.at(target, sightings.hand, (weights @ sightings.centre[..., None])[..., 0])
        covs = np.linalg.inv(information)
        return np.asarray((covs @ target[..., None])[..., 0]), np.asarray(covs)

    def _believable(self, sightings: _Sightings, places: Array, points: Array, covs: Array) -> list[tuple[Hand, ...]]:
        certainty = np.zeros(len(places))
        np.maximum.at(certainty, sightings.hand, sightings.seen)
        seen = certainty > 0
        seen &= np.hypot(*(points[:, :2] - places).T) <= self.settings.reach_m
        seen &= (points[:, 2] > -0.1) & (points[:, 2] < 2.4)
        sds = np.sqrt(np.linalg.eigvalsh(covs)[:, 2])
        hands: list[list[Hand]] = [[] for _ in range(len(places) // 2)]
        for k in np.flatnonzero(seen).tolist():
            x, y, z = points[k].tolist()
            xx, xy, xz, yy, yz, zz = covs[k][_UPPER].tolist()
            covariance = (xx, xy, xz, yy, yz, zz)
            hands[k // 2].append(Hand(_SIDES[k % 2], x, y, z, float(sds[k]), covariance, float(certainty[k])))
        return [tuple(pair) for pair in hands]
