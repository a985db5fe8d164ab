from collections import Counter
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.appearance import Appearance, sample_appearance
from sim.clothes import COAT
from sim.demand import RandomShoppers, Regulars, Shoppers
from sim.mechanics import Scales
from sim.people import Person
from sim.randomness import day_seed, generator
from sim.regulars import bodies_of, households, who_comes
from sim.routing import Router
from sim.scales import PlateScales
from sim.scenario import Scenario, load_scenario
from sim.shopping_list import Take, Taste, shopping_stops
from sim.stock import Shelves
from sim.store_plan import load_store
from sim.wardrobe import BAG, LOWER, SHOES, UPPER, clothes_of_day
from sim.world import World

PLAN = load_store("corner-shop")
PRODUCTS = [product.id for product in PLAN.products]
CLOTHES = {*UPPER, *LOWER, *SHOES, *BAG}
FIVE_DAYS = load_scenario("five-days")


def scenario(days: int = 5, count: int = 1, **regulars: float) -> Scenario:
    shoppers = Shoppers(random=RandomShoppers(count=count), regulars=Regulars.model_validate(regulars))
    return Scenario(name="s", title="S", seconds=60, days=days, shoppers=shoppers)


def differing(one: Appearance, other: Appearance) -> set[str]:
    a, b = asdict(one), asdict(other)
    return {field for field in a if a[field] != b[field]}


def worlds(of: Scenario, seed: int) -> list[World]:
    return [World(PLAN, of, seed, day) for day in range(1, of.days + 1)]


# Who comes


@given(st.floats(0.1, 1), st.integers(0, 1000))
@settings(max_examples=15, deadline=None)
def test_households_come_as_often_as_the_scenario_says(probability: float, seed: int) -> None:
    of = scenario(people=20, return_probability=probability)
    everybody = households(of, PRODUCTS, seed)
    visits = sum(len(who_comes(of, everybody, day_seed(seed, day, 60))) for day in range(60))
    # Five standard errors of a share of 1,200 draws.
    assert visits / 1200 == pytest.approx(probability, abs=5 * (probability * (1 - probability) / 1200) ** 0.5 + 1e-9)


def test_of_a_couple_that_comes_only_one_comes_as_often_as_the_scenario_says() -> None:
    of = scenario(people=2, couples=1, return_probability=1.0, alone=0.3)
    everybody = households(of, PRODUCTS, 1)
    sizes = Counter(len(who_comes(of, everybody, seed)[0].members) for seed in range(2000))
    assert sizes[1] / 2000 == pytest.approx(0.3, abs=0.05)
    assert set(sizes) == {1, 2}


def test_a_store_of_regulars_only_is_never_open_for_nobody() -> None:
    of = scenario(count=0, people=3, return_probability=0.0)
    assert {len(who_comes(of, households(of, PRODUCTS, 1), seed)) for seed in range(20)} == {1}


def test_the_same_seed_gives_the_same_days_and_no_two_days_are_alike() -> None:
    two_days = FIVE_DAYS.model_copy(update={"days": 2})
    once, again = worlds(two_days, 3), worlds(two_days, 3)
    looks = [{name: person.appearance for name, person in world.people.items()} for world in once]
    assert looks == [{name: person.appearance for name, person in world.people.items()} for world in again]
    assert len({frozenset(day) for day in looks}) > 1


def test_most_regulars_of_the_five_days_come_three_times_or_more() -> None:
    shares = []
    for seed in range(4):
        days = [who_comes(FIVE_DAYS, households(FIVE_DAYS, PRODUCTS, seed), day_seed(seed, d, 5)) for d in range(1, 6)]
        visits = Counter(name for day in days for party in day for name in (member.name for member in party.members))
        shares.append(sum(count >= 3 for count in visits.values()) / 14)
    assert np.mean(shares) > 0.5


def test_strangers_come_on_one_day_only_and_regulars_keep_name_account_and_household() -> None:
    subjects = [{row["subject"]: row for row in world.subjects()} for world in worlds(FIVE_DAYS, 1)]
    days = Counter(name for day in subjects for name in day)
    assert {name for name in days if name.startswith("d")} == {f"d{day}p1" for day in range(1, 6)}
    assert all(count == 1 for name, count in days.items() if name.startswith("d"))
    for field in ("account", "household", "body", "height_m", "age_group"):
        for name in days:
            assert len({day[name][field] for day in subjects if name in day}) == 1  # type: ignore[literal-required]
    together = {row["household"] for day in subjects for row in day.values() if row["subject"] == "r2"}
    assert together == {"r1"}  # r1 and r2 are a couple, whichever of them comes


