"""Children at an adult's hand stay there, and the scenario's numbers of families are kept."""

import math
from typing import Any

import numpy as np
import pytest

from sim.children import BESIDE_M, places
from sim.configuration import validated
from sim.errors import BadInput
from sim.scenario import Scenario
from sim.store_plan import load_store
from sim.world import World, WorldTick
from tests.sim.worlds import run


def content(**random: Any) -> dict[str, Any]:
    settings = {
        "companion_probability": 0.0,
        "arrive_within": 3.0,
        "items_mean": 4,
        "items_sigma": 0.1,
        "dwell_most": 3,
    }
    shoppers = {"random": {"buys_nothing": 0.0, "dwell_most": 3.0, **settings, **random}}
    fixed = {"name": "kids", "title": "Kids", "store": "depot", "seconds": 60, "last_call": 15}
    return {**fixed, "shoppers": shoppers}


@pytest.fixture(scope="module")
def day() -> tuple[World, list[WorldTick]]:
    scenario = Scenario.model_validate(content(count=7, families=2, second_children=1))
    world = World(load_store("depot"), scenario, seed=5)
    return world, run(world)[0]


def test_a_family_is_an_adult_and_children_on_one_account(day: tuple[World, list[WorldTick]]) -> None:
    homes: dict[str, list[str]] = {}
    for subject in day[0].subjects():
        homes.setdefault(subject["account"], []).append(subject["age_group"])
    families = sorted(sorted(ages) for ages in homes.values() if "child" in ages)
    assert families == [["adult", "child"], ["adult", "child", "child"]]
    assert sum(map(len, homes.values())) == 7


def test_children_keep_at_their_adults_side(day: tuple[World, list[WorldTick]]) -> None:
    world, ticks = day
    adult_of = {
        child["subject"]: next(
            other["subject"]
            for other in world.subjects()
            if other["account"] == child["account"] and other["age_group"] != "child"
        )
        for child in world.subjects()
        if child["age_group"] == "child"
    }
    together: dict[str, list[float]] = {child: [] for child in adult_of}
    hands = 0
    for tick in ticks:
        where = {person.person: person for person in tick.people}
        for child, adult in adult_of.items():
            if {child, adult} <= tick.inside and tick.t < 43:
                together[child].append(math.dist((where[child].x, where[child].y), (where[adult].x, where[adult].y)))
                hands += where[child].reach is not None and where[adult].reach is not None
    for distances in together.values():
        assert len(distances) > 100
        assert np.median(distances) < 0.8
        assert np.quantile(distances, 0.95) < 2.0
    assert hands > 0.6 * sum(map(len, together.values()))


def test_children_take_nothing(day: tuple[World, list[WorldTick]]) -> None:
    world, ticks = day
    children = {subject["subject"] for subject in world.subjects() if subject["age_group"] == "child"}
    picks = [event for tick in ticks for event in tick.events if event.kind == "pick"]
    assert len(picks) > 3
    assert not any(event.person in children for event in picks)


def test_the_place_at_hand_is_aside_on_the_right_side() -> None:
    left, right = places((1.0, 2.0), 0.0, "L")[0], places((1.0, 2.0), 0.0, "R")[0]
    assert left == pytest.approx((1.0, 2.0 + BESIDE_M))
    assert right == pytest.approx((1.0, 2.0 - BESIDE_M))


@pytest.mark.parametrize(
    ("random", "field"),
    [
        ({"count": 5, "families": 3}, "shoppers.random.families"),
        ({"count": 8, "families": 1, "second_children": 2}, "shoppers.random.second_children"),
        ({"count": 6, "families": 2, "couples": 2}, "shoppers.random.families"),
    ],
)
def test_more_families_than_people_are_refused(random: dict[str, int], field: str) -> None:
    with pytest.raises(BadInput) as caught:
        validated(Scenario, content(**random), "kids.yaml")
    assert caught.value.field == field
