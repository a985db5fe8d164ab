"""People dressed alike, and people who change what they wear during a visit."""

import numpy as np
import pytest

from sim.appearance import Appearance, sample_appearance
from sim.cameras import RenderSettings, StoreRenderer
from sim.clothes import COAT
from sim.dataset.crowd import Posture
from sim.errors import BadInput
from sim.people import Person
from sim.scenario import Scenario
from sim.scenario_checks import check_scenario
from sim.scene import SceneState
from sim.store_plan import camera_models, load_store, plan_from
from sim.wardrobe import BAG, LOWER, SHOES, UPPER, jacket_on_and_off
from sim.world import World
from tests.sim.worlds import run, small_plan


def scenario(store: str, seconds: float, **random: object) -> Scenario:
    shoppers = {"random": {"companion_probability": 0.0, "arrive_within": 4.0, "buys_nothing": 0.0, **random}}
    content = {"name": "looks", "title": "Looks", "store": store, "seconds": seconds, "last_call": 5}
    return Scenario.model_validate({**content, "shoppers": shoppers})


def worn(looks: Appearance) -> dict[str, object]:
    return {field: getattr(looks, field) for field in (*UPPER, *LOWER, *SHOES, *BAG)}


def jackets(count: int = 3, seconds: float = 60.0) -> World:
    settings = {"items_mean": 3, "items_sigma": 0.1, "dwell_most": 3.0, "changes_clothes": 1.0, "elder_share": 0.0}
    return World(load_store("depot"), scenario("depot", seconds, count=count, **settings), seed=4)


def test_a_uniform_dresses_everybody_alike_and_leaves_them_their_bodies() -> None:
    settings = scenario("corner-shop", 30, count=8, clothes="uniform")
    people = list(World(load_store("corner-shop"), settings, seed=2).people.values())
    assert all(worn(person.appearance) == worn(people[0].appearance) for person in people)
    assert len({person.appearance.body for person in people}) > 4
    assert len({person.appearance.skin_tone for person in people}) > 4


def test_without_a_uniform_people_differ() -> None:
    people = World(load_store("corner-shop"), scenario("corner-shop", 30, count=8), seed=2).people.values()
    assert len({person.appearance.upper_colour for person in people}) == 8


def test_the_jacket_comes_off_and_all_else_stays() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        on, off = jacket_on_and_off(sample_appearance(rng), rng)
        assert on.looseness >= COAT > off.looseness
        for field in set(Appearance.__dataclass_fields__) - set(UPPER):
            assert getattr(on, field) == getattr(off, field), field
        assert on.upper_colour != off.upper_colour


def test_people_change_only_where_no_camera_sees_them_and_are_told_as_the_same() -> None:
    world = jackets()
    rooms = np.array([(room.x, room.y) for room in load_store("depot").fitting_rooms])
    outfits: dict[str, int] = {}
    changes = []
    ticks, events = run(world)
    for tick in ticks:
        for person in tick.people:
            before = outfits.get(person.person, 0)
            if person.outfit != before:
                changes.append(person.person)
                assert np.hypot(*(rooms - (person.x, person.y)).T).min() < 0.3
            outfits[person.person] = person.outfit
    assert len(changes) == len(set(changes)) >= 2
    assert sorted(changes) == sorted(event.person for event in events if event.kind == "change_clothes")


def test_a_change_of_clothes_shows_in_the_picture() -> None:
    world = jackets(count=1, seconds=10)
    (person,) = world.people.values()
    plan = load_store("depot")
    cameras = {"north": camera_models(plan)["north"]}
    settings = RenderSettings(noise_sd=0.0)
    with StoreRenderer(plan, world.people, cameras, np.random.default_rng(0), settings) as renderer:
        pictures, boxes = [], []
        for outfit in (0, 1, 0):
            scene = SceneState(outfit, [Posture(person.name, 5.2, 5.6, 1.5, outfit=outfit)])
            pictures.append(renderer.render(scene)["north"].astype(int))
            boxes.append(renderer.truth_boxes(scene)["north"])
    assert np.abs(pictures[0] - pictures[1]).sum() > 50_000
    assert (pictures[0] == pictures[2]).all()
    assert {box.person for found in boxes for box in found} == {person.name}
    assert all(found[0].visible > 0.5 for found in boxes)


def test_outfits_of_one_person_are_of_one_body() -> None:
    rng = np.random.default_rng(3)
    with pytest.raises(BadInput, match="body"):
        Person("ann", sample_appearance(rng), [sample_appearance(rng)])


def test_a_fitting_room_that_a_camera_sees_is_refused() -> None:
    content = small_plan().model_dump()
    content["fitting_rooms"] = [{"id": "open", "x": 2.5, "y": 2.0}]
    with pytest.raises(BadInput) as caught:
        plan_from(content)
    assert caught.value.field == "fitting_rooms.0"
    assert "corner" in caught.value.allowed


def test_a_fitting_room_that_nobody_can_reach_is_refused() -> None:
    content = small_plan().model_dump()
    content["fitting_rooms"] = [{"id": "wall", "x": 2.5, "y": 3.9}]
    with pytest.raises(BadInput, match="free way"):
        plan_from(content)


def test_changing_needs_a_store_with_fitting_rooms() -> None:
    with pytest.raises(BadInput) as caught:
        check_scenario(scenario("retail", 30, count=2, changes_clothes=0.5), load_store("retail"), "mine")
    assert caught.value.field == "shoppers.random.changes_clothes"
