"""Figures per 1,000 visits with 95 % intervals.

Shares of visits get Wilson's score interval. Sums of cents get the percentile interval of a bootstrap over visits
(Efron 1979): visits are drawn with replacement as often as there were visits. It takes visits as independent, which
those of one crowded minute are not quite. Where no visit had such an error a bootstrap says nothing, and there is no
interval; that of the share of visits (`overcharged`, `undercharged`) still says how often it may yet happen.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from store.privacy.intervals import wilson

RESAMPLES = 2000
"""Bootstrap samples; their generator has a fixed seed, so that the same visits give the same interval."""

_BATCH = 100


def per_1000_visits(columns: Mapping[str, Sequence[float]]) -> dict[str, dict[str, float | None]]:
    """Mean of every column times 1,000 with its interval: `value`, `low`, `high`.

    Args:
        columns: one number a visit, all columns equally long; those of only 0 and 1 that are not called `..._cents`
            are shares of visits.

    `value` is None where there were no visits, `low` and `high` where the interval says nothing.
    """
    found: dict[str, dict[str, float | None]] = {}
    money = {name: column for name, column in columns.items() if name.endswith("_cents")}
    for name, column in columns.items():
        if name not in money:
            low, high = wilson(sum(column), len(column))
            found[name] = _thousand(sum(column) / len(column) if column else None, low, high)
    intervals = bootstrap_means(np.array([list(column) for column in money.values()], dtype=np.float64).T)
    for (name, column), (low, high) in zip(money.items(), intervals, strict=True):
        tells = len(column) > 1 and any(column)
        mean = sum(column) / len(column) if column else None
        found[name] = _thousand(mean, low if tells else None, high if tells else None)
    return found


def bootstrap_means(values: NDArray[np.float64], resamples: int = RESAMPLES) -> NDArray[np.float64]:
    """(K, 2) 95 % percentile intervals of the means of `values` (N, K) when rows are drawn anew; NaN without rows."""
    if not len(values):
        return np.full((values.shape[1] if values.ndim > 1 else 0, 2), np.nan)
    rng, size = np.random.default_rng(0), len(values)
    means = [
        rng.multinomial(size, np.full(size, 1 / size), size=min(_BATCH, resamples - done)) @ values / size
        for done in range(0, resamples, _BATCH)
    ]
    return np.percentile(np.concatenate(means), (2.5, 97.5), axis=0).T


def _thousand(mean: float | None, low: float | None, high: float | None) -> dict[str, float | None]:
    if mean is None:
        return {"value": None, "low": None, "high": None}
    scaled = (None if bound is None else round(1000 * float(bound), 2) for bound in (low, high))
    return {"value": round(1000 * mean, 2)} | dict(zip(("low", "high"), scaled, strict=True))
