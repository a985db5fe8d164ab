"""After a crash: what the journal still knows of the visits that were not billed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from store.events import (
    Attribution,
    EntryUnscanned,
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

    `changes`, `attributions`, `opened` and `came` are the numbers of the last weight change, attribution, visit and
    guest, so that new ones get new ids. `t` is the time of the last event, `concluded` are events that the journal must
    have lost.
    """

    def __init__(self, events: Iterable[StoreEvent], gates: Mapping[str, Gate], accounts: Mapping[str, str]) -> None:
        """`accounts` maps tokens to account ids."""
        self._gates, self._accounts = gates, accounts
        self._visits: dict[str, Visit] = {}
        self._parts: dict[str, dict[int, Attribution | Reattribution]] = defaultdict(dict)
        self._givers: dict[str, str] = {}
        self._scans: list[GateScan] = []
        self._exits: list[GateCrossing] = []
        self._entries: list[GateCrossing] = []
        self.concluded: list[StoreEvent] = []
        self.changes = self.attributions = self.opened = self.came = 0
        self.t = 0.0
        for event in events:
            self.t = max(self.t, event.t)
            self._take(event)
        for crossing in self._entries:
            self._admit(crossing)

    def open_visits(self, ledger: Ledger) -> Iterator[tuple[Visit, dict[str, int]]]:
        """Visits that the books have not billed, with what lay in their carts.

        Of visits that the books know and the journal, cut off by a loss of power, does not, nothing else is known.
        """
        carts = self._carts()
        for visit in self._visits.values():
            if visit.people and ledger.receipt(visit.id) is None:
                visit.closed = None
                yield visit, {product: count for product, count in carts[visit.id].items() if count > 0}
        gate = next(gate for gate in self._gates.values() if gate.direction != "out")
        for name, account, opened in ledger.open_visits():
            self.opened = max(self.opened, _number(name))
            if name not in self._visits:
                member = Member(name, 1, opened, gate.x, gate.y, opened, "lost")
                self.concluded += [
                    VisitOpened(opened, name, account, gate.id),
                    MemberEntered(opened, name, 1, gate.id),
                ]
                yield Visit(name, account, opened, [member]), ledger.cart(name)

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
            case GateScan() | GateCrossing() | EntryUnscanned() | MemberEntered() | MemberLeft() | VisitLinked():
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
            self.opened = max(self.opened, _number(event.visit))
        else:
            self._visits[event.visit].closed = event.t

    def _take_passage(
        self, event: GateScan | GateCrossing | EntryUnscanned | MemberEntered | MemberLeft | VisitLinked
    ) -> None:
        match event:
            case GateScan():
                self._scans.append(event)
            case GateCrossing():
                (self._exits if event.direction == "out" else self._entries).append(event)
            case MemberEntered():
                self._entries = [one for one in self._entries if (one.t, one.gate) != (event.t, event.gate)]
                self._enter(self._visits[event.visit], event.t, event.gate)
            case EntryUnscanned():
                self.came += 1
                self._entries = [one for one in self._entries if (one.t, one.gate) != (event.t, event.gate)]
            case MemberLeft():
                member = self._visits[event.visit].members[event.member - 1]
                member.where, member.left = "left", event.t
                self._exits = [one for one in self._exits if (one.t, one.gate) != (event.t, event.gate)]
            case VisitLinked():
                member = self._visits[event.visit].members[event.member - 1]
                member.track, member.home_track = event.track, member.home_track or event.track

    def _enter(self, visit: Visit, t: float, name: str) -> None:
        gate = self._gates[name]
        visit.members.append(Member(visit.id, visit.people + 1, t, gate.x, gate.y, t, "lost"))
        used = (s for s in self._scans if s.gate == name and self._accounts.get(s.token) == visit.account)
        if (scan := next(used, None)) is not None:
            self._scans.remove(scan)

    def _admit(self, crossing: GateCrossing) -> None:
        """Somebody passed, and the process died before it was said who: whoever had scanned first."""
        for scan in self._scans:
            account = self._accounts.get(scan.token)
            visits = [one for one in self._visits.values() if one.account == account and one.closed is None]
            if scan.gate == crossing.gate and crossing.t - SCAN_VALID_S < scan.t <= crossing.t and visits:
                self._enter(visits[-1], crossing.t, crossing.gate)
                entered = MemberEntered(crossing.t, visits[-1].id, visits[-1].people, crossing.gate)
                self.concluded.append(entered)
                return

    def _carts(self) -> dict[str, Counter[str]]:
        carts: dict[str, Counter[str]] = defaultdict(Counter)
        for change, parts in self._parts.items():
            for part in parts.values():
                owner = self._givers.get(change, part.chosen)
                if owner is not None and part.product is not None:
                    carts[owner][part.product] += part.quantity
        return carts


def _number(visit: str) -> int:
    return int(visit.rsplit("-", 1)[1])
