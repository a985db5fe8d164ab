"""How right the receipts were, against the truth of a simulated or hand-labelled day.

Definitions: a receipt is exact when account, items and counts all match. Item precision, recall and F1 are over the
multiset of (account, product). Every item billed too much is an overcharge, every item not billed an undercharge, in
cents of the day's prices. An overcharge is `wrong_person` where somebody else took that item and was not billed for
it, and `wrong_item` where the same account lacks another product in its place; the rest is neither.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from store.errors import BadInput
from store.receipt import Receipt

Basket = Counter[str]


def score_receipts(
    truth: Sequence[Mapping[str, Any]], billed: Iterable[Receipt], prices: Mapping[str, int]
) -> dict[str, float | int]:
    """The `receipts` block of `summary.json`.

    Args:
        truth: rows with `account` and `items` (product to count): what each account left the store with.
        billed: the store's receipts; several receipts of one account count together.
        prices: cents a product.

    Raises:
        BadInput: a row lacks a field, or a product has no price.
    """
    receipts = list(billed)
    due, charged = _due(truth), defaultdict[str, Basket](Counter)
    for receipt in receipts:
        charged[receipt.account].update(dict(receipt.lines))
    billed_accounts = set(charged)
    accounts = sorted(due.keys() | charged.keys())
    _check_prices([*due.values(), *charged.values()], prices)
    over = {account: charged[account] - due[account] for account in accounts}
    under = {account: due[account] - charged[account] for account in accounts}
    right = sum((due[account] & charged[account]).total() for account in accounts)
    person, item = _causes(over, under, prices)
    exact = sum(1 for account in due if account in billed_accounts and not over[account] and not under[account])
    count = len(due.keys() | {account for account, basket in charged.items() if basket})
    precision = _share(right, sum(charged[account].total() for account in accounts))
    recall = _share(right, sum(due[account].total() for account in accounts))
    return {
        "count": count,
        "exact": exact,
        "exact_rate": _share(exact, count),
        "item_precision": precision,
        "item_recall": recall,
        "item_f1": 2 * precision * recall / (precision + recall) if precision + recall else 0.0,
        "overcharged_cents": sum(_cents(basket, prices) for basket in over.values()),
        "undercharged_cents": sum(_cents(basket, prices) for basket in under.values()),
        "wrong_person_cents": person,
        "wrong_item_cents": item,
        "reviewed": sum(receipt.flagged for receipt in receipts),
    }


def _due(truth: Sequence[Mapping[str, Any]]) -> dict[str, Basket]:
    due: dict[str, Basket] = defaultdict(Counter)
    for number, row in enumerate(truth):
        for field in ("account", "items"):
            if field not in row:
                raise BadInput("truth", f"[{number}].{field}", "nothing", "account and items of every receipt")
        due[str(row["account"])].update({str(product): int(count) for product, count in row["items"].items() if count})
    return due


def _check_prices(baskets: Iterable[Basket], prices: Mapping[str, int]) -> None:
    for basket in baskets:
        for product in basket:
            if product not in prices:
                raise BadInput("prices", product, "no price", "a price in cents for every product")


def _causes(over: Mapping[str, Basket], under: Mapping[str, Basket], prices: Mapping[str, int]) -> tuple[int, int]:
    """Cents charged to the wrong person, and cents of wrong products on the right person's bill."""
    missing = {account: Counter(basket) for account, basket in under.items()}
    unexplained = {account: Counter(basket) for account, basket in over.items()}
    person = item = 0
    for account, extra in unexplained.items():
        for product in sorted(extra):
            for other in sorted(missing):
                moved = min(extra[product], missing[other][product]) if other != account else 0
                person += moved * prices[product]
                extra[product] -= moved
                missing[other][product] -= moved
    for account, extra in unexplained.items():
        # what the account lacks may have been billed as something else: dearest first, one for one
        spare = missing[account].total()
        for product in sorted(extra, key=lambda one: -prices[one]):
            swapped = min(extra[product], spare)
            item += swapped * prices[product]
            spare -= swapped
    return person, item


def _cents(basket: Basket, prices: Mapping[str, int]) -> int:
    return sum(prices[product] * count for product, count in basket.items())


def _share(part: int, whole: int) -> float:
    """The share, 1 where there was nothing to get wrong."""
    return part / whole if whole else 1.0
