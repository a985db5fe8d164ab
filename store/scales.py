"""Steps in the plates' weights: when a plate came to rest at another weight, by how much and how surely.

Samples come at about 60 Hz with noise of about 1 g, slow drift, about 0.3 s of settling after every step, and the
pressing of hands (hundreds of grams for about a second) before, after or without a step. A plate is judged only while
it is quiet: while the last quarter second varies no more than the plate's own noise. A step is the difference between
two quiet levels; a hand that presses and leaves returns to the level it found.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from store.errors import BadInput

Floats = NDArray[np.float64]


class ScalesSettings(BaseModel):
    """How the plates' samples are judged."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    window_s: float = Field(default=0.25, gt=0.05, le=2, description="time that must be quiet to be a level, seconds")
    memory_s: float = Field(default=4.0, ge=1, le=60, description="samples kept, seconds")
    block_s: float = Field(default=0.1, gt=0.01, le=0.5, description="time between two judgements, seconds")
    noise_g: float = Field(default=1.0, gt=0, le=50, description="first guess of a sample's standard deviation, grams")
    min_step_g: float = Field(default=4.0, gt=0, le=500, description="smallest step that is reported, grams")
    quiet_ratio: float = Field(
        default=1.7, gt=1, le=10, description="a window is quiet below this multiple of the noise"
    )
    level_s: float = Field(default=1.0, gt=0, le=30, description="time over which a resting level is averaged, seconds")
    press_s: float = Field(default=0.6, ge=0, le=5, description="rest that a gain must keep, as a hand may be pressing")
    drift_g: float = Field(default=0.4, ge=0, le=20, description="uncertainty of a step from drift and creep, grams")


@dataclass(frozen=True, slots=True)
class PlateStep:
    """One plate's change of level: column of the plate, times in seconds, delta and its sd in grams."""

    column: int
    started: float
    settled: float
    delta_g: float
    sd_g: float


