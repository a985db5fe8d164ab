"""The review queue: receipts that the store is not sure of, and what a person decided about them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.books import AuditRow, ReceiptRow, ReviewRow
from store.errors import LedgerError
from store.ledger import Ledger, lock_visit, transact
from store.standing import correct_to


@dataclass(frozen=True, slots=True)
class Review:
    """One flagged receipt: when (seconds) and why it was flagged, and `open`, `upheld` or `corrected`."""

    visit: str
    t: float
    reason: str
    status: str


class ReviewQueue:
    """Receipts waiting for a person, oldest first."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def all(self) -> list[Review]:
        """Every review, decided or not, in order of time."""
        with self._ledger.session() as session:
            rows = session.scalars(select(ReviewRow).order_by(ReviewRow.t, ReviewRow.visit))
            return [Review(row.visit, row.t, row.reason, row.status) for row in rows]

    def open(self) -> list[Review]:
        """Reviews that nobody has decided."""
        return [review for review in self.all() if review.status == "open"]

    def uphold(self, visit: str, reviewer: str, t: float) -> None:
        """The receipt stands; LedgerError where it is not under review."""
        self._decide(visit, reviewer, t, "upheld")

    def correct(self, visit: str, lines: Mapping[str, int], prices: Mapping[str, int], reviewer: str, t: float) -> int:
        """The basket was really `lines`: charges or refunds the difference once, and returns it in cents.

        What disputes paid back before stays paid back (`store.standing`).

        Raises:
            LedgerError: the receipt is not under review.
        """
        return self._decide(visit, reviewer, t, "corrected", lambda session: correct_to(session, visit, lines, prices))

    def _decide(
        self, visit: str, reviewer: str, t: float, status: str, change: Callable[[Session], int] = lambda _: 0
    ) -> int:
        with self._ledger.session() as session:
            lock_visit(session, visit)
            row, receipt = session.get(ReviewRow, visit), session.get(ReceiptRow, visit)
            if row is None or receipt is None or row.status != "open":
                raise LedgerError(f"{visit} is not under review")
            cents = change(session)
            row.status, row.reviewer, row.decided = status, reviewer, t
            if cents:
                transact(session, f"correction:{visit}", t, receipt.account, cents)
            session.add(AuditRow(t=t, actor=reviewer, action=status, subject=visit, detail=f"{cents} cents"))
            return cents
