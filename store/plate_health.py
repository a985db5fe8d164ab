"""Plates that have stopped to weigh, noticed from their samples alone.

A plate that gives no samples is silent. A plate that hangs, or whose converter does, repeats one value: how often two
samples of a sound plate are alike is learnt from the plate itself, so that a coarse or quiet one is not taken for
stuck. A plate whose reading runs away drifts: the median of its moves from one half second to the next is far from
nothing, which neither items nor hands bring about. Slow drift is no fault, as the level of a resting plate follows it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

Floats = NDArray[np.float64]
Trouble = Literal["silent", "stuck", "drifting"]

_LEARN = 1 / 600
_VARIED = 30
_ONE_WAY = 0.8
"""Least share of a drifting plate's moves that go the same way."""

_TROUBLES: tuple[Trouble, ...] = ("silent", "stuck", "drifting")


class HealthSettings(BaseModel):
    """When a plate counts as failed, and when as sound again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    silent_s: float = Field(default=1.0, gt=0, le=60, description="without a sample for so long, a plate is silent")
    stuck_s: float = Field(default=2.0, gt=0.2, le=60, description="the same sample for at least so long: stuck")
    surprise: float = Field(
        default=25.0, gt=1, le=1000, description="and so unlikely: minus the log of the chance of such a run"
    )
    drift_g_s: float = Field(
        default=1.0, gt=0, le=100, description="moves on at least so fast, grams a second: drifting"
    )
    drift_s: float = Field(default=6.0, ge=2, le=60, description="for so long, seconds")
    sound_s: float = Field(default=1.5, gt=0, le=60, description="without trouble for so long, it is sound again")


@dataclass(frozen=True, slots=True)
class Verdict:
    """A plate's column has failed by some `trouble`, or is sound again (None); `since` in seconds."""

    column: int
    trouble: Trouble | None
    since: float


class PlateHealth:
    """Watches the samples of P plates, all at once."""

    FIXED = frozenset({"settings"})

    def __init__(self, plates: int, settings: HealthSettings | None = None) -> None:
        self.settings = settings or HealthSettings()
        self.failed = np.zeros(plates, dtype=bool)
        """(P,) plates whose samples mean nothing now."""
        self._last = np.full(plates, np.nan)
        self._heard = np.full(plates, np.nan)
        self._same_since = np.full(plates, np.nan)
        self._run = np.zeros(plates)
        self._alike = np.full(plates, 0.5)
        self._pairs = np.zeros(plates)
        self._varied = np.zeros(plates)
        self._troubled = np.full(plates, -np.inf)
        self._bins: list[Floats] = []
        self._spreads: list[Floats] = []
        self._bin: list[Floats] = []
        self._bin_end = -np.inf

    def update(self, times: Floats, grams: Floats) -> list[Verdict]:
        """Takes samples (S,) seconds and (S, P) grams, NaN where there was none; says what has changed by then."""
        for t, row in zip(times, grams, strict=True):
            self._compare(float(t), row)
        if not len(times):
            return []
        now = float(times[-1])
        self._gather(now, grams)
        found = self._trouble(now)
        troubled = found >= 0
        self._troubled[troubled] = now
        failing = troubled & ~self.failed
        sound = self.failed & (self._troubled <= now - self.settings.sound_s)
        self.failed = (self.failed | failing) & ~sound
        began = np.where(found == 0, self._heard, np.where(found == 1, self._same_since, now - self.settings.drift_s))
        changed = [Verdict(int(c), _TROUBLES[found[c]], float(began[c])) for c in np.flatnonzero(failing)]
        return changed + [Verdict(int(c), None, now) for c in np.flatnonzero(sound)]

    def _compare(self, t: float, row: Floats) -> None:
        there = ~np.isnan(row)
        alike = there & (row == self._last)
        compared = there & ~np.isnan(self._last) & ~self.failed
        # A mean of all pairs at first: by the slow rate alone a coarse plate would long seem to vary more than it does.
        self._pairs[compared] += 1
        rate = np.maximum(_LEARN, 1 / (self._pairs[compared] + 1))
        self._alike[compared] += rate * (alike[compared] - self._alike[compared])
        self._varied[compared & ~alike] += 1
        self._run = np.where(alike, self._run + 1, np.where(there, 0, self._run))
        fresh = there & ~alike
        self._same_since[fresh] = t
        self._last[there], self._heard[there] = row[there], t
        never = np.isnan(self._heard)
        self._heard[never] = t

    def _gather(self, now: float, grams: Floats) -> None:
        """Keeps the means of half seconds."""
        self._bin.extend(grams)
        if now < self._bin_end:
            return
        there = np.array(self._bin)
        known = ~np.isnan(there)
        sums, counts = np.where(known, there, 0.0).sum(axis=0), known.sum(axis=0)
        mean = np.where(counts, sums / np.maximum(counts, 1), np.nan)
        spread = np.where(known, (there - mean) ** 2, 0.0).sum(axis=0) / np.maximum(counts, 1)
        self._bins.append(mean)
        self._spreads.append(np.sqrt(spread / np.maximum(counts, 1)))
        keep = -1 - round(2 * self.settings.drift_s)
        self._bins, self._spreads = self._bins[keep:], self._spreads[keep:]
        self._bin, self._bin_end = [], now + 0.5 - 1e-9

    def _trouble(self, now: float) -> NDArray[np.int64]:
        """(P,) index of each plate's trouble, -1 where there is none."""
        settings = self.settings
        silent = now - self._heard >= settings.silent_s
        unlikely = -self._run * np.log(np.clip(self._alike, 1e-6, 1 - 1e-9))
        stuck = (now - self._same_since >= settings.stuck_s) & (unlikely > settings.surprise) & (self._varied > _VARIED)
        drifting = np.zeros(len(silent), dtype=bool)
        if len(self._bins) > 2 * settings.drift_s:
            moves = np.diff(np.array(self._bins), axis=0)
            whole = ~np.isnan(moves).any(axis=0)
            # A noisy plate's moves are as noisy: four times the error of a half second's mean stay below chance.
            least = np.maximum(settings.drift_g_s / 2, 4 * np.median(np.array(self._spreads), axis=0))
            # Under a hand that leans, or a bag that is filled, they go to and fro: a drift goes on and on one way.
            middle = np.median(moves, axis=0)
            one_way = (np.sign(moves) == np.sign(middle)).mean(axis=0) >= _ONE_WAY
            drifting[whole] = (np.abs(middle) > least)[whole] & one_way[whole]
        return np.select([silent, stuck, drifting], [0, 1, 2], -1).astype(np.int64)
