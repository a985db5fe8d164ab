"""Scores between strangers in two ways: real products of real vectors, and draws from the exact law of the best one."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store.privacy.faces.matcher import Vectors, impostor_quantiles, strangers

_PROBES, _ENROLLED = 4_096, 25_000
"""A block of this many by this many scores is held at once: 400 MB."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Real searches: the best score of each, every score from a floor upwards, and how many comparisons were made."""

    best: Vectors
    high: Vectors
    comparisons: int


def compare_with_strangers(probes: Vectors, gallery: int, rng: np.random.Generator, floor: float = 1.0) -> Compared:
    """Compares each probe (N, 128) with each of `gallery` strangers drawn from `rng`: N x gallery real products.

    `floor`: every score at or above this cosine is returned too.
    """
    best = np.full(len(probes), -np.inf, np.float32)
    high: list[Vectors] = []
    for start in range(0, gallery, _ENROLLED):
        enrolled = strangers(min(_ENROLLED, gallery - start), rng)
        for first in range(0, len(probes), _PROBES):
            scores = probes[first : first + _PROBES] @ enrolled.T
            rows = best[first : first + _PROBES]
            row_best = scores.max(axis=1)
            np.maximum(rows, row_best, out=rows)
            # Few rows reach the floor: only those are looked at again.
            reached = scores[row_best >= floor]
            high.append(reached[reached >= floor])
    return Compared(best, np.concatenate(high) if high else np.empty(0, np.float32), len(probes) * gallery)


def draw_best_scores(searches: int, gallery: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Best scores of `searches` searches of strangers among `gallery` others, (searches,), without the comparisons.

    The best of N independent scores has the distribution function F(c)^N; it is drawn by inversion.
    """
    tails = -np.expm1(np.log1p(-rng.random(searches)) / gallery)
    return impostor_quantiles(tails)
