"""Linking by the colours of the head: hair and skin stay when clothes change, and a blur only mixes them."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from store.privacy.attacks.person_visits import Days
from store.privacy.attacks.scores import Scores, by_measure

LEAST_PICTURES = 2
LIGHT = 1.0
"""What a mean colour of a head changes from day to day beside the measurement, in L*a*b* of 0 to 255. An assumption;
the measurement's own error is taken from the two halves of a visit and added."""

Floats = npt.NDArray[np.floating]


def by_head(colours: Mapping[int, Floats], day: Days) -> Scores | None:
    """Scores from (N, K) colours of the pictures of each row, in time order, nan where no head was found.

    The colours of hair and skin go together, so that they are taken apart into independent ones first (principal
    components). None where too few heads were found.
    """
    seen = {row: own[~np.isnan(own).any(axis=1)] for row, own in colours.items()}
    seen = {row: own for row, own in seen.items() if len(own) >= LEAST_PICTURES}
    if len(seen) < 2:
        return None
    rows = np.array(sorted(seen))
    typical = np.array([np.median(seen[row], axis=0) for row in rows], np.float64)
    gaps = np.array([_gap(seen[row]) for row in rows], np.float64)
    for number in np.unique(day[rows]):
        today = day[rows] == number
        typical[today] -= np.median(typical[today], axis=0)
    axes = np.linalg.eigh(typical.T @ typical)[1]
    # Each half of a visit has twice the variance of the whole, and the gap twice that of a half.
    error = np.hypot(1.4826 * np.median(np.abs(gaps @ axes), axis=0) / 2, LIGHT)
    total = np.full((len(day), len(day)), np.nan)
    total[np.ix_(rows, rows)] = 0.0
    for component, own_error in zip((typical @ axes).T, error, strict=True):
        values = np.full(len(day), np.nan)
        values[rows] = component
        total += by_measure(values, day, float(own_error))
    return total


def _gap(own: Floats) -> Floats:
    half = len(own) // 2
    return np.asarray(np.median(own[:half], axis=0) - np.median(own[half:], axis=0), np.float64)
