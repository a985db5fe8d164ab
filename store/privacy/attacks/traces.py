"""How alone a person is in the movement traces that a store keeps."""

from collections import defaultdict

import numpy as np

from store.privacy.figures import Figure
from store.privacy.keeping.kept_store import KeptStore

CELL_M = 1.0
CELL_S = 10.0
POINTS = 4
PICKS = 20

Cell = tuple[int, int, int]


def kept_traces(store: KeptStore) -> dict[int, set[Cell]]:
    """Each kept track as the set of its cells: metres and tens of seconds."""
    traces: dict[int, set[Cell]] = defaultdict(set)
    for track, t, x, y in store.rows("SELECT track, t, x, y FROM tracks"):
        cell = (int(float(x or 0) // CELL_M), int(float(y or 0) // CELL_M), int(float(t or 0) // CELL_S))
        traces[int(track or 0)].add(cell)
    return traces


def trace_figures(store: KeptStore, rng: np.random.Generator) -> dict[str, Figure]:
    """`unicity` and `k_anonymity` of the traces still kept."""
    traces = list(kept_traces(store).values())
    if len(traces) < 2:
        reason = "no movement traces are kept a day later" if not traces else "one trace alone cannot be compared"
        return {"unicity": Figure(None, reason), "k_anonymity": Figure(None, reason)}
    unique = [
        sum(_alike(traces, _points(trace, POINTS, rng)) == 1 for trace in traces) / len(traces) for _ in range(PICKS)
    ]
    alike = [_alike(traces, _points(trace, 1, rng)) for trace in traces for _ in range(PICKS)]
    low, high = np.quantile(unique, [0.025, 0.975])
    return {
        "unicity": Figure(float(np.mean(unique)), None, float(low), float(high), f"{len(traces)} traces"),
        "k_anonymity": Figure(float(np.median(alike)), None, float(min(alike)), float(max(alike)), "least and most"),
    }


def _points(trace: set[Cell], count: int, rng: np.random.Generator) -> set[Cell]:
    cells = sorted(trace)
    return {cells[pick] for pick in rng.choice(len(cells), size=min(count, len(cells)), replace=False)}


def _alike(traces: list[set[Cell]], points: set[Cell]) -> int:
    return sum(points <= trace for trace in traces)
