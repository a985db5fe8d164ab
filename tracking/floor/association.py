"""Which observation of one camera at one tick belongs to which track: one joint assignment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from tracking.floor.appearance import Look, SimilarityScale
from tracking.floor.settings import FloorSettings
from tracking.floor.track import Stage, Track
from tracking.observation import Observation

Array = NDArray[np.float64]
_REFUSED = 1e6
_SHARED, _ONE_BODY_M = 0.4, 0.4
# A spread of 0.1 m costs nothing; wider ones cost what they dilute the density of finding somebody just there.
_USUAL_AREA = 0.1**4


class Candidates:
    """The tracks that may be seen at this tick, stacked once and compared with each camera in turn."""

    def __init__(self, tracks: Sequence[Track], settings: FloorSettings) -> None:
        """Stack the places, spreads and looks of `tracks`."""
        self.tracks = tracks
        self.settings = settings
        self.places: Array = np.array([track.mean[:2] for track in tracks]).reshape(-1, 2)
        self.spreads: Array = np.array([track.cov[:2, :2] for track in tracks]).reshape(-1, 2, 2)
        self.looks = [track.known.look() if track.known.count else track.recent.look() for track in tracks]
        self.handicap = np.array(
            [settings.provisional_cost if track.stage is Stage.PROVISIONAL else 0.0 for track in tracks]
        )

    def pair(self, seen: Sequence[Observation], scale: SimilarityScale) -> tuple[dict[int, int], Array]:
        """Assign the observations of one camera.

        Args:
            seen: N observations of one camera at one tick.
            scale: what similarities of looks are worth.

        Returns:
            Number of the observation -> number of its track, each used at most once; and (T, N) log odds of the looks.
        """
        odds = self.log_odds(seen, scale)
        if not self.tracks or not seen:
            return {}, odds
        costs = self._costs(seen, odds)
        rows, columns = linear_sum_assignment(costs)
        fine = costs[rows, columns] < self.settings.greatest_cost
        return dict(zip(columns[fine].tolist(), rows[fine].tolist(), strict=True)), odds

    def log_odds(self, seen: Sequence[Observation], scale: SimilarityScale) -> Array:
        """(T, N) log odds from looks alone, within the limit for one look; 0 where a track has no look yet."""
        odds = np.zeros((len(self.tracks), len(seen)))
        known = [k for k, look in enumerate(self.looks) if look is not None]
        if not known or not seen:
            return odds
        looks = np.stack([look for look in self.looks if look is not None])
        embeddings = np.stack([one.embedding for one in seen])
        limit = self.settings.appearance_limit
        odds[known] = np.clip(scale.log_odds((looks @ embeddings.T).astype(np.float64)), -limit, limit)
        return odds

    def _costs(self, seen: Sequence[Observation], odds: Array) -> Array:
        settings = self.settings
        floors = np.array([one.floor for one in seen])
        covs = np.array([one.covariance for one in seen])
        spread = self.spreads[:, None] + covs[None]
        gap = floors[None] - self.places[:, None]
        chi, area = _chi_square(gap, spread)
        camera = seen[0].camera
        member = np.array([[track.members.get(camera) == one.tracklet for one in seen] for track in self.tracks])
        gate = np.where(member, settings.member_gate, settings.gate)
        refused = (chi > gate) | (np.hypot(gap[..., 0], gap[..., 1]) > settings.gate_m)
        costs = 0.5 * chi + 0.5 * np.log(np.maximum(area / _USUAL_AREA, 1.0)) - odds
        costs += self.handicap[:, None] - settings.member_bonus * member
        # Members far off would otherwise lose to the refusal although their tracklet says that it is them.
        costs = np.where(member, np.minimum(costs, settings.greatest_cost - 0.1), costs)
        return np.where(refused, _REFUSED, costs)


def _chi_square(gap: Array, spread: Array) -> tuple[Array, Array]:
    """Mahalanobis distances squared (T, N) of gaps (T, N, 2), and determinants of the spreads (T, N, 2, 2)."""
    a, b, d = spread[..., 0, 0], spread[..., 0, 1], spread[..., 1, 1]
    area = np.maximum(a * d - b * b, 1e-12)
    x, y = gap[..., 0], gap[..., 1]
    return np.asarray((d * x * x - 2 * b * x * y + a * y * y) / area), area


def overlaps(boxes: NDArray[np.float32]) -> Array:
    """(N, N) intersection over the smaller area of boxes (N, 4), 0 on the diagonal."""
    low = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0.0), axis=2).astype(np.float64)
    areas = np.maximum(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), 1.0).astype(np.float64)
    result = shared / np.minimum(areas[:, None], areas[None])
    np.fill_diagonal(result, 0.0)
    return np.asarray(result)


def without_doubles(seen: Sequence[Observation]) -> list[Observation]:
    """The observations of one camera without second boxes of somebody: less certain, overlapping, in the same place.

    Two people never stand closer than their shoulders allow, so overlapping boxes within 0.4 m are one person.
    """
    if len(seen) < 2:
        return list(seen)
    crowd = overlaps(np.stack([one.box for one in seen]))
    floors = np.array([one.floor for one in seen])
    gaps = np.linalg.norm(floors[:, None] - floors[None], axis=2)
    same = (crowd > _SHARED) & (gaps < _ONE_BODY_M)
    kept: list[int] = []
    for k in sorted(range(len(seen)), key=lambda k: -seen[k].confidence):
        if not any(same[k, other] for other in kept):
            kept.append(k)
    return [seen[k] for k in sorted(kept)]


def similarity(one: Look | None, other: Look | None) -> float | None:
    """Cosine of two unit looks, None where either is missing or they come from different networks."""
    if one is None or other is None or one.shape != other.shape:
        return None
    return float(one @ other)
