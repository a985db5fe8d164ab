"""Observations that belong to nobody known: grouped over the cameras, each group begins a provisional track."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tracking.floor.appearance import SimilarityScale
from tracking.observation import Observation

_SAME_PLACE_CHI = 9.0
_DIFFERENT_LOOK = -1.5


def grouped(seen: Sequence[Observation], scale: SimilarityScale) -> list[list[Observation]]:
    """Groups of observations that are probably one person each, with at most one observation a camera.

    The best placed observation of each group comes first; others join where they agree in place (chi square below 9,
    2 degrees of freedom) and do not look like somebody else.
    """
    groups: list[list[Observation]] = []
    for one in sorted(seen, key=lambda one: float(np.trace(one.covariance))):
        home = min(
            (group for group in groups if _may_join(group, one, scale)),
            key=lambda group: _chi(group[0], one),
            default=None,
        )
        if home is None:
            groups.append([one])
        else:
            home.append(one)
    return groups


def _may_join(group: list[Observation], one: Observation, scale: SimilarityScale) -> bool:
    if any(other.camera == one.camera for other in group) or _chi(group[0], one) > _SAME_PLACE_CHI:
        return False
    if group[0].embedding.shape != one.embedding.shape:
        return True
    likeness = np.array([float(group[0].embedding @ one.embedding)])
    return float(scale.log_odds(likeness)[0]) > _DIFFERENT_LOOK


def _chi(one: Observation, other: Observation) -> float:
    gap = one.floor - other.floor
    return float(gap @ np.linalg.inv(one.covariance + other.covariance) @ gap)
