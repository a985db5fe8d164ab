"""What review buys: accuracy of receipts against the share that people look at, what it costs and how long it takes.

Computed from finished runs for every threshold: receipts less sure than it go to the scenario's reviewers, who work in
order of arrival, so many at a time. Exactness and money after review are expectations over the reviewers' errors (see
`sim.after_visit` for what an error does), so the curve has no noise of its own; waiting is simulated, each receipt with
the same seconds of work at every threshold and in the run itself.
"""

import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.after_visit import careless, work_seconds
from sim.evaluate import due_and_billed, prices_of, visits_of
from sim.people_after import ReviewDesk
from sim.randomness import day_seed
from sim.run_folder import RunFolder
from store.privacy.intervals import wilson
from store.receipt import Receipt

MOST_POINTS = 60
"""Points of a curve; of more thresholds, so many are kept, evenly over the receipts."""


@dataclass(frozen=True, slots=True)
class Case:
    """One billed account's day: its confidence (of several receipts the least), whether it was exact, cents charged too
    much and too little, cents too little if a careless reviewer spoils it; times in seconds from opening.
    """

    confidence: float
    exact: bool
    over_cents: int
    under_cents: int
    spoiled_cents: int
    closed: float
    issued: float
    work_s: float


@dataclass(frozen=True, slots=True)
class Point:
    """One threshold: the share of visits reviewed, and what follows.

    Rates are fractions of all visits, those never billed included; `exact_low` and `exact_high` Wilson's 95 % interval.
    Delays are from leaving to the final receipt, seconds, over all receipts. Money and cost in cents per 1,000 visits.
    """

    threshold: float
    reviewed: float
    exact_rate: float
    exact_low: float
    exact_high: float
    overcharged_cents: float
    undercharged_cents: float
    delay_mean_s: float
    delay_median_s: float
    delay_95_s: float
    reviewed_delay_s: float | None
    cost_cents: float


def desk_of(run: RunFolder) -> ReviewDesk:
    """The reviewers of a run's scenario; the default ones where an older run did not say."""
    return ReviewDesk.model_validate(run.scenario().get("review", {}))


def cases_of(day: RunFolder, desk: ReviewDesk) -> list[Case]:
    """Every billed account of one day as reviewers would find it."""
    prices, seed = prices_of(day), _seed_of(day)
    scored = {visit.account: visit for visit in visits_of([day])}
    receipts: dict[str, list[Receipt]] = {}
    for receipt in due_and_billed(day)[1]:
        receipts.setdefault(receipt.account, []).append(receipt)
    found = []
    for account, own in sorted(receipts.items()):
        least, visit = min(own, key=lambda one: (one.confidence, one.visit)), scored[account]
        if not visit.counted:
            continue
        lost = Counter(dict(least.lines)) - Counter(careless(least))
        found.append(
            Case(
                least.confidence, visit.exact, visit.over_cents, visit.under_cents,
                sum(prices[product] * count for product, count in lost.items()),
                max(one.closed for one in own), max(one.issued for one in own),
                work_seconds(desk, seed, least.visit),
            )
        )  # fmt: skip
    return found


def review_curve(runs: Sequence[RunFolder], desk: ReviewDesk | None = None) -> list[Point]:
    """The curve over all runs, from no review to the review of everything; each day of each has its own reviewers.

    `desk` None takes the first run's.
    """
    chosen = desk or desk_of(runs[0])
    days = [cases_of(day, chosen) for run in runs for day in run.days()]
    visits = [visit for visit in visits_of(runs) if visit.counted]
    billed = sum(len(day) for day in days)
    never = len(visits) - billed
    lost_cents = sum(visit.under_cents for visit in visits) - sum(case.under_cents for day in days for case in day)
    return [_point(threshold, days, never, lost_cents, chosen) for threshold in _thresholds(days)]


