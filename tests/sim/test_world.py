import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point
from worlds import run, script, small_plan

from sim.scenario import Scenario, load_scenario
from sim.store_plan import load_store
from sim.truth import TruthEvent
from sim.world import World

SHOP = load_store("corner-shop")


def pick(product: str, **more: object) -> dict[str, object]:
    return {"do": "pick", "product": product, **more}


def put_back(product: str, **more: object) -> dict[str, object]:
    return {"do": "put_back", "product": product, **more}


def of(events: list[TruthEvent], *kinds: str) -> list[TruthEvent]:
    return [event for event in events if event.kind in kinds]


def summed(events: list[TruthEvent]) -> dict[str, Counter[str]]:
    """Picks less put-backs by account, from the events alone."""
    bills: dict[str, Counter[str]] = {}
    for event in events:
        bill = bills.setdefault(event.account, Counter())
        if event.kind in ("pick", "receive"):
            bill[event.product] += event.quantity
        elif event.kind in ("put_back", "hand_over"):
            bill[event.product] -= event.quantity
    return bills


def test_a_scripted_visit_happens_in_its_order() -> None:
    actions = [pick("soup"), pick("water", quantity=2), put_back("soup")]
    world = World(small_plan(), script({"id": "ann", "actions": actions}), seed=1)
    ticks, events = run(world)
    assert [(e.kind, e.product, e.quantity) for e in events] == [
        ("scan", "", 0),
        ("enter", "", 0),
        ("pick", "soup", 1),
        ("pick", "water", 1),
        ("pick", "water", 1),
        ("put_back", "soup", 1),
        ("leave", "", 0),
    ]
    assert world.truth_receipts() == [
        {
            "account": "account-ann",
            "people": ["ann"],
            "items": {"water": 2},
            "picked": {"water": 2},
            "labels": ["single"],
        }
    ]
    assert not ticks[-1].people
    assert ticks[-1].t < 40


def test_a_hand_takes_hold_at_the_scripted_second() -> None:
    world = World(small_plan(), script({"id": "ann", "actions": [pick("soup", at=15.0), pick("beans", at=20.5)]}), 1)
    _, events = run(world)
    assert [e.t for e in of(events, "pick")] == pytest.approx([15.0, 20.5], abs=0.05)


def test_two_items_can_be_taken_in_one_grab() -> None:
    world = World(small_plan(), script({"id": "ann", "actions": [pick("soup", quantity=2, together=True)]}), 1)
    _, events = run(world)
    assert [e.quantity for e in of(events, "pick")] == [2]


def test_a_misplaced_item_is_taken_from_where_it_lies() -> None:
    elsewhere = {"gondola": "A", "shelf": 1, "plates": [3]}
    world = World(
        small_plan(),
        script(
            {"id": "ann", "actions": [pick("soup"), put_back("soup", **elsewhere)]},
            {"id": "bob", "arrive": 2, "actions": [pick("soup", at=18.0, **elsewhere)]},
            seconds=60,
        ),
        seed=1,
    )
    ticks, events = run(world)
    assert [(e.person, e.kind, e.plates) for e in of(events, "pick", "put_back")] == [
        ("ann", "pick", ("A-1-1",)),
        ("ann", "put_back", ("A-1-3",)),
        ("bob", "pick", ("A-1-3",)),
    ]
    bills = {receipt["account"]: receipt["items"] for receipt in world.truth_receipts()}
    assert bills == {"account-ann": {}, "account-bob": {"soup": 1}}
    assert any(tick.misplaced for tick in ticks)
    assert not ticks[-1].misplaced
    assert ticks[-1].shelf_stock["A-1-1/soup"] == 5


def test_a_hand_over_moves_the_item_to_the_other_account() -> None:
    world = World(
        small_plan(),
        script(
            {"id": "ann", "actions": [pick("soup"), {"do": "hand_over", "product": "soup", "to": "bob"}]},
            {"id": "bob", "actions": [{"do": "wait", "seconds": 30}]},
            seconds=70,
        ),
        seed=1,
    )
    run(world)
    bills = {receipt["account"]: receipt["items"] for receipt in world.truth_receipts()}
    assert bills == {"account-ann": {}, "account-bob": {"soup": 1}}
    picked = {receipt["account"]: receipt["picked"] for receipt in world.truth_receipts()}
    assert picked == {"account-ann": {"soup": 1}, "account-bob": {}}


def test_the_plate_feels_what_was_taken_and_both_plates_of_a_wide_slot_do() -> None:
    world = World(small_plan(), script({"id": "ann", "actions": [pick("soup"), pick("water")]}), seed=1)
    names = [place.id for place in world.plan.plates()]
    before = world.step().weights_g[-1]
    ticks, _ = run(world)
    change = dict(zip(names, ticks[-1].weights_g.mean(axis=0) - before, strict=True))
    assert change["A-1-1"] == pytest.approx(-500, abs=20)
    assert change["A-2-2"] + change["A-2-3"] == pytest.approx(-1000, abs=40)
    assert min(abs(change["A-2-2"]), abs(change["A-2-3"])) > 300
    assert abs(change["A-1-3"]) < 6


