"""What really happened: events and the receipts that follow. Goes into the run folder and the metrics only."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

TruthKind = Literal[
    "enter", "scan", "pick", "put_back", "hand_over", "receive", "pass_out", "abandon", "push", "touch", "decoy",
    "change_clothes", "block_camera", "leave",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class TruthEvent:
    """One thing that somebody did. `quantity` counts items; `plates` are those that felt it.

    A hand-over is two events: `hand_over` of who gives and `receive` of who takes. What is passed over the gate
    (`pass_out`) is still owed by who did it; what is left in a basket (`abandon`) is not. Who has no account (an
    officer, a tailgater) has an empty one, and no receipt.
    """

    t: float
    person: str
    account: str
    kind: TruthKind
    product: str = ""
    quantity: int = 0
    plates: tuple[str, ...] = ()


class TruthSubject(TypedDict):
    """Who somebody is, the same on every day; only `appearance` is that of the day.

    `household` is what people on one account share, `group` a demographic group (empty where the scenario states
    none), `body` an index of `sim.bodies`, `labels` what kind of visit it is.
    """

    subject: str
    household: str
    account: str
    group: str
    age_group: str
    body: int
    height_m: float
    labels: list[str]
    appearance: dict[str, Any]


class TruthReceipt(TypedDict):
    """The bill that an account must get: `items` by product where whoever carries a thing out pays for it.

    `picked` is the same where whoever took it off the shelf pays, and `labels` say what kind of visit it was.
    """

    account: str
    people: list[str]
    items: dict[str, int]
    picked: dict[str, int]
    labels: list[str]


_SIGN = {"pick": 1, "receive": 1, "put_back": -1, "hand_over": -1, "abandon": -1}


class Truth:
    """Collects truth events and sums them up into receipts."""

    def __init__(self) -> None:
        """Starts with nothing."""
        self._labels: Mapping[str, Sequence[str]] = {}
        self._picker: dict[int, tuple[str, str]] = {}
        self._new: list[TruthEvent] = []
        self._people: dict[str, list[str]] = {}
        self._items: dict[str, Counter[str]] = {}

    def label(self, labels: Mapping[str, Sequence[str]]) -> None:
        """Says what kind of visit that of each account is."""
        self._labels = labels

    def add(self, event: TruthEvent, items: Iterable[int] = ()) -> None:
        """Notes an event, and the numbers of the items that it moved."""
        self._new.append(event)
        for number in items:
            if event.kind == "pick":
                self._picker[number] = event.account, event.product
            elif event.kind in ("put_back", "abandon"):
                self._picker.pop(number, None)
        if not event.account:
            return
        people = self._people.setdefault(event.account, [])
        if event.person not in people:
            people.append(event.person)
        bought = self._items.setdefault(event.account, Counter())
        bought[event.product] += _SIGN.get(event.kind, 0) * event.quantity

    def drain(self) -> tuple[TruthEvent, ...]:
        """Events since the last call, in order of time."""
        new, self._new = tuple(sorted(self._new, key=lambda event: event.t)), []
        return new

    def receipts(self) -> list[TruthReceipt]:
        """One a account that came, in order of account; whoever bought nothing has no items."""
        return [
            {
                "account": account,
                "people": list(self._people[account]),
                "items": {product: n for product, n in sorted(self._items[account].items()) if n > 0},
                "picked": self._picked(account),
                "labels": list(self._labels.get(account, ())),
            }
            for account in sorted(self._people)
        ]

    def _picked(self, account: str) -> dict[str, int]:
        found = Counter(product for picker, product in self._picker.values() if picker == account)
        return dict(sorted(found.items()))
