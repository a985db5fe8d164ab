"""The virtual cart of a visit: counts that can never be negative."""

from collections import Counter
from collections.abc import Mapping

from store.errors import StoreError


class Cart:
    """What a visit is believed to hold; `take` and `put_back` are its only changes."""

    def __init__(self, content: Mapping[str, int] | None = None) -> None:
        self._content: Counter[str] = Counter()
        for product, quantity in (content or {}).items():
            self.take(product, quantity)

    def take(self, product: str, quantity: int = 1) -> None:
        """Adds items; StoreError unless the quantity is 0 or more."""
        if quantity < 0:
            raise StoreError(f"cannot take {quantity} of {product}")
        self._content[product] += quantity

    def put_back(self, product: str, quantity: int = 1) -> None:
        """Removes items; StoreError where the cart does not hold so many."""
        if not 0 <= quantity <= self._content[product]:
            raise StoreError(f"cannot put back {quantity} of {product}: the cart holds {self._content[product]}")
        self._content[product] -= quantity

    @property
    def lines(self) -> dict[str, int]:
        """Product to count, in order of product, none of them 0."""
        return {product: count for product, count in sorted(self._content.items()) if count}

    def cents(self, prices: Mapping[str, int]) -> int:
        """Total at these prices (cents a product)."""
        return sum(prices[product] * count for product, count in self.lines.items())