def test_readings_rest_within_three_grams_of_the_load() -> None:
    world = World(small_plan(), script({"id": "ann", "actions": [pick("soup"), put_back("soup")]}), seed=1)
    ticks, _ = run(world)
    assert np.abs(ticks[-1].weights_g.mean(axis=0) - world.plate_loads_g()).max() < 3


def test_a_party_scans_one_token_once_a_person_before_each_steps_in() -> None:
    people = [{"id": name, "party": "pair", "actions": [pick("soup")]} for name in ("ann", "bob")]
    world = World(small_plan(), script(*people, seconds=60), seed=1)
    ticks, events = run(world)
    scans = [scan for tick in ticks for scan in tick.gate_scans]
    crossings = [crossing for tick in ticks for crossing in tick.gate_crossings]
    assert [scan.token for scan in scans] == ["token-pair"] * 2
    assert world.accounts() == {"token-pair": "account-pair"}
    assert Counter(crossing.direction for crossing in crossings) == {"in": 2, "out": 2}
    for name in ("ann", "bob"):
        scan, enter = (next(e.t for e in events if e.person == name and e.kind == kind) for kind in ("scan", "enter"))
        assert 0 < enter - scan < 3
    (receipt,) = world.truth_receipts()
    assert (receipt["account"], receipt["people"]) == ("account-pair", ["ann", "bob"])
    assert (receipt["items"], receipt["labels"]) == ({"soup": 2}, ["couple"])


def test_who_is_inside_has_crossed_the_beam_and_not_come_back() -> None:
    ticks, events = run(World(small_plan(), script({"id": "ann", "actions": [pick("soup")]}), seed=1))
    enter, leave = (next(e.t for e in events if e.kind == kind) for kind in ("enter", "leave"))
    for tick in ticks:
        assert ("ann" in tick.inside) == (enter <= tick.t < leave)


def test_the_same_seed_gives_identical_ticks_and_another_does_not() -> None:
    scenario = load_scenario("quick").model_copy(update={"seconds": 20.0})
    (a, _), (b, _), (c, _) = (run(World(SHOP, scenario, seed)) for seed in (7, 7, 8))
    for one, two in zip(a, b, strict=True):
        assert one.people == two.people
        assert (one.events, one.gate_scans, one.gate_crossings) == (two.events, two.gate_scans, two.gate_crossings)
        assert np.array_equal(one.weights_g, two.weights_g)
    assert any(one.people != three.people for one, three in zip(a, c, strict=True))


def crowd(count: int, seconds: float, store: str = "corner-shop") -> Scenario:
    return Scenario.model_validate(
        {
            "name": "crowd", "title": "A crowd", "store": store, "seconds": seconds, "last_call": 35, "weigh_hz": 10,
            "shoppers": {"random": {
                "count": count, "couples": 1, "arrive_within": 15, "items_mean": 2.5, "dwell_median": 1.5,
                "dwell_most": 6, "put_back_probability": 0.5, "misplace_probability": 0.5,
            }},
        }
    )  # fmt: skip


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 2**31 - 1))
def test_no_item_is_lost_nobody_walks_through_anything_and_receipts_are_picks_less_put_backs(seed: int) -> None:
    world = World(SHOP, crowd(6, 75), seed)
    initial = world.items_on_shelves
    solid = [obstacle.buffer(-0.02) for obstacle in SHOP.obstacles()]
    ticks, events = run(world)
    assert world.items_on_shelves + world.items_with_people == initial
    assert {r["account"]: r["items"] for r in world.truth_receipts()} == {
        account: {p: n for p, n in sorted(bill.items()) if n} for account, bill in sorted(summed(events).items())
    }
    for tick in ticks[::3]:
        for one in tick.people:
            assert not any(obstacle.distance(Point(one.x, one.y)) < 0.12 for obstacle in solid)
        for one, two in itertools.combinations(tick.people, 2):
            assert math.dist((one.x, one.y), (two.x, two.y)) > 0.4


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 6))
def test_all_shoppers_of_the_corner_shop_leave_before_the_end(seed: int) -> None:
    scenario = load_scenario("corner-shop").model_copy(update={"weigh_hz": 10})
    ticks, events = run(World(SHOP, scenario, seed))
    assert len({event.person for event in of(events, "enter")}) == 10
    assert len(of(events, "leave")) == 10
    assert not ticks[-1].people
    assert len(of(events, "pick")) >= 10


def test_a_crowd_in_narrow_aisles_comes_out_again() -> None:
    world = World(load_store("nanostore"), crowd(6, 80, "nanostore"), seed=3)
    ticks, _ = run(world)
    assert not ticks[-1].people
