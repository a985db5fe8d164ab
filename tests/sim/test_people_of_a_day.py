"""All kinds of people in a day without cameras: staff, wheelchairs, prams, children, tailgaters, thieves, labels."""

import functools
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import run, script, small_plan

from sim.ceiling import PerfectTracks
from sim.errors import BadInput
from sim.labels import LABELS
from sim.people import Person, Reach, sample_appearance
from sim.scenario import Scenario, load_scenario
from sim.store_plan import load_store
from sim.truth import TruthEvent
from sim.visitors import _profiled
from sim.world import World, WorldTick

SHOP = load_store("corner-shop")


def people(count: int = 8, seconds: float = 200, staff: tuple[dict[str, Any], ...] = (), **more: Any) -> Scenario:
    """A day of random shoppers, without put-backs unless asked for."""
    random = {
        "count": count, "companion_probability": 0.0, "arrive_within": 60, "items_mean": 2, "buys_nothing": 0.0,
        "dwell_median": 1.5, "dwell_most": 5, "put_back_probability": 0.0, **more,
    }  # fmt: skip
    return Scenario.model_validate(
        {
            "name": "people", "title": "People", "store": "corner-shop", "seconds": seconds, "last_call": 40,
            "weigh_hz": 10, "end_when_empty": True, "shoppers": {"random": random, "staff": staff},
        }
    )  # fmt: skip


def day(scenario: Scenario, seed: int = 1) -> tuple[World, list[WorldTick], list[TruthEvent]]:
    world = World(SHOP, scenario, seed)
    ticks, events = run(world)
    return world, ticks, events


def labels(world: World) -> dict[str, set[str]]:
    return {row["subject"]: set(row["labels"]) for row in world.subjects()}


@functools.cache
def busy_day(seed: int = 1) -> tuple[World, list[WorldTick], list[TruthEvent], int]:
    world = World(SHOP, load_scenario("busy-day").model_copy(update={"weigh_hz": 10}), seed)
    before = world.items_on_shelves
    ticks, events = run(world)
    return world, ticks, events, before


def test_on_a_busy_day_everybody_but_staff_has_left_and_no_item_is_lost() -> None:
    world, ticks, _, before = busy_day()
    assert all(person.role == "staff" for person in ticks[-1].people)
    assert world.items_on_shelves + world.items_with_people == before + world.items_delivered


def test_a_busy_day_has_all_kinds_of_people_in_it() -> None:
    found = Counter(label for seed in (1, 2) for row in busy_day(seed)[0].subjects() for label in row["labels"])
    wanted = {"single", "couple", "family", "child", "elder", "wheelchair", "meets", "staff", "similar-clothing"}
    assert wanted <= found.keys()
    assert found.keys() <= LABELS.keys()


def test_every_visit_has_the_labels_of_its_people() -> None:
    world, _, _, _ = busy_day()
    own = labels(world)
    for receipt in world.truth_receipts():
        assert receipt["labels"]
        assert set(receipt["labels"]) >= set.union(*(own[name] for name in receipt["people"]))


@settings(max_examples=2, deadline=None)
@given(st.integers(0, 2**31 - 1))
def test_bodies_and_wheelchairs_do_not_stand_in_each_other(seed: int) -> None:
    _, ticks, _ = day(people(8, wheelchairs=0.4, prams=0.2, meets=0.5), seed)
    for tick in ticks[::5]:
        spots = [(one.x, one.y) for one in tick.people]
        for i, one in enumerate(spots):
            assert all(math.dist(one, other) > 0.36 for other in spots[i + 1 :])


def test_staff_bring_stray_items_back_and_nobody_pays_for_what_they_carry() -> None:
    scenario = people(0, 120, ({"id": "mia", "task": "restock", "stay": 70},))
    stray = {"product": "honey", "gondola": "C", "shelf": 2, "plates": [3]}
    scenario = Scenario.model_validate(scenario.model_dump() | {"misplaced": [stray], "end_when_empty": False})
    world, ticks, events = day(scenario)
    moved = [(event.kind, event.product) for event in events if event.person == "mia" and event.product == "honey"]
    assert [item.plate for item in ticks[0].misplaced] == ["C-2-3"]
    assert moved == [("pick", "honey"), ("put_back", "honey")]
    own = {plate for slot in SHOP.slot_places() if slot.product == "honey" for plate in slot.plates}
    assert {item.plate for item in ticks[-1].misplaced} <= own  # its places are full already
    assert world.truth_receipts() == []
    assert not any(tick.gate_scans for tick in ticks)


