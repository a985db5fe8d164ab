"""How right the receipts were, against the truth of a simulated or hand-labelled day.

Definitions: a receipt is exact when account, items and counts all match. Item precision, recall and F1 are over the
multiset of (account, product). Every item billed too much is an overcharge, every item not billed an undercharge, in
cents of the day's prices, and each has a cause (`store.money_errors`). A *visit* here is one account's day: several
receipts of one account count together. Every figure is also given for the visits of each label.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from store.errors import BadInput
from store.money_errors import OVER_CAUSES, UNDER_CAUSES, Basket, Misbilled, cents_of, misbilled
from store.receipt import Receipt
from store.visit_rates import per_1000_visits

UNLABELLED = "unlabelled"
"""Label of visits that the truth gives none, and of accounts billed that the truth does not know."""


@dataclass(frozen=True, slots=True)
class ScoredVisit:
    """One account's day beside the truth.

    `counted` is False where nothing was due and nothing billed to an account that the truth does not know. `right`,
    `due` and `billed` count items; `over` and `under` are cents by cause.
    """

    account: str
    labels: tuple[str, ...]
    counted: bool
    exact: bool
    right: int
    due: int
    billed: int
    reviewed: int
    over: Mapping[str, int]
    under: Mapping[str, int]

    @property
    def over_cents(self) -> int:
        """Cents charged too much."""
        return sum(self.over.values())

    @property
    def under_cents(self) -> int:
        """Cents charged too little."""
        return sum(self.under.values())


def score_receipts(
    truth: Sequence[Mapping[str, Any]], billed: Iterable[Receipt], prices: Mapping[str, int]
) -> dict[str, Any]:
    """The `receipts` block of `summary.json`; arguments and errors as of `score_visits`."""
    visits = score_visits(truth, billed, prices)
    return receipt_figures(visits) | {"by_label": figures_by_label(visits)}


def score_visits(
    truth: Sequence[Mapping[str, Any]], billed: Iterable[Receipt], prices: Mapping[str, int]
) -> list[ScoredVisit]:
    """Every account that owes or was billed something, in order of account.

    Args:
        truth: rows with `account`, `items` (product to count: what each account left the store with), and, where the
            visit has any, `labels` (a list of words).
        billed: the store's receipts; several receipts of one account count together.
        prices: cents a product.

    Raises:
        BadInput: a row lacks a field, its labels are no list of words, or a product has no price.
    """
    due, labels = _due(truth), _labels(truth)
    charged, reviewed = defaultdict[str, Basket](Counter), Counter[str]()
    for receipt in billed:
        charged[receipt.account].update(dict(receipt.lines))
        reviewed[receipt.account] += receipt.flagged
    _check_prices([*due.values(), *charged.values()], prices)
    return [
        _scored(
            account, labels.get(account, ()), due.get(account), charged.get(account), reviewed[account], error, prices
        )
        for account, error in misbilled(due, charged, prices).items()
    ]


def receipt_figures(visits: Sequence[ScoredVisit]) -> dict[str, Any]:
    """Every receipt figure over these visits; `per_1000_visits` with 95 % intervals."""
    exact, count = sum(visit.exact for visit in visits), sum(visit.counted for visit in visits)
    right = sum(visit.right for visit in visits)
    precision = _share(right, sum(visit.billed for visit in visits))
    recall = _share(right, sum(visit.due for visit in visits))
    over = {cause: sum(visit.over[cause] for visit in visits) for cause in OVER_CAUSES}
    under = {cause: sum(visit.under[cause] for visit in visits) for cause in UNDER_CAUSES}
    return {
        "count": count,
        "exact": exact,
        "exact_rate": _share(exact, count),
        "item_precision": precision,
        "item_recall": recall,
        "item_f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        "overcharged_cents": sum(over.values()),
        "undercharged_cents": sum(under.values()),
        "wrong_person_cents": over["wrong_person"],
        "wrong_item_cents": over["wrong_item"],
        "phantom_item_cents": over["phantom_item"],
        "missed_item_cents": under["missed_item"],
        "reviewed": sum(visit.reviewed for visit in visits),
        "money": {"over": over, "under": under},
        "per_1000_visits": per_1000_visits(_columns([visit for visit in visits if visit.counted])),
    }


def figures_by_label(visits: Sequence[ScoredVisit]) -> dict[str, dict[str, Any]]:
    """The same figures for the visits of each label, in order of label; a visit counts under each of its labels."""
    groups: dict[str, list[ScoredVisit]] = defaultdict(list)
    for visit in visits:
        for label in visit.labels or (UNLABELLED,):
            groups[label].append(visit)
    return {label: receipt_figures(groups[label]) for label in sorted(groups)}


def _scored(
    account: str,
    labels: tuple[str, ...],
    due: Basket | None,
    charged: Basket | None,
    reviewed: int,
    error: Misbilled,
    prices: Mapping[str, int],
) -> ScoredVisit:
    """`due` None: the truth does not know the account; `charged` None: it was never billed."""
    over = {cause: cents_of(basket, prices) for cause, basket in error.over.items()}
    under = {cause: cents_of(basket, prices) for cause, basket in error.under.items()}
    wrong = any(basket.total() for basket in (*error.over.values(), *error.under.values()))
    owed, billed = due or Basket(), charged or Basket()
    return ScoredVisit(
        account, labels, counted=due is not None or billed.total() > 0,
        exact=due is not None and charged is not None and not wrong,
        right=(owed & billed).total(), due=owed.total(), billed=billed.total(), reviewed=reviewed,
        over=over, under=under,
    )  # fmt: skip


def _columns(visits: Sequence[ScoredVisit]) -> dict[str, list[float]]:
    """What is averaged over visits: events as 0 or 1, and cents."""
    events: dict[str, list[float]] = {
        "inexact": [float(not visit.exact) for visit in visits],
        "overcharged": [float(visit.over_cents > 0) for visit in visits],
        "undercharged": [float(visit.under_cents > 0) for visit in visits],
        "reviewed": [float(visit.reviewed > 0) for visit in visits],
    }
    money: dict[str, list[float]] = {
        "overcharged_cents": [float(visit.over_cents) for visit in visits],
        "undercharged_cents": [float(visit.under_cents) for visit in visits],
    }
    money |= {f"over_{cause}_cents": [float(visit.over[cause]) for visit in visits] for cause in OVER_CAUSES}
    money |= {f"under_{cause}_cents": [float(visit.under[cause]) for visit in visits] for cause in UNDER_CAUSES}
    return events | money


def _due(truth: Sequence[Mapping[str, Any]]) -> dict[str, Basket]:
    due: dict[str, Basket] = defaultdict(Counter)
    for number, row in enumerate(truth):
        for field in ("account", "items"):
            if field not in row:
                raise BadInput("truth", f"[{number}].{field}", "nothing", "account and items of every receipt")
        due[str(row["account"])].update({str(product): int(count) for product, count in row["items"].items() if count})
    return dict(due)


def _labels(truth: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for number, row in enumerate(truth):
        labels = row.get("labels", [])
        if not isinstance(labels, list | tuple) or not all(isinstance(label, str) and label for label in labels):
            raise BadInput("truth", f"[{number}].labels", labels, "a list of words, or no such field")
        found[str(row["account"])].update(dict.fromkeys(labels))
    return {account: tuple(labels) for account, labels in found.items()}


def _check_prices(baskets: Iterable[Basket], prices: Mapping[str, int]) -> None:
    for basket in baskets:
        for product in basket:
            if product not in prices:
                raise BadInput("prices", product, "no price", "a price in cents for every product")


def _share(part: int, whole: int) -> float:
    """The share, 1 where there was nothing to get wrong."""
    return part / whole if whole else 1.0
