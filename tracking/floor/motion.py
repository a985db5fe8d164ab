"""A Kalman filter over x, y, vx, vy with constant velocity, for all tracks at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_VELOCITY_TIME_S = 0.8


def initial(floor: Array, covariance: Array) -> tuple[Array, Array]:
    """Mean (4,) and covariance (4, 4) of somebody first seen at `floor` (2,) with `covariance` (2, 2)."""
    mean = np.concatenate([floor, np.zeros(2)])
    cov = np.zeros((4, 4))
    cov[:2, :2] = covariance
    cov[2:, 2:] = np.eye(2) * 0.8**2
    return mean, cov


def predict(means: Array, covs: Array, dt: float, unseen: Array, acceleration: float) -> tuple[Array, Array]:
    """States (N, 4), (N, 4, 4) after `dt` seconds.

    White-noise acceleration of power `acceleration` m^2/s^3 (Bar-Shalom, Estimation with Applications to Tracking and
    Navigation, 6.2.2). Velocities of tracks that were not seen for `unseen` (N,) seconds fade, as people stop sooner
    than they walk on straight.
    """
    moves = np.tile(np.eye(4), (len(means), 1, 1))
    keep = np.exp(-dt / _VELOCITY_TIME_S * (unseen > 0.25))
    moves[:, [0, 1], [2, 3]] = (dt * keep)[:, None]
    moves[:, [2, 3], [2, 3]] = keep[:, None]
    noise = np.kron(np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]]), np.eye(2)) * acceleration
    return (moves @ means[..., None])[..., 0], moves @ covs @ moves.swapaxes(1, 2) + noise


def update(mean: Array, cov: Array, floors: Array, covariances: Array, top_speed: float) -> tuple[Array, Array]:
    """One state after observations `floors` (M, 2) with `covariances` (M, 2, 2) of the same instant.

    All observations enter together in information form. Those far from the prediction count less (Huber's weight at
    2.5 standard deviations), so that one bad foot point does not tear a track away from what other cameras see.
    """
    spread = cov[None, :2, :2] + covariances
    gaps = floors - mean[:2]
    chi = np.einsum("mi,mij,mj->m", gaps, np.linalg.inv(spread), gaps)
    trust = np.minimum(1.0, 2.5 / np.sqrt(np.maximum(chi, 1e-9)))
    weights = np.linalg.inv(covariances) * trust[:, None, None]
    information = weights.sum(axis=0)
    combined = np.linalg.inv(information)
    place = combined @ np.einsum("mij,mj->i", weights, floors)
    gain = cov[:, :2] @ np.linalg.inv(cov[:2, :2] + combined)
    new_mean = mean + gain @ (place - mean[:2])
    new_cov = cov - gain @ cov[:2]
    speed = float(np.hypot(new_mean[2], new_mean[3]))
    if speed > top_speed:
        new_mean[2:] *= top_speed / speed
    return new_mean, (new_cov + new_cov.T) / 2
