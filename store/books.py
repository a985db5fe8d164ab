"""Tables of the store's books. Money is integer cents; every transaction's entries sum to zero."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from store.safeguards import guard

SALES = "sales"
"""The book that every charge credits."""


def receivable(account: str) -> str:
    """The book of what an account owes."""
    return f"receivable:{account}"


class Books(DeclarativeBase):
    """Root of the tables."""


class AccountRow(Books):
    """Who can be billed."""

    __tablename__ = "accounts"
    id: Mapped[str] = mapped_column(String(80), primary_key=True)


class VisitRow(Books):
    """One party on one token, from its first scan in to its last member out; times in seconds from opening.

    `store` names the shop, where several share the books.
    """

    __tablename__ = "visits"
    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    people: Mapped[int] = mapped_column(CheckConstraint("people >= 0"))
    opened: Mapped[float]
    closed: Mapped[float | None]
    store: Mapped[str] = mapped_column(String(60), default="", index=True)


class CartRow(Books):
    """The cart of a visit, as believed at `t`."""

    __tablename__ = "carts"
    visit: Mapped[str] = mapped_column(ForeignKey("visits.id"), primary_key=True)
    t: Mapped[float]
    lines: Mapped[list["CartLineRow"]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class CartLineRow(Books):
    """Items of one product in a cart; `expected` is the mean of the belief, `quantity` its likeliest value."""

    __tablename__ = "cart_lines"
    visit: Mapped[str] = mapped_column(ForeignKey("carts.visit"), primary_key=True)
    product: Mapped[str] = mapped_column(String(80), primary_key=True)
    quantity: Mapped[int] = mapped_column(CheckConstraint("quantity >= 0"))
    expected: Mapped[float]


class ReceiptRow(Books):
    """What a visit was billed; one row a visit, never changed afterwards."""

    __tablename__ = "receipts"
    visit: Mapped[str] = mapped_column(ForeignKey("visits.id"), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.id"), index=True)
    cents: Mapped[int] = mapped_column(BigInteger, CheckConstraint("cents >= 0"))
    confidence: Mapped[float]
    flagged: Mapped[bool]
    people: Mapped[int]
    opened: Mapped[float]
    closed: Mapped[float]
    issued: Mapped[float] = mapped_column(index=True)
    lines: Mapped[list["ReceiptLineRow"]] = relationship(lazy="selectin", order_by="ReceiptLineRow.product")
    evidence: Mapped[list["EvidenceRow"]] = relationship(lazy="selectin", order_by="EvidenceRow.number")


class ReceiptLineRow(Books):
    """One product on a receipt, at the price of that day."""

    __tablename__ = "receipt_lines"
    visit: Mapped[str] = mapped_column(ForeignKey("receipts.visit"), primary_key=True)
    product: Mapped[str] = mapped_column(String(80), primary_key=True)
    quantity: Mapped[int] = mapped_column(CheckConstraint("quantity > 0"))
    unit_cents: Mapped[int] = mapped_column(BigInteger, CheckConstraint("unit_cents >= 0"))


class EvidenceRow(Books):
    """One weight change behind a receipt; `plates` are joined by blanks."""

    __tablename__ = "evidence"
    visit: Mapped[str] = mapped_column(ForeignKey("receipts.visit"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    change: Mapped[str]
    t: Mapped[float]
    plates: Mapped[str]
    product: Mapped[str] = mapped_column(String(80))
    quantity: Mapped[int]
    probability: Mapped[float]


class TransactionRow(Books):
    """One movement of money; `key` makes it happen once (`charge:VISIT`, `refund:DISPUTE`).

    Its entries are written before it (`store.ledger.post`), as the database lets it stand only where they balance.
    """

    __tablename__ = "transactions"
    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    t: Mapped[float]
    entries: Mapped[list["EntryRow"]] = relationship(lazy="selectin", viewonly=True)


class EntryRow(Books):
    """One side of a transaction: cents on a book, debit positive, credit negative."""

    __tablename__ = "entries"
    __table_args__ = (UniqueConstraint("transaction", "book"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    transaction: Mapped[str] = mapped_column(
        ForeignKey("transactions.key", deferrable=True, initially="DEFERRED"), index=True
    )
    book: Mapped[str] = mapped_column(String(120), index=True)
    cents: Mapped[int] = mapped_column(BigInteger)


class ReviewRow(Books):
    """A receipt that a person should look at, why, and what came of it."""

    __tablename__ = "reviews"
    visit: Mapped[str] = mapped_column(ForeignKey("receipts.visit"), primary_key=True)
    t: Mapped[float]
    reason: Mapped[str]
    status: Mapped[str] = mapped_column(CheckConstraint("status in ('open', 'upheld', 'corrected')"))
    reviewer: Mapped[str | None]
    decided: Mapped[float | None]


class DisputeRow(Books):
    """An account says that it was billed for something it did not take."""

    __tablename__ = "disputes"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    visit: Mapped[str] = mapped_column(ForeignKey("receipts.visit"), index=True)
    product: Mapped[str] = mapped_column(String(80))
    quantity: Mapped[int] = mapped_column(CheckConstraint("quantity > 0"))
    reason: Mapped[str]
    status: Mapped[str] = mapped_column(CheckConstraint("status in ('open', 'refunded', 'rejected')"))
    opened: Mapped[float]
    decided: Mapped[float | None]


class AuditRow(Books):
    """Who did what to which record, and when."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    t: Mapped[float]
    actor: Mapped[str]
    action: Mapped[str]
    subject: Mapped[str]
    detail: Mapped[str]


guard(Books.metadata)
