"""What a policy's store does for its customers and its owner: receipts, entry, paying, computing, cost."""

from statistics import median

from store.privacy.day import Period
from store.privacy.figures import Figure
from store.privacy.policy import Policy
from store.privacy.service.cost import CostSheet, Work, running_cost
from store.privacy.service.desk import DeskDay
from store.privacy.service.entry import Entry
from store.privacy.uses.outcome import SearchOutcome

COUNTING_STAGES = ("background", "detect")
TRACKING_STAGES = (*COUNTING_STAGES, "embed", "carried", "tracklets", "fusion", "hands", "store")
"""Stages of a run that a store's own computers would have to do; the rest is simulation."""


def reviewed(policy: Policy, period: Period) -> int:
    """Receipts that people reviewed; nobody reviews a cash desk's."""
    return sum(receipt.reviewed for receipt in period.receipts) if policy.billing == "tracked" else 0


def usage_figures(
    policy: Policy,
    period: Period,
    desk: DeskDay | None,
    entry: Entry,
    outcomes: list[SearchOutcome],
    stored_usd: float,
    costs: CostSheet,
) -> dict[str, Figure]:
    """All usage figures; `desk` is there where people pay at one."""
    billing = _desk_billing(desk) if desk is not None else _tracked_billing(policy, period, costs)
    return {
        **billing,
        **_entry(policy, entry),
        "compute_seconds": _compute(policy, period, entry, outcomes),
        "cost": _cost(policy, period, desk, outcomes, stored_usd, costs),
        "search_ms": _search_ms(entry, outcomes),
    }


def _desk_billing(desk: DeskDay) -> dict[str, Figure]:
    empty = "nobody bought anything"
    note = "expected of a cashier, no theft"
    return {
        "exact_receipts": Figure(desk.exact_share, None if desk.exact_share is not None else empty, note=note),
        "money_error": Figure(desk.error_cents, None if desk.error_cents is not None else empty, note=note),
        "track_continuity": Figure(None, "nobody is tracked"),
        "paying_seconds": Figure(desk.paying_seconds, note="one desk open"),
        "reviews": Figure(0.0),
        "receipt_delay": Figure(0.0, note="handed over at the desk"),
    }


def _tracked_billing(policy: Policy, period: Period, costs: CostSheet) -> dict[str, Figure]:
    known = period.billing
    receipts = len(period.receipts)
    reviews = (
        Figure(1000 * reviewed(policy, period) / receipts) if receipts else Figure(None, "no receipts in this run")
    )
    wrong = None
    if known.overcharged_cents is not None and known.undercharged_cents is not None:
        wrong = (known.overcharged_cents + known.undercharged_cents) / len(period.visits)
    return {
        "exact_receipts": _measured(known.exact_rate),
        "money_error": _measured(wrong),
        "track_continuity": _measured(known.idf1),
        "paying_seconds": Figure(0.0),
        "reviews": reviews,
        "receipt_delay": _delay(period, costs),
    }


def _measured(value: float | None) -> Figure:
    return Figure(value) if value is not None else Figure(None, "not measured in this run")


def _delay(period: Period, costs: CostSheet) -> Figure:
    left = {visit.visit: visit.closed for visit in period.visits}
    waits = [
        max(0.0, receipt.t - left[receipt.visit]) + costs.review_seconds.value * receipt.reviewed
        for receipt in period.receipts
        if receipt.visit in left
    ]
    if not waits:
        return Figure(None, "no receipts in this run")
    return Figure(median(waits), None, min(waits), max(waits), "least and most; a review is taken to last 30 s")


def _entry(policy: Policy, entry: Entry) -> dict[str, Figure]:
    if policy.identification.method == "none":
        reason = "nobody is identified at the entrance"
        return {
            "entry_seconds": Figure(0.0),
            "entry_refused": Figure(None, reason),
            "wrong_accounts": Figure(None, reason),
        }
    low, high = entry.refused_interval or (None, None)
    note = None if entry.refused_interval else "stated in the policy, not simulated"
    return {
        "entry_seconds": Figure(entry.seconds),
        "entry_refused": Figure(entry.refused, None, low, high, note),
        "wrong_accounts": Figure(entry.wrong * 1000, note=note),
    }


def _compute(policy: Policy, period: Period, entry: Entry, outcomes: list[SearchOutcome]) -> Figure:
    needed = {"none": (), "count": COUNTING_STAGES, "bodies": TRACKING_STAGES}[policy.sensing]
    stages = {name: spent for name, spent in period.compute_seconds.items() if name in needed}
    if policy.sensing != "none" and not stages:
        return Figure(None, "this run did not record its computing time")
    searching = sum(outcome.searched * outcome.search_ms / 1000 for outcome in outcomes) + (entry.search_ms or 0.0)
    return Figure(sum(stages.values()) * 1000 / len(period.visits) + searching)


def _cost(
    policy: Policy,
    period: Period,
    desk: DeskDay | None,
    outcomes: list[SearchOutcome],
    stored_usd: float,
    costs: CostSheet,
) -> Figure:
    checkers = {search.name: search.checkers for search in policy.searches}
    outside = {search.name for search in policy.searches if search.recipient is not None}
    outside |= {outcome.name for outcome in outcomes} if policy.sharing else set()
    work = Work(
        desk_seconds=1000 * desk.service_seconds if desk is not None else 0.0,
        reviews=1000 * reviewed(policy, period) / len(period.visits),
        alert_checks=sum((row.wrong.value + row.right) * checkers[row.name] for row in outcomes),
        search_calls=sum(row.searched for row in outcomes if row.name in outside),
    )
    parts = running_cost(policy, work, stored_usd, costs)
    return Figure(sum(parts.values()), note="; ".join(f"{name} {usd:.2f}" for name, usd in parts.items()) or None)


def _search_ms(entry: Entry, outcomes: list[SearchOutcome]) -> Figure:
    times = [outcome.search_ms for outcome in outcomes] + ([entry.search_ms] if entry.search_ms is not None else [])
    return Figure(max(times)) if times else Figure(None, "no faces are searched")
