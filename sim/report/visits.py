"""Each visit as a stranger wants to see it: the evidence in order, what was billed, what was true, the difference."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from sim.hand_over_truth import due_of
from sim.report.journal import JournalOfRun, read_run_journal
from sim.report.moments import Kind
from sim.report.wording import count, share
from sim.run_folder import RunFolder
from sim.store_plan import StorePlan
from store import events as store
from store.ledger import Receipt

Verdict = Literal["exact", "wrong", "not billed", "still open"]


@dataclass(frozen=True, slots=True)
class ItemLine:
    """One product of a visit: items billed, items really taken, price of one in cents."""

    product: str
    name: str
    price_cents: int
    billed: int
    taken: int

    @property
    def error_cents(self) -> int:
        """Billed too much (positive) or too little (negative) for this product."""
        return (self.billed - self.taken) * self.price_cents

    @property
    def difference(self) -> str:
        """What is wrong with this line, in words; empty where nothing is."""
        wrong = self.billed - self.taken
        if wrong == 0:
            return ""
        return f"{count(wrong, 'item')} too many" if wrong > 0 else f"{count(-wrong, 'item')} missing"


@dataclass(frozen=True, slots=True)
class Chance:
    """How likely it was, to the store, that this account did it."""

    account: str
    probability: float
    own: bool


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One thing that the store noted about a visit; `detail` says how it knew, `chances` whom else it considered."""

    t: float
    kind: Kind
    text: str
    detail: str = ""
    chances: tuple[Chance, ...] = ()


@dataclass(frozen=True, slots=True)
class VisitView:
    """A visit with everything about it; `billed` False where there is no receipt, because the store missed the shopper
    or, with `cut_off`, because the run ended while the shopper was still inside; `visit` None where it never saw one.
    """

    visit: str | None
    account: str
    people: int
    opened: float
    closed: float
    confidence: float | None
    flagged: bool
    billed_cents: int
    lines: tuple[ItemLine, ...]
    evidence: tuple[EvidenceLine, ...]
    billed: bool = True
    cut_off: bool = False

    @property
    def verdict(self) -> Verdict:
        """Exact where account, items and counts all match the truth."""
        if not self.billed:
            return "still open" if self.cut_off else "not billed"
        return "exact" if all(line.billed == line.taken for line in self.lines) else "wrong"

    @property
    def true_cents(self) -> int:
        """What the visit should have cost."""
        return sum(line.taken * line.price_cents for line in self.lines)

    @property
    def error_cents(self) -> int:
        """Billed less true: positive is too much."""
        return self.billed_cents - self.true_cents

    @property
    def items(self) -> int:
        """Items billed."""
        return sum(line.billed for line in self.lines)

    @property
    def story(self) -> str:
        """What went wrong, in one sentence."""
        wrong = [f"{line.difference} of {line.name}" for line in self.lines if line.difference]
        if self.verdict == "still open":
            return "The run ended before this shopper left and was billed."
        if self.verdict == "not billed":
            return "This shopper left with items and was never billed."
        return "Every item and count on the bill is what was really taken." if not wrong else "; ".join(wrong) + "."


def visit_views(run: RunFolder) -> list[VisitView]:
    """All visits of a run in order of opening, unbilled shoppers last."""
    journal = read_run_journal(run)
    truth = _truth_by_account(due_of(run))
    views = []
    for receipt in sorted(run.receipts(), key=lambda receipt: receipt.opened):
        waiting = truth.get(receipt.account, [])
        real = waiting.pop(0) if waiting else {}
        views.append(_view(receipt, real, journal))
    left = [(account, real) for account, rest in truth.items() for real in rest if real["items"]]
    open_visits = _open_visits(journal, {view.visit for view in views})
    cut_off = not run.has_summary  # the report is written before the run calls itself finished
    return views + [_unbilled(account, real, open_visits.get(account), journal, cut_off) for account, real in left]


def _open_visits(journal: JournalOfRun, billed: set[str | None]) -> dict[str, store.VisitOpened]:
    """Visits without a receipt, by account."""
    opened = [event for event in journal.events if isinstance(event, store.VisitOpened)]
    return {event.account: event for event in opened if event.visit not in billed}


