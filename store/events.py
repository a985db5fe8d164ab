"""Everything that happens in the store, as its computers see it: one small frozen record a kind of event.

Times `t` are seconds from opening, positions metres on the floor, weights grams, money integer cents. Every event
that can be journalled has a `kind`, a time `t`, and `to_json`, whose row `event_from_json` reads back.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, Self

from store.errors import BadInput

Direction = Literal["in", "out"]


@dataclass(frozen=True, slots=True)
class StoreEvent:
    """What all journalled events share: the time, and a row of plain JSON values."""

    kind: ClassVar[str] = ""

    t: float

    def to_json(self) -> dict[str, Any]:
        """The event as a JSON object, with its `kind`."""
        row: dict[str, Any] = {"kind": self.kind}
        for spec in fields(self):
            row[spec.name] = _plain(getattr(self, spec.name))
        return row

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Self:
        """The event of such a row; BadInput names the field that is missing or unknown."""
        names = {spec.name for spec in fields(cls)}
        given = {name: value for name, value in row.items() if name != "kind" and (name in names or name != "id")}
        unknown = sorted(given.keys() - names)
        if unknown:
            raise BadInput("journal", f"{cls.kind}.{unknown[0]}", given[unknown[0]], ", ".join(sorted(names)))
        missing = sorted(names - given.keys())
        if missing:
            raise BadInput("journal", f"{cls.kind}.{missing[0]}", "nothing", "a value")
        return cls(**{name: _tuples(value) for name, value in given.items()})


@dataclass(frozen=True, slots=True)
class HandPosition:
    """A hand in space, metres in the floor frame.

    `sd` is the standard deviation in the least certain direction; `covariance` has xx, xy, xz, yy, yz, zz in m^2, or is
    None where all directions are alike. `seen` is the probability that a camera saw the hand; otherwise its place is a
    guess from the rest of the body.
    """

    x: float
    y: float
    z: float
    sd: float
    covariance: tuple[float, float, float, float, float, float] | None = None
    seen: float = 1.0


@dataclass(frozen=True, slots=True)
class HandLook:
    """What one camera saw in a hand: colours that are neither the empty store's nor a body's.

    `colours` has four bytes for each: red, green, blue, and how many pixels have it.
    """

    side: Literal["L", "R"]
    colours: bytes


@dataclass(frozen=True, slots=True)
class TrackPosition:
    """Where somebody whom the cameras follow is at one tick; `confirmed` False while it may yet be nobody new.

    `carried` has what every camera saw in the hands.

    Not journalled: a store that keeps positions says so in its privacy policy.
    """

    track: int
    t: float
    x: float
    y: float
    sd: float
    hands: tuple[HandPosition, ...] = ()
    confirmed: bool = True
    carried: tuple[HandLook, ...] = ()


@dataclass(frozen=True, slots=True)
class GateScan(StoreEvent):
    """A token was scanned at a gate; a party scans the same token once a person."""

    kind: ClassVar[str] = "gate_scan"

    gate: str
    token: str


@dataclass(frozen=True, slots=True)
class GateRefused(StoreEvent):
    """A token was scanned that no account has."""

    kind: ClassVar[str] = "gate_refused"

    gate: str
    token: str


@dataclass(frozen=True, slots=True)
class GateCrossing(StoreEvent):
    """Somebody broke a gate's light beam; it cannot tell who."""

    kind: ClassVar[str] = "gate_crossing"

    gate: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class EntryUnscanned(StoreEvent):
    """Somebody came in on no scan: it was lost, or there was none.

    They are followed as a guest all the same. Those who turn out to belong to a visit become its members
    (`MemberEntered` at the time at which they came); attributions name the others `guest-1`, `guest-2` and so on.
    """

    kind: ClassVar[str] = "entry_unscanned"

    gate: str


@dataclass(frozen=True, slots=True)
class VisitOpened(StoreEvent):
    """The first member of a party scanned in."""

    kind: ClassVar[str] = "visit_opened"

    visit: str
    account: str
    gate: str


@dataclass(frozen=True, slots=True)
class MemberEntered(StoreEvent):
    """One person of a visit passed the gate; `member` counts from 1 within the visit."""

    kind: ClassVar[str] = "member_entered"

    visit: str
    member: int
    gate: str


@dataclass(frozen=True, slots=True)
class VisitLinked(StoreEvent):
    """A track was found to be a member of a visit: at the gate, or again after it had been lost."""

    kind: ClassVar[str] = "visit_linked"

    visit: str
    member: int
    track: int
    how: Literal["gate", "relinked"]


@dataclass(frozen=True, slots=True)
class MemberLost(StoreEvent):
    """A member's track ended inside the store; the member stays a candidate for what is taken."""

    kind: ClassVar[str] = "member_lost"

    visit: str
    member: int
    track: int


