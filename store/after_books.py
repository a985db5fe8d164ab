"""Tables of what happens to a receipt after it was issued: what a review made of it, and the cases of disputes."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from store.books import Books


class CorrectionLineRow(Books):
    """One product of a basket as a review corrected it: what is charged for from then on, at the receipt's price."""

    __tablename__ = "correction_lines"
    visit: Mapped[str] = mapped_column(ForeignKey("reviews.visit"), primary_key=True)
    product: Mapped[str] = mapped_column(String(80), primary_key=True)
    quantity: Mapped[int] = mapped_column(CheckConstraint("quantity > 0"))
    unit_cents: Mapped[int] = mapped_column(BigInteger, CheckConstraint("unit_cents >= 0"))


class DisputeCaseRow(Books):
    """How a dispute went on; times in seconds from opening.

    `key` is the shopper's own number of the request, which makes it count once however often it is sent. `granted`
    counts the items paid back, `absorbed` says that a later correction of the receipt already reckons with them.
    """

    __tablename__ = "dispute_cases"
    dispute: Mapped[int] = mapped_column(ForeignKey("disputes.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(160), unique=True)
    answer_by: Mapped[float]
    examined: Mapped[float | None]
    examiner: Mapped[str | None]
    granted: Mapped[int] = mapped_column(CheckConstraint("granted >= 0"))
    paid_cents: Mapped[int] = mapped_column(BigInteger, CheckConstraint("paid_cents >= 0"))
    outcome: Mapped[str] = mapped_column(
        CheckConstraint("outcome in ('', 'granted', 'partly', 'rejected', 'withdrawn', 'settled')")
    )
    decider: Mapped[str | None]
    why: Mapped[str]
    absorbed: Mapped[bool]
