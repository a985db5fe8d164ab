"""Where a detected person stands: all that was seen of the body, combined with what is known of bodies.

Each cue (a keypoint, the top or the bottom of the box) lies at some fraction of the person's stature H above the floor
point (x, y). The ray through its pixel then gives two equations that are linear in (x, y, H), so one weighted least
squares finds all three, and its covariance says how sure each is: with ankles in view the floor point is sharp; with
head and shoulders alone it is long along the line of sight, as long as the stature is uncertain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tracking.camera import Camera
from tracking.observation import Detection, keypoint_errors

Array = NDArray[np.float64]

# The cues: the head (mean of its keypoints), shoulders, hips, knees, ankles, then the top and the bottom of the box;
# elbows and wrists move too much to say anything. For each, its height above the floor as a fraction of stature and
# the spread of that over people and postures. Fractions: Winter, Biomechanics and Motor Control of Human Movement,
# segment lengths after Drillis and Contini.
_HEAD, _LIMBS = [0, 1, 2, 3, 4], [5, 6, 11, 12, 13, 14, 15, 16]
_RATIO = np.array([0.935, 0.82, 0.82, 0.53, 0.53, 0.285, 0.285, 0.045, 0.045, 1.0, 0.0])
_RATIO_SD = np.array([0.02, 0.02, 0.02, 0.02, 0.02, 0.03, 0.03, 0.02, 0.02, 0.02, 0.01])
# Distance in metres by which each cue may lie beside the vertical line over the floor point.
_ASIDE_M = np.array([0.10, 0.14, 0.14, 0.10, 0.10, 0.15, 0.15, 0.20, 0.20, 0.12, 0.12])
# Heads are found better than other keypoints, knees and ankles worse, as measured for the committed detector.
_KEYPOINT_ERROR = np.array([0.7] * 5 + [1.0] * 8 + [1.3] * 4)
_TOP, _BOTTOM, _CUES = 9, 10, 11


class FootPointSettings(BaseModel):
    """Spreads that the least squares trusts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keypoint_confidence: float = Field(default=0.45, ge=0, le=1, description="keypoints below say nothing")
    pixel_sd: float = Field(default=1.5, gt=0, le=50, description="error of a cue, pixels")
    box_share_sd: float = Field(
        default=0.02, ge=0, le=0.5, description="further error of box ends, share of its height"
    )
    keypoint_share_sd: float = Field(
        default=0.06, ge=0, le=0.5, description="the same of keypoints, share of box height"
    )
    stature_m: float = Field(default=1.66, gt=0.3, lt=2.5, description="mean stature of shoppers, metres")
    stature_sd_m: float = Field(default=0.14, gt=0, lt=1, description="its standard deviation, metres")
    stoop: float = Field(default=0.65, gt=0.2, lt=1, description="height of who stoops or squats, share of stature")
    stoop_slack_m: float = Field(default=0.2, gt=0, lt=1, description="its spread is itself and so much more, metres")
    stoop_cost: float = Field(default=7.0, ge=0, le=100, description="chi square by which stooping must explain more")
    known_sd_m: float = Field(default=0.09, gt=0, lt=1, description="a stature surer than this is known, metres")
    bottom_gate: float = Field(default=6.0, gt=0, le=100, description="chi square for the box to end at the feet")
    model_sd_m: float = Field(default=0.06, ge=0, le=1, description="error that no cue shows: lean, calibration, m")
    spread: float = Field(default=1.3, ge=1, le=10, description="factor on the variance, as cues err together")


@dataclass(frozen=True, slots=True, eq=False)
class FootPoints:
    """Floor points of N detections.

    Args:
        floor: (N, 2) float64 metres.
        covariance: (N, 2, 2) float64 m^2.
        stature: (N,) float64 metres, as estimated from this frame and the prior.
        stature_sd: (N,) float64 metres.
    """

    floor: Array
    covariance: Array
    stature: Array
    stature_sd: Array


