"""A month of searches, as the police of Pinellas County run them: 8,000, whom they name rightly and wrongly."""

from collections.abc import Sequence

from scipy.stats import binom

from store.privacy.case import Case
from store.privacy.figures import Figure
from store.privacy.keeping.kept_store import KeptStore
from store.privacy.uses.outcome import SearchOutcome, absent_reason
from store.privacy.uses.rates import Rate
from store.privacy.uses.result import Estimate, UseResult

MONTH_VISITORS = 8000
"""Searches a month in Pinellas County, Florida, without suspicion (the news article of May 2018)."""
MONTH_METRICS = (
    "searches_month_wrong",
    "searches_month_right",
    "searches_month_usd",
    "searches_month_seconds",
    "search_records",
    "recipients_abroad",
)

_BASIS = (
    f"A month in which {MONTH_VISITORS:,} visitors show the cameras a usable face. Of each, at most one picture is "
    "searched. Faces and scores are simulated at published error rates; the gallery's index and its searches are real."
)


def month_figures(case: Case, outcomes: Sequence[SearchOutcome]) -> dict[str, Figure]:
    """Wrong and right hits, money and computing of a month, and what record of the searches remains."""
    if reason := absent_reason(case):
        return {name: Figure(None, reason) for name in MONTH_METRICS}
    wrong = _total([wrong_month(outcome) for outcome in outcomes])
    right = _total([_right(outcome) for outcome in outcomes])
    costs = [usd(case, outcome) for outcome in outcomes]
    records = _records(case)
    return {
        "searches_month_wrong": Figure(wrong.value, None, wrong.low, wrong.high, _note(outcomes)),
        "searches_month_right": Figure(right.value, None, right.low, right.high),
        "searches_month_usd": Figure(sum(costs), note="search calls and the time of people who check alerts"),
        "searches_month_seconds": Figure(sum(_asked(row) * row.search_ms / 1000 for row in outcomes)),
        "search_records": Figure(
            sum(records.values()) * case.per_1000,
            note="; ".join(f"{kind.replace('_', ' ')}: {count}" for kind, count in records.items()),
        ),
        "recipients_abroad": Figure(float(_abroad(case))),
    }


def month_results(case: Case, outcomes: Sequence[SearchOutcome]) -> list[UseResult]:
    """One result for each search of the policy."""
    if reason := absent_reason(case):
        return [UseResult("visitors searched in a gallery", "impossible", _BASIS, reason)]
    return [_result(case, outcome) for outcome in outcomes]


def _result(case: Case, outcome: SearchOutcome) -> UseResult:
    search = outcome.search
    return UseResult(
        f"visitors searched in a gallery: {search.name}, {search.gallery:,} people",
        "done",
        _BASIS,
        found={
            "searches a month": Estimate.exactly(_asked(outcome)),
            "right hits a month": _right(outcome),
            "wrong hits a month": wrong_month(outcome),
            "share of all visitors whose face is searched": Estimate.exactly(outcome.asked * outcome.seen),
            "share of visitors who are in the gallery": Estimate.exactly(search.enrolled_share),
            "share of visitors in the gallery who pass unnamed": Estimate.exactly(outcome.missed),
            "bodies abroad that are told": Estimate.exactly(float(len(search.abroad))),
        },
        wronged_unit="people not in the gallery who are wrongly named a month",
        wronged={name: wrong_of_group(outcome, name) for name in outcome.rates.by_group},
        cost={
            "USD a month": Estimate.exactly(usd(case, outcome)),
            "seconds of searching a month": Estimate.exactly(_asked(outcome) * outcome.search_ms / 1000),
        },
        remains=search_records(case.store, search.name),
    )


def search_records(store: KeptStore, gallery: str) -> dict[str, int]:
    """Records of a search that the store still holds: alerts and disclosures by its name, and templates taken."""
    return {
        "alerts": _count(store, "SELECT count(*) FROM alerts WHERE gallery = ?", gallery),
        "disclosures": _count(store, "SELECT count(*) FROM disclosures WHERE purpose = ?", gallery),
        "face_templates": store.count("face_templates"),
    }


def _records(case: Case) -> dict[str, int]:
    rows = [search_records(case.store, search.name) for search in case.policy.searches]
    templates = case.store.count("face_templates")
    return {**{kind: sum(row[kind] for row in rows) for kind in ("alerts", "disclosures")}, "face_templates": templates}


def _count(store: KeptStore, query: str, *values: str) -> int:
    return int(store.rows(query, values)[0][0] or 0)


def _abroad(case: Case) -> int:
    abroad = {body for search in case.policy.searches for body in search.abroad}
    told = {name for row in case.store.made("disclosures") for name in row["recipients"]}
    return len(abroad & told)


def _asked(outcome: SearchOutcome) -> float:
    return MONTH_VISITORS * outcome.asked


def wrong_month(outcome: SearchOutcome) -> Estimate:
    """Wrong hits a month; the range holds 95 of 100 months, whatever the measured rate is within its interval."""
    return _hits(outcome, _asked(outcome), outcome.rates.wrong)


def wrong_of_group(outcome: SearchOutcome, group: str) -> Estimate:
    """Wrong hits a month among visitors of one group who are not in the gallery, as in `wrong_month`."""
    searches = _asked(outcome) * outcome.rates.shares[group] * (1 - outcome.search.enrolled_share)
    rate = outcome.rates.by_group[group]
    return _spread(searches, rate.value, rate.low, rate.high)


def _hits(outcome: SearchOutcome, searches: float, rate: Rate) -> Estimate:
    return _spread(searches, *(outcome.wrong_share(value) for value in (rate.value, rate.low, rate.high)))


def _right(outcome: SearchOutcome) -> Estimate:
    share = outcome.right_share
    return _spread(_asked(outcome), share, share, share)


def _spread(searches: float, share: float, low: float, high: float) -> Estimate:
    """Expected hits, and the range that 95 % of binomial counts lie in, at the ends of the rate's interval."""
    count, value = round(searches), searches * share
    least, most = (float(binom.ppf(part, count, end)) for part, end in ((0.025, low), (0.975, high)))
    return Estimate(value, min(least, value), max(most, value))


def _total(parts: Sequence[Estimate]) -> Estimate:
    return Estimate(*(sum(getattr(part, end) for part in parts) for end in ("value", "low", "high")))


def usd(case: Case, outcome: SearchOutcome) -> float:
    """USD of a month: each search as a call to a cloud service, and the wages of those who check alerts."""
    alerts = _asked(outcome) * (outcome.wrong_share(outcome.rates.wrong.value) + outcome.right_share)
    checking = alerts * outcome.search.checkers * case.costs.review_seconds.value * case.costs.wage.value / 3600
    return _asked(outcome) * case.costs.search_call.value + checking


def _note(outcomes: Sequence[SearchOutcome]) -> str:
    parts = []
    for outcome in outcomes:
        groups = "; ".join(f"{name}: {wrong_of_group(outcome, name).value:.3g}" for name in outcome.rates.by_group)
        parts.append(f"of {_asked(outcome):,.0f} searches in {outcome.search.gallery:,}: {groups}")
    return "; ".join(parts)
