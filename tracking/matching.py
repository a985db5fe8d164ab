"""Which person is which track at each tick, as CLEAR counts it: the pairs behind the number of identity switches."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from tracking.metrics import NO_SIMILARITY_M, Table, floor_sequence

#: Pairs count from this similarity on: 1 m on the floor.
SAME = 0.5
_KEPT = 1000.0


def matched_pairs(truth: Table, tracks: Table) -> pd.DataFrame:
    """Pairs of a person and a track at each tick, one to one, within 1 m of each other.

    As TrackEval's CLEAR (Bernardin and Stiefelhagen 2008) does it: a pair of the tick before stays together while it
    may, and the rest is paired for the greatest similarity. So a person whose `track` changes from one row to their
    next is exactly one of the `id_switches` of `floor_metrics`.

    Args:
        truth: columns t (seconds), person, x, y (metres), as for `floor_metrics`.
        tracks: columns t, track, x, y.

    Returns:
        columns t, person, track, gap_m, in order of time.
    """
    sequence, _ = floor_sequence(truth, tracks)
    names = np.unique(np.asarray(truth["person"]).astype(str))
    ids = np.unique(np.asarray(tracks["track"]).astype(np.int64))
    stamps = [np.rint(np.asarray(table["t"], np.float64) * 1000.0).astype(np.int64) for table in (truth, tracks)]
    before: dict[int, int] = {}
    rows = []
    ticks = zip(sequence["gt_ids"], sequence["tracker_ids"], sequence["similarity_scores"], strict=True)
    for t, (people, found, similarity) in zip(np.union1d(*stamps) / 1000.0, ticks, strict=True):
        if len(people) == 0 or len(found) == 0:
            continue  # CLEAR remembers the pairs over such a tick
        kept = found[None, :] == np.array([before.get(int(person), -1) for person in people])[:, None]
        score = np.where(similarity < SAME - np.finfo(float).eps, 0.0, _KEPT * kept + similarity)
        chosen = [(i, j) for i, j in zip(*linear_sum_assignment(-score), strict=True) if score[i, j] > 0]
        before = {int(people[i]): int(found[j]) for i, j in chosen}
        for i, j in chosen:
            gap_m = (1.0 - float(similarity[i, j])) * NO_SIMILARITY_M
            rows.append((float(t), str(names[people[i]]), int(ids[found[j]]), gap_m))
    return pd.DataFrame(rows, columns=["t", "person", "track", "gap_m"])