class FootPointLocator:
    """Places detections on the floor."""

    def __init__(self, settings: FootPointSettings | None = None) -> None:
        """With default spreads unless given."""
        self.settings = settings or FootPointSettings()

    @property
    def stature_prior(self) -> tuple[float, float]:
        """Mean and standard deviation in metres of the stature of somebody never seen before."""
        return self.settings.stature_m, self.settings.stature_sd_m

    def locate(self, views: Sequence[tuple[Camera, Sequence[Detection]]], statures: Array) -> FootPoints:
        """Floor points of everybody detected at one tick, all cameras at once (which is what makes it fast).

        Args:
            views: cameras with the people found in their frames, N people in all.
            statures: (N, 2) float64, mean and standard deviation of each person's stature in metres.
        """
        found = [one for _, detections in views for one in detections]
        if not found:
            return FootPoints(np.zeros((0, 2)), np.zeros((0, 2, 2)), np.zeros(0), np.zeros(0))
        counts = [len(detections) for _, detections in views]
        centre = np.repeat([camera.centre for camera, _ in views], counts, axis=0)
        lowest = np.repeat([float(camera.height) for camera, _ in views], counts)
        boxes: Array = np.array([one.box for one in found], dtype=np.float64)
        keypoints: Array = np.array([one.keypoints for one in found], dtype=np.float64)
        errors = self._keypoint_errors(found, boxes, keypoints)
        pixels, sds, used = self._cues(lowest, boxes, keypoints, errors)
        problem = self._problem(_slopes([camera for camera, _ in views], counts, pixels), centre, sds, statures)
        above = used & (np.arange(_CUES) != _BOTTOM)
        mean, cov = problem.solve(above.astype(np.float64))
        used[:, _BOTTOM] &= problem.bottom_disagreement(mean, cov) < self.settings.bottom_gate
        mean, cov = problem.solve(used * problem.trust(mean))
        low, low_mean, low_cov = self._stooping(problem, used, mean)
        mean[low], cov[low] = low_mean[low], low_cov[low]
        spread = cov[:, :2, :2] * self.settings.spread + np.eye(2) * self.settings.model_sd_m**2
        return FootPoints(mean[:, :2], spread, mean[:, 2], np.sqrt(cov[:, 2, 2]))

    def _stooping(
        self, problem: _Problem, used: NDArray[np.bool_], upright: Array
    ) -> tuple[NDArray[np.bool_], Array, Array]:
        """Who is better understood as stooping or squatting (N,), and mean (N, 3) and covariance (N, 3, 3) if so.

        Somebody who squats looks as small as somebody farther away, unless the feet are in view: then height must give.
        """
        settings = self.settings
        height = problem.statures[:, 0] * settings.stoop
        # Almost no prior: whoever bends may be of any height down to the floor.
        low = problem.with_statures(np.column_stack([height, height + settings.stoop_slack_m]))
        mean, _ = low.solve(used.astype(np.float64))
        mean, cov = low.solve(used * low.trust(mean))
        cheaper = low.cost(mean, used) + settings.stoop_cost < problem.cost(upright, used)
        # Of people whose stature is known, the height seen is that of a posture; of others it may be a child's.
        known = problem.statures[:, 1] < settings.known_sd_m
        mean[known, 2], cov[known, 2, 2] = problem.statures[known, 0], 1.0
        return cheaper, mean, cov

    def _keypoint_errors(self, found: Sequence[Detection], boxes: Array, keypoints: Array) -> Array:
        """(N, 17) standard deviations in pixels, as the network says, or usual ones where it does not."""
        usual = self.settings.pixel_sd + self.settings.keypoint_share_sd * (boxes[:, 3] - boxes[:, 1])
        return keypoint_errors(found, usual[:, None] * _KEYPOINT_ERROR / np.maximum(keypoints[:, :, 2], 1e-3))

    def _cues(
        self, lowest: Array, boxes: Array, keypoints: Array, errors: Array
    ) -> tuple[Array, Array, NDArray[np.bool_]]:
        """Pixels (N, 11, 2), their standard deviations (N, 11, 2) and whether each cue counts (N, 11)."""
        least = self.settings.keypoint_confidence
        height, middle = boxes[:, 3] - boxes[:, 1], (boxes[:, 0] + boxes[:, 2]) / 2
        pixels = np.empty((len(boxes), _CUES, 2))
        sds = np.empty((len(boxes), _CUES, 2))
        used = np.zeros((len(boxes), _CUES), dtype=bool)
        head = keypoints[:, _HEAD]
        weight = np.where(head[:, :, 2] >= least, head[:, :, 2], 1e-9)
        pixels[:, 0] = (head[:, :, :2] * weight[..., None]).sum(axis=1) / weight.sum(axis=1)[:, None]
        pixels[:, 1:_TOP] = keypoints[:, _LIMBS, :2]
        pixels[:, _TOP], pixels[:, _BOTTOM] = np.stack([[middle, boxes[:, 1]], [middle, boxes[:, 3]]]).swapaxes(1, 2)
        confidence = np.concatenate([head[:, :, 2].max(axis=1)[:, None], keypoints[:, _LIMBS, 2]], axis=1)
        used[:, :_TOP] = confidence >= least
        used[:, _TOP] = boxes[:, 1] > 3
        used[:, _BOTTOM] = boxes[:, 3] < lowest - 4
        settings = self.settings
        sds[:, 0] = ((errors[:, _HEAD] * weight).sum(axis=1) / weight.sum(axis=1))[:, None]
        sds[:, 1:_TOP] = errors[:, _LIMBS, None]
        sds[:, _TOP:] = (settings.pixel_sd + settings.box_share_sd * height)[:, None, None]
        # Arms and bags move the middle of a box sideways more than its ends move up and down.
        sds[:, _TOP:, 0] += 0.12 * (boxes[:, 2:3] - boxes[:, 0:1])
        return pixels, sds, used

    def _problem(self, slopes: Array, centre: Array, sds: Array, statures: Array) -> _Problem:
        """The equations of slopes (3, N, 11, 2) of the rays through each cue and through two pixels beside it."""
        drop = _RATIO * statures[:, :1] - centre[:, 2:]
        jacobian = np.empty((*drop.shape, 2, 2))
        jacobian[..., 0] = (slopes[1] - slopes[0]) * (2 * drop)[..., None]
        jacobian[..., 1] = (slopes[2] - slopes[0]) * (2 * drop)[..., None]
        scaled = jacobian * sds[:, :, None, :]
        lift = slopes[0] * (_RATIO_SD * statures[:, :1])[..., None]
        noise = scaled @ scaled.swapaxes(-1, -2) + np.eye(2) * (_ASIDE_M**2)[:, None, None]
        noise += lift[..., :, None] * lift[..., None, :]
        return _Problem(slopes[0], centre, noise, _inverse(noise), statures)


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """Two linear equations in x, y, H for each cue of N people: slopes (N, 11, 2), noise and its inverse."""

    slopes: Array
    centre: Array
    noise: Array
    weight: Array
    statures: Array

    def with_statures(self, statures: Array) -> _Problem:
        """The same with other means and standard deviations (N, 2) of stature."""
        return replace(self, statures=statures)

    def solve(self, trust: Array) -> tuple[Array, Array]:
        """Mean (N, 3) and covariance (N, 3, 3) of x, y, H with cues weighted by `trust` (N, 11)."""
        people = len(self.slopes)
        weight = self.weight * trust[..., None, None]
        lever = -self.slopes * _RATIO[:, None]
        side = self.centre[:, None, :2] - self.slopes * self.centre[:, None, 2:]
        pulled = (weight @ lever[..., None])[..., 0]
        information = np.empty((people, 3, 3))
        target = np.empty((people, 3))
        information[:, :2, :2] = weight.sum(axis=1)
        information[:, :2, 2] = information[:, 2, :2] = pulled.sum(axis=1)
        information[:, 2, 2] = (lever * pulled).sum(axis=(1, 2)) + self.statures[:, 1] ** -2
        # A thousand metres of spread: only so that somebody without any cue does not stop the others.
        information[:, [0, 1], [0, 1]] += 1e-6
        target[:, :2] = (weight @ side[..., None])[..., 0].sum(axis=1)
        target[:, 2] = (pulled * side).sum(axis=(1, 2)) + self.statures[:, 0] * self.statures[:, 1] ** -2
        cov = np.linalg.inv(information)
        return np.asarray((cov @ target[..., None])[..., 0]), np.asarray(cov)

    def bottom_disagreement(self, mean: Array, cov: Array) -> Array:
        """(N,) chi square between the bottom of each box and the rest: large where a shelf cuts the box off."""
        foot = self.centre[:, :2] - self.slopes[:, _BOTTOM] * self.centre[:, 2:]
        gap = (foot - mean[:, :2])[..., None]
        spread = cov[:, :2, :2] + self.noise[:, _BOTTOM]
        return np.asarray((gap.swapaxes(1, 2) @ _inverse(spread) @ gap)[:, 0, 0])

    def trust(self, mean: Array) -> Array:
        """(N, 11) Cauchy weights: cues that disagree with all others are probably guesses of a hidden limb."""
        return np.asarray(1.0 / (1.0 + self._chi(mean) / 4.0))

    def cost(self, mean: Array, used: NDArray[np.bool_]) -> Array:
        """(N,) how badly a solution (N, 3) fits the cues that count and the stature: chi square, outliers softened."""
        stature = ((mean[:, 2] - self.statures[:, 0]) / self.statures[:, 1]) ** 2
        return np.asarray((4.0 * np.log1p(self._chi(mean) / 4.0) * used).sum(axis=1) + stature)

    def _chi(self, mean: Array) -> Array:
        """(N, 11) chi square of each cue."""
        above = _RATIO * mean[:, 2:3] - self.centre[:, 2:]
        gap = self.centre[:, None, :2] + self.slopes * above[..., None] - mean[:, None, :2]
        return np.asarray((gap * (self.weight @ gap[..., None])[..., 0]).sum(axis=2))


