"""One shop's part of shared books, copied into books of its own."""

from sqlalchemy import Select, Table, select
from sqlalchemy.orm import Session

from store.after_books import DisputeCaseRow
from store.books import AuditRow, Books, DisputeRow, EntryRow, TransactionRow, VisitRow
from store.ledger import Ledger

_BY_VISIT = ("carts", "cart_lines", "receipts", "receipt_lines", "evidence", "reviews", "correction_lines", "disputes")


def copy_shop(source: Ledger, target: Ledger) -> None:
    """Copies the visits of the source's shop, and all that hangs on them, into empty books.

    Transactions are those that charge, correct or refund one of these visits.
    """
    with source.snapshot() as books, target.session() as copy:
        for query in _queries(books, source.store):
            table = query.get_final_froms()[0]
            rows = [dict(row) for row in books.execute(query).mappings()]
            if rows:
                copy.execute(table.insert(), rows)  # type: ignore[attr-defined]


def _queries(books: Session, store: str) -> list[Select[tuple[object, ...]]]:
    """Each table's own rows, in an order in which they can be written: entries before their transactions."""
    visits = select(VisitRow.id).where(VisitRow.store == store)
    ids = list(books.scalars(visits))
    disputes = list(books.scalars(select(DisputeRow.id).where(DisputeRow.visit.in_(ids))))
    keys = [f"{kind}:{visit}" for kind in ("charge", "correction") for visit in ids]
    keys += [f"refund:{dispute}" for dispute in disputes]
    accounts = list(books.scalars(select(VisitRow.account).where(VisitRow.id.in_(ids))))
    return [
        select(_table("accounts")).where(_table("accounts").c.id.in_(accounts)),
        select(_table("visits")).where(_table("visits").c.id.in_(ids)),
        *(select(_table(name)).where(_table(name).c.visit.in_(ids)) for name in _BY_VISIT),
        select(_table("dispute_cases")).where(DisputeCaseRow.dispute.in_(disputes)),
        select(_table("entries")).where(EntryRow.transaction.in_(keys)),
        select(_table("transactions")).where(TransactionRow.key.in_(keys)),
        select(_table("audit")).where(AuditRow.subject.in_(ids)),
    ]


def _table(name: str) -> Table:
    return Books.metadata.tables[name]
