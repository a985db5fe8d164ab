"""What a visit is charged for now: its receipt, as a review corrected it, less what disputes paid back.

The receipt itself never changes. Items that a dispute paid back are not charged again, whatever a later review says.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from store.after_books import CorrectionLineRow, DisputeCaseRow
from store.books import SALES, DisputeRow, EntryRow, ReceiptRow, ReviewRow
from store.database import open_engine
from store.errors import LedgerError


@dataclass(frozen=True, slots=True)
class Line:
    """Items of one product that are charged for, none or more, and the price of one in cents."""

    quantity: int
    unit_cents: int

    @property
    def cents(self) -> int:
        """What they cost together."""
        return self.quantity * self.unit_cents


def standing(session: Session, visit: str) -> dict[str, Line]:
    """Lines charged for now, by product, those paid back with quantity 0; LedgerError where there is no receipt."""
    receipt = session.get(ReceiptRow, visit)
    if receipt is None:
        raise LedgerError(f"{visit} has no receipt")
    lines = {line.product: Line(line.quantity, line.unit_cents) for line in receipt.lines}
    corrected = session.scalars(select(CorrectionLineRow).where(CorrectionLineRow.visit == visit)).all()
    if corrected or _emptied(session, visit):
        lines = {name: Line(0, line.unit_cents) for name, line in lines.items()}
        lines |= {row.product: Line(row.quantity, row.unit_cents) for row in corrected}
    for product, paid_back in refunded(session, visit, absorbed=False).items():
        line = lines[product]
        lines[product] = Line(line.quantity - paid_back, line.unit_cents)
    return lines


def refunded(session: Session, visit: str, absorbed: bool | None = None) -> dict[str, int]:
    """Items paid back by disputes, by product; only those that a correction reckons with, or only the others."""
    found: dict[str, int] = {}
    for dispute, case in _refunds(session, visit):
        if absorbed is None or case.absorbed == absorbed:
            found[dispute.product] = found.get(dispute.product, 0) + case.granted
    return found


def correct_to(session: Session, visit: str, lines: Mapping[str, int], prices: Mapping[str, int]) -> int:
    """Notes that the basket was really `lines`; returns by how many cents what is charged for changes.

    `prices` in cents a product are for what is not on the receipt. Nothing is charged again that was paid back.
    """
    now = standing(session, visit)
    billed = session.get_one(ReceiptRow, visit).lines
    most = {line.product: line.quantity for line in billed}
    back = refunded(session, visit)
    target = {}
    for product, quantity in sorted(lines.items()):
        if product in back:
            quantity = min(quantity, max(0, most.get(product, 0) - back[product]))
        if quantity:
            unit = now[product].unit_cents if product in now else prices[product]
            target[product] = Line(quantity, unit)
            session.add(CorrectionLineRow(visit=visit, product=product, quantity=quantity, unit_cents=unit))
    _absorb(session, visit)
    return sum(line.cents for line in target.values()) - sum(line.cents for line in now.values())


def check_standing(session: Session) -> None:
    """Raises LedgerError where the entries of a visit are not the sum of what it is charged for now."""
    for visit in session.scalars(select(ReceiptRow.visit)):
        refunds = select(DisputeRow.id).where(DisputeRow.visit == visit)
        keys = [f"charge:{visit}", f"correction:{visit}", *(f"refund:{one}" for one in session.scalars(refunds))]
        entries = select(func.sum(EntryRow.cents)).where(EntryRow.transaction.in_(keys), EntryRow.book != SALES)
        owed, lines = int(session.scalar(entries) or 0), standing(session, visit)
        wanted = sum(line.cents for line in lines.values())
        if owed != wanted or any(line.quantity < 0 for line in lines.values()):
            raise LedgerError(f"{visit}: entries sum to {owed} cents, what is charged for to {wanted}")


def read_standing(url: str) -> dict[str, dict[str, int]]:
    """Items charged for now, by visit and product, in the books behind `url`; of older books, as on the receipt."""
    engine = open_engine(url)
    try:
        with Session(engine) as session:
            if not inspect(engine).has_table(DisputeCaseRow.__tablename__):
                rows = session.scalars(select(ReceiptRow)).all()
                return {row.visit: {line.product: line.quantity for line in row.lines} for row in rows}
            return {
                visit: {name: line.quantity for name, line in standing(session, visit).items() if line.quantity}
                for visit in session.scalars(select(ReceiptRow.visit)).all()
            }
    finally:
        engine.dispose()


def _emptied(session: Session, visit: str) -> bool:
    """Whether a review found that nothing was taken at all."""
    review = session.get(ReviewRow, visit)
    return review is not None and review.status == "corrected"


def _absorb(session: Session, visit: str) -> None:
    """A correction reckons with everything paid back so far."""
    for _, case in _refunds(session, visit):
        case.absorbed = True


def _refunds(session: Session, visit: str) -> list[tuple[DisputeRow, DisputeCaseRow]]:
    """Disputes of a visit that paid back, each with its case."""
    query = select(DisputeRow, DisputeCaseRow).join(DisputeCaseRow, DisputeCaseRow.dispute == DisputeRow.id)
    query = query.where(DisputeRow.visit == visit, DisputeRow.status == "refunded").order_by(DisputeRow.id)
    return [(dispute, case) for dispute, case in session.execute(query)]
