"""How alone a person is in the movement traces that a store keeps."""

from collections import defaultdict

import numpy as np

from store.privacy.attacks.kept_walks import Walks
from store.privacy.figures import Figure

CELL_M = 1.0
CELL_S = 10.0
POINTS = 4
PICKS = 20

Cell = tuple[int, int, int]


def kept_traces(walks: Walks) -> dict[int, list[Cell]]:
    """Each kept track as its cells, sorted: metres and tens of seconds."""
    size = np.array([CELL_M, CELL_M, CELL_S])
    return {
        track: [
            (int(x), int(y), int(t))
            for x, y, t in np.unique(np.column_stack([walk.places, walk.t]) // size, axis=0).astype(int)
        ]
        for track, walk in walks.tracks.items()
    }


def trace_figures(walks: Walks, rng: np.random.Generator) -> dict[str, Figure]:
    """`unicity` and `k_anonymity` of the traces still kept."""
    traces = kept_traces(walks)
    if len(traces) < 2:
        reason = "no movement traces are kept a day later" if not traces else "one trace alone cannot be compared"
        return {"unicity": Figure(None, reason), "k_anonymity": Figure(None, reason)}
    through: dict[Cell, set[int]] = defaultdict(set)
    for track, cells in traces.items():
        for cell in cells:
            through[cell].add(track)

    def alike(cells: list[Cell], points: int) -> int:
        picks = rng.choice(len(cells), size=min(points, len(cells)), replace=False)
        return len(set.intersection(*(through[cells[pick]] for pick in picks)))

    unique = [sum(alike(cells, POINTS) == 1 for cells in traces.values()) / len(traces) for _ in range(PICKS)]
    crowd = [alike(cells, 1) for cells in traces.values() for _ in range(PICKS)]
    low, high = np.quantile(unique, [0.025, 0.975])
    return {
        "unicity": Figure(float(np.mean(unique)), None, float(low), float(high), f"{len(traces)} traces"),
        "k_anonymity": Figure(float(np.median(crowd)), None, float(min(crowd)), float(max(crowd)), "least and most"),
    }