def best_within(curve: Sequence[Point], share: float) -> Point:
    """The point that reviews most of those that review at most this share of visits."""
    return max((point for point in curve if point.reviewed <= share), key=lambda point: point.reviewed)


def review_block(run: RunFolder) -> dict[str, Any]:
    """The `receipts.review` block of a run's summary: its desk, the curve, and the point of 5 % reviewed at most."""
    desk = desk_of(run)
    curve = review_curve([run], desk)
    return {
        "desk": desk.model_dump(mode="json"),
        "curve": [as_row(point) for point in curve],
        "at_most_5_percent": as_row(best_within(curve, 0.05)),
    }


def as_row(point: Point) -> dict[str, float | None]:
    """A point as plain numbers."""
    return {name: None if value is None else round(float(value), 5) for name, value in asdict(point).items()}


def waiting(cases: Sequence[Case], desk: ReviewDesk) -> list[float]:
    """When the review of each of these cases is finished, seconds from opening, in the order given."""
    free = [0.0] * desk.reviewers
    finished = [0.0] * len(cases)
    for number in sorted(range(len(cases)), key=lambda one: cases[one].issued):
        begun = max(heapq.heappop(free), cases[number].issued + desk.pick_up_s)
        finished[number] = begun + cases[number].work_s
        heapq.heappush(free, finished[number])
    return finished


def _seed_of(day: RunFolder) -> int:
    """The seed by which a day's reviewers worked."""
    return day_seed(day.manifest.seed, day.manifest.day or 1, int(day.scenario().get("days", 1)))


def _thresholds(days: Sequence[Sequence[Case]]) -> list[float]:
    """0, and just above every confidence, thinned out."""
    stated = sorted(case.confidence for day in days for case in day)
    edges = sorted({float(np.nextafter(one, 2.0)) for one in stated})
    if len(edges) > MOST_POINTS:
        edges = [edges[round(k * (len(edges) - 1) / (MOST_POINTS - 1))] for k in range(MOST_POINTS)]
    return [0.0, *edges]


def _point(threshold: float, days: Sequence[Sequence[Case]], never: int, lost_cents: int, desk: ReviewDesk) -> Point:
    chosen = [[case for case in day if case.confidence < threshold] for day in days]
    kept = [case for day in days for case in day if case.confidence >= threshold]
    seen = [case for day in chosen for case in day]
    visits = len(kept) + len(seen) + never
    exact = sum(case.exact for case in kept) + sum(_exact_after(case, desk) for case in seen)
    over = sum(case.over_cents for case in kept) + sum(desk.misses * case.over_cents for case in seen)
    under = lost_cents + sum(case.under_cents for case in kept) + sum(_under_after(case, desk) for case in seen)
    late = [end - case.closed for day in chosen for case, end in zip(day, waiting(day, desk), strict=True)]
    delays = np.array([case.issued - case.closed for case in kept] + late)
    seconds = sum(case.work_s for case in seen)
    low, high = wilson(exact, visits)
    share = 1000 / visits if visits else 0.0
    return Point(
        threshold, len(seen) / visits if visits else 0.0, exact / visits if visits else 1.0, low, high,
        over * share, under * share,
        float(delays.mean()) if len(delays) else 0.0, *_quantiles(delays),
        float(np.mean(late)) if late else None, share * seconds * desk.wage_cents_per_hour / 3600,
    )  # fmt: skip


def _quantiles(delays: NDArray[np.float64]) -> tuple[float, float]:
    if not len(delays):
        return 0.0, 0.0
    return float(np.median(delays)), float(np.percentile(delays, 95))


def _exact_after(case: Case, desk: ReviewDesk) -> float:
    return 1 - (desk.spoils if case.exact and case.spoiled_cents else 0.0 if case.exact else desk.misses)


def _under_after(case: Case, desk: ReviewDesk) -> float:
    return desk.spoils * case.spoiled_cents if case.exact else desk.misses * case.under_cents