def _slopes(cameras: Sequence[Camera], counts: Sequence[int], pixels: Array) -> Array:
    """(3, N, 11, 2) metres sideways per metre of height of the rays through pixels (N, 11, 2) and two beside them."""
    beside = np.array([[0.0, 0.0], [0.5, 0.0], [0.0, 0.5]])
    slopes = np.empty((3, *pixels.shape))
    start = 0
    for camera, count in zip(cameras, counts, strict=True):
        rows = slice(start, start + count)
        moved = pixels[rows][None] + beside[:, None, None]
        rays = camera.ray(moved.reshape(-1, 2)).reshape(3, count, pixels.shape[1], 3)
        # A ray that rises never meets the floor; it is bent down to a very distant point of very little weight.
        slopes[:, rows] = rays[..., :2] / np.minimum(rays[..., 2:], -0.02)
        start += count
    return slopes


def _inverse(matrices: Array) -> Array:
    """Inverse of 2 x 2 matrices (..., 2, 2); several times faster than the general one."""
    result = np.empty_like(matrices)
    result[..., 0, 0], result[..., 1, 1] = matrices[..., 1, 1], matrices[..., 0, 0]
    result[..., 0, 1], result[..., 1, 0] = -matrices[..., 0, 1], -matrices[..., 1, 0]
    area = matrices[..., 0, 0] * matrices[..., 1, 1] - matrices[..., 0, 1] * matrices[..., 1, 0]
    return np.asarray(result / area[..., None, None])
