"""The store's books: accounts, visits, carts, receipts, double-entry charges and refunds, disputes, audit."""

from store.receipt import Evidence, Receipt

__all__ = ["Evidence", "Ledger", "Receipt", "read_receipts"]


class Ledger:
    """The books behind a database URL, for example `sqlite:///store.sqlite`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def bill(self, receipt: Receipt, prices: dict[str, int]) -> Receipt:
        """Writes the receipt and charges its account, once a visit however often it is called."""
        raise NotImplementedError

    def close(self) -> None:
        """Lets go of the database."""


def read_receipts(url: str) -> list[Receipt]:
    """Every receipt in the books, in order of issue."""
    raise NotImplementedError
