"""After a crash: what the journal still knows of the visits that were not billed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from store.events import (
    Attribution,
    HandOver,
    MemberEntered,
    MemberLeft,
    Reattribution,
    ReceiptIssued,
    StoreEvent,
    VisitClosed,
    VisitOpened,
    WeightChange,
)
from store.ledger import Ledger
from store.planogram import Gate
from store.visit import Member, Visit


class Remembered:
    """Visits and attributions as the journal tells them; later events replace earlier ones of the same change.

    `changes` is the number of the last weight change, so that new ones get new ids.
    """

    def __init__(self, events: Iterable[StoreEvent], gates: Mapping[str, Gate]) -> None:
        self._gates = gates
        self._visits: dict[str, Visit] = {}
        self._parts: dict[str, dict[int, Attribution | Reattribution]] = defaultdict(dict)
        self._givers: dict[str, str] = {}
        self.changes = 0
        for event in events:
            self._take(event)

    def open_visits(self, ledger: Ledger) -> Iterator[tuple[Visit, dict[str, int]]]:
        """Visits that the books have not billed, with what lay in their carts."""
        carts = self._carts()
        for visit in self._visits.values():
            if visit.people and ledger.receipt(visit.id) is None:
                visit.closed = None
                yield visit, {product: count for product, count in carts[visit.id].items() if count > 0}

    def _take(self, event: StoreEvent) -> None:
        match event:
            case VisitOpened():
                self._visits[event.visit] = Visit(event.visit, event.account, event.t)
            case MemberEntered():
                gate = self._gates[event.gate]
                member = Member(event.visit, event.member, event.t, gate.x, gate.y, event.t, "lost")
                self._visits[event.visit].members.append(member)
            case MemberLeft():
                member = self._visits[event.visit].members[event.member - 1]
                member.where, member.left = "left", event.t
            case VisitClosed() | ReceiptIssued():
                self._visits[event.visit].closed = event.t
            case Attribution() | Reattribution():
                parts = self._parts[event.change]
                parts[event.part] = event
                self._parts[event.change] = {number: one for number, one in parts.items() if number <= event.parts}
                self._givers.pop(event.change, None)
            case WeightChange():
                self.changes = max(self.changes, int(event.id.lstrip("w")))
            case HandOver():
                self._givers[event.change] = event.giver
            case _:
                pass

    def _carts(self) -> dict[str, Counter[str]]:
        carts: dict[str, Counter[str]] = defaultdict(Counter)
        for change, parts in self._parts.items():
            for part in parts.values():
                owner = self._givers.get(change, part.chosen)
                if owner is not None and part.product is not None:
                    carts[owner][part.product] += part.quantity
        return carts
