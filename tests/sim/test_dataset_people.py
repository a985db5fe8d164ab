"""The people of the training pictures: they reach as shoppers do, side by side too, and some pictures hold crowds."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from shapely.geometry import Point

from sim.dataset import pose_frames, render_dataset
from sim.dataset.crowd import Crowd, Posture
from sim.dataset.hall_frames import LEAST_PEOPLE, PART_HEIGHT, PART_WIDTH, Part, hall_samples, parts_of_hall
from sim.dataset.labels import LEAST_HEIGHT_PX, Sample
from sim.people import Person, Reach, sample_appearance
from sim.random_plan import HALL_PIXELS, random_hall, unseen_hall
from sim.scenario import load_scenario
from sim.store_places import footprint, front_and_right
from sim.store_plan import GondolaSpec, StorePlan, load_store
from sim.visibility import TruthBox
from sim.world import World

INSTANTS, PEOPLE = 60, 8


def reaches(posture: Any) -> tuple[Reach, ...]:
    if posture.reach is None:
        return ()
    return (posture.reach,) if isinstance(posture.reach, Reach) else tuple(posture.reach)


def into_shelf(plan: StorePlan, posture: Any) -> list[tuple[GondolaSpec, NDArray[np.float64], Reach]]:
    """Gondola, (2,) metres ahead of the body and to the right of it along the shelf, of each hand in there."""
    found = []
    for reach in reaches(posture):
        for gondola in plan.gondolas:
            front, right = front_and_right(gondola.heading_deg)
            if footprint(gondola).covers(Point(reach.target[:2])):
                away = np.array(reach.target[:2]) - (posture.x, posture.y)
                found.append((gondola, np.array([-away @ front, away @ right]), reach))
    return found


@pytest.fixture(scope="module")
def plan() -> StorePlan:
    return load_store("corner-shop")


@pytest.fixture(scope="module")
def instants(plan: StorePlan) -> list[list[Posture]]:
    rng = np.random.default_rng(5)
    people = [Person(f"p{i}", sample_appearance(rng, "train", age_group="adult")) for i in range(PEOPLE)]
    crowd = Crowd(plan, people, rng)
    return [crowd.postures(PEOPLE) for _ in range(INSTANTS)]


@pytest.fixture(scope="module")
def hands(plan: StorePlan, instants: list[list[Posture]]) -> list[tuple[GondolaSpec, NDArray[np.float64], Reach]]:
    return [hand for people in instants for one in people for hand in into_shelf(plan, one)]


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Sample]]:
    empties = tmp_path_factory.mktemp("empties")
    return empties, list(hall_samples(np.random.default_rng(2), "test", "hall", empties, 5))


def test_hands_go_as_far_into_shelves_as_those_of_shoppers(
    plan: StorePlan, hands: list[tuple[GondolaSpec, NDArray[np.float64], Reach]]
) -> None:
    world = World(plan, load_scenario("hard/same-plate-same-instant"), 101)
    shoppers: list[float] = []
    while not world.done and len(shoppers) < 20:
        shoppers += [ahead[0] for one in world.step().people for _, ahead, _ in into_shelf(plan, one)]
    assert np.median([ahead[0] for _, ahead, _ in hands]) == pytest.approx(np.median(shoppers), abs=0.05)


def test_hands_are_within_an_arms_length_of_the_body(
    hands: list[tuple[GondolaSpec, NDArray[np.float64], Reach]],
) -> None:
    far = [float(np.linalg.norm(ahead)) for _, ahead, _ in hands]
    assert len(hands) > INSTANTS
    assert np.median(far) < 0.65
    assert np.quantile(far, 0.95) < 0.85


def test_hands_also_reach_far_to_the_side(hands: list[tuple[GondolaSpec, NDArray[np.float64], Reach]]) -> None:
    aside = np.abs([ahead[1] for _, ahead, _ in hands])
    assert 0.1 < (aside > 0.3).mean() < 0.6


def test_a_third_of_the_hands_is_stretched_out_and_some_are_held_before_the_body(
    hands: list[tuple[GondolaSpec, NDArray[np.float64], Reach]],
) -> None:
    blends = np.array([reach.blend for _, _, reach in hands])
    assert (blends >= 0.9).mean() > 0.3
    assert (np.abs(blends - 0.15) < 0.005).mean() > 0.1
    assert 0.02 < (blends == 0).mean() < 0.25


def pairs_at_one_shelf(plan: StorePlan, people: list[Posture]) -> Iterator[tuple[float, float]]:
    """Metres along the shelf from one person to the next, and from hand to hand, of any two who reach into one."""
    hands = [(one, *hand) for one in people for hand in into_shelf(plan, one) if hand[2].blend > 0.3]
    for k, (one, gondola, ahead, _) in enumerate(hands):
        for other, same, further, _ in hands[:k]:
            if gondola is same and one is not other:
                _, right = front_and_right(gondola.heading_deg)
                apart = float((np.array([other.x, other.y]) - (one.x, one.y)) @ right)
                yield apart, apart + float(further[1] - ahead[1])


def test_people_reach_into_one_shelf_shoulder_to_shoulder_and_across_each_other(
    plan: StorePlan, instants: list[list[Posture]]
) -> None:
    pairs = [[*pairs_at_one_shelf(plan, people)] for people in instants]
    close = [[pair for pair in own if abs(pair[0]) < 0.8] for own in pairs]
    assert np.mean([bool(own) for own in close]) > 0.2
    assert sum(bodies * palms < 0 for own in close for bodies, palms in own) >= 5


def test_nobody_stands_in_a_shelf_or_in_somebody_else(plan: StorePlan, instants: list[list[Posture]]) -> None:
    racks = [footprint(gondola) for gondola in plan.gondolas]
    for people in instants:
        assert len({one.person for one in people}) == len(people)
        for k, one in enumerate(people):
            assert not any(rack.covers(Point(one.x, one.y)) for rack in racks)
            assert all(math.hypot(one.x - other.x, one.y - other.y) > 0.35 for other in people[:k])


def test_random_halls_have_one_wide_camera_and_floor_for_a_crowd() -> None:
    for seed in range(3):
        plan = random_hall(np.random.default_rng(seed))
        assert [(camera.width, camera.height) for camera in plan.cameras] == [HALL_PIXELS]
        assert plan.walkable(0.2).area > 50
    assert unseen_hall(np.random.default_rng(0)).name == "hall"


def test_one_store_in_ten_is_a_hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def one(name: str) -> Any:
        picture = np.zeros((8, 8, 3), np.uint8)
        return lambda *_: iter([Sample(f"{name}-{next(numbers)}", name, picture, [])])

    numbers = iter(range(10**6))
    monkeypatch.setattr(pose_frames, "hall_samples", one("hall"))
    monkeypatch.setattr(pose_frames, "store_samples", one("store"))
    render_dataset(tmp_path, 300, 1)
    assert 15 < len(list((tmp_path / "images" / "train").glob("hall-*.jpg"))) < 50


def test_a_crowds_picture_holds_dozens_of_people_of_twenty_pixels_and_more(hall: tuple[Path, list[Sample]]) -> None:
    whole = next(sample for sample in hall[1] if sample.empty == "hall-whole")
    heights = [label.box[3] - label.box[1] for label in whole.labels]
    assert len(whole.labels) > 0.6 * LEAST_PEOPLE
    assert np.quantile(heights, 0.2) < 60
    assert all(height >= LEAST_HEIGHT_PX for label, height in zip(whole.labels, heights, strict=True) if label.counts)


def test_a_crowds_picture_is_cut_to_what_the_detector_sees(hall: tuple[Path, list[Sample]]) -> None:
    empties, samples = hall
    assert [sample.empty for sample in samples] == [
        f"hall-{part.name}" for part in parts_of_hall(np.random.default_rng())
    ]
    heights: dict[str, list[float]] = {}
    for sample in samples:
        empty = cv2.imread(str(empties / f"{sample.empty}.jpg"))
        assert empty is not None
        assert empty.shape == sample.picture.shape == (PART_HEIGHT, PART_WIDTH, 3)
        for label in sample.labels:
            assert label.box.min() >= 0
            assert (label.box[2:] <= (PART_WIDTH, PART_HEIGHT)).all()
            seen = label.keypoints[label.keypoints[:, 2] == 2, :2]
            assert (seen >= label.box[:2] - 4).all(1).mean() > 0.7 if len(seen) else True
            heights.setdefault(sample.empty, []).append(float(label.box[3] - label.box[1]))
    assert np.median(heights["hall-near0"]) > 1.2 * np.median(heights["hall-whole"])


def test_what_lies_outside_a_part_counts_as_hidden() -> None:
    who = np.full(HALL_PIXELS[::-1], -1, np.int16)
    who[100:200, 60:140] = 0
    points = np.zeros((17, 3), np.float32)
    points[0], points[1] = (80, 150, 2), (120, 150, 2)
    box = np.array([60, 100, 140, 200], np.float32)
    (label,) = Part("close", 100, 50, 1).labels([TruthBox("ann", box, 0.8, points, box)], who, {"ann": 0})
    assert label.visible == pytest.approx(0.4)
    assert label.box.tolist() == [0, 50, 40, 150]
    assert label.keypoints[0].tolist() == [0, 0, 0]
    assert label.keypoints[1].tolist() == [20, 100, 2]