def test_staff_fill_up_what_shoppers_took_and_the_plate_feels_it() -> None:
    taken = [{"do": "pick", "product": "soup", "quantity": 4, "together": True}]
    scenario = script({"id": "ann", "actions": taken}, seconds=120)
    staff = {"random": {}, "scripted": [s.model_dump() for s in scenario.shoppers.scripted]}
    staff["staff"] = [{"id": "mia", "task": "restock", "arrive": 20}]
    scenario = Scenario.model_validate(scenario.model_dump() | {"shoppers": staff, "end_when_empty": False})
    world = World(small_plan(), scenario, 1)
    ticks, _ = run(world)
    assert ticks[-1].shelf_stock["A-1-1/soup"] == 6
    assert world.items_delivered == 4
    assert world.truth_receipts()[0]["items"] == {"soup": 4}


def test_an_attendant_stays_at_the_gate_and_looks_at_who_comes() -> None:
    scenario = people(3, 90, ({"id": "gus", "task": "attend"},))
    _, ticks, _ = day(scenario)
    gate = next(gate for gate in SHOP.gate_places() if gate.direction == "in")
    places = [(one.x, one.y) for tick in ticks if 15 < tick.t < 50 for one in tick.people if one.person == "gus"]
    near = [math.dist(place, (gate.x, gate.y)) < 2.0 for place in places]
    assert np.mean(near) > 0.9


def test_a_tailgater_passes_right_behind_without_a_token_and_has_no_bill() -> None:
    world, ticks, events = day(people(4, tailgaters=1.0))
    tails = [name for name, own in labels(world).items() if "tailgater" in own]
    assert len(tails) == 4
    entered = {event.person: event.t for event in events if event.kind == "enter"}
    for name in tails:
        assert 0 < entered[name] - entered[name.removesuffix("t")] < 4
    assert not {event.person for event in events if event.kind == "scan"} & set(tails)
    assert {event.person for event in events if event.kind == "pick"} & set(tails)
    assert not {name for receipt in world.truth_receipts() for name in receipt["people"]} & set(tails)
    assert sum(len(tick.gate_scans) for tick in ticks) == 4


def test_who_turns_round_takes_nothing_and_ends_on_the_street() -> None:
    world, ticks, events = day(people(6, turns_round=1.0))
    assert {event.kind for event in events} <= {"scan", "enter", "leave"}
    assert len(world.truth_receipts()) == 6
    assert all(receipt["items"] == {} for receipt in world.truth_receipts())
    depth = max(one.y for tick in ticks for one in tick.people)
    assert depth < 0.8  # the gate's beam is at y = 0, and the room behind it
    assert Counter(event.kind for event in events)["enter"] == Counter(event.kind for event in events)["leave"]


def test_a_basket_that_is_left_behind_is_not_paid_for_but_stays_in_the_books() -> None:
    world = World(SHOP, people(12, leaves_basket=1.0), 1)
    before = world.items_on_shelves
    _, events = run(world)
    left = {name for name, own in labels(world).items() if "leaves-basket" in own}
    assert left
    for receipt in world.truth_receipts():
        if set(receipt["people"]) & left:
            assert receipt["items"] == {}
    abandoned = sum(event.quantity for event in events if event.kind == "abandon")
    assert abandoned > 0
    assert world.items_on_shelves + world.items_with_people == before


def test_a_thief_hides_one_thing_and_owes_it_all_the_same() -> None:
    world, _, events = day(people(5, theft=1.0, elder_share=0.0))
    for receipt in world.truth_receipts():
        assert "theft" in receipt["labels"]
        picked = Counter[str]()
        for event in events:
            if event.account == receipt["account"] and event.kind == "pick":
                picked[event.product] += event.quantity
        assert receipt["items"] == dict(picked)
    assert any(shopper.hidden for shopper in world._shoppers.values())


def test_without_incidents_the_day_is_the_same_day() -> None:
    plain = day(people(4))[2]
    assert plain == day(people(4, theft=0.0, meets=0.0))[2]
    other = day(people(4, leaves_basket=0.01))[2]
    assert [event.kind for event in other] == [event.kind for event in plain]


def test_children_at_hand_take_things_on_the_familys_bill() -> None:
    scenario = people(6, families=3, child_takes=1.0, items_mean=3)
    world, _, events = day(scenario)
    children = {row["subject"] for row in world.subjects() if row["age_group"] == "child"}
    took = [event for event in events if event.kind == "pick" and event.person in children]
    assert took
    bills = {receipt["account"]: receipt for receipt in world.truth_receipts()}
    assert all(
        event.person in bills[event.account]["people"] and event.product in bills[event.account]["items"]
        for event in took
    )
    assert all("family" in bills[event.account]["labels"] for event in took)


