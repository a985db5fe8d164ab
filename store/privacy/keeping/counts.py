"""Counts of people and heat maps, as a store may release them with differential privacy.

What is protected is one person's visit: whether it took place, when, and where it led. Each visit is counted in at
most `most_minutes` counts of the day and adds at most `heatmap_seconds` to the heat map; longer stays are cut, which
is an error too. Epsilons add up over everything in which the visit takes part (sequential composition): its budget
of the day is `most_minutes` times the epsilon of a count, plus that of the heat map. Two visits spend twice that, a
party of three three times. To cut long stays, the counter must hold who is inside in memory while they are inside;
none of that is written down.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from store.privacy.day import DayRecords
from store.privacy.keeping.noise import Laplace
from store.privacy.policy import Collect

COUNT_EVERY_S = 60.0
CELL_M = 1.0
TENTHS = 10
"""Heat maps are counted in tenths of a second."""

Place = TypeVar("Place")
Cell = tuple[int, int]
Floor = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Release(Generic[Place]):
    """Numbers as released, each with its time or cell, and the epsilon that a visit spent at most (None: no noise)."""

    values: tuple[tuple[Place, int], ...]
    spent: float | None


def true_counts(day: DayRecords, most: int | None = None) -> dict[float, int]:
    """People inside at each minute of a day, each visit in its first `most` minutes only (None: all)."""
    times = np.arange(day.opens, day.closes, COUNT_EVERY_S)
    inside: Counter[float] = Counter({float(t): 0 for t in times})
    for visit in day.visits:
        for t in times[(times >= visit.opened) & (times < visit.closed)][:most]:
            inside[float(t)] += visit.people
    return dict(inside)


def count_noise(rule: Collect) -> Laplace | None:
    """Noise of one count, in which one visit is one person."""
    return None if rule.epsilon is None else Laplace(rule.epsilon, 1)


def released_counts(day: DayRecords, rule: Collect) -> Release[float]:
    """The day's counts under a policy's rule."""
    counts, noise = true_counts(day, rule.most_minutes), count_noise(rule)
    if noise is None:
        return Release(tuple(counts.items()), None)
    released = noise.release(list(counts.values()))
    return Release(
        tuple(zip(counts, released, strict=True)), noise.spent(min(rule.most_minutes or len(counts), len(counts)))
    )


def true_heat_map(day: DayRecords, most_seconds: float | None = None) -> dict[Cell, int]:
    """Tenths of a second that people stood in each cell of the floor; somebody adds at most `most_seconds` (None: all).

    A longer stay is scaled down in all its cells, and rounded down so that the bound holds. The cells are those of the
    floor plan, whoever came; without a plan there are none.
    """
    if day.floor_m is None:
        return {}
    width, depth = (int(np.ceil(side / CELL_M)) for side in day.floor_m)
    total = np.zeros((width, depth), np.int64)
    for own, people in _stays(day, width, depth):
        bound = own.sum() if most_seconds is None else people * most_seconds * TENTHS
        total += np.floor(own * min(1.0, bound / max(1, int(own.sum())))).astype(np.int64)
    return {(x, y): int(total[x, y]) for x in range(width) for y in range(depth)}


def _stays(day: DayRecords, width: int, depth: int) -> list[tuple[Floor, int]]:
    """Tenths of a second in each cell, (width, depth), of each party, and how many people it is."""
    if day.positions.empty:
        return []
    party = {track: (visit.visit, visit.people) for visit in day.visits for track in visit.tracks}
    rows = day.positions.sort_values(["track", "t"], kind="stable")
    tick = float(rows.groupby("track")["t"].diff().median())
    cells = np.clip(rows[["x", "y"]].to_numpy() // CELL_M, 0, [width - 1, depth - 1]).astype(np.int64)
    stays: dict[tuple[str, int], Floor] = {}
    for track, (x, y) in zip(rows["track"].tolist(), cells.tolist(), strict=True):
        own = stays.setdefault(party.get(int(track), (f"track-{track}", 1)), np.zeros((width, depth), np.int64))
        own[x, y] += 1
    tenths = 0.0 if np.isnan(tick) else tick * TENTHS
    return [(np.round(own * tenths).astype(np.int64), people) for (_, people), own in stays.items()]


def heat_map_noise(rule: Collect) -> Laplace | None:
    """Noise of one cell, in tenths of a second."""
    if rule.heatmap_epsilon is None or rule.heatmap_seconds is None:
        return None
    return Laplace(rule.heatmap_epsilon, rule.heatmap_seconds * TENTHS)


def released_heat_map(day: DayRecords, rule: Collect) -> Release[Cell]:
    """The day's heat map under a policy's rule. Raises ValueError where the rule has none."""
    noise = heat_map_noise(rule)
    if noise is None:
        raise ValueError("heatmap_epsilon: found None, allowed: a budget")
    cells = true_heat_map(day, rule.heatmap_seconds)
    return Release(tuple(zip(cells, noise.release(list(cells.values())), strict=True)), noise.spent(noise.most))


def busiest_right(true: Mapping[Cell, float], released: Mapping[Cell, float], share: float = 0.1) -> float:
    """Of the busiest tenth of the cells, the share that a released heat map names too."""
    count = max(1, round(share * len(true)))
    first, second = (set(sorted(cells, key=lambda cell: -cells[cell])[:count]) for cells in (true, released))
    return len(first & second) / count
