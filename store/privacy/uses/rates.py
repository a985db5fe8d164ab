"""How often a search errs: measured by real searches of strangers, once for each gallery, preset and threshold.

A stranger's embedding is a random direction at any quality of the picture, so the best score that a gallery gives to
one does not depend on the day: policies that search the same gallery share one measurement. The same best scores say
how often an enrolled person's own score is beaten, as a face is independent of the strangers in the gallery.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median

import numpy as np
import numpy.typing as npt

from store.privacy.faces.gallery import Gallery
from store.privacy.faces.matcher import Matcher, strangers
from store.privacy.intervals import wilson
from store.privacy.policy import Search

GALLERY_SEED = 2018
"""Strangers of a size are the same in every run, so that their index is built once."""
PROBE_SEED = 535
COMPARISONS = 72_000_000
"""Comparisons spent on one error rate; some two seconds on a core."""
LARGE, LARGE_COMPARISONS = 1_000_000, 5_000_000_000
"""Above this size galleries are compressed, and so many comparisons take no longer."""
MOST_CHECKS = 20_000
"""Searches that check a rate too low to be measured, where the gallery is small."""
FEW = 10
"""Fewer wrong matches than this say little: the preset's formula gives the rate instead."""
GENUINE_DRAWS = 4000


@dataclass(frozen=True, slots=True)
class Rate:
    """A probability with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SearchRates:
    """Errors of searching people who are not in the gallery.

    `wrong`: share of searches that name somebody, over all groups; `by_group`: the same, by the preset's groups;
    `shares`: the groups' shares of searches. `best`: the best score of each measured search, (N,). `expected`: too few
    happened to be measured, the preset's formula stands in. `search_ms`: median of one probe searched alone.
    """

    wrong: Rate
    by_group: dict[str, Rate]
    shares: dict[str, float]
    best: npt.NDArray[np.float64]
    expected: bool
    search_ms: float

    @property
    def fairness(self) -> float:
        """Rate of the group hit most over the geometric mean of all groups."""
        rates = [rate.value for rate in self.by_group.values()]
        return max(rates) / float(np.exp(np.mean(np.log(rates))))


def rates_of(search: Search) -> SearchRates:
    """The measured error rates of a search."""
    return _measured(search.gallery, search.preset, search.threshold_percent)


@lru_cache(maxsize=64)
def _measured(size: int, preset: str, percent: float | None) -> SearchRates:
    matcher, gallery = Matcher.of(preset), Gallery.open(size, GALLERY_SEED)
    # A stream of its own: the gallery's strangers are drawn from (seed, size).
    rng = np.random.default_rng([PROBE_SEED, size])
    count = _searches(size, matcher.wrong_rate(size, percent))
    best = np.sort(gallery.search(strangers(count, rng), 1)[0][:, 0]).astype(float)
    # Groups differ in their threshold alone: the same searches measure each of them.
    hits = {row.name: int(np.sum(best >= matcher.threshold(percent, row.name))) for row in matcher.preset.groups}
    shares = {row.name: row.share for row in matcher.preset.groups}
    expected = {name: matcher.wrong_rate(size, percent, name) for name in hits}
    total = sum(shares[name] * hits[name] for name in hits)
    return SearchRates(
        wrong=_rate(total, count, matcher.wrong_rate(size, percent)),
        by_group={name: _rate(hits[name], count, expected[name]) for name in hits},
        shares=shares,
        best=best,
        expected=total < FEW,
        search_ms=search_ms(gallery, rng),
    )


def _searches(size: int, expected: float) -> int:
    affordable = (COMPARISONS if size <= LARGE else LARGE_COMPARISONS) // size
    count = int(np.clip(affordable, 100, 2000))
    return count if count * expected >= FEW else int(np.clip(affordable, 200, MOST_CHECKS))


def _rate(hits: float, count: int, expected: float) -> Rate:
    low, high = wilson(hits, count)
    return Rate(hits / count, low, high) if hits >= FEW else Rate(expected, min(low, expected), max(high, expected))


def enrolled_rates(
    search: Search, rates: SearchRates, losses: Sequence[float], rng: np.random.Generator
) -> tuple[float, float]:
    """Of searches of people who are in the gallery: share that names them, share that names somebody else.

    `losses`: loss of quality of the captures that are searched.
    """
    if not losses:
        return 0.0, 0.0
    matcher = Matcher.of(search.preset)
    groups = matcher.draw_groups(GENUINE_DRAWS, rng)
    own = matcher.genuine_scores(rng.choice(losses, GENUINE_DRAWS), rng, groups)
    other = rng.choice(rates.best, GENUINE_DRAWS)
    limits = {row.name: matcher.threshold(search.threshold_percent, row.name) for row in matcher.preset.groups}
    limit = np.array([limits[group] for group in groups])
    right = (own >= limit) & (own > other)
    wrong = (other >= limit) & ~right
    return float(right.mean()), float(wrong.mean())


def search_ms(gallery: Gallery, rng: np.random.Generator, repeats: int = 9) -> float:
    """Median milliseconds of one probe searched alone."""
    spent = []
    for probe in strangers(repeats, rng):
        start = time.perf_counter()
        gallery.search(probe[None], 1)
        spent.append(time.perf_counter() - start)
    return 1000 * median(spent)