def _truth_by_account(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[str(row["account"])].append(row)
    return found


def _view(receipt: Receipt, real: Mapping[str, Any], journal: JournalOfRun) -> VisitView:
    return VisitView(
        visit=receipt.visit,
        account=receipt.account,
        people=receipt.people,
        opened=receipt.opened,
        closed=receipt.closed,
        confidence=receipt.confidence,
        flagged=receipt.flagged,
        billed_cents=receipt.cents,
        lines=item_lines(receipt.lines, real.get("items", {}), journal.plan),
        evidence=tuple(evidence_lines(receipt.visit, journal, receipt.lines)),
    )


def _unbilled(
    account: str, real: Mapping[str, Any], opened: store.VisitOpened | None, journal: JournalOfRun, cut_off: bool
) -> VisitView:
    people = real["people"]
    return VisitView(
        visit=opened.visit if opened else None,
        account=account,
        people=len(people) if isinstance(people, list) else int(people),
        opened=opened.t if opened else 0.0,
        closed=0.0,
        confidence=None,
        flagged=False,
        billed_cents=0,
        lines=item_lines({}, real["items"], journal.plan),
        evidence=tuple(evidence_lines(opened.visit, journal, real["items"])) if opened else (),
        billed=False,
        cut_off=cut_off,
    )


def item_lines(billed: Mapping[str, int], taken: Mapping[str, int], plan: StorePlan) -> tuple[ItemLine, ...]:
    """One line a product that was billed or taken, wrong ones first, then by name."""
    lines = []
    for product in {*billed, *taken}:
        known = plan.product_of.get(product)
        name, price = (known.name, known.price_cents) if known else (product, 0)
        lines.append(ItemLine(product, name, price, int(billed.get(product, 0)), int(taken.get(product, 0))))
    return tuple(sorted(lines, key=lambda line: (line.billed == line.taken, line.name)))


def evidence_lines(visit: str, journal: JournalOfRun, billed: Mapping[str, int]) -> list[EvidenceLine]:
    """What the store noted about one visit, in order of time; also what it considered and gave to others.

    `billed`: product counts of the visit's receipt; what was believed to be taken and is not on it is said to be so.
    """
    found = []
    for event in journal.events:
        line = _evidence(event, visit, journal)
        if line is not None and _left_off(event, visit, journal, billed):
            line = replace(line, kind="doubt", detail=f"{line.detail}; too unsure to bill")
        if line is not None:
            found.append(line)
    return found


def _left_off(event: store.StoreEvent, visit: str, journal: JournalOfRun, billed: Mapping[str, int]) -> bool:
    """Whether an item was credited to the visit, never put back by it, and is not on its receipt all the same."""
    if not (isinstance(event, store.Attribution) and event.chosen == visit and event.quantity > 0):
        return False
    put_back = any(
        other.chosen == visit and other.product == event.product and other.quantity < 0
        for other in journal.attributions.values()
    )
    return event.product is not None and event.product not in billed and not put_back


def _evidence(event: store.StoreEvent, visit: str, journal: JournalOfRun) -> EvidenceLine | None:
    match event:
        case store.VisitOpened() if event.visit == visit:
            return EvidenceLine(event.t, "gate", f"Scanned in at gate {event.gate}", f"account {event.account}")
        case store.VisitLinked() if event.visit == visit:
            how = "seen at the gate at that moment" if event.how == "gate" else "recognised again after being lost"
            return EvidenceLine(event.t, "gate", f"Followed by the cameras as track {event.track}", how)
        case store.MemberLost() if event.visit == visit:
            return EvidenceLine(event.t, "doubt", "Lost from sight", f"track {event.track} ended inside the store")
        case store.Attribution() if event.chosen == visit or event.candidates.get(visit, 0.0) >= 0.1:
            return _weight(event, visit, journal)
        case store.Reattribution() if event.chosen == visit:
            items = journal.items(event.product, event.quantity)
            verb = "took" if event.quantity > 0 else "put back"
            return EvidenceLine(event.t, "doubt", f"Corrected later: {verb} {items}", event.because)
        case store.HandOver() if visit in (event.giver, event.receiver):
            items = journal.items(event.product, event.quantity)
            other = journal.who(event.receiver if visit == event.giver else event.giver)
            words = f"Handed {items} to {other}" if visit == event.giver else f"Was handed {items} by {other}"
            return EvidenceLine(event.t, "back", words, f"{share(event.probability)} sure")
        case store.MemberLeft() if event.visit == visit:
            return EvidenceLine(event.t, "gate", f"Left through gate {event.gate}")
        case store.ReceiptIssued() if event.visit == visit:
            sure = f"{share(event.confidence)} sure that every line is right"
            return EvidenceLine(
                event.t, "bill", "Receipt sent", sure + (", flagged for review" if event.flagged else "")
            )
        case _:
            return None


def _weight(event: store.Attribution, visit: str, journal: JournalOfRun) -> EvidenceLine:
    change = journal.changes.get(event.change)
    scales = f"plate {', '.join(change.plates)}: {change.delta_g:+.0f} g" if change else "weight change"
    ranked = sorted(event.candidates.items(), key=lambda pair: -pair[1])
    chances = tuple(Chance(journal.who(who), p, who == visit) for who, p in ranked if p >= 0.005)
    own = event.chosen == visit
    if event.product is None or event.quantity == 0:
        return EvidenceLine(event.t, "doubt", "A weight changed that no product explains", scales, chances)
    verb = ("Took" if event.quantity > 0 else "Put back") if own else f"Credited to {journal.who(event.chosen)}:"
    words = f"{verb} {journal.items(event.product, event.quantity)}"
    kind: Kind = "doubt" if not own else "taken" if event.quantity > 0 else "back"
    return EvidenceLine(event.t, kind, words, scales, chances)
