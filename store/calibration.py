"""Whether probabilities mean what they say: of what was called 80 % sure, were four in five right?

A reliability diagram sorts statements into bins by their stated probability and sets beside each bin's mean the share
that was right. The expected calibration error (ECE) is the mean gap, weighed by how many statements a bin holds
(Naeini, Cooper, Hauskrecht 2015; Guo et al. 2017, there with equally wide bins, as here). An ECE is never quite zero:
even right probabilities miss by chance, the more the fewer they are. So beside it stands what right probabilities
would have got on as many statements (consistency resampling, Broecker and Smith 2007).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from store.errors import BadInput
from store.privacy.intervals import wilson

BINS = 10
RESAMPLES = 1000
"""Draws of outcomes as right probabilities would have them; their generator has a fixed seed."""

_MOST_DRAWN = 2_000_000


def reliability(stated: Sequence[float], right: Sequence[bool], bins: int = BINS) -> dict[str, Any]:
    """The calibration of statements.

    Args:
        stated: (N,) probability with which each was made, 0 to 1.
        right: (N,) whether it was so.
        bins: how many equally wide bins; a probability on an edge counts in the upper one, 1 in the last.

    Returns:
        `n`; `ece` over equally wide bins and `ece_equal_mass` over as many bins of equally many statements; `brier`,
        the mean squared error; `mean_stated` and `share_right`; `ece_if_right` and `ece_if_right_95`, mean and 95th
        percentile of the ECE of right probabilities; `bins`, the filled ones, each with `low`, `high`, `n`,
        `mean_stated`, `share_right` and Wilson's 95 % interval of that. All but `n` are None without statements.

    Raises:
        BadInput: the lists differ in length, or something stated is no probability.
    """
    p, hit = np.asarray(stated, dtype=np.float64), np.asarray(right, dtype=np.float64)
    if p.shape != hit.shape:
        raise BadInput("calibration", "right", len(hit), f"{len(p)} outcomes, one a statement")
    if not np.all((p >= 0) & (p <= 1)):
        raise BadInput("calibration", "stated", float(p[~((p >= 0) & (p <= 1))][0]), "probabilities from 0 to 1")
    if not len(p):
        names = ("ece", "ece_equal_mass", "brier", "mean_stated", "share_right", "ece_if_right", "ece_if_right_95")
        return {"n": 0, **dict.fromkeys(names), "bins": []}
    place = _equally_wide(p, bins)
    chance = _by_chance(p, place, bins)
    return {
        "n": len(p),
        "ece": _rounded(_error(p, hit, place, bins)),
        "ece_equal_mass": _rounded(_error(p, hit, _equally_many(p, bins), bins)),
        "brier": _rounded(float(np.mean((p - hit) ** 2))),
        "mean_stated": _rounded(float(p.mean())),
        "share_right": _rounded(float(hit.mean())),
        "ece_if_right": _rounded(float(chance.mean())),
        "ece_if_right_95": _rounded(float(np.percentile(chance, 95))),
        "bins": [_bin(p[place == k], hit[place == k], k, bins) for k in range(bins) if np.any(place == k)],
    }


def _equally_wide(p: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    # 0.3 * 10 is a little less than 3 in floating point
    return np.minimum(np.floor(p * bins + 1e-9).astype(np.int64), bins - 1)


def _equally_many(p: NDArray[np.float64], bins: int) -> NDArray[np.int64]:
    """Bins of as equal a number as can be; equal probabilities are never parted."""
    rank = np.searchsorted(np.sort(p), p, side="left")
    return (rank * bins // len(p)).astype(np.int64)


def _error(p: NDArray[np.float64], hit: NDArray[np.float64], place: NDArray[np.int64], bins: int) -> float:
    gaps = np.bincount(place, weights=p - hit, minlength=bins)
    return float(np.abs(gaps).sum() / len(p))


def _by_chance(p: NDArray[np.float64], place: NDArray[np.int64], bins: int) -> NDArray[np.float64]:
    """(R,) the ECE of outcomes that are drawn by the stated probabilities."""
    rng = np.random.default_rng(0)
    draws = max(50, min(RESAMPLES, _MOST_DRAWN // len(p)))
    return np.array([_error(p, (rng.random(len(p)) < p).astype(np.float64), place, bins) for _ in range(draws)])


def _bin(p: NDArray[np.float64], hit: NDArray[np.float64], number: int, bins: int) -> dict[str, Any]:
    low, high = wilson(float(hit.sum()), len(hit))
    return {
        "low": _rounded(number / bins),
        "high": _rounded((number + 1) / bins),
        "n": len(p),
        "mean_stated": _rounded(float(p.mean())),
        "share_right": _rounded(float(hit.mean())),
        "share_right_low": _rounded(low),
        "share_right_high": _rounded(high),
    }


def _rounded(value: float) -> float:
    return round(value, 5)
