"""The dispute desk: an account says that it did not take what it was billed; evidence, decision, and money back.

A dispute is `open` until it is decided, and then `granted`, `partly` granted, `rejected`, `withdrawn` by the account,
or `settled` because a review had already taken the items off the bill. Nobody decides without having looked at the
evidence. Every step is in the audit; money moves by one transaction a dispute, and never more than is charged for
now (`store.standing`).
"""

from collections.abc import Container
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from store.after_books import DisputeCaseRow
from store.books import AuditRow, DisputeRow, EvidenceRow, ReceiptRow
from store.errors import LedgerError
from store.ledger import Ledger, lock_visit, transact
from store.receipt import Evidence
from store.standing import standing

State = Literal["open", "granted", "partly", "rejected", "withdrawn", "settled"]

DAY_S = 86_400.0


class DisputeRules(BaseModel):
    """What can be disputed, until when, and what happens to what nobody answers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    window_s: float = Field(
        default=120 * DAY_S,
        gt=0,
        description="after the receipt's issue; card networks allow 120 days (docs.adyen.com, chargeback guidelines)",
    )
    answer_within_s: float = Field(
        default=14 * DAY_S,
        gt=0,
        description="for the store's decision; card networks give 14 (Amex) to 40 days (docs.adyen.com)",
    )
    overdue: Literal["grant", "reject"] = Field(default="grant", description="what becomes of one not decided by then")
    grant_below: float = Field(
        default=0.5, ge=0, le=1, description="evidence weaker than this is granted without a person; our choice"
    )
    appeals: int = Field(default=1, ge=0, le=9, description="how often what was rejected can be disputed again")


@dataclass(frozen=True, slots=True)
class Dispute:
    """One dispute: which items of which receipt, since when, to be answered by when, and what came of it."""

    id: int
    visit: str
    product: str
    quantity: int
    reason: str
    opened: float
    answer_by: float
    state: State
    granted: int = 0
    paid_cents: int = 0
    decided: float | None = None
    decider: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class DisputeEvidence:
    """What the store knows about the disputed product of a visit.

    `lines` are the weight changes behind it, in order of time. `strength` is the lowest probability of those that took
    something, the weakest link of the charge; 0 where there is no such change at all.
    """

    lines: tuple[Evidence, ...]
    strength: float


class DisputeDesk:
    """Takes disputes, shows evidence, decides, and pays back; safe to call again with the same request."""

    def __init__(self, ledger: Ledger, rules: DisputeRules | None = None) -> None:
        self._ledger, self.rules = ledger, rules or DisputeRules()

    def open(self, visit: str, product: str, quantity: int, reason: str, t: float, key: str) -> Dispute:
        """An account disputes items of a receipt; `key` is its own number of the request.

        The same request again returns the dispute that stands.

        Raises:
            LedgerError: no such receipt, too late, more than is charged for now and not yet disputed, disputed and
                rejected too often, or another request had this key.
        """
        with self._ledger.session() as session:
            if session.get(ReceiptRow, visit) is None:
                raise LedgerError(f"dispute on {visit}: it has no receipt")
            lock_visit(session, visit)
            known = session.scalar(select(DisputeCaseRow).where(DisputeCaseRow.key == key))
            if known is not None:
                row = _locked(session, known.dispute)
                if (row.visit, row.product, row.quantity) != (visit, product, quantity):
                    raise LedgerError(f"request {key!r} was {row.quantity} x {row.product} on {row.visit} before")
                return _view(row, known)
            self._check_new(session, visit, product, quantity, t)
            row = DisputeRow(
                visit=visit, product=product, quantity=quantity, reason=reason, status="open", opened=t, decided=None
            )
            session.add(row)
            session.flush()
            case = DisputeCaseRow(
                dispute=row.id, key=key, answer_by=t + self.rules.answer_within_s, examined=None, examiner=None,
                granted=0, paid_cents=0, outcome="", decider=None, why="", absorbed=False,
            )  # fmt: skip
            session.add(case)
            _note(session, t, "account", "dispute", row, f"{quantity} x {product}")
            return _view(row, case)

    def examine(self, dispute: int, by: str, t: float) -> DisputeEvidence:
        """Looks at the evidence and notes who did; LedgerError where there is no such dispute."""
        with self._ledger.session() as session:
            row, case = _locked(session, dispute), _case(session, dispute)
            if case.examined is None:
                case.examined, case.examiner = t, by
            _note(session, t, by, "examine", row, f"dispute {dispute}")
            return _evidence(session, row.visit, row.product)

    def decide(self, dispute: int, granted: int, by: str, t: float, why: str) -> int:
        """Grants all, some or none of the disputed items and pays them back; returns the cents paid.

        The same decision again pays nothing more and returns the same. Where a review has taken items off the bill in
        the meantime, only what is still charged for is paid back.

        Raises:
            LedgerError: no such dispute, nobody has looked at the evidence, more than was disputed, or it was decided
                otherwise.
        """
        with self._ledger.session() as session:
            row, case = _locked(session, dispute), _case(session, dispute)
            if not 0 <= granted <= row.quantity:
                raise LedgerError(f"dispute {dispute}: {granted} of {row.quantity} items cannot be granted")
            if case.outcome:
                wanted = _outcome(granted, row.quantity)
                if case.outcome != wanted and not (case.outcome == "settled" and granted):
                    raise LedgerError(f"dispute {dispute} was {case.outcome} before, not {wanted}")
                return case.paid_cents
            if case.examined is None:
                raise LedgerError(f"dispute {dispute}: nobody has looked at the evidence")
            return _close(session, row, case, granted, by, t, why)

    def decide_by_evidence(self, dispute: int, t: float) -> bool:
        """Grants a dispute at once where the evidence is weaker than the rules ask; returns whether it did."""
        if self.examine(dispute, "store", t).strength >= self.rules.grant_below:
            return False
        self.decide(dispute, self.get(dispute).quantity, "store", t, "weak evidence")
        return True

    def withdraw(self, dispute: int, t: float) -> None:
        """The account takes its dispute back; LedgerError where it was decided otherwise."""
        with self._ledger.session() as session:
            row, case = _locked(session, dispute), _case(session, dispute)
            if case.outcome == "withdrawn":
                return
            if case.outcome:
                raise LedgerError(f"dispute {dispute} was {case.outcome} before")
            row.status, row.decided, case.outcome, case.decider = "rejected", t, "withdrawn", "account"
            _note(session, t, "account", "withdraw", row, f"dispute {dispute}")

    def expire(self, t: float, visits: Container[str] | None = None) -> list[int]:
        """Decides what should have been answered by `t` as the rules say; returns those disputes.

        With `visits` only what is about these, as other stores' disputes in the same books are theirs to answer.
        """
        mine = [one for one in self.all() if visits is None or one.visit in visits]
        late = [one for one in mine if one.state == "open" and one.answer_by <= t]
        with self._ledger.session() as session:
            for one in late:
                row, case = _locked(session, one.id), _case(session, one.id)
                granted = row.quantity if self.rules.overdue == "grant" else 0
                _close(session, row, case, granted, "store", one.answer_by, "not answered in time")
        return [one.id for one in late]

    def get(self, dispute: int) -> Dispute:
        """A dispute by its number; LedgerError where there is none."""
        with self._ledger.session() as session:
            return _view(_locked(session, dispute), _case(session, dispute))

    def all(self) -> list[Dispute]:
        """Every dispute that came to this desk, in order of opening."""
        with self._ledger.session() as session:
            cases = {case.dispute: case for case in session.scalars(select(DisputeCaseRow))}
            rows = session.scalars(select(DisputeRow).order_by(DisputeRow.opened, DisputeRow.id))
            return [_view(row, cases[row.id]) for row in rows if row.id in cases]

    def charged(self, visit: str) -> dict[str, int]:
        """Items that a visit is charged for now, by product; LedgerError where it has no receipt."""
        with self._ledger.session() as session:
            return {name: line.quantity for name, line in standing(session, visit).items() if line.quantity}

    def _check_new(self, session: Session, visit: str, product: str, quantity: int, t: float) -> None:
        receipt = session.get_one(ReceiptRow, visit)
        if not receipt.issued <= t <= receipt.issued + self.rules.window_s:
            days = self.rules.window_s / DAY_S
            raise LedgerError(f"dispute on {visit}: only within {days:g} days of its receipt")
        earlier = select(DisputeRow).where(DisputeRow.visit == visit, DisputeRow.product == product)
        rows = session.scalars(earlier).all()
        line = standing(session, visit).get(product)
        left = (line.quantity if line else 0) - sum(row.quantity for row in rows if row.status == "open")
        if not 1 <= quantity <= left:
            raise LedgerError(f"dispute of {quantity} x {product} on {visit}: {left} can be disputed")
        rejected = select(func.count()).where(
            DisputeCaseRow.dispute.in_([row.id for row in rows]), DisputeCaseRow.outcome == "rejected"
        )
        if int(session.scalar(rejected) or 0) > self.rules.appeals:
            raise LedgerError(f"dispute of {product} on {visit}: it was rejected, and again on appeal")


def _locked(session: Session, dispute: int) -> DisputeRow:
    """The dispute's row, its visit locked; LedgerError where there is none."""
    visit = session.scalar(select(DisputeRow.visit).where(DisputeRow.id == dispute))
    if visit is None:
        raise LedgerError(f"there is no dispute {dispute}")
    lock_visit(session, visit)
    return session.get_one(DisputeRow, dispute, populate_existing=True)


