import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from worlds import small_plan

from sim.demand import RandomShoppers
from sim.hands import HandMotion, nearer_hand, smooth
from sim.mechanics import Scales
from sim.people import Person, sample_appearance
from sim.randomness import generator
from sim.routing import Router
from sim.scales import PlateScales
from sim.scenario import Scenario
from sim.shopping_list import GiveBack, Look, Stop, Take, shopping_stops
from sim.stock import Shelves
from sim.store_plan import load_store
from sim.visitors import _party_kinds

PLAN = load_store("corner-shop")
ROUTER = Router(PLAN)
SCENARIO = Scenario(name="s", title="S", seconds=60)
SHELVES = Shelves(
    PLAN, SCENARIO, PlateScales(PLAN.plates(), Scales(), 60, np.random.default_rng(0)), np.random.default_rng(0)
)
ADULT = Person("p", sample_appearance(np.random.default_rng(1), age_group="adult"))


def stops(seed: int, **settings: float) -> tuple[Stop, ...]:
    return shopping_stops([ADULT], PLAN, SHELVES, ROUTER, RandomShoppers(**settings), np.random.default_rng(seed))


def taken(tour: tuple[Stop, ...]) -> list[Take]:
    return [errand for stop in tour for errand in stop.errands if isinstance(errand, Take)]


def test_lists_have_the_stated_mean_length() -> None:
    wanted = [sum(take.quantity for take in taken(stops(s, items_mean=4.25, buys_nothing=0.0))) for s in range(300)]
    assert np.mean(wanted) == pytest.approx(4.25, rel=0.1)
    assert min(wanted) >= 1


def test_who_buys_nothing_only_looks() -> None:
    tour = stops(1, buys_nothing=1.0)
    assert tour
    assert all(isinstance(errand, Look) for stop in tour for errand in stop.errands)


def test_only_what_was_taken_before_is_put_back() -> None:
    for seed in range(40):
        has: dict[str, int] = {}
        for stop in stops(seed, put_back_probability=1.0, misplace_probability=0.5, buys_nothing=0.0):
            for errand in stop.errands:
                if isinstance(errand, Take):
                    has[errand.product] = has.get(errand.product, 0) + errand.quantity
                elif isinstance(errand, GiveBack):
                    has[errand.product] = has.get(errand.product, 0) - errand.quantity
                    assert has[errand.product] >= 0


def test_a_tour_is_near_the_best_order() -> None:
    ratios = []
    for seed in range(20):
        tour = stops(seed, items_mean=5, buys_nothing=0.0, double_probability=0.0)
        if 3 <= len(tour) <= 6:
            lengths = [way(order) for order in itertools.permutations(tour)]
            ratios.append(way(tour) / min(lengths))
    assert len(ratios) > 5
    assert np.median(ratios) < 1.15


def way(order: tuple[Stop, ...]) -> float:
    points = [(1.9, 0.9), *(stop.place.access for stop in order), (6.1, 0.9)]
    return sum(
        math.dist(*leg)
        for a, b in itertools.pairwise(map(ROUTER.nearest, points))
        for leg in itertools.pairwise([a, *ROUTER.way(a, b)])
    )


@given(st.integers(0, 60), st.integers(0, 20), st.floats(0, 1), st.integers(0, 1000))
def test_parties_add_up_to_the_count_with_at_least_the_asked_couples(
    count: int, couples: int, chance: float, seed: int
) -> None:
    couples = min(couples, count // 2)
    settings = RandomShoppers(count=count, couples=couples, companion_probability=chance)
    sizes = [kind.size for kind in _party_kinds(settings, np.random.default_rng(seed))]
    assert sum(sizes) == count
    assert sizes.count(2) >= couples


def test_generators_differ_by_name_and_seed_only() -> None:
    draws = [generator(*key).random() for key in ((1, "a"), (1, "a"), (1, "b"), (2, "a"), (1, "a", "x"))]
    assert draws[0] == draws[1]
    assert len(set(draws)) == 4


@given(st.floats(0, 1))
def test_a_hand_moves_smoothly_and_comes_back_the_same_way(share: float) -> None:
    assert 0 <= smooth(share) <= 1
    assert smooth(share) == pytest.approx(1 - smooth(1 - share))


def test_a_hand_reaches_its_target_and_hangs_again() -> None:
    out = HandMotion("R", (1.0, 2.0, 1.0), start=5.0, seconds=0.8, low=0.0, high=1.0)
    reach = out.at(5.8)
    assert out.at(5.0) is None
    assert reach is not None
    assert reach.blend == 1.0


def test_the_nearer_hand_reaches_unless_it_holds_the_bag() -> None:
    left_of_me = (0.4, 0.5, 1.0)
    assert nearer_hand((0, 0), 0.0, left_of_me, left_is_free=True) == "L"
    assert nearer_hand((0, 0), 0.0, left_of_me, left_is_free=False) == "R"
    assert nearer_hand((0, 0), 0.0, (0.4, -0.5, 1.0), left_is_free=True) == "R"


def test_small_people_do_not_want_what_they_cannot_reach() -> None:
    child = Person("c", sample_appearance(np.random.default_rng(2), age_group="child"))
    settings = RandomShoppers(items_mean=4, buys_nothing=0.0)
    for seed in range(20):
        tour = shopping_stops([child], PLAN, SHELVES, ROUTER, settings, np.random.default_rng(seed))
        assert all(stop.place.centre[2] <= child.height_m * 1.08 for stop in tour if isinstance(stop.errands[0], Take))


def test_every_slot_of_the_small_plan_has_its_stock() -> None:
    plan = small_plan()
    scales = PlateScales(plan.plates(), Scales(), 60, np.random.default_rng(0))
    shelves = Shelves(plan, SCENARIO, scales, np.random.default_rng(0))
    assert shelves.stock() == {slot.key: slot.stock for slot in plan.slot_places()}
    assert scales.load_g().sum() == pytest.approx(6 * (500 + 300 + 1000), rel=0.02)
