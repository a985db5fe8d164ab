"""What a search of visitors comes to per 1,000 visits: whom it finds, misses and wrongs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from store.privacy.case import Case
from store.privacy.day import BODY_CAMERA, Period
from store.privacy.figures import Figure
from store.privacy.policy import DAY_S, Policy, Search
from store.privacy.uses.rates import Rate, SearchRates, enrolled_rates, rates_of
from store.privacy.uses.searches import captures_of

WEEKLY_VISITS = 52
SEARCH_METRICS = ("wrong_alerts", "alert_precision", "wrong_alert_year", "missed_targets", "fairness")


@dataclass(frozen=True, slots=True)
class SearchOutcome:
    """What a search does per 1,000 visits (`wrong` with its interval), and the rates that it follows from.

    `asked`: share of captures that are searched. `seen`: share of visitors of whom there is a usable capture.
    `found`, `confused`: of searches of people in the gallery, the share that names them, and the share that names
    somebody else.
    """

    search: Search
    rates: SearchRates
    asked: float
    seen: float
    found: float
    confused: float
    searched: float
    wrong: Rate
    right: float
    missed: float

    @property
    def name(self) -> str:
        """The gallery's name."""
        return self.search.name

    @property
    def search_ms(self) -> float:
        """Median milliseconds of one probe searched alone."""
        return self.rates.search_ms

    def wrong_share(self, rate: float) -> float:
        """Share of searches that name somebody else, where `rate` is that of people who are not in the gallery."""
        return (1 - self.search.enrolled_share) * rate + self.search.enrolled_share * self.confused

    @property
    def right_share(self) -> float:
        """Share of searches that name the right person."""
        return self.search.enrolled_share * self.found


def outcome_of(search: Search, policy: Policy, period: Period, rng: np.random.Generator) -> SearchOutcome:
    """Rates from the gallery's own searches and the losses of quality of the period's captures, mixed by shares."""
    captures, rates = captures_of(search, policy, period), rates_of(search)
    asked = 1.0 if search.of == "everyone" else search.suspected_share
    found, confused = enrolled_rates(search, rates, [capture.loss for capture in captures], rng)
    searched = asked * len(captures) / len(period.visits) * 1000
    seen = min(1.0, len({(c.subject, c.t // DAY_S) for c in captures}) / max(1, period.people))
    inside = search.enrolled_share
    values = (rates.wrong.value, rates.wrong.low, rates.wrong.high)
    return SearchOutcome(
        search,
        rates,
        asked,
        seen,
        found,
        confused,
        searched,
        Rate(*(searched * ((1 - inside) * value + inside * confused) for value in values)),
        right=searched * inside * found,
        missed=1.0 - asked * seen * found,
    )


def absent_reason(case: Case) -> str | None:
    """Why nobody is searched under a policy in this period; None where somebody may be."""
    if not case.policy.searches:
        return "faces are not searched for anything beyond billing"
    if all(search.camera == "body" for search in case.policy.searches) and not _walked(case.period):
        return "no officer walked through this store"
    return None


def _walked(period: Period) -> bool:
    return bool((period.faces["camera"] == BODY_CAMERA).any())


def search_figures(case: Case, outcomes: Sequence[SearchOutcome], reviews: float) -> dict[str, Figure]:
    """Figures of searches beyond billing; `reviews` are clips seen for receipts, per 1,000 visits."""
    if reason := absent_reason(case):
        return {"clips_seen": Figure(reviews), **{name: Figure(None, reason) for name in SEARCH_METRICS}}
    wrong = Rate(*(sum(getattr(row.wrong, end) for row in outcomes) for end in ("value", "low", "high")))
    right = sum(outcome.right for outcome in outcomes)
    checked = sum((row.wrong.value + row.right) * row.search.checkers for row in outcomes)
    return {
        "clips_seen": Figure(reviews + checked),
        "wrong_alerts": Figure(wrong.value, None, wrong.low, wrong.high, _note(outcomes)),
        "alert_precision": _precision(right, wrong.value),
        "wrong_alert_year": _year(wrong, case.period),
        "missed_targets": Figure(max(outcome.missed for outcome in outcomes)),
        "fairness": Figure(max(outcome.rates.fairness for outcome in outcomes)),
    }


def _note(outcomes: Sequence[SearchOutcome]) -> str:
    groups = [
        f"{name}: {rate.value * 1000:.3g} of 1,000 searches"
        for outcome in outcomes
        for name, rate in outcome.rates.by_group.items()
    ]
    expected = any(outcome.rates.expected for outcome in outcomes)
    start = "expected from the matcher's error rate, as too few happened; " if expected else ""
    return start + "; ".join(groups)


def _precision(right: float, wrong: float) -> Figure:
    if right + wrong == 0:
        return Figure(None, "no alerts: no usable capture, or nobody who matches")
    return Figure(right / (right + wrong))


def _year(wrong: Rate, period: Period) -> Figure:
    party = period.people / len(period.visits)
    value, least, most = (
        1 - (1 - min(1.0, rate / 1000 / party)) ** WEEKLY_VISITS for rate in (wrong.value, wrong.low, wrong.high)
    )
    return Figure(value, None, least, most)