def _close(session: Session, row: DisputeRow, case: DisputeCaseRow, granted: int, by: str, t: float, why: str) -> int:
    """Writes a decision and pays back what of it is still charged for."""
    receipt, line = session.get_one(ReceiptRow, row.visit), standing(session, row.visit).get(row.product)
    left = min(granted, line.quantity if line else 0)
    cents = left * line.unit_cents if line else 0
    case.outcome = _outcome(granted, row.quantity) if left or not granted else "settled"
    case.granted, case.paid_cents, case.decider, case.why = left, cents, by, why
    row.status, row.decided = "refunded" if left else "rejected", t
    if cents:
        transact(session, f"refund:{row.id}", t, receipt.account, -cents)
    _note(session, t, by, case.outcome, row, f"dispute {row.id}: {left} of {row.quantity}, {cents} cents: {why}")
    return cents


def _outcome(granted: int, quantity: int) -> State:
    return "rejected" if not granted else "granted" if granted == quantity else "partly"


def _evidence(session: Session, visit: str, product: str) -> DisputeEvidence:
    query = select(EvidenceRow).where(EvidenceRow.visit == visit, EvidenceRow.product == product)
    lines = tuple(
        Evidence(row.change, row.t, tuple(row.plates.split()), row.product, row.quantity, row.probability)
        for row in session.scalars(query.order_by(EvidenceRow.number))
    )
    return DisputeEvidence(lines, min((line.probability for line in lines if line.quantity > 0), default=0.0))


def _case(session: Session, dispute: int) -> DisputeCaseRow:
    case = session.get(DisputeCaseRow, dispute)
    if case is None:
        raise LedgerError(f"dispute {dispute} never came to the desk")
    return case


def _note(session: Session, t: float, actor: str, action: str, row: DisputeRow, detail: str) -> None:
    session.add(AuditRow(t=t, actor=actor, action=action, subject=row.visit, detail=detail))


def _view(row: DisputeRow, case: DisputeCaseRow) -> Dispute:
    state: State = case.outcome or "open"  # type: ignore[assignment]  # the table holds no other words
    return Dispute(
        row.id, row.visit, row.product, row.quantity, row.reason, row.opened, case.answer_by, state, case.granted,
        case.paid_cents, row.decided, case.decider, case.why,
    )  # fmt: skip
