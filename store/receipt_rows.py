"""Receipts as rows of the books, and back."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from store.books import EvidenceRow, ReceiptLineRow, ReceiptRow, VisitRow
from store.receipt import Evidence, Receipt


def receipt_row(receipt: Receipt, prices: Mapping[str, int]) -> ReceiptRow:
    """The row of a receipt, with its lines at `prices` (cents a product) and its evidence."""
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


def receipts_of(session: Session, store: str | None) -> list[Receipt]:
    """Every receipt in order of issue; with `store`, those of that shop."""
    query = select(ReceiptRow).order_by(ReceiptRow.issued, ReceiptRow.visit)
    if store is not None:
        query = query.join(VisitRow, VisitRow.id == ReceiptRow.visit).where(VisitRow.store == store)
    return [receipt_of(row) for row in session.scalars(query)]


def receipt_of(row: ReceiptRow) -> Receipt:
    """The receipt of a row."""
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