def test_a_run_of_one_day_keeps_its_names_and_dresses_nobody_anew() -> None:
    of = scenario(days=1, count=3, people=2, return_probability=1.0, other_clothes=1.0)
    people = World(PLAN, of, 5).people
    assert set(people) == {"p1", "p2", "p3", "r1", "r2"}
    looks = sample_appearance(generator(5, "appearance", "r1"), age_group=people["r1"].age_group)
    assert people["r1"].appearance == looks


def test_no_two_regulars_and_strangers_share_a_body_while_there_are_others() -> None:
    few, many = (households(scenario(people=people), PRODUCTS, 1) for people in (30, 150))
    assert len(bodies_of(few)) == 30
    assert len(bodies_of(many)) < 150  # there are not so many bodies: then some are alike
    subjects = [row for world in worlds(FIVE_DAYS, 1) for row in world.subjects()]
    assert len({row["body"] for row in subjects if row["subject"].startswith("r")}) == 14
    own = {row["body"] for row in subjects if row["subject"].startswith("d")}
    assert not own & {row["body"] for row in subjects if row["subject"].startswith("r")}


# What they wear


@given(st.integers(0, 10_000), st.integers(1, 30))
@settings(max_examples=40, deadline=None)
def test_whoever_comes_again_has_the_same_body_skin_hair_and_gait_in_other_clothes(seed: int, day: int) -> None:
    usual = sample_appearance(np.random.default_rng(seed))
    settings_ = Regulars(people=1, other_clothes=1.0, same_shoes=0.0, same_bag=0.0, same_coat=0.0)
    worn = clothes_of_day(usual, settings_, generator(seed, "clothes", str(day)))
    changed = differing(usual, worn)
    assert changed <= CLOTHES
    assert {"upper_colour", "lower_colour"} <= changed


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_shoes_bag_and_coat_stay_where_the_scenario_says_so(seed: int) -> None:
    usual = sample_appearance(np.random.default_rng(seed))
    keeps = Regulars(people=1, other_clothes=1.0, same_shoes=1.0, same_bag=1.0, same_coat=1.0)
    changed = differing(usual, clothes_of_day(usual, keeps, generator(seed, "clothes")))
    assert not changed & {*SHOES, *BAG}
    assert bool(changed & set(UPPER)) == (usual.looseness < COAT)
    never = keeps.model_copy(update={"other_clothes": 0.0})
    assert clothes_of_day(usual, never, generator(seed, "clothes")) == usual


# What they buy


def baskets(taste: Taste, count: int = 60) -> list[set[str]]:
    person = Person("p", sample_appearance(np.random.default_rng(1), age_group="adult"))
    of = Scenario(name="s", title="S", seconds=60)
    scales = PlateScales(PLAN.plates(), Scales(), 60, np.random.default_rng(0))
    shelves, router = Shelves(PLAN, of, scales, np.random.default_rng(0)), Router(PLAN)
    wants = RandomShoppers(items_mean=2.5, items_sigma=0.3, buys_nothing=0.0)
    tours = [
        shopping_stops([person], PLAN, shelves, router, wants, np.random.default_rng(s), taste) for s in range(count)
    ]
    return [{e.product for stop in tour for e in stop.errands if isinstance(e, Take)} for tour in tours]


def test_the_more_habit_the_more_of_a_basket_is_the_households_own_taste() -> None:
    liked = frozenset(PRODUCTS[:6])
    shares = []
    for habit in (0.0, 0.5, 1.0):
        bought = baskets(Taste(liked, habit))
        shares.append(np.mean([len(basket & liked) / len(basket) for basket in bought]))
    assert shares[0] < 0.3 < shares[1] < shares[2]
    assert shares[2] > 0.9


def test_a_household_keeps_its_favourites_over_days_and_has_others_than_its_neighbours() -> None:
    once, again = (households(scenario(people=8, favourites=4), PRODUCTS, 2) for _ in range(2))
    assert once == again
    assert {len(party.taste.favourites) for party in once} == {4}
    assert len({party.taste.favourites for party in once}) > 6


# Groups


def test_groups_are_drawn_by_their_shares_and_are_the_same_on_every_day() -> None:
    of = scenario(days=2, count=50, people=100, return_probability=1.0)
    of = of.model_copy(update={"groups": {"a": 0.25, "b": 0.75}})
    first, second = ({row["subject"]: row["group"] for row in world.subjects()} for world in worlds(of, 4))
    assert np.mean([group == "a" for group in first.values()]) == pytest.approx(0.25, abs=0.15)
    assert all(second[name] == group for name, group in first.items() if name in second)


def test_without_groups_nobody_has_one() -> None:
    assert {row["group"] for row in World(PLAN, FIVE_DAYS, 1, 1).subjects()} == {""}
