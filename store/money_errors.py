"""Where money went wrong: every cent charged too much or too little, by its cause.

What was charged too much to one account is `wrong_person` where somebody else took that item and was not billed for
it, `wrong_item` where the same account lacks another product in its place, and a `phantom_item` otherwise: nobody
took it. What was charged too little is `wrong_person` where it stands on another's bill, `wrong_item` where another
product does on the right bill, and a `missed_item` otherwise. Persons are looked at before items. Where more accounts
have an item too much than lack it, those first in order of account count as the wrong persons.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Basket = Counter[str]

OVER_CAUSES = ("wrong_person", "wrong_item", "phantom_item")
UNDER_CAUSES = ("wrong_person", "wrong_item", "missed_item")


@dataclass(frozen=True, slots=True)
class Misbilled:
    """What one account was charged too much and too little: items by cause (of OVER_CAUSES and UNDER_CAUSES)."""

    over: Mapping[str, Basket] = field(default_factory=lambda: {cause: Counter() for cause in OVER_CAUSES})
    under: Mapping[str, Basket] = field(default_factory=lambda: {cause: Counter() for cause in UNDER_CAUSES})


def misbilled(
    due: Mapping[str, Basket], charged: Mapping[str, Basket], prices: Mapping[str, int]
) -> dict[str, Misbilled]:
    """The errors of every account that owes or was charged something; `prices` in cents a product."""
    accounts = sorted(due.keys() | charged.keys())
    nothing = Basket()
    over = {name: charged.get(name, nothing) - due.get(name, nothing) for name in accounts}
    under = {name: due.get(name, nothing) - charged.get(name, nothing) for name in accounts}
    errors = {name: Misbilled() for name in accounts}
    _wrong_persons(accounts, over, under, errors)
    for name in accounts:
        _wrong_items(over[name], under[name], errors[name], prices)
        errors[name].over["phantom_item"].update(+over[name])
        errors[name].under["missed_item"].update(+under[name])
    return errors


def cents_of(basket: Basket, prices: Mapping[str, int]) -> int:
    """What a basket costs, in cents."""
    return sum(prices[product] * count for product, count in basket.items())


def _wrong_persons(
    accounts: Sequence[str],
    over: Mapping[str, Basket],
    under: Mapping[str, Basket],
    errors: Mapping[str, Misbilled],
) -> None:
    """Moves what one account has too much and another lacks out of `over` and `under` into `errors`."""
    for account in accounts:
        for product in sorted(over[account]):
            for other in accounts:
                moved = min(over[account][product], under[other][product])
                if moved <= 0:
                    continue
                over[account][product] -= moved
                under[other][product] -= moved
                errors[account].over["wrong_person"][product] += moved
                errors[other].under["wrong_person"][product] += moved


def _wrong_items(over: Basket, under: Basket, errors: Misbilled, prices: Mapping[str, int]) -> None:
    """Pairs what is left of one account's too much and too little, dearest with dearest, one for one."""
    extra, lacking = (
        sorted((+basket).elements(), key=lambda product: (-prices[product], product)) for basket in (over, under)
    )
    for wrong, right in zip(extra, lacking, strict=False):
        over[wrong] -= 1
        under[right] -= 1
        errors.over["wrong_item"][wrong] += 1
        errors.under["wrong_item"][right] += 1
