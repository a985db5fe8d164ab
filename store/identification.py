"""What a weight change can have been: products and quantities that explain it, by weight and by place.

An item's own weight varies by a percent or two about its product's, so a change of `delta_g` is explained by `n` items
of a product with a normal density around `n` times its weight. Places matter as much as weights: most items are taken
from their own slot, some lie beside it, few were carried elsewhere.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, hypot, log, pi, sqrt

from pydantic import BaseModel, ConfigDict, Field

from store.planogram import Planogram, Plate, Slot

Items = tuple[tuple[str, int], ...]
"""Products with signed quantities, positive for taken."""


class IdentificationSettings(BaseModel):
    """How weights and places speak for products."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item_share_sd: float = Field(default=0.015, ge=0, le=0.2, description="spread of items' weights, share of weight")
    item_sd_g: float = Field(default=1.0, ge=0, le=50, description="spread of items' weights, grams")
    outliers: float = Field(default=0.03, ge=0, le=0.5, description="share of changes measured five times worse")
    quantities: tuple[float, ...] = Field(
        default=(0.92, 0.06, 0.012, 0.006), min_length=1, max_length=8, description="probability of 1, 2, ... at once"
    )
    beside: float = Field(default=0.06, gt=0, lt=1, description="probability of a product of a slot nearby")
    astride: float = Field(default=0.3, gt=0, le=1, description="factor where that would stand on several plates")
    elsewhere: float = Field(default=0.01, gt=0, lt=1, description="probability of any product of the store")
    two_products: float = Field(default=0.01, ge=0, lt=1, description="probability of two products in one change")
    same_item: float = Field(default=0.85, ge=0, lt=1, description="trust in that an item weighs what it weighed")
    other_share: float = Field(default=0.01, gt=0, lt=1, description="probability of nothing on sale at all")
    other_range_g: float = Field(default=1500.0, gt=0, description="range of weights of what is not on sale, grams")


@dataclass(frozen=True, slots=True)
class Explanation:
    """Items that explain a change, and the logarithm of likelihood times prior."""

    items: Items
    log_p: float


