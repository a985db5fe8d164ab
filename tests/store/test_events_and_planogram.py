"""Events go through the journal and back; a planogram refuses what cannot be."""

import pytest

from store.errors import BadInput
from store.events import (
    EVENT_KINDS,
    Attribution,
    GateScan,
    HandOver,
    Reattribution,
    ReceiptIssued,
    StoreEvent,
    WeightChange,
    event_from_json,
)
from store.planogram import Planogram, Plate, Product, Slot

EVENTS: list[StoreEvent] = [
    GateScan(1.0, "in", "token"),
    WeightChange(2.0, "w1", ("A-1-1", "A-1-2"), -152.0, 0.7, 1.2, 1.9, (-80.0, -72.0)),
    Attribution(2.0, "a1", "w1", "crisps", 1, {"visit-1": 0.9, "visit-2": 0.1}, "visit-1", 0.89),
    Attribution(2.0, "a2", "w2", None, 0, {}, None, 0.5),
    Reattribution(3.0, "w1", "crisps", 1, "visit-2", 0.7, because="w5"),
    HandOver(3.0, "w5", "crisps", 1, "visit-1", "visit-2", 0.6),
    ReceiptIssued(9.0, "visit-1", "ann", {"crisps": 2}, 398, 0.97, False),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_an_event_equals_itself_after_its_json_row(event: StoreEvent):
    assert event_from_json(event.to_json()) == event


def test_every_kind_is_named_once():
    assert len(EVENT_KINDS) == len(set(EVENT_KINDS))
    assert {event.kind for event in EVENTS} <= set(EVENT_KINDS)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"kind": "teleport", "t": 1.0}, "kind"),
        ({"kind": "gate_scan", "t": 1.0, "gate": "in"}, "gate_scan.token"),
        ({"kind": "gate_scan", "t": 1.0, "gate": "in", "token": "x", "face": 1}, "gate_scan.face"),
    ],
)
def test_a_row_that_is_no_event_is_refused_by_field(row: dict[str, object], message: str):
    with pytest.raises(BadInput, match=message):
        event_from_json(row)


def plate(name: str) -> Plate:
    gondola, shelf, index = name.split("-")
    return Plate(name, gondola, int(shelf), int(index), (0.3 * int(index), 0.0, 1.0), (0.3, 0.4), (0.0, 1.0))


COLA, MILK = Product("cola", "Cola", 352, 129), Product("milk", "Milk", 1036, 139)


@pytest.mark.parametrize(
    ("products", "plates", "slots", "field"),
    [
        ([COLA, COLA], ["A-1-1"], [], "products"),
        ([COLA], ["A-1-1", "A-1-1"], [], "plates"),
        ([COLA], ["A-1-1"], [Slot("tea", ("A-1-1",))], r"slots\.0\.product_id"),
        ([COLA], ["A-1-1"], [Slot("cola", ("A-1-9",))], r"slots\.0\.plates"),
        ([COLA], ["A-1-1"], [Slot("cola", ())], r"slots\.0\.plates"),
    ],
)
def test_a_planogram_names_what_is_wrong_with_it(
    products: list[Product], plates: list[str], slots: list[Slot], field: str
):
    with pytest.raises(BadInput, match=field):
        Planogram(products, [plate(name) for name in plates], slots)


def test_a_product_needs_a_weight_and_no_negative_price():
    with pytest.raises(BadInput, match=r"weight_g.*more than 0"):
        Product("air", "Air", 0, 1)
    with pytest.raises(BadInput, match="price_cents"):
        Product("debt", "Debt", 10, -1)


def test_neighbours_are_the_plates_left_and_right_on_the_same_shelf():
    plan = Planogram([COLA], [plate(name) for name in ("A-1-1", "A-1-2", "A-1-3", "A-2-2")], [])
    assert plan.neighbours["A-1-2"] == ("A-1-1", "A-1-3")
    assert plan.neighbours["A-2-2"] == ()
