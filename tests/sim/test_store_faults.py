"""Faults of plates and gates: refused where they name what is not there, done to samples and scans, survived."""

from typing import Any

import numpy as np
import pytest

from sim.errors import BadInput
from sim.faulty_gates import FaultyGates
from sim.faulty_plates import FaultyPlates
from sim.handover import gates_of, planogram_of
from sim.scenario import Scenario, load_scenario
from sim.store_plan import load_store
from sim.watched import StoreTick, watch
from sim.world import World
from store.events import EntryUnscanned, GateScan, PlateFailed, PlateRecovered, StoreEvent
from store.ledger import Ledger
from store.receipt import Receipt
from store.shop import Shop

HEAD = "name: bad\ntitle: Bad\nstore: corner-shop\nseconds: 60\nfaults: "


@pytest.mark.parametrize(
    ("faults", "field"),
    [
        ("[{kind: plate_dead, plate: nowhere-1-1, at: 5}]", "faults.0.plate"),
        ("[{kind: plate_dead, plate: nowhere-1-1, camera: x}]", "faults.0.plate_dead.camera"),
        ("[{kind: plate_drift, plate: PLATE, grams_per_minute: 0}]", "grams_per_minute"),
        ("[{kind: plate_drift, plate: PLATE}]", "faults.0.plate_drift.grams_per_minute"),
        ("[{kind: plate_sticks, plate: PLATE, at: 50, seconds: 11}]", "faults.0.seconds"),
        ("[{kind: scan_lost, gate: nowhere}]", "faults.0.gate"),
        ("[{kind: scan_lost, gate: exit}]", "faults.0.gate"),
        ("[{kind: scan_twice, gate: entrance, apart: -1}]", "faults.0.scan_twice.apart"),
        ("[{kind: scans_at_once, gate: entrance, at: 55, within: 6}]", "faults.0.within"),
        ("[{kind: scan_lost, gate: entrance, at: 60}]", "faults.0.at"),
    ],
)
def test_a_wrong_fault_is_named(tmp_path: Any, faults: str, field: str) -> None:
    plan = load_store("corner-shop")
    ways_in = next(gate.id for gate in plan.gates if gate.direction == "in")
    way_out = next(gate.id for gate in plan.gates if gate.direction == "out")
    faults = faults.replace("PLATE", plan.plates()[0].id).replace("entrance", ways_in).replace("exit", way_out)
    path = tmp_path / "bad.yaml"
    path.write_text(HEAD + faults + "\n", encoding="utf-8")
    with pytest.raises(BadInput, match=field):
        load_scenario(path)


def faults(*rows: dict[str, Any]) -> Any:
    return Scenario.model_validate({"name": "x", "title": "X", "seconds": 60, "faults": rows}).faults


def test_samples_are_missing_repeated_or_moved_and_others_are_left_alone() -> None:
    rows = faults(
        {"kind": "plate_dead", "plate": "A", "at": 1, "seconds": 1},
        {"kind": "plate_sticks", "plate": "B", "at": 1, "seconds": 1},
        {"kind": "plate_drift", "plate": "C", "at": 1, "seconds": 1, "grams_per_minute": 600},
    )
    plates = FaultyPlates(["A", "B", "C", "D"], rows)
    times = np.arange(30) / 10
    grams = np.repeat(np.arange(30, dtype=np.float32)[:, None], 4, axis=1)
    before = grams.copy()
    out = np.concatenate([plates.read(times[i : i + 7], grams[i : i + 7]) for i in range(0, 30, 7)])
    np.testing.assert_array_equal(grams, before)
    np.testing.assert_array_equal(np.isnan(out[:, 0]), (times >= 1) & (times < 2))
    np.testing.assert_array_equal(out[10:20, 1], 10)
    assert out[20, 1] == 20
    np.testing.assert_allclose(out[:, 2] - before[:, 2], np.clip(times - 1, 0, 1) * 10, atol=1e-5)
    np.testing.assert_array_equal(out[:, 3], before[:, 3])


