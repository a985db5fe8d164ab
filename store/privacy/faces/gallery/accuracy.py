"""How exact a gallery's answers are: compared with brute force over the original vectors."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from store.privacy.faces.gallery.codes import Ids
from store.privacy.faces.gallery.face_index import best
from store.privacy.faces.matcher import Vectors
from store.privacy.intervals import wilson

_SCORES = 16_000_000
"""Scores held at once."""


class Searchable(Protocol):
    """A gallery, or another index under the same roof."""

    def search(self, probes: Vectors, k: int) -> tuple[Vectors, Ids]:
        """Scores and ids, both (N, k), of the best `k` people of each probe (N, 128), best first."""


@dataclass(frozen=True, slots=True)
class Exactness:
    """Share of searches whose best match is the exact one, with its 95 % interval (Wilson), and deeper measures.

    `neighbours`: share of the exact best k that were among the k returned. `score_error`: the largest difference
    between a returned best score and the exact best score.
    """

    searches: int
    best_match: float
    interval: tuple[float, float]
    neighbours: float
    score_error: float


def exactness(gallery: Searchable, probes: Vectors, originals: Iterable[Vectors], k: int = 1) -> Exactness:
    """Search the probes (N, 128) in the gallery and by brute force over the originals, in the gallery's order.

    `originals`: the vectors in chunks (M, 128), such as `stranger_chunks` gives; none is kept.
    """
    return agreement(gallery.search(probes, k), brute_force(probes, originals, k))


def brute_force(probes: Vectors, originals: Iterable[Vectors], k: int = 1) -> tuple[Vectors, Ids]:
    """Scores and numbers, both (N, k), of the exact best `k` originals of each probe, best first.

    -1 is the number, and -inf the score, where there are fewer originals.
    """
    scores, ids = np.full((len(probes), k), -np.inf, np.float32), np.full((len(probes), k), -1, np.int64)
    block, first = max(k, _SCORES // max(1, len(probes))), 0
    for chunk in originals:
        for start in range(0, len(chunk), block):
            rows = chunk[start : start + block]
            new = np.asarray(probes @ rows.T, np.float32)
            # After a few blocks most probes see nobody better: the sort is only for those who do.
            better = np.flatnonzero(new.max(axis=1) > scores[:, -1])
            numbers = np.broadcast_to(np.arange(first, first + len(rows)), (len(better), len(rows)))
            top, people = best(new[better], numbers, k)
            scores[better], ids[better] = best(
                np.concatenate([scores[better], top], 1), np.concatenate([ids[better], people], 1), k
            )
            first += len(rows)
    return scores, ids


def agreement(found: tuple[Vectors, Ids], exact: tuple[Vectors, Ids]) -> Exactness:
    """Exactness of answers (scores, ids) against the exact ones, both (N, k)."""
    right = int(np.sum(found[1][:, 0] == exact[1][:, 0]))
    shared = [np.isin(ours, theirs).mean() for ours, theirs in zip(exact[1], found[1], strict=True)]
    return Exactness(
        searches=len(found[1]),
        best_match=right / len(found[1]),
        interval=wilson(right, len(found[1])),
        neighbours=float(np.mean(shared)),
        score_error=float(np.max(np.abs(found[0][:, 0] - exact[0][:, 0]))),
    )
