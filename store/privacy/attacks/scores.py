"""How strongly two records speak for one person: log-likelihood ratios, learnt without knowing who is who.

Every score is ln P(records | same person) - ln P(records | two people); 0 says nothing, and is what a missing record
says. Attackers know no identities, but they know that people who are in the store on the same day on different tracks
are different people: from those pairs they learn how alike strangers are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store.privacy.attacks.person_visits import Days

Scores = npt.NDArray[np.float64]
"""(U, U) log-likelihood ratios between rows of `PersonVisits`; nan where nothing can be compared."""

LEAST_PAIRS = 10
STRONGEST = 12.0
"""No record is believed beyond e^12 to one: records may lie."""


@dataclass(frozen=True, slots=True)
class Channel:
    """What one kind of record says about which rows are one person; `note` says what was read."""

    name: str
    scores: Scores
    note: str = ""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Why a kind of record says nothing."""

    name: str
    reason: str


Belief = Sequence[tuple[float, float]]
"""How far the same person's mean similarity lies above strangers', in standard deviations of strangers (d'), as an
attacker believes beforehand: (probability, d') of each way of coming back, such as in the same clothes or in others."""


def by_similarity(similarity: Scores, day: Days, belief: Belief) -> Scores:
    """Scores from any similarity (U, U), nan where unknown.

    Similarities of the same person and of strangers are taken for normal with one spread, so that the score of one
    d' is d' z - d'^2 / 2, and of several the logarithm of their mean ratio.
    """
    strangers = _strangers(similarity, day)
    if len(strangers) < 2 or np.ptp(strangers) == 0:
        return np.where(np.isnan(similarity), np.nan, 0.0)
    z = (similarity - strangers.mean()) / strangers.std(ddof=1)
    ratios = [np.log(share) + d * z - d**2 / 2 for share, d in belief]
    with np.errstate(invalid="ignore"):  # nan stays nan: nothing to compare
        total = np.logaddexp.reduce(ratios, axis=0)
    return np.asarray(np.clip(total, -STRONGEST, STRONGEST), float)


def _strangers(similarity: Scores, day: Days) -> npt.NDArray[np.float64]:
    apart = ~np.eye(len(day), dtype=bool) & ~np.isnan(similarity)
    today = apart & (day[:, None] == day)
    chosen: npt.NDArray[np.float64] = similarity[today if today.sum() >= LEAST_PAIRS else apart]
    return chosen


def by_measure(values: npt.NDArray[np.float64], day: Days, error: float) -> Scores:
    """Scores from a measure of each row, (U,), nan where unknown, whose `error` between days is known (its spread).

    Measures of one person agree up to the error, those of two people spread as they do within one day. Rare measures
    say more: the ratio of the normal density of both, correlated, to that of each alone.
    """
    spread = _spread_within_days(values, day)
    scores = np.full((len(values), len(values)), np.nan)
    known = ~np.isnan(values)
    if spread <= error:
        scores[np.ix_(known, known)] = 0.0
        return scores
    off = (values - np.nanmedian(values)) / spread
    rho = 1 - (error / spread) ** 2
    a, b = off[:, None], off[None, :]
    ratio = -0.5 * np.log(1 - rho**2) - (rho**2 * (a**2 + b**2) - 2 * rho * a * b) / (2 * (1 - rho**2))
    return np.asarray(np.clip(ratio, -STRONGEST / 2, STRONGEST / 2), float)


def _spread_within_days(values: npt.NDArray[np.float64], day: Days) -> float:
    parts = [values[(day == number) & ~np.isnan(values)] for number in np.unique(day)]
    centred = np.concatenate([part - np.median(part) for part in parts if len(part) > 1] or [np.zeros(0)])
    # The median deviation does not let one bad measurement make everybody alike.
    return float(1.4826 * np.median(np.abs(centred))) if len(centred) >= 4 else 0.0


def cosines(vectors: npt.NDArray[np.floating]) -> Scores:
    """(U, U) cosines of rows (U, D); a row of nan gives nan."""
    with np.errstate(invalid="ignore", divide="ignore"):
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(unit @ unit.T, float)


def added(one: Scores, other: Scores | None) -> Scores:
    """The sum of two scores; where one is missing, the other alone."""
    if other is None:
        return one
    both = np.nan_to_num(one, nan=0.0) + np.nan_to_num(other, nan=0.0)
    return np.asarray(np.where(np.isnan(one) & np.isnan(other), np.nan, both), float)


def fused(channels: list[Channel], size: int) -> Scores:
    """The sum of all channels' scores, as if they were independent; what is missing says nothing."""
    total = np.zeros((size, size))
    for channel in channels:
        total += np.nan_to_num(channel.scores, nan=0.0)
    return total