class Identification:
    """Explains weight changes on a planogram's plates."""

    def __init__(self, planogram: Planogram, settings: IdentificationSettings | None = None) -> None:
        self.planogram, self.settings = planogram, settings or IdentificationSettings()
        self._place = lru_cache(maxsize=4096)(self._places)
        self._products = sorted(planogram.products)

    def weight(self, items: Items, delta_g: float, sd_g: float) -> float:
        """Log density of a change of `delta_g` (sd `sd_g` of the scales) if exactly `items` were moved."""
        expected = -sum(self.planogram.products[product].weight_g * quantity for product, quantity in items)
        variance = sd_g**2
        for product, quantity in items:
            share = self.settings.item_share_sd * self.planogram.products[product].weight_g
            variance += abs(quantity) * (share**2 + self.settings.item_sd_g**2)
        miss, sd = delta_g - expected, sqrt(variance)
        tails = self.settings.outliers
        return log((1 - tails) * _normal(miss, sd) + tails * _normal(miss, 5 * sd) + 1e-300)

    def same_item(self, weight: float, delta_g: float, known_g: Sequence[float], sd_g: float) -> float:
        """Log density of a change by an item that was weighed before, as one of `known_g`, if it is that very item.

        `weight` is the log density for any item of its product, which it may be after all.
        """
        if not known_g:
            return weight
        best = max(_normal(abs(delta_g) - known, sqrt(2) * sd_g + 0.3) for known in known_g)
        return log(self.settings.same_item * best + (1 - self.settings.same_item) * exp(weight) + 1e-300)

    def place(self, product: str, plates: tuple[str, ...]) -> float:
        """Log probability that what is moved on these plates is this product, before its weight is known."""
        return self._place(plates)[product]

    def quantity(self, number: int) -> float:
        """Log probability of moving so many items of one product at once."""
        shares = self.settings.quantities
        return log(shares[number - 1]) if 1 <= number <= len(shares) else log(1e-6)

    def nothing(self) -> float:
        """Log density of a change that nothing on sale explains."""
        return log(self.settings.other_share / self.settings.other_range_g)

    def taken(self, plates: tuple[str, ...], delta_g: float, sd_g: float, keep: float = 12.0) -> list[Explanation]:
        """Explanations of a loss, likeliest first, down to `exp(-keep)` of the best and never below `nothing`."""
        found = [
            Explanation(((product, number),), log_p)
            for product in self._products
            for number in range(1, len(self.settings.quantities) + 1)
            if (log_p := self._one(product, number, plates, delta_g, sd_g)) > self.nothing() - 2
        ]
        found += self._pairs(plates, delta_g, sd_g)
        return _best(found, keep)

    def match(self, plates: tuple[str, ...], delta_g: float, sd_g: float, held: Iterable[str]) -> float:
        """Log probability of the best explanation: of a loss by anything, of a gain by one of the products `held`."""
        if delta_g < 0:
            best = self.taken(plates, delta_g, sd_g)[:1]
            return max([self.nothing(), *(one.log_p for one in best)])
        numbers = range(1, len(self.settings.quantities) + 1)
        returned = [
            self.place(product, plates) + self.quantity(number) + self.weight(((product, -number),), delta_g, sd_g)
            for product in held
            for number in numbers
        ]
        return max([self.nothing(), *returned])

    def _one(self, product: str, number: int, plates: tuple[str, ...], delta_g: float, sd_g: float) -> float:
        weight = self.weight(((product, number),), delta_g, sd_g)
        return weight + self.place(product, plates) + self.quantity(number)

    def _pairs(self, plates: tuple[str, ...], delta_g: float, sd_g: float) -> list[Explanation]:
        """Two products in one grab, from slots that share these plates."""
        here = sorted({slot.product_id for slot in self.planogram.slots if set(plates) <= set(slot.plates)})
        prior = log(self.settings.two_products + 1e-300) - 2 * log(max(len(here), 1))
        return [
            Explanation(items, prior + self.weight(items, delta_g, sd_g))
            for number, first in enumerate(here)
            for second in here[number + 1 :]
            for items in [((first, 1), (second, 1))]
        ]

    def _places(self, plates: tuple[str, ...]) -> dict[str, float]:
        """Log prior of every product on a set of plates."""
        settings, products = self.settings, self.planogram.products
        share = dict.fromkeys(products, settings.elsewhere / len(products))
        near = {slot.product_id: exp(-self._gap(slot, plates) / 0.3) for slot in self.planogram.slots}
        total = sum(near.values()) or 1.0
        # two plates are rarely stood on at once by what is not meant to
        beside = settings.beside if len(plates) == 1 else settings.beside * settings.astride
        for product, weight in near.items():
            share[product] += beside * weight / total
        # what moved several plates lay on all of them: a slot that has not all of them is no better than beside
        own = [slot for slot in self.planogram.slots if set(plates) <= set(slot.plates)]
        for slot in own:
            share[slot.product_id] += (1 - settings.beside - settings.elsewhere) / len(own)
        return {product: log(value) for product, value in share.items()}

    def _gap(self, slot: Slot, plates: Sequence[str]) -> float:
        return min(_apart(self.planogram.plate[a], self.planogram.plate[b]) for a in slot.plates for b in plates)


def _apart(a: Plate, b: Plate) -> float:
    x, y, z = (one - other for one, other in zip(a.position, b.position, strict=True))
    # another shelf is another place: nobody reaches there by mistake, though items stray along one shelf
    return hypot(x, y) + 2 * abs(z)


def _normal(miss: float, sd: float) -> float:
    return exp(-0.5 * min((miss / sd) ** 2, 1000.0)) / (sd * sqrt(2 * pi))


def _best(found: list[Explanation], keep: float) -> list[Explanation]:
    found.sort(key=lambda one: -one.log_p)
    return [one for one in found if one.log_p > found[0].log_p - keep][:12] if found else []
