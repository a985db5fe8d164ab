"""Who was here with whom: pairs inferred from kept records, beside as many pairs picked at random."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby, islice
from time import perf_counter

import numpy as np

from store.privacy.case import Case
from store.privacy.day import Truth
from store.privacy.figures import Figure
from store.privacy.intervals import wilson
from store.privacy.uses.presence import Presence, Span, Stay, group_name, true_stays
from store.privacy.uses.result import Estimate, UseResult

NEAR_M = 2.0
NEAR_SHARE = 0.5
TOGETHER_S = 10
"""Near each other for this share of the shorter stay, and came and left within so many seconds: a pair."""
SHUFFLES = 200

USE = "who was here with whom"

Pair = frozenset[str]

_BASIS = (
    "Two kept tracks are a pair where they overlap in time and are filed under one visit, or where they begin and end "
    f"within {TOGETHER_S} s and are within {NEAR_M:g} m for {NEAR_SHARE:.0%} of the shorter one. Truth: people of one "
    "party, and of one household who were inside at the same time. Control: as many pairs picked at random among "
    "people who were inside together."
)


@dataclass(frozen=True, slots=True)
class Company:
    """Pairs of people on all days: inferred, true, and all who were inside together; each pair counts once a day."""

    inferred: frozenset[tuple[int, Pair]]
    true: frozenset[tuple[int, Pair]]
    present: frozenset[tuple[int, Pair]]

    @property
    def right(self) -> int:
        """Inferred pairs that are true."""
        return len(self.inferred & self.true)


def company_of(case: Case, presence: Presence) -> Company:
    """Pairs by kept tracks and by truth."""
    by_day = groupby(true_stays(case), key=lambda stay: stay.day)
    present = {
        (day, frozenset((a.subject, b.subject))): _belong(case.period.truth, a, b)
        for day, stays in by_day
        for a, b in combinations(stays, 2)
        if a.subject != b.subject and a.opened <= b.closed and b.opened <= a.closed
    }
    day_of = {track: n for n, day in enumerate(case.period.days) for track in day.truth.subject_of_track}
    inferred = {
        (day_of[a.track], frozenset((a.subject, b.subject)))
        for a, b in _overlapping(presence.spans)
        if a.subject and b.subject and a.subject != b.subject and are_pair(a, b)
    }
    true = frozenset(pair for pair, belongs in present.items() if belongs)
    return Company(frozenset(inferred), true, frozenset(present) | frozenset(inferred))


def _overlapping(spans: Sequence[Span]) -> Iterator[tuple[Span, Span]]:
    """Pairs of tracks, which come by first second, that share a time."""
    for number, span in enumerate(spans):
        for other in islice(spans, number + 1, None):
            if other.first > span.last:
                break
            yield span, other


def _belong(truth: Truth, a: Stay, b: Stay) -> bool:
    home = truth.household_of.get(a.subject)
    return a.visit == b.visit or (home is not None and home == truth.household_of.get(b.subject))


def are_pair(a: Span, b: Span) -> bool:
    """Whether two kept tracks look like people who are here together; see the rules above."""
    if a.first > b.last or b.first > a.last:
        return False
    if a.named and a.person == b.person:
        return True
    if max(abs(a.first - b.first), abs(a.last - b.last)) > TOGETHER_S:
        return False
    _, mine, yours = np.intersect1d(a.seconds, b.seconds, assume_unique=True, return_indices=True)
    apart = np.hypot(*(a.places[mine] - b.places[yours]).T)
    return float(np.sum(apart <= NEAR_M)) >= NEAR_SHARE * min(len(a.seconds), len(b.seconds))


def control(company: Company, rng: np.random.Generator) -> tuple[float, float, float]:
    """Share of random pairs that are true: mean, and the interval of 95 % of shuffles."""
    pool = [pair in company.true for pair in sorted(company.present, key=lambda pair: (pair[0], sorted(pair[1])))]
    count = len(company.inferred)
    shares = [float(np.mean(rng.choice(pool, count, replace=False))) for _ in range(SHUFFLES)]
    low, high = np.quantile(shares, [0.025, 0.975])
    return float(np.mean(shares)), float(low), float(high)


def company_figures(case: Case, presence: Presence) -> tuple[dict[str, Figure], UseResult]:
    """`company_precision` and `company_recall`, and the result for `uses.json`."""
    began, company = perf_counter(), company_of(case, presence)
    if reason := _absence(case, presence, company):
        recall = Figure(0.0, None, *wilson(0, len(company.true)), reason) if company.true else Figure(None, reason)
        figures = {"company_precision": Figure(None, reason), "company_recall": recall}
        return figures, UseResult(USE, "impossible", _BASIS, reason)
    precision, recalled = _share(company.right, len(company.inferred)), _share(company.right, len(company.true))
    by_chance = Estimate(*control(company, case.rng))
    found = {"share of inferred pairs that are right": precision, "the same of random pairs": by_chance}
    if company.true:
        found["share of true pairs that are inferred"] = recalled
    result = UseResult(
        USE,
        "possible",
        _BASIS,
        found=found,
        wronged_unit="people falsely tied to somebody, per 1,000 visits",
        wronged=_wronged(case, company),
        cost={"USD": Estimate.exactly(0.0), "seconds of computing": Estimate.exactly(perf_counter() - began)},
        remains={presence.kind: case.store.count(presence.kind)} if presence.kind else {},
    )
    return _figures(company, precision, recalled, by_chance), result


def _share(count: int, of: int) -> Estimate:
    return Estimate(count / max(of, 1), *wilson(count, of))


def _figures(company: Company, precision: Estimate, recall: Estimate, by_chance: Estimate) -> dict[str, Figure]:
    random = f"random pairs: {by_chance.value:.2g} ({by_chance.low:.2g}-{by_chance.high:.2g})"
    note = f"{company.right} of {len(company.inferred)} pairs right; {random}"
    found = Figure(recall.value, None, recall.low, recall.high, f"of {len(company.true)} true pairs")
    return {
        "company_precision": Figure(precision.value, None, precision.low, precision.high, note),
        "company_recall": found if company.true else Figure(None, "nobody came in company on these days"),
    }


def _absence(case: Case, presence: Presence, company: Company) -> str | None:
    if not case.period.truth.subjects_of_visit:
        return "this run does not say who its visitors are"
    if presence.kind is None:
        return "no record that is kept tells one visitor from another"
    if not company.inferred:
        return "no two kept tracks look like people who are together"
    return None


def _wronged(case: Case, company: Company) -> dict[str, Estimate]:
    truth, scale = case.period.truth, case.per_1000
    groups = sorted({group_name(truth, stay.subject) for stay in true_stays(case)})
    tied = [(day, subject) for day, pair in company.inferred - company.true for subject in sorted(pair)]
    return {group: _counted(tied, group, truth, scale, case.period.people) for group in groups}


def _counted(tied: Sequence[tuple[int, str]], group: str, truth: Truth, scale: float, people: int) -> Estimate:
    count = len({row for row in tied if group_name(truth, row[1]) == group})
    low, high = wilson(count, max(people, count))
    return Estimate(count * scale, low * people * scale, max(high * people, count) * scale)
