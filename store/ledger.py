"""The store's books: accounts, visits, carts, receipts, double-entry charges and refunds, disputes, audit.

Debit is positive, credit negative, and the entries of every transaction sum to zero, which the database itself checks
(`store.safeguards`). A charge debits what the account owes and credits sales; a refund does the reverse. Every
transaction has a key, so that none happens twice, and whatever is asked for again changes nothing.

Several stores may keep their books together (`store.database`). Whoever changes something about a visit first locks
that visit's row, so that the same request at the same moment waits, and then finds that it is done.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import func, select
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from store.balance import check_books
from store.books import (
    SALES,
    AccountRow,
    AuditRow,
    CartLineRow,
    CartRow,
    EntryRow,
    ReceiptRow,
    ReviewRow,
    TransactionRow,
    VisitRow,
    receivable,
)
from store.database import create_books, enter, open_engine, reading, reason, shown, writing
from store.errors import BadInput, IntegrityRefused, LedgerError, UnknownAccount
from store.receipt import Evidence, Receipt
from store.receipt_rows import receipt_of, receipt_row, receipts_of

__all__ = ["Evidence", "Ledger", "Receipt", "read_receipts"]

STORE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,39}")
"""A shop's name in shared books."""


class Ledger:
    """The books behind a database URL: `sqlite:///store.sqlite`, `sqlite://` in memory, `postgresql://user@host/name`.

    Args:
        url: of the database; missing tables are made.
        store: name of this shop where several keep books together; their visits need different ids.

    Raises:
        BadInput: the URL opens no database that can be written, or the name is not one.
    """

    def __init__(self, url: str, store: str = "") -> None:
        if store and not STORE_NAME.fullmatch(store):
            raise BadInput("ledger", "store", store, "letters, digits, '.', '_' and '-', at most 40, a letter first")
        self.url, self.store = shown(url), store
        self._engine = open_engine(url)
        create_books(self._engine, url)
        self._reading, self._write = reading(self._engine), writing(self._engine)

    def visit_id(self, number: int) -> str:
        """The id of this shop's visit of that number, which no other shop's visit has."""
        return f"{self.store}/visit-{number}" if self.store else f"visit-{number}"

    def open_account(self, account: str) -> None:
        """Enters an account, once however often it is called."""
        with self._writing() as session:
            enter(session, AccountRow, id=account)

    def open_visit(self, visit: str, account: str, t: float) -> None:
        """Enters a visit, once however often it is called; UnknownAccount where there is no such account."""
        with self._writing() as session:
            if session.get(AccountRow, account) is None:
                raise UnknownAccount(f"account {account!r} is not in the books")
            enter(session, VisitRow, id=visit, account=account, people=0, opened=t, closed=None, store=self.store)

    def close_visit(self, visit: str, t: float, people: int) -> None:
        """Notes when the last member of a visit left and how many there were."""
        with self._writing() as session:
            row = lock_visit(session, visit)
            row.closed, row.people = t, people

    def save_cart(self, visit: str, t: float, quantity: Mapping[str, int], expected: Mapping[str, float]) -> None:
        """Replaces the cart of a visit: likeliest count and mean of the belief, by product."""
        with self._writing() as session:
            lock_visit(session, visit)
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
        with Session(self._reading) as session:
            row = session.get(CartRow, visit)
            return {} if row is None else {line.product: line.quantity for line in row.lines if line.quantity}

    def bill(self, receipt: Receipt, prices: Mapping[str, int], doubts: str = "") -> Receipt:
        """Writes the receipt and charges its account; `prices` in cents a product, `doubts` why it is flagged.

        A visit is billed once: the same receipt again changes nothing and returns what stands in the books.

        Raises:
            LedgerError: the total is not the sum of its lines, or the visit was billed something else.
        """
        total = sum(prices[product] * quantity for product, quantity in receipt.lines.items())
        if total != receipt.cents:
            raise LedgerError(f"receipt of {receipt.visit}: total {receipt.cents} cents, lines sum to {total}")
        with self._writing() as session:
            lock_visit(session, receipt.visit)
            row = session.get(ReceiptRow, receipt.visit)
            if row is not None:
                billed = receipt_of(row)
                if dict(billed.lines) != dict(receipt.lines):
                    raise LedgerError(f"{receipt.visit} was billed {dict(billed.lines)} before, not {receipt.lines}")
                return billed
            session.add(receipt_row(receipt, prices))
            transact(session, f"charge:{receipt.visit}", receipt.issued, receipt.account, receipt.cents)
            _audit(session, receipt.issued, "store", "bill", receipt.visit, f"{receipt.cents} cents")
            if receipt.flagged:
                reason = doubts or f"confidence {receipt.confidence:.3f}"
                session.add(ReviewRow(visit=receipt.visit, t=receipt.issued, reason=reason, status="open"))
        return receipt

    def receipt(self, visit: str) -> Receipt | None:
        """The receipt of a visit, or None before it is billed."""
        with Session(self._reading) as session:
            row = session.get(ReceiptRow, visit)
            return None if row is None else receipt_of(row)

    def receipts(self, store: str | None = None) -> list[Receipt]:
        """Every receipt, in order of issue; with `store`, those of that shop."""
        with Session(self._reading) as session:
            return receipts_of(session, store)

    def visits(self, store: str | None = None) -> list[str]:
        """Ids of every visit, billed or not; with `store`, those of that shop."""
        query = select(VisitRow.id).order_by(VisitRow.opened, VisitRow.id)
        with Session(self._reading) as session:
            return list(session.scalars(query if store is None else query.where(VisitRow.store == store)))

    def open_visits(self) -> list[tuple[str, str, float]]:
        """This shop's visits that have not closed: id, account, and second of opening."""
        query = select(VisitRow.id, VisitRow.account, VisitRow.opened).order_by(VisitRow.opened, VisitRow.id)
        query = query.where(VisitRow.store == self.store, VisitRow.closed.is_(None))
        with Session(self._reading) as session:
            return [(row.id, row.account, row.opened) for row in session.execute(query)]

    def post(self, key: str, t: float, entries: Mapping[str, int]) -> bool:
        """Writes a transaction: cents by book, debit positive. Returns whether it is new.

        The same key with the same entries changes nothing, also where two ask for it at the same moment.

        Raises:
            LedgerError: the entries do not balance, or the key stands for other entries.
        """
        try:
            with self._writing() as session:
                if not self._posted(session, key, entries):
                    post(session, key, t, entries)
                    return True
        except IntegrityRefused:
            with self._writing() as session:
                if not self._posted(session, key, entries):
                    raise
        return False

    def _posted(self, session: Session, key: str, entries: Mapping[str, int]) -> bool:
        row = session.get(TransactionRow, key)
        if row is not None and {entry.book: entry.cents for entry in row.entries} != dict(entries):
            raise LedgerError(f"transaction {key} stands with other entries")
        return row is not None

    def balance(self, account: str) -> int:
        """What an account owes, in cents: charges less refunds."""
        return self._sum(receivable(account))

    def sales(self) -> int:
        """Sales less refunds, in cents."""
        return -self._sum(SALES)

    def check(self) -> None:
        """Raises LedgerError where a transaction does not balance, or a visit is not charged what stands."""
        with Session(self._reading) as session:
            check_books(session)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session that commits when its block ends and rolls back when it fails."""
        with self._writing() as session:
            yield session

    @contextmanager
    def snapshot(self) -> Iterator[Session]:
        """A session to read in, whose statements all see the same moment."""
        with Session(self._reading) as session:
            yield session

    def close(self) -> None:
        """Lets go of the database; the books stay."""
        self._engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        try:
            with Session(self._write) as session, session.begin():
                yield session
        except (DataError, IntegrityError) as error:
            raise IntegrityRefused(f"the books refuse it: {reason(error)}") from error

    def _sum(self, book: str) -> int:
        with Session(self._reading) as session:
            return int(session.scalar(select(func.sum(EntryRow.cents)).where(EntryRow.book == book)) or 0)


def read_receipts(url: str) -> list[Receipt]:
    """Every receipt in the books behind `url`, in order of issue; BadInput where there are no books."""
    engine = open_engine(url)
    try:
        with Session(engine) as session:
            return receipts_of(session, None)
    except SQLAlchemyError as error:
        raise BadInput("ledger", "url", shown(url), f"books with receipts ({reason(error)})") from error
    finally:
        engine.dispose()


def lock_visit(session: Session, visit: str) -> VisitRow:
    """The visit's row, held until the session ends: whoever changes anything about the visit asks for it first.

    Raises LedgerError where the books have no such visit.
    """
    row = session.get(VisitRow, visit, with_for_update={"key_share": True}, populate_existing=True)
    if row is None:
        raise LedgerError(f"visit {visit!r} is not in the books")
    return row


def transact(session: Session, key: str, t: float, account: str, cents: int) -> None:
    """Debits the account and credits sales (both reversed where `cents` is negative)."""
    post(session, key, t, {receivable(account): cents, SALES: -cents})


def post(session: Session, key: str, t: float, entries: Mapping[str, int]) -> None:
    """Writes a transaction within a session: cents by book, debit positive; LedgerError where it does not balance."""
    if len(entries) < 2 or sum(entries.values()) != 0:
        raise LedgerError(f"transaction {key}: {dict(entries)} are not two entries or more that sum to zero")
    session.add_all(EntryRow(transaction=key, book=book, cents=cents) for book, cents in entries.items())
    # The database lets the transaction stand only where its entries, which are there by then, balance.
    session.flush()
    session.add(TransactionRow(key=key, t=t))
    session.flush()


def _audit(session: Session, t: float, actor: str, action: str, subject: str, detail: str) -> None:
    session.add(AuditRow(t=t, actor=actor, action=action, subject=subject, detail=detail))
