"""Whether the books balance: what the database guards entry by entry, looked at as a whole."""

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from store.books import EntryRow, ReceiptLineRow, ReceiptRow, TransactionRow
from store.errors import LedgerError
from store.standing import check_standing


def check_books(session: Session) -> None:
    """Raises LedgerError for the first transaction, receipt or standing charge that is not as it must be."""
    _check_sums(session)
    _check_receipts(session)
    check_standing(session)


def _check_sums(session: Session) -> None:
    cents, sides = func.coalesce(func.sum(EntryRow.cents), 0), func.count(EntryRow.id)
    query = (
        select(TransactionRow.key, cents, sides)
        .outerjoin(EntryRow, EntryRow.transaction == TransactionRow.key)
        .group_by(TransactionRow.key)
        .having(or_(cents != 0, sides < 2))
    )
    for key, out, number in session.execute(query.limit(1)):
        raise LedgerError(f"transaction {key} is {out} cents out of balance with {number} entries")


def _check_receipts(session: Session) -> None:
    """Every receipt's total is that of its lines, and its own account was charged just that."""
    lines = (
        select(ReceiptLineRow.visit, func.sum(ReceiptLineRow.quantity * ReceiptLineRow.unit_cents).label("cents"))
        .group_by(ReceiptLineRow.visit)
        .subquery()
    )
    charge = aliased(EntryRow)
    query = select(ReceiptRow.visit, ReceiptRow.cents, func.coalesce(lines.c.cents, 0), charge.cents).outerjoin(
        lines, lines.c.visit == ReceiptRow.visit
    )
    query = query.outerjoin(
        charge,
        (charge.transaction == "charge:" + ReceiptRow.visit) & (charge.book == "receivable:" + ReceiptRow.account),
    )
    for visit, cents, total, charged in session.execute(query):
        if not cents == total == charged:
            raise LedgerError(f"{visit}: total {cents}, lines {total}, charged {charged or 0} cents")
