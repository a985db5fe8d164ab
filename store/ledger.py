"""The store's books: accounts, visits, carts, receipts, double-entry charges and refunds, disputes, audit.

Debit is positive, credit negative, and the entries of every transaction sum to zero. A charge debits what the account
owes and credits sales; a refund does the reverse. Every transaction has a key, so that none happens twice.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import create_engine, event, func, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

import store.after_books  # noqa: F401  its tables are made with the other books
from store.books import (
    AccountRow,
    AuditRow,
    Books,
    CartLineRow,
    CartRow,
    DisputeRow,
    EntryRow,
    EvidenceRow,
    ReceiptLineRow,
    ReceiptRow,
    ReviewRow,
    TransactionRow,
    VisitRow,
)
from store.errors import BadInput, LedgerError, UnknownAccount
from store.receipt import Evidence, Receipt

__all__ = ["Evidence", "Ledger", "Receipt", "read_receipts"]

SALES = "sales"
"""The book that every charge credits."""


def receivable(account: str) -> str:
    """The book of what an account owes."""
    return f"receivable:{account}"


class Ledger:
    """The books behind a database URL, for example `sqlite:///store.sqlite`; `sqlite://` keeps them in memory.

    Raises BadInput where the URL opens no database.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine = open_engine(url)
        try:
            Books.metadata.create_all(self._engine)
        except SQLAlchemyError as error:
            raise BadInput(url, "database", str(error).split("\n")[0], "a database that can be written") from error

    def open_account(self, account: str) -> None:
        """Enters an account, once however often it is called."""
        with self._writing() as session:
            if session.get(AccountRow, account) is None:
                session.add(AccountRow(id=account))

    def open_visit(self, visit: str, account: str, t: float) -> None:
        """Enters a visit, once however often it is called; UnknownAccount where there is no such account."""
        with self._writing() as session:
            if session.get(AccountRow, account) is None:
                raise UnknownAccount(f"account {account!r} is not in the books")
            if session.get(VisitRow, visit) is None:
                session.add(VisitRow(id=visit, account=account, people=0, opened=t, closed=None))

    def close_visit(self, visit: str, t: float, people: int) -> None:
        """Notes when the last member of a visit left and how many there were."""
        with self._writing() as session:
            row = _visit(session, visit)
            row.closed, row.people = t, people

    def save_cart(self, visit: str, t: float, quantity: Mapping[str, int], expected: Mapping[str, float]) -> None:
        """Replaces the cart of a visit: likeliest count and mean of the belief, by product."""
        with self._writing() as session:
            _visit(session, visit)
            row = session.get(CartRow, visit)
            if row is None:
                row = CartRow(visit=visit, t=t)
                session.add(row)
            row.t = t
            old = {line.product: line for line in row.lines}
            for product in sorted(quantity.keys() | expected.keys()):
                line = old.pop(product, None)
                if line is None:
                    line = CartLineRow(visit=visit, product=product)
                    row.lines.append(line)
                line.quantity, line.expected = quantity.get(product, 0), expected.get(product, 0.0)
            for line in old.values():
                row.lines.remove(line)

    def cart(self, visit: str) -> dict[str, int]:
        """The likeliest cart of a visit, product to count, none of them 0."""
        with Session(self._engine) as session:
            row = session.get(CartRow, visit)
            return {} if row is None else {line.product: line.quantity for line in row.lines if line.quantity}

    def bill(self, receipt: Receipt, prices: Mapping[str, int]) -> Receipt:
        """Writes the receipt and charges its account; `prices` in cents a product.

        A visit is billed once: the same receipt again changes nothing and returns what stands in the books.

        Raises:
            LedgerError: the total is not the sum of its lines, or the visit was billed something else.
        """
        total = sum(prices[product] * quantity for product, quantity in receipt.lines.items())
        if total != receipt.cents:
            raise LedgerError(f"receipt of {receipt.visit}: total {receipt.cents} cents, lines sum to {total}")
        with self._writing() as session:
            row = session.get(ReceiptRow, receipt.visit)
            if row is not None:
                billed = _receipt(row)
                if dict(billed.lines) != dict(receipt.lines):
                    raise LedgerError(f"{receipt.visit} was billed {dict(billed.lines)} before, not {receipt.lines}")
                return billed
            _visit(session, receipt.visit)
            session.add(_receipt_row(receipt, prices))
            transact(session, f"charge:{receipt.visit}", receipt.issued, receipt.account, receipt.cents)
            _audit(session, receipt.issued, "store", "bill", receipt.visit, f"{receipt.cents} cents")
            if receipt.flagged:
                reason = f"confidence {receipt.confidence:.3f}"
                session.add(ReviewRow(visit=receipt.visit, t=receipt.issued, reason=reason, status="open"))
        return receipt

    def receipt(self, visit: str) -> Receipt | None:
        """The receipt of a visit, or None before it is billed."""
        with Session(self._engine) as session:
            row = session.get(ReceiptRow, visit)
            return None if row is None else _receipt(row)

    def receipts(self) -> list[Receipt]:
        """Every receipt, in order of issue."""
        with Session(self._engine) as session:
            rows = session.scalars(select(ReceiptRow).order_by(ReceiptRow.issued, ReceiptRow.visit))
            return [_receipt(row) for row in rows]

    def balance(self, account: str) -> int:
        """What an account owes, in cents: charges less refunds."""
        return self._sum(receivable(account))

    def sales(self) -> int:
        """Sales less refunds, in cents."""
        return -self._sum(SALES)

    def check(self) -> None:
        """Raises LedgerError where a transaction does not balance, or a receipt is not what was charged."""
        with Session(self._engine) as session:
            for key, cents in session.execute(
                select(EntryRow.transaction, func.sum(EntryRow.cents)).group_by(EntryRow.transaction)
            ):
                if cents != 0:
                    raise LedgerError(f"transaction {key} is {cents} cents out of balance")
            for row in session.scalars(select(ReceiptRow)):
                lines = sum(line.quantity * line.unit_cents for line in row.lines)
                charged = _charged(session, row.visit)
                if not row.cents == lines == charged:
                    raise LedgerError(f"{row.visit}: total {row.cents}, lines {lines}, charged {charged} cents")

    def open_dispute(self, visit: str, product: str, quantity: int, reason: str, t: float) -> int:
        """An account disputes items of a receipt; returns the dispute's number.

        Raises:
            LedgerError: no such receipt, or more items than it has less those already disputed.
        """
        with self._writing() as session:
            line = session.get(ReceiptLineRow, (visit, product))
            billed = 0 if line is None else line.quantity
            rows = session.scalars(select(DisputeRow).where(DisputeRow.visit == visit, DisputeRow.product == product))
            left = billed - sum(row.quantity for row in rows if row.status != "rejected")
            if not 1 <= quantity <= left:
                raise LedgerError(f"dispute of {quantity} x {product} on {visit}: {left} can be disputed")
            row = DisputeRow(
                visit=visit, product=product, quantity=quantity, reason=reason, status="open", opened=t, decided=None
            )
            session.add(row)
            session.flush()
            _audit(session, t, "account", "dispute", visit, f"{quantity} x {product}")
            return row.id

    def refund(self, dispute: int, t: float, actor: str = "store") -> int:
        """Grants a dispute and pays its items back; returns the cents, and pays once however often it is called.

        Raises:
            LedgerError: there is no such dispute, or it was rejected.
        """
        with self._writing() as session:
            row = _dispute(session, dispute)
            if row.status == "rejected":
                raise LedgerError(f"dispute {dispute} was rejected")
            receipt, line = session.get(ReceiptRow, row.visit), session.get(ReceiptLineRow, (row.visit, row.product))
            if receipt is None or line is None:
                raise LedgerError(f"dispute {dispute} is about no receipt")
            cents = row.quantity * line.unit_cents
            if row.status == "open":
                row.status, row.decided = "refunded", t
                transact(session, f"refund:{dispute}", t, receipt.account, -cents)
                _audit(session, t, actor, "refund", row.visit, f"{cents} cents")
            return cents

    def reject(self, dispute: int, t: float, actor: str = "store") -> None:
        """Rejects a dispute; LedgerError where it was refunded."""
        with self._writing() as session:
            row = _dispute(session, dispute)
            if row.status == "refunded":
                raise LedgerError(f"dispute {dispute} was refunded")
            row.status, row.decided = "rejected", t
            _audit(session, t, actor, "reject", row.visit, f"dispute {dispute}")

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session that commits when its block ends and rolls back when it fails."""
        with self._writing() as session:
            yield session

    def close(self) -> None:
        """Lets go of the database; the books stay."""
        self._engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with Session(self._engine) as session, session.begin():
            yield session

    def _sum(self, book: str) -> int:
        with Session(self._engine) as session:
            return int(session.scalar(select(func.sum(EntryRow.cents)).where(EntryRow.book == book)) or 0)


def read_receipts(url: str) -> list[Receipt]:
    """Every receipt in the books behind `url`, in order of issue; BadInput where there are no books."""
    engine = open_engine(url)
    try:
        with Session(engine) as session:
            rows = session.scalars(select(ReceiptRow).order_by(ReceiptRow.issued, ReceiptRow.visit))
            return [_receipt(row) for row in rows]
    except SQLAlchemyError as error:
        raise BadInput(url, "database", str(error).split("\n")[0], "books with receipts") from error
    finally:
        engine.dispose()


def open_engine(url: str) -> Engine:
    """An engine for the URL, with foreign keys enforced on SQLite; BadInput where the URL is none."""
    try:
        if url in ("sqlite://", "sqlite:///:memory:"):
            engine = create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
        else:
            engine = create_engine(url)
    except (SQLAlchemyError, ImportError) as error:
        raise BadInput("ledger", "url", url, "a database URL such as sqlite:///store.sqlite") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
    return engine


def _configure_sqlite(connection: object, _record: object) -> None:
    cursor = connection.cursor()  # type: ignore[attr-defined]
    cursor.execute("PRAGMA foreign_keys=ON")
    # WAL keeps the books readable for the live view while they are written, and after a crash
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


def _visit(session: Session, visit: str) -> VisitRow:
    row = session.get(VisitRow, visit)
    if row is None:
        raise LedgerError(f"visit {visit!r} is not in the books")
    return row


def _dispute(session: Session, dispute: int) -> DisputeRow:
    row = session.get(DisputeRow, dispute)
    if row is None:
        raise LedgerError(f"there is no dispute {dispute}")
    return row


def transact(session: Session, key: str, t: float, account: str, cents: int) -> None:
    """Debits the account and credits sales (both reversed where `cents` is negative)."""
    entries = [EntryRow(book=receivable(account), cents=cents), EntryRow(book=SALES, cents=-cents)]
    session.add(TransactionRow(key=key, t=t, entries=entries))


def _charged(session: Session, visit: str) -> int:
    query = select(func.sum(EntryRow.cents)).where(EntryRow.transaction == f"charge:{visit}", EntryRow.book != SALES)
    return int(session.scalar(query) or 0)


def _audit(session: Session, t: float, actor: str, action: str, subject: str, detail: str) -> None:
    session.add(AuditRow(t=t, actor=actor, action=action, subject=subject, detail=detail))


def _receipt_row(receipt: Receipt, prices: Mapping[str, int]) -> ReceiptRow:
    lines = [
        ReceiptLineRow(product=product, quantity=quantity, unit_cents=prices[product])
        for product, quantity in receipt.lines.items()
    ]
    evidence = [
        EvidenceRow(
            number=number,
            change=item.change,
            t=item.t,
            plates=" ".join(item.plates),
            product=item.product,
            quantity=item.quantity,
            probability=item.probability,
        )
        for number, item in enumerate(receipt.evidence)
    ]
    return ReceiptRow(
        visit=receipt.visit,
        account=receipt.account,
        cents=receipt.cents,
        confidence=receipt.confidence,
        flagged=receipt.flagged,
        people=receipt.people,
        opened=receipt.opened,
        closed=receipt.closed,
        issued=receipt.issued,
        lines=lines,
        evidence=evidence,
    )


def _receipt(row: ReceiptRow) -> Receipt:
    return Receipt(
        visit=row.visit,
        account=row.account,
        lines={line.product: line.quantity for line in row.lines},
        cents=row.cents,
        confidence=row.confidence,
        flagged=row.flagged,
        opened=row.opened,
        closed=row.closed,
        people=row.people,
        evidence=tuple(
            Evidence(item.change, item.t, tuple(item.plates.split()), item.product, item.quantity, item.probability)
            for item in row.evidence
        ),
        issued=row.issued,
    )