class StepDetector:
    """Finds steps in the samples of P plates, all plates at once."""

    FIXED = frozenset({"settings"})

    def __init__(self, plates: int, settings: ScalesSettings | None = None) -> None:
        self.settings = settings or ScalesSettings()
        self.noise_g = np.full(plates, self.settings.noise_g)
        self._times: Floats = np.empty(0)
        self._grams: Floats = np.empty((0, plates))
        self._level = np.full(plates, np.nan)
        self._weight = np.zeros(plates)
        self._moving = np.zeros(plates, dtype=bool)
        self._started = np.zeros(plates)
        self._rest_since = np.full(plates, np.inf)
        self._ignored = np.zeros(plates, dtype=bool)

    @property
    def until(self) -> float:
        """Time of the newest sample, seconds; minus infinity before the first."""
        return float(self._times[-1]) if len(self._times) else float("-inf")

    @property
    def moving(self) -> NDArray[np.bool_]:
        """(P,) plates that have left their level and not yet come to rest."""
        return self._moving

    @property
    def started(self) -> Floats:
        """(P,) seconds, when the moving plates began to move."""
        return self._started

    def update(self, times: Floats, grams: Floats) -> list[PlateStep]:
        """Takes samples `times` (S,) seconds and `grams` (S, P) and returns the steps that have settled by then.

        Raises:
            BadInput: the shapes do not fit, or time runs backwards.
        """
        times, grams = np.asarray(times, dtype=np.float64), np.asarray(grams, dtype=np.float64)
        plates = len(self._level)
        if times.ndim != 1 or grams.shape != (len(times), plates):
            raise BadInput("scales", "grams", grams.shape, f"({len(times)}, {plates}): a row a time, a column a plate")
        if len(times) and (np.any(np.diff(times) < 0) or times[0] < self.until):
            raise BadInput("scales", "times", float(times[0]), f"times that never fall, from {self.until:.3f} s on")
        steps: list[PlateStep] = []
        start = 0
        while start < len(times):
            end = max(start + 1, int(np.searchsorted(times, times[start] + self.settings.block_s - 1e-9)))
            steps += self._judge(times[start:end], grams[start:end])
            start = end
        return steps

    def ignore(self, columns: NDArray[np.bool_]) -> None:
        """(P,) plates whose samples mean nothing from now on: nothing is learnt, nothing happens there."""
        self._ignored = columns.copy()

    def forget(self, columns: Sequence[int]) -> None:
        """Plates that mean nothing, or again something: their levels are learnt anew, and what moved has not moved."""
        where = list(columns)
        self._level[where], self._weight[where] = np.nan, 0.0
        self._moving[where], self._rest_since[where] = False, np.inf

    def level(self, column: int) -> float | None:
        """Grams at which a plate rests or last rested; None where that is not known."""
        return None if np.isnan(self._level[column]) else float(self._level[column])

    def change_between(self, column: int, started: float, settled: float) -> tuple[float, float] | None:
        """What a plate lost or gained around a time in which it reported nothing: grams and sd, None if unknown."""
        before = (self._times > started - 0.6) & (self._times < started - 0.05)
        after = (self._times > settled - 0.2) & (self._times <= settled + 0.4)
        if self._moving[column] or before.sum() < 5 or after.sum() < 5:
            return None
        early, late = self._grams[before, column], self._grams[after, column]
        quiet = self.settings.quiet_ratio * self.noise_g[column]
        if early.std() > quiet or late.std() > quiet:
            return None
        sd = float(self.noise_g[column] * np.sqrt(1 / len(early) + 1 / len(late)))
        return float(late.mean() - early.mean()), sd

    def _judge(self, times: Floats, grams: Floats) -> list[PlateStep]:
        self._remember(times, grams)
        now = float(times[-1])
        recent = self._times > now - self.settings.window_s
        if recent.sum() < 4 or now - self._times[0] < 0.8 * self.settings.window_s:
            return []
        window = self._grams[recent]
        mean, quiet = self._rest(window)
        first = np.isnan(self._level) & quiet
        self._level[first], self._weight[first] = mean[first], len(window)
        threshold = np.maximum(self.settings.min_step_g, 5 * self.noise_g / np.sqrt(len(window)))
        apart = np.abs(mean - self._level) > threshold
        self._depart((~quiet | apart) & ~self._moving & ~np.isnan(self._level))
        self._average(mean, quiet & ~apart & ~self._moving, len(times))
        return self._settle(now, mean, quiet, apart, len(window))

    def _remember(self, times: Floats, grams: Floats) -> None:
        """Adds samples; a sample that is missing (NaN) stands for the plate's last one."""
        filled = grams
        if np.isnan(grams).any():
            filled = grams.copy()
            last = self._grams[-1] if len(self._grams) else np.zeros(grams.shape[1])
            for row in filled:
                np.copyto(row, last, where=np.isnan(row))
                last = row
        self._times = np.concatenate([self._times, times])
        self._grams = np.concatenate([self._grams, filled])
        keep = int(np.searchsorted(self._times, times[-1] - self.settings.memory_s))
        if keep:
            self._times, self._grams = self._times[keep:], self._grams[keep:]

    def _rest(self, window: Floats) -> tuple[Floats, NDArray[np.bool_]]:
        """(P,) mean of the window and whether it is quiet: neither restless nor on its way somewhere."""
        half = len(window) // 2
        mean, sd = window.mean(axis=0), window.std(axis=0)
        trend = np.abs(window[half:].mean(axis=0) - window[:half].mean(axis=0))
        quiet = sd < self.settings.quiet_ratio * self.noise_g
        quiet &= trend < 4.5 * self.noise_g / np.sqrt(half)
        quiet &= ~self._ignored
        calm = quiet & ~self._moving
        # the noise of each plate is learnt while nothing happens on it
        self.noise_g[calm] += 0.02 * (np.maximum(sd[calm], 0.05) * 1.03 - self.noise_g[calm])
        return mean, quiet

    def _depart(self, leaving: NDArray[np.bool_]) -> None:
        for column in np.flatnonzero(leaving):
            off = np.abs(self._grams[:, column] - self._level[column]) > 4 * self.noise_g[column]
            recent = off & (self._times > self._times[-1] - 1.5 * self.settings.window_s)
            # one sample alone may be off by chance, but not the next one too
            first = np.flatnonzero(recent & np.append(off[1:], True))
            self._started[column] = self._times[first[0]] if len(first) else self._times[-1]
        self._moving |= leaving
        self._rest_since[leaving] = np.inf

    def _average(self, mean: Floats, resting: NDArray[np.bool_], samples: int) -> None:
        """Lets the level of resting plates follow, so that it averages noise and keeps up with drift."""
        rate = len(self._times) / max(self._times[-1] - self._times[0], 1e-6)
        limit = self.settings.level_s * rate
        self._weight[resting] = np.minimum(self._weight[resting] + samples, limit)
        share = samples / self._weight[resting]
        self._level[resting] += share * (mean[resting] - self._level[resting])

    def _settle(
        self, now: float, mean: Floats, quiet: NDArray[np.bool_], apart: NDArray[np.bool_], samples: int
    ) -> list[PlateStep]:
        self._rest_since[~quiet] = np.inf
        began = self._moving & quiet & np.isinf(self._rest_since)
        self._rest_since[began] = now
        rested = now - self._rest_since
        # a hand can press, but not lift: a loss is believed at once, a gain only when it lasts
        patience = np.where(mean > self._level, self.settings.press_s, 0.0)
        done = self._moving & quiet & (~apart | (rested >= patience - 1e-9))
        steps = [self._step(int(column), now, mean, samples) for column in np.flatnonzero(done & apart)]
        self._level[done & apart], self._weight[done & apart] = mean[done & apart], samples
        self._moving &= ~done
        self._rest_since[done] = np.inf
        return steps

    def _step(self, column: int, now: float, mean: Floats, samples: int) -> PlateStep:
        noise = self.noise_g[column]
        sd = np.sqrt(noise**2 / max(self._weight[column], 1.0) + noise**2 / samples + self.settings.drift_g**2)
        settled = min(now, float(self._rest_since[column]))
        return PlateStep(
            column, float(self._started[column]), settled, float(mean[column] - self._level[column]), float(sd)
        )


def cluster_steps(
    steps: Sequence[PlateStep], linked: Sequence[frozenset[int]], apart_s: float
) -> list[list[PlateStep]]:
    """Groups steps that may be one event: same sign, together in time, on plates of which each is linked to another.

    Args:
        steps: steps of any plates.
        linked: for each column, the columns that one item can load together with it.
        apart_s: largest time between two starts, or between one's end and the other's start, seconds.
    """
    groups: list[list[PlateStep]] = []
    for step in sorted(steps, key=lambda one: (one.started, one.column)):
        joined = [group for group in groups if any(_together(step, other, linked, apart_s) for other in group)]
        groups = [group for group in groups if group not in joined]
        groups.append(sorted([step, *(one for group in joined for one in group)], key=lambda one: one.column))
    return groups


def _together(a: PlateStep, b: PlateStep, linked: Sequence[frozenset[int]], apart_s: float) -> bool:
    near = b.column in linked[a.column] or a.column in linked[b.column]
    overlap = max(a.started, b.started) - min(a.settled, b.settled)
    soon = abs(a.started - b.started) < apart_s or (overlap < 0 and abs(a.settled - b.settled) < apart_s)
    return near and soon and (a.delta_g > 0) == (b.delta_g > 0)
