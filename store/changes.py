"""From steps of single plates to weight changes: which plates moved together because one item lay on both."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise
from math import lgamma, log

import numpy as np
from numpy.typing import NDArray

from store.events import WeightChange
from store.planogram import Planogram
from store.scales import PlateStep, ScalesSettings, StepDetector, cluster_steps

Match = Callable[[tuple[str, ...], float, float], float]
"""Log probability of the best explanation of (plates, delta_g, sd_g)."""

TOGETHER_S = 0.5
"""Plates on which one item stands move within so many seconds."""

SIMULTANEOUS_SD_S = 0.12
"""Spread of the moments at which several plates first feel the same item."""

PATIENCE_S = 1.2
"""A settled plate waits at most so long for its restless neighbour."""

SEPARATE = -3.5
"""Log prior of two hands at neighbouring plates at the same moment, against one item on both."""


class Changes:
    """Joins the plates' steps into changes, each of one or more plates; `number` counts them."""

    FIXED = frozenset({"planogram", "detector", "_match", "_linked", "_slot_columns"})

    def __init__(self, planogram: Planogram, match: Match, settings: ScalesSettings | None = None) -> None:
        self.planogram, self.detector = planogram, StepDetector(len(planogram.plates), settings)
        self._match = match
        self._waiting: list[PlateStep] = []
        self._linked = [self._linked_columns(plate.id) for plate in planogram.plates]
        self._slot_columns = [self._slot_mates(plate.id) for plate in planogram.plates]
        self.number = 0

    def update(self, times: NDArray[np.float64], grams: NDArray[np.float64]) -> list[WeightChange]:
        """Takes samples (S,) seconds and (S, P) grams; returns the changes that are complete."""
        self._waiting += self.detector.update(times, grams)
        return self._complete(float(times[-1])) if self._waiting and len(times) else []

    def forget(self, columns: Sequence[int]) -> None:
        """Plates that have failed or weigh again: what they last seemed to feel was nothing."""
        self.detector.forget(columns)
        self._waiting = [step for step in self._waiting if step.column not in columns]

    def flush(self, t: float) -> list[WeightChange]:
        """What is still waiting, because the store closes."""
        return self._complete(t + 2 * PATIENCE_S)

    def _complete(self, now: float) -> list[WeightChange]:
        changes = []
        for group in cluster_steps(self._waiting, self._linked, TOGETHER_S):
            if any(self._unfinished(step, now) for step in group):
                continue
            self._waiting = [step for step in self._waiting if step not in group]
            changes += [self._change(part, now) for part in self._split(group)]
        return sorted(changes, key=lambda change: (change.started, change.id))

    def _unfinished(self, step: PlateStep, now: float) -> bool:
        """Whether a linked plate is still moving that may belong to the same item."""
        if now - step.settled > PATIENCE_S:
            return False
        columns = [column for column in self._linked[step.column] if self.detector.moving[column]]
        return any(self.detector.started[column] < step.settled for column in columns)

    def _split(self, group: list[PlateStep]) -> list[list[PlateStep]]:
        """The likeliest division of steps in the order of plates into items, each on adjacent steps."""
        best, best_log_p = [group], -np.inf
        for parts in _divisions(group):
            log_p = sum(self._log_p(part) for part in parts) + SEPARATE * (len(parts) - 1)
            if log_p > best_log_p:
                best, best_log_p = parts, log_p
        return best

    def _log_p(self, steps: list[PlateStep]) -> float:
        """Log density of all the steps' weights if one item made them."""
        delta, sd = self._total(steps)
        starts = [step.started for step in steps]
        apart = (max(starts) - min(starts)) / SIMULTANEOUS_SD_S
        # How an item's weight is shared out over its plates is anybody's guess: uniform over the simplex. Without this
        # one item on four plates would be weighed against four items as if it explained one weight instead of four.
        shared_out = lgamma(len(steps)) - (len(steps) - 1) * log(max(abs(delta), 1.0))
        match = self._match(tuple(self._plate(step.column) for step in steps), delta, sd)
        return match + shared_out - 0.5 * min(apart**2, 16.0)

    def _total(self, steps: list[PlateStep]) -> tuple[float, float]:
        """Sum of the steps and of what the other plates of their slots moved too little to report."""
        delta, variance = sum(step.delta_g for step in steps), sum(step.sd_g**2 for step in steps)
        columns = {step.column for step in steps}
        started, settled = min(step.started for step in steps), max(step.settled for step in steps)
        for column in sorted({mate for step in steps for mate in self._slot_columns[step.column]} - columns):
            small = self.detector.change_between(column, started, settled)
            if small is not None and abs(small[0]) < 2 * self.detector.settings.min_step_g:
                if abs(small[0]) > 3 * small[1]:
                    delta += small[0]
                variance += small[1] ** 2
        return delta, float(np.sqrt(variance))

    def _change(self, steps: list[PlateStep], now: float) -> WeightChange:
        self.number += 1
        delta, sd = self._total(steps)
        return WeightChange(
            t=now,
            id=f"w{self.number}",
            plates=tuple(self._plate(step.column) for step in steps),
            delta_g=round(delta, 2),
            sd_g=round(sd, 3),
            started=round(min(step.started for step in steps), 4),
            settled=round(max(step.settled for step in steps), 4),
            parts=tuple(round(step.delta_g, 2) for step in steps),
        )

    def _plate(self, column: int) -> str:
        return self.planogram.plates[column].id

    def _slot_mates(self, plate: str) -> frozenset[int]:
        mates = {mate for slot in self.planogram.slots_on.get(plate, ()) for mate in slot.plates} - {plate}
        return frozenset(self.planogram.column[mate] for mate in mates)

    def _linked_columns(self, plate: str) -> frozenset[int]:
        """Columns of plates that an item can load together with this one: its slots' plates and the neighbours."""
        return self._slot_mates(plate) | {self.planogram.column[mate] for mate in self.planogram.neighbours[plate]}


def _divisions(group: list[PlateStep]) -> Iterator[list[list[PlateStep]]]:
    """Every way to cut a row of steps into contiguous parts, fewest cuts first; long rows are not cut."""
    size = len(group)
    for cuts in range(size if size <= 5 else 1):
        for places in combinations(range(1, size), cuts):
            edges = [0, *places, size]
            yield [group[start:end] for start, end in pairwise(edges)]
