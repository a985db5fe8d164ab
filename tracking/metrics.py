"""How well people were followed on the floor: HOTA, CLEAR and Identity of TrackEval over positions in metres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linear_sum_assignment
from trackeval.metrics import CLEAR, HOTA, Identity

#: Distance in metres at which a track and a person no longer have anything to do with each other.
NO_SIMILARITY_M = 2.0
#: Name under which `score` gives the figures over all sequences.
COMBINED = "COMBINED"
_QUIET = {"THRESHOLD": 0.5, "PRINT_CONFIG": False}


#: One sequence as TrackEval's metrics take it, or what they give.
Sequence = Mapping[str, Any]


class Table(Protocol):
    """Columns by name, as of a pandas DataFrame or of a dictionary of arrays."""

    def __getitem__(self, column: str, /) -> Any:
        """One column of numbers or strings."""


@dataclass(frozen=True, slots=True, eq=False)
class _Tick:
    truth: NDArray[np.int64]
    truth_xy: NDArray[np.float64]
    tracks: NDArray[np.int64]
    tracks_xy: NDArray[np.float64]

    @property
    def similarity(self) -> NDArray[np.float64]:
        gaps = np.linalg.norm(self.truth_xy[:, None] - self.tracks_xy[None], axis=2)
        return np.asarray(np.maximum(0.0, 1.0 - gaps / NO_SIMILARITY_M), dtype=np.float64)


def floor_metrics(truth: Table, tracks: Table) -> dict[str, float]:
    """Tracking figures over every tick; similarity of a person and a track d metres apart is max(0, 1 - d / 2 m).

    Args:
        truth: columns t (seconds), person, x, y (metres); one row for each person inside the tracked area at each tick.
        tracks: columns t, track, x, y; confirmed tracks only. Times are matched to the millisecond.

    Returns:
        hota, deta, assa (means over the 19 thresholds 0.05 to 0.95), idf1, mota (at 1 m), id_switches, and
        mean_error_m, the mean distance of pairs within 1 m. HOTA: Luiten et al., IJCV 2021; CLEAR: Bernardin and
        Stiefelhagen 2008; IDF1: Ristani et al. 2016; all as TrackEval computes them.
    """
    sequence, mean_error_m = floor_sequence(truth, tracks)
    return {**score({"": sequence})[""], "mean_error_m": mean_error_m}


def floor_sequence(truth: Table, tracks: Table) -> tuple[Sequence, float]:
    """What TrackEval's metrics take of such tables, and the mean distance of pairs within 1 m; see `floor_metrics`."""
    ticks, people, ids = _ticks(truth, tracks)
    sequence = {
        "num_timesteps": len(ticks),
        "num_gt_ids": people,
        "num_tracker_ids": ids,
        "num_gt_dets": sum(len(tick.truth) for tick in ticks),
        "num_tracker_dets": sum(len(tick.tracks) for tick in ticks),
        "gt_ids": [tick.truth for tick in ticks],
        "tracker_ids": [tick.tracks for tick in ticks],
        "similarity_scores": [tick.similarity for tick in ticks],
    }
    return sequence, _mean_error(ticks)


def score(sequences: Mapping[str, Sequence]) -> dict[str, dict[str, float]]:
    """HOTA, CLEAR and Identity of sequences by name, as TrackEval computes them.

    With several sequences there is also `COMBINED`: TrackEval's figures over all of them together, which weigh every
    box alike.
    """
    metrics = (HOTA(), CLEAR(_QUIET), Identity(_QUIET))
    found = [{name: metric.eval_sequence(dict(one)) for name, one in sequences.items()} for metric in metrics]
    if len(sequences) > 1:
        for metric, results in zip(metrics, found, strict=True):
            results[COMBINED] = metric.combine_sequences(dict(results))
    hota, clear, identity = found
    return {name: _figures(hota[name], clear[name], identity[name]) for name in hota}


def _figures(hota: Sequence, clear: Sequence, identity: Sequence) -> dict[str, float]:
    return {
        "hota": float(np.mean(hota["HOTA"])),
        "deta": float(np.mean(hota["DetA"])),
        "assa": float(np.mean(hota["AssA"])),
        "idf1": float(identity["IDF1"]),
        "mota": float(clear["MOTA"]),
        "id_switches": float(clear["IDSW"]),
    }


def with_perfect_association(truth: Table, tracks: Table) -> dict[str, NDArray[Any]]:
    """The same positions with the ids that the truth would give them: the ceiling for any better association.

    At each tick positions are matched to people one to one for the greatest similarity; those within 1 m get the
    person's id, the rest keep ids of their own. Columns t, track, x, y.
    """
    ticks, people, _ = _ticks(truth, tracks)
    times = _all_times(truth, tracks)
    columns: dict[str, list[Any]] = {"t": [], "track": [], "x": [], "y": []}
    for t, tick in zip(times / 1000.0, ticks, strict=True):
        ids = tick.tracks + people
        for person, track, score in _pairs(tick):
            if score >= 0.5:
                ids[track] = tick.truth[person]
        for track, (x, y) in zip(ids, tick.tracks_xy, strict=True):
            for name, value in zip(columns, (t, track, x, y), strict=True):
                columns[name].append(value)
    return {name: np.asarray(values) for name, values in columns.items()}


def _mean_error(ticks: list[_Tick]) -> float:
    gaps = [(1.0 - score) * NO_SIMILARITY_M for tick in ticks for _, _, score in _pairs(tick) if score >= 0.5]
    return float(np.mean(gaps)) if gaps else float("nan")


def _pairs(tick: _Tick) -> list[tuple[int, int, float]]:
    similarity = tick.similarity
    rows, columns = linear_sum_assignment(-similarity)
    return [(int(row), int(column), float(similarity[row, column])) for row, column in zip(rows, columns, strict=True)]


def _milliseconds(times: ArrayLike) -> NDArray[np.int64]:
    return np.asarray(np.rint(np.asarray(times, dtype=np.float64) * 1000.0), dtype=np.int64)


def _all_times(truth: Table, tracks: Table) -> NDArray[np.int64]:
    return np.union1d(_milliseconds(truth["t"]), _milliseconds(tracks["t"]))


def _ticks(truth: Table, tracks: Table) -> tuple[list[_Tick], int, int]:
    """Rows of both tables by tick, ids counted from 0, and the numbers of different people and tracks."""
    people, person = np.unique(np.asarray(truth["person"]).astype(str), return_inverse=True)
    ids, track = np.unique(np.asarray(tracks["track"]).astype(np.int64), return_inverse=True)
    times = _all_times(truth, tracks)
    by_tick = []
    for table, numbers in ((truth, person), (tracks, track)):
        stamps = _milliseconds(table["t"])
        order = np.argsort(stamps, kind="stable")
        places = np.column_stack([np.asarray(table["x"], np.float64), np.asarray(table["y"], np.float64)])
        cuts = np.searchsorted(stamps[order], times[1:])
        by_tick.append((np.split(numbers[order].astype(np.int64), cuts), np.split(places[order], cuts)))
    (who, where), (which, found) = by_tick
    if len(times) == 0:
        return [], len(people), len(ids)
    return [_Tick(*row) for row in zip(who, where, which, found, strict=True)], len(people), len(ids)
