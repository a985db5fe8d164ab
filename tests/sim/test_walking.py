import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import small_plan

from sim.errors import BadInput
from sim.mechanics import Walking
from sim.people import Person, sample_appearance
from sim.routing import TIGHT_M, Router
from sim.store_plan import load_store
from sim.walking import Walker, Walkers

DT = 0.02


def adult(name: str, seed: int = 1) -> Person:
    return Person(name, sample_appearance(np.random.default_rng(seed), age_group="adult"))


def floor(width_m: float = 5.0, depth_m: float = 4.0) -> Walkers:
    return Walkers(small_plan(width_m, depth_m), Walking(), DT, np.random.default_rng(1))


def seconds_to_arrive(walkers: Walkers, *people: Walker, most: float = 60) -> float:
    for step in range(1, int(most / DT)):
        walkers.step()
        if all(walker.arrived for walker in people):
            return step * DT
    raise AssertionError("somebody never arrived")


def test_forty_metres_of_corridor_take_26_to_34_seconds_at_1_33_metres_a_second() -> None:
    """RiMEA test 1."""
    walkers = floor(width_m=44.0, depth_m=3.0)
    walker = walkers.add(adult("p"), (1.0, 1.0), 0.0, cruise=1.33)
    walkers.send(walker, (41.0, 1.0))
    assert 26 <= seconds_to_arrive(walkers, walker) <= 34


def test_people_face_the_way_they_walk_and_turn_where_they_are_asked_to() -> None:
    walkers = floor()
    walker = walkers.add(adult("p"), (1.0, 1.0), -2.0, cruise=1.0)
    walkers.send(walker, (4.0, 1.0))
    for _ in range(100):
        walkers.step()
    assert walker.heading == pytest.approx(0, abs=0.05)
    assert walker.phase > 0
    seconds_to_arrive(walkers, walker)
    walker.face(math.pi / 2)
    for _ in range(100):
        walkers.step()
    assert walker.turned
    assert walker.heading == pytest.approx(math.pi / 2, abs=0.15)


def test_a_standing_person_is_walked_round() -> None:
    walkers = floor()
    standing = walkers.add(adult("a"), (2.5, 1.5), 0.0, cruise=1.0)
    walking = walkers.add(adult("b", 2), (0.5, 1.5), 0.0, cruise=1.0)
    walkers.send(walking, (4.5, 1.5))
    nearest = math.inf
    for _ in range(600):
        walkers.step()
        nearest = min(nearest, math.dist(standing.spot, walking.spot))
    assert walking.arrived
    assert math.dist(standing.spot, (2.5, 1.5)) < 0.05
    assert nearest > 0.42


def test_two_who_meet_head_on_get_past_each_other() -> None:
    walkers = floor(depth_m=2.6)
    a = walkers.add(adult("a"), (0.5, 1.0), 0.0, cruise=1.0)
    b = walkers.add(adult("b", 2), (4.5, 1.0), math.pi, cruise=1.0)
    walkers.send(a, (4.5, 1.0))
    walkers.send(b, (0.5, 1.0))
    assert seconds_to_arrive(walkers, a, b, most=40) < 30


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_every_way_keeps_off_gondolas_and_ends_at_its_goal(seed: int) -> None:
    router, rng = ROUTER, np.random.default_rng(seed)
    start, goal = (router.nearest((float(rng.uniform(0, 8)), float(rng.uniform(0, 6)))) for _ in range(2))
    way = router.way(start, goal)
    assert way[-1] == goal
    assert all(router.straight(a, b) for a, b in itertools.pairwise([start, *way]))


ROUTER = Router(load_store("corner-shop"))


def test_a_goal_inside_a_gondola_is_refused() -> None:
    with pytest.raises(BadInput):
        ROUTER.way((1.0, 1.0), (4.0, 3.0))


def test_the_nearest_standable_spot_is_off_the_gondola() -> None:
    plan = load_store("corner-shop")
    x, y = ROUTER.nearest((4.0, 3.4))
    assert min(footprint.distance(point(x, y)) for footprint in plan.obstacles()) >= TIGHT_M - 1e-6


def point(x: float, y: float):  # type: ignore[no-untyped-def]
    from shapely import Point

    return Point(x, y)
