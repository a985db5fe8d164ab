"""Ranking candidates and counting hits: how often the likeliest one is right, against guessing and a control."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store.privacy.attacks.person_visits import Days
from store.privacy.attacks.scores import Scores
from store.privacy.figures import Figure
from store.privacy.intervals import wilson

RESAMPLES = 1000
PERMUTATIONS = 200
Pairs = npt.NDArray[np.bool_]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The attacker names the likeliest candidate of every probe; everything a figure needs.

    `hits`, `chance`, `auc` are (P,) by probe: whether the one named is right (equally likely ones share the hit), the
    share of candidates that are right, the probability that a right candidate is ranked above a wrong one. `control`
    is (PERMUTATIONS,): mean hits minus chance where records are handed to other people of the same day; empty where no
    control was asked for.
    """

    people: tuple[str, ...]
    hits: Values
    chance: Values
    auc: Values
    control: Values

    @property
    def above_chance(self) -> float:
        """Mean share of probes named rightly, minus guessing."""
        # Rounded, so that guessing alone is exactly 0.
        return round(float(np.mean(self.hits - self.chance)), 12)

    def figure(self, noun: str, note: str, rng: np.random.Generator) -> Figure:
        """The share above chance with its interval over people; `noun` says what a probe is."""
        low, high = self._interval(rng)
        least, most = self._over_people(self.auc, (0.0, 1.0), rng)
        text = (
            f"{self.hits.mean():.0%} right where guessing gives {self.chance.mean():.0%}; AUC {np.mean(self.auc):.2f} "
            f"({least:.2f} ... {most:.2f}); {len(self.hits)} {noun} of {len(set(self.people))} people"
        )
        return Figure(self.above_chance, None, low, high, f"{text}; {note}" if note else text)

    def control_figure(self) -> Figure:
        """The same attack on records handed to others: mean and the middle 95 % of the permutations."""
        low, high = np.quantile(self.control, [0.025, 0.975])
        beaten = (1 + int(np.sum(self.control >= self.above_chance - 1e-12))) / (1 + len(self.control))
        note = f"{len(self.control)} permutations; as good as the attack by luck: p = {beaten:.3f}"
        return Figure(float(np.clip(self.control.mean(), low, high)), None, float(low), float(high), note)

    def _interval(self, rng: np.random.Generator) -> tuple[float, float]:
        chance, people = float(self.chance.mean()), len(set(self.people))
        if np.allclose(self.hits, self.chance):
            return self.above_chance, self.above_chance
        if self.hits.min() == self.hits.max() and self.hits[0] in (0.0, 1.0):
            # Resampling people who all agree would claim certainty.
            low, high = wilson(int(self.hits[0]) * people, people)
            return min(low - chance, self.above_chance), max(high - chance, self.above_chance)
        return self._over_people(self.hits - self.chance, (-chance, 1 - chance), rng)

    def _over_people(
        self, values: Values, bounds: tuple[float, float], rng: np.random.Generator
    ) -> tuple[float, float]:
        names = list(dict.fromkeys(self.people))
        member = np.array([names.index(person) for person in self.people])
        sums = np.bincount(member, values, minlength=len(names)).astype(np.float64)
        return bootstrap(sums, np.bincount(member, minlength=len(names)), float(values.mean()), bounds, rng)


def bootstrap(
    sums: Values, counts: npt.NDArray[np.int64], value: float, bounds: tuple[float, float], rng: np.random.Generator
) -> tuple[float, float]:
    """95 % interval of sum(sums) / sum(counts) by resampling people, `value` included; one person alone: `bounds`."""
    if len(sums) < 2:
        return (value, value) if np.allclose(sums, 0) else bounds
    weights = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), RESAMPLES)
    totals = weights @ counts
    means = (weights @ sums)[totals > 0] / totals[totals > 0]
    low, high = np.quantile(means, [0.025, 0.975])
    return min(float(low), value), max(float(high), value)


def rank(
    scores: Scores,
    allowed: Pairs,
    right: Pairs,
    people: Sequence[str | None],
    day: Days,
    shuffle: np.random.Generator | None = None,
) -> Ranking | None:
    """Rank the `allowed` candidates (U, U) of each row; `right` ones are what the attacker looks for.

    `shuffle` draws the control's permutations; None: no control. Rows without any right candidate, or of unknown
    people, are no probes. None where there is no probe.
    """
    right = right & allowed
    probes = np.flatnonzero(right.any(axis=1) & np.array([name is not None for name in people], bool))
    if not len(probes):
        return None
    named = likeliest(scores, allowed)
    chance = right[probes].sum(axis=1) / allowed[probes].sum(axis=1)
    hits = np.sum(named[probes] * right[probes], axis=1)
    turns = [] if shuffle is None else [_shuffled(day, shuffle) for _ in range(PERMUTATIONS)]
    control = [_mean_hits(named, right, probes, order) - chance.mean() for order in turns]
    auc = np.array([_auc(scores[row, right[row]], scores[row, allowed[row] & ~right[row]]) for row in probes])
    return Ranking(tuple(str(people[int(row)]) for row in probes), hits, chance, auc, np.array(control))


def likeliest(scores: Scores, allowed: Pairs) -> Values:
    """(U, U) rows that add up to 1: whom the attacker names; equally likely candidates share."""
    masked = np.where(allowed, scores, -np.inf)
    best = allowed & (masked >= masked.max(axis=1, keepdims=True) - 1e-9)
    return np.asarray(best / np.maximum(best.sum(axis=1, keepdims=True), 1), float)


def _shuffled(day: Days, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Rows permuted within each day."""
    order = np.arange(len(day))
    for number in np.unique(day):
        own = np.flatnonzero(day == number)
        order[own] = rng.permutation(own)
    return order


def _mean_hits(named: Values, right: Pairs, probes: npt.NDArray[np.int64], order: npt.NDArray[np.int64]) -> float:
    return float(np.mean(np.sum(named[order[probes]][:, order] * right[probes], axis=1)))


def _auc(right: Values, wrong: Values) -> float:
    if not len(wrong):
        return 0.5
    difference = right[:, None] - wrong
    return float(np.mean((difference > 1e-9) + 0.5 * (np.abs(difference) <= 1e-9)))