def test_people_in_wheelchairs_reach_what_they_take_and_stand_along_the_shelf() -> None:
    world, ticks, events = day(people(4, wheelchairs=1.0))
    tracks, places = PerfectTracks(world), {place.id: place for place in SHOP.plates()}
    picks = [event for event in events if event.kind == "pick"]
    assert len(picks) >= 4
    for event in picks:
        tick = min(ticks, key=lambda tick: abs(tick.t - event.t))
        state = next(state for state in tick.people if state.person == event.person)
        place = places[event.plates[0]]
        assert 0.4 <= place.centre[2] <= 1.2
        assert min(math.dist(palm, place.centre) for palm in tracks.palms(state)) < 0.55
        along = math.cos(state.heading) * place.front[0] + math.sin(state.heading) * place.front[1]
        assert abs(along) < 0.25


def test_wheelchairs_roll_at_the_published_pace() -> None:
    scenario = people(40, wheelchairs=1.0)
    world = World(SHOP, scenario, 1)
    paces = [shopper.visitor.cruise for shopper in world._shoppers.values()]
    # Manual wheelchairs: 0.79 m/s, sd 0.19 (Spaeth).
    assert np.mean(paces) == pytest.approx(0.79, abs=0.1)
    assert np.std(paces) == pytest.approx(0.19, abs=0.07)


@pytest.mark.parametrize("seed", range(4))
def test_who_sits_has_hips_on_the_seat_and_feet_on_the_rests(seed: int) -> None:
    from dataclasses import replace

    looks = replace(sample_appearance(np.random.default_rng(seed), age_group="adult"), bag="none")
    person = Person("mo", looks, mobility="wheelchair")
    points = person.keypoints(person.pose(0, 0, 0, 0, 0))
    assert points[11:13, 2] == pytest.approx([0.57, 0.57], abs=0.05)
    assert np.all((points[15:, 2] > 0.1) & (points[15:, 2] < 0.3))
    assert np.all(points[13:15, 0] > points[11:13, 0] + 0.2)
    for side, y in (("L", 0.5), ("R", -0.5)):
        target = (0.1, y, 0.9)
        palm = person.hand(person.pose(0, 0, 0, 0, 0, Reach(side, target, 1.0)), side)
        assert palm == pytest.approx(target, abs=0.03)


def test_a_bag_in_the_hand_of_a_wheelchair_user_is_refused() -> None:
    from dataclasses import replace

    looks = replace(sample_appearance(np.random.default_rng(1), age_group="adult"), bag="basket")
    with pytest.raises(BadInput, match="bag"):
        Person("mo", looks, mobility="wheelchair")


def test_a_pram_goes_ahead_of_who_pushes_it_and_never_into_a_shelf() -> None:
    world, ticks, _ = day(people(6, prams=1.0))
    owners = [name for name, own in labels(world).items() if "pram" in own]
    assert owners
    solid = [obstacle.buffer(-0.05) for obstacle in SHOP.obstacles()]
    from shapely import Point

    pushed = 0
    for tick in ticks:
        places = {at.prop.removeprefix("pram-"): at for at in tick.props}
        for state in tick.people:
            if state.person in places:
                at = places[state.person]
                assert not any(obstacle.contains(Point(at.x, at.y)) for obstacle in solid)
                both = isinstance(state.reach, tuple) and len(state.reach) == 2
                pushed += both and state.speed > 0.3
    assert pushed > 50


def test_arrivals_follow_the_profile() -> None:
    even = np.sort(np.random.default_rng(1).uniform(0, 1, 4000))
    shaped = _profiled(even, (1.0, 3.0, 0.0, 4.0))
    counts, _ = np.histogram(shaped, bins=4, range=(0, 1))
    assert counts / 4000 == pytest.approx([0.125, 0.375, 0.0, 0.5], abs=0.03)
    assert np.array_equal(_profiled(even, ()), even)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"random": {"theft": 1.2}}, "theft"),
        ({"random": {"arrival_profile": [0, 0]}}, "arrival_profile"),
        ({"random": {"arrival_profile": [1, -1]}}, "arrival_profile"),
        ({"staff": [{"id": "a", "task": "sleep"}]}, "task"),
        ({"staff": [{"id": "a", "task": "clean"}, {"id": "a", "task": "help"}]}, "staff.1.id"),
    ],
)
def test_wrong_people_are_refused(change: dict[str, Any], field: str) -> None:
    with pytest.raises(ValueError, match=field):
        Scenario.model_validate({"name": "x", "title": "X", "seconds": 60, "last_call": 5, "shoppers": change})
