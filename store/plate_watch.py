"""What a shop does about plates that fail: it says so, and has a person look at what it could not weigh.

While a plate has failed, its samples count for nothing, and whoever reaches for it may have taken anything: their
receipts are flagged. When it weighs again, its new level is taken as it is; what the difference was, nobody knows.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from store.changes import Changes
from store.events import PlateFailed, PlateRecovered, StoreEvent
from store.gate import Gates
from store.plate_health import HealthSettings, PlateHealth
from store.reach import place_of
from store.suspects import Suspects

REACHED = 1.0
"""Least likelihood ratio of a visit that counts as reaching for a plate: what is seen speaks for it, not against it."""

LOOK_S = 0.5
"""How often it is looked who is at a failed plate, seconds."""

LEARNT_S = 1.0
"""How long a plate that weighs again rests until its level is known."""


class PlateWatch:
    """Keeps a shop's plates under watch."""

    FIXED = frozenset({"health", "_changes", "_gates", "_suspects", "_journal"})

    def __init__(
        self,
        changes: Changes,
        gates: Gates,
        suspects: Suspects,
        journal: Callable[[StoreEvent], None],
        settings: HealthSettings | None = None,
    ) -> None:
        self.health = PlateHealth(len(changes.planogram.plates), settings)
        self._changes, self._gates, self._suspects, self._journal = changes, gates, suspects, journal
        self._before: dict[int, float | None] = {}
        self._learning: dict[int, float] = {}
        self._looked = float("-inf")

    def sound(self, times: NDArray[np.float64], grams: NDArray[np.float64]) -> NDArray[np.float64]:
        """The samples (S, P) without those of failed plates, which are NaN."""
        for verdict in self.health.update(times, grams):
            if verdict.trouble is not None:
                self._fail(verdict.column, verdict.trouble, verdict.since, float(times[-1]))
            else:
                self._changes.forget([verdict.column])
                self._learning[verdict.column] = verdict.since
        self._changes.detector.ignore(self.health.failed)
        if not self.health.failed.any():
            return grams
        return np.where(self.health.failed, np.nan, grams)

    def look(self, t: float) -> None:
        """Doubts the visits of those who are at failed plates; call after the samples up to `t`."""
        for column, since in list(self._learning.items()):
            level = self._changes.detector.level(column)
            if level is not None and t > since + LEARNT_S:
                del self._learning[column]
                before = self._before.pop(column, None)
                delta = None if before is None else round(level - before, 1)
                self._journal(PlateRecovered(t, self._changes.planogram.plates[column].id, delta))
        blind = [int(column) for column in np.flatnonzero(self.health.failed)] + list(self._learning)
        if blind and t >= self._looked + LOOK_S:
            self._looked = t
            for column in blind:
                self._doubt(column, t - LOOK_S, t)

    def _fail(self, column: int, trouble: str, since: float, now: float) -> None:
        plate = self._changes.planogram.plates[column].id
        if self._learning.pop(column, None) is None:
            self._before[column] = self._changes.detector.level(column)
        self._changes.forget([column])
        self._journal(PlateFailed(now, plate, trouble, round(since, 3)))  # type: ignore[arg-type]
        for then in np.arange(since, now, LOOK_S):
            self._doubt(column, float(then), now)

    def _doubt(self, column: int, then: float, now: float) -> None:
        plate = self._changes.planogram.plates[column]
        ratios, _ = self._suspects.ratios(place_of([plate], then, then))
        for name, ratio in ratios.items():
            if ratio >= REACHED:
                self._gates.doubt(self._gates.visits[name], now, f"was at plate {plate.id} while it did not weigh")
