"""What a run's receipts came to in the end: after review and disputes, beside the receipts as they were issued."""

from collections import Counter
from dataclasses import replace
from typing import Any

from sim.after_visit import items_by_visit
from sim.evaluate import due_and_billed, prices_of
from sim.hand_over_truth import due_of
from sim.review_curve import desk_of
from sim.run_folder import RunFolder, read_list
from store.disputes import Dispute, DisputeDesk
from store.ledger import Ledger
from store.receipt import Receipt
from store.scoring import receipt_figures, score_visits
from store.standing import read_standing

WORK = "reviews.json"
"""File of a day's folder that says who was looked at, and for how long."""


def settled_block(run: RunFolder) -> dict[str, Any] | None:
    """The `receipts.settled` block: every receipt figure as charged in the end, `disputes`, and `reviews`.

    `disputes` counts those that came, by outcome, and says what was `paid_cents` back, how much of it for what was
    truly taken (`paid_wrongly_cents`), and the `median_days` to a decision. `reviews` counts the receipts and disputes
    that people looked at, their `work_seconds`, mean `wait_seconds` for a free reviewer, and `cost_cents` of wages.

    None for a run older than this, whose receipts nobody settled.
    """
    if not all((day.path / WORK).is_file() for day in run.days()):
        return None
    due, final = due_and_billed(run, as_settled)
    return {
        **receipt_figures(score_visits(due, final, prices_of(run))),
        "disputes": _disputes(run),
        "reviews": _reviews(run),
    }


def as_settled(day: RunFolder) -> list[Receipt]:
    """The receipts of a day with what is charged for in the end as their lines and total."""
    stands, prices = read_standing(_url(day)), prices_of(day)
    return [
        replace(
            receipt, lines=stands[receipt.visit],
            cents=sum(prices[product] * count for product, count in stands[receipt.visit].items()),
        )
        for receipt in day.receipts()
    ]  # fmt: skip


def _disputes(run: RunFolder) -> dict[str, Any]:
    found: list[Dispute] = []
    wrongly = 0
    for day in run.days():
        ledger = Ledger(_url(day))
        own = DisputeDesk(ledger).all()
        ledger.close()
        wrongly += _paid_wrongly(day, own)
        found += own
    waits = sorted(one.decided - one.opened for one in found if one.decided is not None)
    outcomes = Counter(one.state for one in found)
    return {
        "count": len(found),
        **{state: outcomes[state] for state in ("granted", "partly", "rejected", "withdrawn", "settled", "open")},
        "paid_cents": sum(one.paid_cents for one in found),
        "paid_wrongly_cents": wrongly,
        "median_days": round(waits[len(waits) // 2] / 86_400, 3) if waits else None,
    }


def _paid_wrongly(day: RunFolder, disputes: list[Dispute]) -> int:
    """Cents paid back for items that the visit truly left with."""
    receipts, prices = day.receipts(), prices_of(day)
    true_items, stands = items_by_visit(due_of(day), receipts), read_standing(_url(day))
    back: dict[str, Counter[str]] = {}
    for one in disputes:
        back.setdefault(one.visit, Counter())[one.product] += one.granted
    return sum(
        prices[product] * min(count, max(0, true_items[visit].get(product, 0) - stands[visit].get(product, 0)))
        for visit, basket in back.items()
        for product, count in basket.items()
    )


def _reviews(run: RunFolder) -> dict[str, Any]:
    rows = [row for day in run.days() for row in read_list(day.path / WORK)]
    seconds = sum(row["seconds"] for row in rows)
    waits = [row["finished"] - row["arrived"] - row["seconds"] for row in rows]
    return {
        "count": len(rows),
        "work_seconds": round(seconds, 1),
        "wait_seconds": round(sum(waits) / len(waits), 1) if waits else None,
        "cost_cents": round(seconds * desk_of(run).wage_cents_per_hour / 3600, 2),
    }


def _url(day: RunFolder) -> str:
    return f"sqlite:///{day.path / 'store.sqlite'}"
