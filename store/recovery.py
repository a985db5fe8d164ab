"""After a crash: what the journal still knows of the visits that were not billed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from store.events import (
    Attribution,
    GateCrossing,
    GateScan,
    HandOver,
    MemberEntered,
    MemberLeft,
    Reattribution,
    ReceiptIssued,
    StoreEvent,
    VisitClosed,
    VisitDoubted,
    VisitLinked,
    VisitOpened,
    WeightChange,
)
from store.ledger import Ledger
from store.planogram import Gate
from store.visit import Member, Visit

SCAN_VALID_S = 30.0
"""A scan that nobody passed on is remembered so long before the end of the journal, seconds."""

EXIT_OPEN_S = 3.0
"""A passage outwards that nobody is known to have made is remembered so long, seconds."""


class Remembered:
    """Visits and attributions as the journal tells them; later events replace earlier ones of the same change.

    `changes`, `attributions` and `opened` are the numbers of the last weight change, attribution and visit, so that
    new ones get new ids. `t` is the time of the last event.
    """

    def __init__(self, events: Iterable[StoreEvent], gates: Mapping[str, Gate], accounts: Mapping[str, str]) -> None:
        """`accounts` maps tokens to account ids."""
        self._gates, self._accounts = gates, accounts
        self._visits: dict[str, Visit] = {}
        self._parts: dict[str, dict[int, Attribution | Reattribution]] = defaultdict(dict)
        self._givers: dict[str, str] = {}
        self._scans: list[GateScan] = []
        self._exits: list[GateCrossing] = []
        self.changes = self.attributions = self.opened = 0
        self.t = 0.0
        for event in events:
            self.t = max(self.t, event.t)
            self._take(event)

    def open_visits(self, ledger: Ledger) -> Iterator[tuple[Visit, dict[str, int]]]:
        """Visits that the books have not billed, with what lay in their carts."""
        carts = self._carts()
        for visit in self._visits.values():
            if visit.people and ledger.receipt(visit.id) is None:
                visit.closed = None
                yield visit, {product: count for product, count in carts[visit.id].items() if count > 0}

    def waiting_scans(self) -> list[GateScan]:
        """Scans on which somebody may still pass."""
        return [scan for scan in self._scans if scan.t > self.t - SCAN_VALID_S]

    def open_exits(self) -> list[GateCrossing]:
        """Recent passages outwards of which it is not known who made them."""
        return [crossing for crossing in self._exits if crossing.t > self.t - EXIT_OPEN_S]

    def _take(self, event: StoreEvent) -> None:
        match event:
            case VisitOpened() | VisitClosed() | ReceiptIssued():
                self._take_visit(event)
            case GateScan() | GateCrossing() | MemberEntered() | MemberLeft() | VisitLinked():
                self._take_passage(event)
            case Attribution() | Reattribution():
                parts = self._parts[event.change]
                parts[event.part] = event
                self._parts[event.change] = {number: one for number, one in parts.items() if number <= event.parts}
                self._givers.pop(event.change, None)
                if isinstance(event, Attribution):
                    self.attributions = max(self.attributions, int(event.id.lstrip("a")))
            case WeightChange():
                self.changes = max(self.changes, int(event.id.lstrip("w")))
            case VisitDoubted():
                self._visits[event.visit].doubts.append(event.reason)
            case HandOver():
                self._givers[event.change] = event.giver
            case _:
                pass

    def _take_visit(self, event: VisitOpened | VisitClosed | ReceiptIssued) -> None:
        if isinstance(event, VisitOpened):
            self._visits[event.visit] = Visit(event.visit, event.account, event.t)
            self.opened = max(self.opened, int(event.visit.rsplit("-", 1)[1]))
        else:
            self._visits[event.visit].closed = event.t

    def _take_passage(self, event: GateScan | GateCrossing | MemberEntered | MemberLeft | VisitLinked) -> None:
        match event:
            case GateScan():
                self._scans.append(event)
            case GateCrossing():
                if event.direction == "out":
                    self._exits.append(event)
            case MemberEntered():
                gate, visit = self._gates[event.gate], self._visits[event.visit]
                visit.members.append(Member(event.visit, event.member, event.t, gate.x, gate.y, event.t, "lost"))
                used = (s for s in self._scans if s.gate == gate.id and self._accounts.get(s.token) == visit.account)
                if (scan := next(used, None)) is not None:
                    self._scans.remove(scan)
            case MemberLeft():
                member = self._visits[event.visit].members[event.member - 1]
                member.where, member.left = "left", event.t
                self._exits = [one for one in self._exits if (one.t, one.gate) != (event.t, event.gate)]
            case VisitLinked():
                member = self._visits[event.visit].members[event.member - 1]
                member.track, member.home_track = event.track, member.home_track or event.track

    def _carts(self) -> dict[str, Counter[str]]:
        carts: dict[str, Counter[str]] = defaultdict(Counter)
        for change, parts in self._parts.items():
            for part in parts.values():
                owner = self._givers.get(change, part.chosen)
                if owner is not None and part.product is not None:
                    carts[owner][part.product] += part.quantity
        return carts
