"""Stores: the built-in ones are sound, and each kind of wrong plan is refused by name."""

import csv
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from sim.errors import BadInput
from sim.store_items import item_places
from sim.store_places import footprint
from sim.store_plan import camera_models, list_stores, load_store, plan_from

STORES = ("corner-shop", "nanostore")


def content(store: str = "corner-shop") -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(list_stores()[store].read_text())
    return loaded


def refused(changed: dict[str, Any]) -> BadInput:
    with pytest.raises(BadInput) as caught:
        plan_from(changed, "plan.yaml")
    return caught.value


@pytest.mark.parametrize("store", STORES)
def test_every_slot_of_a_built_in_store_can_be_reached_from_every_gate(store: str) -> None:
    plan = load_store(store)
    floor = plan.walkable(clearance_m=0.25)
    assert all(floor.covers(Point(place.access)) for place in plan.slot_places())
    assert all(floor.covers(Point(gate.outside)) and floor.covers(Point(gate.inside)) for gate in plan.gate_places())


@pytest.mark.parametrize("store", STORES)
def test_two_cameras_or_more_have_every_shopper_before_a_shelf_in_view(store: str) -> None:
    plan = load_store(store)
    cameras = camera_models(plan).values()
    for place in plan.slot_places():
        chest = np.array([[*place.access, 1.2]])
        seeing = 0
        for camera in cameras:
            x, y = camera.project(chest)[0]
            seeing += 0 <= x < camera.width and 0 <= y < camera.height
        assert seeing >= 2, place


def test_the_corner_shop_is_as_large_as_promised() -> None:
    plan = load_store("corner-shop")
    assert (plan.room.width_m, plan.room.depth_m) == (8, 6)
    assert len(plan.gondolas) == 4
    assert len(plan.cameras) >= 4
    assert 30 <= len(plan.products) <= 40
    assert {gate.direction for gate in plan.gates} == {"in", "out"}


def test_neighbours_on_a_shelf_of_the_corner_shop_differ_in_weight_by_more_than_noise() -> None:
    plan = load_store("corner-shop")
    for gondola in plan.gondolas:
        for shelf in gondola.shelves:
            weights = [plan.product_of[slot.product].weight_g for slot in shelf.slots]
            assert all(abs(a - b) >= 8 for a, b in pairwise(weights))


def test_the_nanostore_holds_the_75_real_products_at_their_places() -> None:
    source = Path(__file__).parents[3] / "shared" / "data" / "nanostore" / "products.csv"
    plan = load_store("nanostore")
    assert len(plan.plates()) == 5 * 6 * 12
    assert len(plan.slot_places()) == 75
    if not source.exists():
        pytest.skip("the nanostore's source files are not beside the repository")
    places = {place.product: place.plates for place in plan.slot_places()}
    for row in csv.DictReader(source.open(encoding="utf-8")):
        expected = tuple(f"{row['gondola']}-{row['shelf']}-{plate}" for plate in row["plates"].split())
        assert places[row["product_id"]] == expected
        assert plan.product_of[row["product_id"]].weight_g == pytest.approx(float(row["weight_g"]))


@pytest.mark.parametrize("store", STORES)
def test_items_stand_over_their_own_gondola_and_do_not_share_a_place(store: str) -> None:
    plan = load_store(store)
    places = []
    for gondola in plan.gondolas:
        outline = footprint(gondola).buffer(0.02)
        for s, shelf in enumerate(gondola.shelves):
            for i, slot in enumerate(shelf.slots):
                items = item_places(gondola, s, i, plan.product_of[slot.product])
                assert len(items) == slot.stock
                assert all(outline.covers(Point(item[:2])) for item in items)
                places.extend(items.tolist())
    gaps = np.linalg.norm(np.diff(np.array(sorted(places)), axis=0), axis=1)
    assert gaps.min() > 0.01


def test_plates_count_from_the_left_of_a_shopper_who_faces_the_gondola() -> None:
    plan = load_store("corner-shop")
    first, last = (np.array(plate.centre[:2]) for plate in (plan.plates()[0], plan.plates()[3]))
    front = np.array(plan.plates()[0].front)
    to_the_right = np.array([-front[1], front[0]])
    assert (last - first) @ to_the_right > 0


def test_a_gondola_outside_the_room_is_refused() -> None:
    plan = content()
    plan["gondolas"][1]["x"] = 7.9
    assert refused(plan).field == "gondolas.1"


def test_a_camera_inside_a_shelf_is_refused() -> None:
    plan = content()
    gondola = plan["gondolas"][0]
    plan["cameras"][2]["position"] = [gondola["x"], gondola["y"], 1.0]
    fault = refused(plan)
    assert fault.field == "cameras.2.position"
    assert "gondola A" in fault.allowed


def test_plates_without_a_product_are_refused() -> None:
    plan = content()
    del plan["gondolas"][0]["shelves"][1]["slots"][2]["product"]
    assert refused(plan).field == "gondolas.0.shelves.1.slots.2.product"


def test_plates_with_an_unknown_product_are_refused() -> None:
    plan = content()
    plan["gondolas"][0]["shelves"][1]["slots"][2]["product"] = "moon-cheese"
    fault = refused(plan)
    assert (fault.field, fault.found) == ("gondolas.0.shelves.1.slots.2.product", "moon-cheese")


def test_a_product_without_weight_is_refused() -> None:
    plan = content()
    del plan["products"][3]["weight_g"]
    assert refused(plan).field == "products.3.weight_g"


def test_a_negative_price_is_refused() -> None:
    plan = content()
    plan["products"][3]["price_cents"] = -5
    fault = refused(plan)
    assert (fault.field, fault.found) == ("products.3.price_cents", -5)


def test_an_unknown_field_is_refused_and_the_known_ones_are_named() -> None:
    plan = content()
    plan["cameras"][0]["zoom"] = 3
    fault = refused(plan)
    assert fault.field == "cameras.0.zoom"
    assert "fov_deg" in fault.allowed


def test_a_height_in_centimetres_is_refused() -> None:
    plan = content()
    plan["gondolas"][0]["height_m"] = 175
    assert refused(plan).field == "gondolas.0.height_m"


def test_two_gondolas_in_one_place_are_refused() -> None:
    plan = content()
    plan["gondolas"][2]["y"] = plan["gondolas"][1]["y"]
    assert refused(plan).field == "gondolas.2"


def test_a_gondola_that_nobody_can_stand_before_is_refused() -> None:
    plan = content()
    plan["gondolas"][0]["heading_deg"] = 90
    fault = refused(plan)
    assert fault.field == "gondolas.0"
    assert "free way" in fault.allowed


def test_more_stock_than_fits_is_refused() -> None:
    plan = content()
    plan["gondolas"][0]["shelves"][0]["slots"][0]["stock"] = 190
    assert refused(plan).field == "gondolas.0.shelves.0.slots.0.stock"


def test_broken_yaml_names_the_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("name: x\nroom: {width_m: 3\n")
    with pytest.raises(BadInput, match=r"broken\.yaml: line \d+"):
        load_store(broken)


def test_an_unknown_store_proposes_near_names() -> None:
    with pytest.raises(BadInput, match="corner-shop"):
        load_store("corner-shp")


NANOSTORE = load_store("nanostore")


@settings(deadline=None, max_examples=25)
@given(st.floats(0, 0.3))
def test_walkable_floor_shrinks_as_people_grow_wider(clearance: float) -> None:
    assert NANOSTORE.walkable(clearance).area >= NANOSTORE.walkable(clearance + 0.05).area