@dataclass(frozen=True, slots=True)
class MemberLeft(StoreEvent):
    """One person of a visit passed a gate outwards."""

    kind: ClassVar[str] = "member_left"

    visit: str
    member: int
    gate: str


@dataclass(frozen=True, slots=True)
class VisitDoubted(StoreEvent):
    """Something happened after which a person should look at this visit's receipt, however sure the store is."""

    kind: ClassVar[str] = "visit_doubted"

    visit: str
    reason: str


@dataclass(frozen=True, slots=True)
class PlateFailed(StoreEvent):
    """A plate has stopped to weigh, as its samples show: `silent`, `stuck` or `drifting`, since that time."""

    kind: ClassVar[str] = "plate_failed"

    plate: str
    trouble: Literal["silent", "stuck", "drifting"]
    since: float


@dataclass(frozen=True, slots=True)
class PlateRecovered(StoreEvent):
    """A plate weighs again; `delta_g` is what is on it now less what was before, None where that is not known."""

    kind: ClassVar[str] = "plate_recovered"

    plate: str
    delta_g: float | None


@dataclass(frozen=True, slots=True)
class VisitClosed(StoreEvent):
    """All members of a visit have left, or the store has closed."""

    kind: ClassVar[str] = "visit_closed"

    visit: str
    account: str
    people: int
    opened: float


@dataclass(frozen=True, slots=True)
class WeightChange(StoreEvent):
    """A plate, or plates together, came to rest at another weight.

    `delta_g` is negative when something was taken; `sd_g` its standard deviation from the scales alone; `started` when
    the weight first moved, `settled` when it had come to rest. `parts` are the plates' own deltas, grams.
    """

    kind: ClassVar[str] = "weight_change"

    id: str
    plates: tuple[str, ...]
    delta_g: float
    sd_g: float
    started: float
    settled: float
    parts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Attribution(StoreEvent):
    """What a weight change was, and who did it.

    `product` is None where nothing on sale explains the weight, and `quantity` 0 then; `quantity` is positive for
    items taken, negative for items put back. `candidates` gives each visit's probability (they sum to at most 1; the
    rest is that nobody known did it), `chosen` the likeliest or None. `probability` is that of product, quantity and
    visit together. One change has several attributions where two products or two people were in it: `part` of `parts`.
    """

    kind: ClassVar[str] = "attribution"

    id: str
    change: str
    product: str | None
    quantity: int
    candidates: Mapping[str, float]
    chosen: str | None
    probability: float
    part: int = 1
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Reattribution(StoreEvent):
    """A later change (`because`) altered the belief about an earlier one; fields as in `Attribution`."""

    kind: ClassVar[str] = "reattribution"

    change: str
    product: str | None
    quantity: int
    chosen: str | None
    probability: float
    part: int = 1
    parts: int = 1
    because: str = ""


@dataclass(frozen=True, slots=True)
class HandOver(StoreEvent):
    """An item passed from one visit to another inside the store, concluded from who put it back (in `change`)."""

    kind: ClassVar[str] = "hand_over"

    change: str
    product: str
    quantity: int
    giver: str
    receiver: str
    probability: float


@dataclass(frozen=True, slots=True)
class LeftUnpaid(StoreEvent):
    """A guest, who came in without a scan and belongs to no visit, left with items that nobody is billed for.

    `entered` is when that was, `gate` by which they left (empty where nobody saw it), `confidence` that these are they.
    """

    kind: ClassVar[str] = "left_unpaid"

    guest: str
    entered: float
    gate: str
    lines: Mapping[str, int]
    confidence: float


@dataclass(frozen=True, slots=True)
class ReceiptIssued(StoreEvent):
    """A visit was billed: product counts, total, confidence that every line is right, flagged for review or not."""

    kind: ClassVar[str] = "receipt_issued"

    visit: str
    account: str
    lines: Mapping[str, int]
    cents: int
    confidence: float
    flagged: bool


_EVENTS: dict[str, type[StoreEvent]] = {
    event.kind: event
    for event in (
        GateScan,
        GateRefused,
        GateCrossing,
        EntryUnscanned,
        VisitOpened,
        MemberEntered,
        VisitLinked,
        MemberLost,
        MemberLeft,
        VisitDoubted,
        PlateFailed,
        PlateRecovered,
        VisitClosed,
        WeightChange,
        Attribution,
        Reattribution,
        HandOver,
        LeftUnpaid,
        ReceiptIssued,
    )
}

EVENT_KINDS = tuple(_EVENTS)
"""Every `kind` that a journal can hold."""


def event_from_json(row: Mapping[str, Any]) -> StoreEvent:
    """The event of a journal row; BadInput where its kind is unknown or a field is missing or unknown."""
    kind = row.get("kind")
    if not isinstance(kind, str) or kind not in _EVENTS:
        raise BadInput("journal", "kind", kind, ", ".join(EVENT_KINDS))
    return _EVENTS[kind].from_json(row)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