def test_scans_are_lost_doubled_and_bundled() -> None:
    rows = faults(
        {"kind": "scan_lost", "gate": "in", "at": 2},
        {"kind": "scan_twice", "gate": "in", "at": 4, "apart": 0.5},
        {"kind": "scans_at_once", "gate": "in", "at": 10, "within": 5},
    )
    gates = FaultyGates(rows)
    scans = [GateScan(t, "in", f"t{t}") for t in (1.0, 2.5, 3.0, 4.0, 6.0, 11.0, 12.0)] + [GateScan(2.6, "other", "t")]
    got: list[GateScan] = []
    for tick in range(1, 200):
        t = tick / 10
        got += gates.deliver([scan for scan in scans if (tick - 1) / 10 < scan.t <= t], t)
    assert [(scan.t, scan.token) for scan in got] == [
        (1.0, "t1.0"), (2.6, "t"), (3.0, "t3.0"), (4.0, "t4.0"), (4.5, "t4.0"), (6.0, "t6.0"),
        (15.0, "t11.0"), (15.0, "t12.0"),
    ]  # fmt: skip


def day(**fault: Any) -> Scenario:
    pick = {"do": "pick", "product": "shampoo"}
    return Scenario.model_validate(
        {
            "name": "two", "title": "Two", "store": "corner-shop", "seconds": 60, "last_call": 5,
            "end_when_empty": True,
            "shoppers": {"scripted": [
                {"id": "ada", "arrive": 1, "actions": [pick]},
                {"id": "ben", "arrive": 12, "actions": [{"do": "pick", "product": "batteries", "quantity": 2}]},
            ]},
            "faults": [fault] if fault else [],
        }
    )  # fmt: skip


def bills(scenario: Scenario) -> tuple[dict[str, Receipt], list[StoreEvent]]:
    plan = load_store(scenario.store)
    world = World(plan, scenario, 1)
    events: list[StoreEvent] = []
    ledger = Ledger("sqlite://")
    shop = Shop(planogram_of(plan), gates_of(plan), world.accounts(), ledger, events.append)
    tick: StoreTick | None = None
    for tick in watch(world, np.random.default_rng(1)):
        for scan in tick.scans:
            shop.gate_scan(scan)
        for crossing in tick.crossings:
            shop.gate_crossing(crossing)
        shop.positions(tick.t, tick.positions)
        shop.weights(tick.weights_t, tick.weights_g)
    shop.close(tick.t if tick else 0.0)
    return {next(iter(receipt.lines), ""): receipt for receipt in ledger.receipts()}, events


@pytest.mark.parametrize("kind", ["plate_dead", "plate_sticks"])
def test_who_shops_at_a_failed_plate_of_the_world_is_reviewed_and_the_other_is_billed_as_ever(kind: str) -> None:
    plan = load_store("corner-shop")
    plate = next(slot.plates[0] for slot in plan.slot_places() if slot.product == "shampoo")
    receipts, events = bills(day(kind=kind, plate=plate, at=2.0))
    assert any(isinstance(event, PlateFailed) and event.plate == plate for event in events)
    assert set(receipts) == {"", "batteries"}
    assert receipts[""].flagged
    assert not receipts["batteries"].flagged


def test_without_faults_both_are_billed_and_nothing_is_told() -> None:
    receipts, events = bills(day())
    assert set(receipts) == {"shampoo", "batteries"}
    assert not any(isinstance(event, PlateFailed | PlateRecovered | EntryUnscanned) for event in events)


def test_a_lost_scan_makes_no_receipt_and_a_doubled_one_no_second_visit() -> None:
    gate = next(gate.id for gate in load_store("corner-shop").gates if gate.direction == "in")
    receipts, events = bills(day(kind="scan_lost", gate=gate))
    assert set(receipts) == {"batteries"}
    assert sum(isinstance(event, EntryUnscanned) for event in events) == 1
    receipts, _ = bills(day(kind="scan_twice", gate=gate, apart=0.4))
    assert set(receipts) == {"shampoo", "batteries"}
    assert {receipt.people for receipt in receipts.values()} == {1}
