"""A crowd is there from the first instant, in view, and its people keep their distance."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

from sim.coverage import FOOT_M, HEAD_M, cameras_seeing
from sim.errors import BadInput
from sim.scenario import Scenario
from sim.store_plan import camera_models, load_store
from sim.world import World, WorldTick


def crowd(count: int, **more: Any) -> Scenario:
    content = {"name": "crowd", "title": "Crowd", "store": "hall", "seconds": 8, "last_call": 1}
    return Scenario.model_validate({**content, "crowd": {"count": count, **more}})


@pytest.fixture(scope="module")
def ticks() -> list[WorldTick]:
    world = World(load_store("hall"), crowd(60, walking=0.3), seed=3)
    return [world.step() for _ in range(60)]


def test_everybody_is_inside_from_the_first_to_the_last_tick(ticks: list[WorldTick]) -> None:
    assert {len(tick.people) for tick in ticks} == {len(tick.inside) for tick in ticks} == {60}
    assert not any(tick.gate_scans or tick.gate_crossings for tick in ticks)


def test_at_first_each_stands_free_and_the_camera_sees_the_place_from_foot_to_head(ticks: list[WorldTick]) -> None:
    plan = load_store("hall")
    spots = np.array([(person.x, person.y) for person in ticks[0].people])
    assert min(math.dist(a, b) for a, b in itertools.combinations(spots, 2)) > 0.4
    for height in (FOOT_M, HEAD_M):
        assert cameras_seeing(plan, camera_models(plan).values(), spots, height).min() == 1


def test_the_share_that_walks_about_is_as_asked_for(ticks: list[WorldTick]) -> None:
    first, last = ({p.person: (p.x, p.y) for p in tick.people} for tick in (ticks[0], ticks[-1]))
    gone = [name for name in first if math.dist(first[name], last[name]) > 0.5]
    assert 12 <= len(gone) <= 20  # 18 walk; some are back, some were pushed


def test_a_crowd_that_does_not_fit_is_refused() -> None:
    with pytest.raises(BadInput) as caught:
        World(load_store("corner-shop"), crowd(300).model_copy(update={"store": "corner-shop"}), seed=1)
    assert caught.value.field == "crowd.count"
