"""What the store noted, in words, at the time it noted it: the line of captions under the player."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from sim.report.journal import JournalOfRun
from sim.report.wording import count, money, share
from store import events as store

Kind = Literal["taken", "back", "gate", "bill", "doubt"]


@dataclass(frozen=True, slots=True)
class Moment:
    """One caption; `x`, `y` are metres on the floor where it has a place there."""

    t: float
    kind: Kind
    text: str
    x: float | None = None
    y: float | None = None


def moments(journal: JournalOfRun) -> Iterator[Moment]:
    """Captions in order of time; events that only machines need are left out."""
    for event in journal.events:
        said = _caption(event, journal)
        if said is not None:
            yield said


def _caption(event: store.StoreEvent, journal: JournalOfRun) -> Moment | None:
    t = round(event.t, 2)
    match event:
        case store.VisitOpened():
            return Moment(t, "gate", f"{event.account} scanned in (gate {event.gate})")
        case store.GateRefused():
            return Moment(t, "doubt", f"Gate {event.gate} refused a token that belongs to no account")
        case store.EntryUnscanned():
            return Moment(t, "doubt", f"Somebody came in without a scan (gate {event.gate})")
        case store.PlateFailed():
            return Moment(t, "doubt", f"Plate {event.plate} has stopped to weigh: {event.trouble}")
        case store.PlateRecovered():
            return Moment(t, "doubt", f"Plate {event.plate} weighs again")
        case store.VisitDoubted():
            return Moment(t, "doubt", f"{journal.who(event.visit)} is to be reviewed: {event.reason}")
        case store.MemberLost():
            return Moment(t, "doubt", f"{journal.who(event.visit)} was lost from sight")
        case store.VisitLinked(how="relinked"):
            return Moment(t, "gate", f"Track {event.track} was recognised as {journal.who(event.visit)}")
        case store.Attribution():
            return _taken(event, journal)
        case store.Reattribution():
            words = f"Corrected: {journal.who(event.chosen)} {_verb(event.quantity)} "
            place = journal.place(event.change) or (None, None)
            return Moment(t, "doubt", words + journal.items(event.product, event.quantity), *place)
        case store.HandOver():
            words = f"{journal.who(event.giver)} handed {journal.items(event.product, event.quantity)} to "
            return Moment(t, "back", words + journal.who(event.receiver))
        case store.LeftUnpaid():
            items = ", ".join(journal.items(product, number) for product, number in event.lines.items())
            return Moment(t, "doubt", f"{event.guest} came in without a scan and left with {items}")
        case store.ReceiptIssued():
            items = count(sum(event.lines.values()), "item")
            flagged = ", to be checked by a person" if event.flagged else ""
            return Moment(t, "bill", f"{event.account} was billed {money(event.cents)} for {items}{flagged}")
        case _:
            return None


def _taken(event: store.Attribution, journal: JournalOfRun) -> Moment:
    place = journal.place(event.change) or (None, None)
    if event.product is None or event.quantity == 0:
        return Moment(round(event.t, 2), "doubt", "A weight changed that no product explains", *place)
    words = f"{journal.who(event.chosen)} {_verb(event.quantity)} {journal.items(event.product, event.quantity)}"
    kind: Kind = "doubt" if event.chosen is None else "taken" if event.quantity > 0 else "back"
    return Moment(round(event.t, 2), kind, f"{words} ({share(event.probability)} sure)", *place)


def _verb(quantity: int) -> str:
    return "took" if quantity > 0 else "put back"
