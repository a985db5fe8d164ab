from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tracking.synthetic import corner_cameras, points_of
from tracking.footpoint import FootPointLocator
from tracking.observation import Detection

CAMERA = corner_cameras()["sw"]
LOCATOR = FootPointLocator()


def person(x: float, y: float, stature: float = 1.7) -> Detection:
    keypoints, skin = points_of(np.array([x, y, 0.5, 0.0]), stature, 0.0)
    pixels = CAMERA.project(skin)
    box = np.concatenate([pixels.min(0), pixels.max(0)]).astype(np.float32)
    points = np.concatenate([CAMERA.project(keypoints), np.full((17, 1), 0.9)], axis=1)
    return Detection(box, 0.9, points.astype(np.float32))


def hide_below(found: Detection, row: float) -> Detection:
    """As behind a shelf whose edge is at the pixel row `row`."""
    keypoints = found.keypoints.copy()
    keypoints[keypoints[:, 1] > row, 2] = 0.05
    box = found.box.copy()
    box[3] = min(box[3], row)
    return Detection(box, 0.9, keypoints)


def place(found: Detection, stature: tuple[float, float] | None = None) -> tuple[np.ndarray, np.ndarray, float]:
    points = LOCATOR.locate([(CAMERA, [found])], np.array([stature or LOCATOR.stature_prior]))
    return points.floor[0], points.covariance[0], float(points.stature[0])


def without_keypoints(found: Detection) -> Detection:
    return Detection(found.box, found.confidence, np.zeros((17, 3), np.float32))


@settings(deadline=None, max_examples=40)
@given(x=st.floats(2.5, 7.0), y=st.floats(2.5, 5.5), stature=st.floats(1.5, 1.9))
def test_somebody_in_full_view_is_placed_within_a_hand(x: float, y: float, stature: float) -> None:
    floor, _, estimate = place(person(x, y, stature))
    assert np.hypot(*(floor - (x, y))) < 0.15
    assert estimate == pytest.approx(stature, abs=0.12)


def test_a_box_alone_places_somebody_in_full_view() -> None:
    floor, _, _ = place(without_keypoints(person(4.0, 3.0)))
    assert np.hypot(*(floor - (4.0, 3.0))) < 0.25


@pytest.mark.parametrize("keypoints", [True, False])
def test_the_lower_edge_of_a_half_hidden_person_is_not_taken_for_the_feet(keypoints: bool) -> None:
    whole = person(4.5, 3.5)
    hidden = hide_below(whole, float(whole.box[1] + 0.45 * (whole.box[3] - whole.box[1])))
    found = hidden if keypoints else without_keypoints(hidden)
    floor, cov, _ = place(found, (1.7, 0.05))
    assert np.hypot(*(floor - (4.5, 3.5))) < 0.4
    # Taken for the feet, the edge would lie where its ray meets the floor, far behind.
    edge = CAMERA.back_project([[(found.box[0] + found.box[2]) / 2, found.box[3]]])[0]
    assert np.hypot(*(edge - (4.5, 3.5))) > 1.0
    assert np.linalg.eigvalsh(cov)[1] > 2 * np.linalg.eigvalsh(place(whole)[1])[1]


def test_hidden_feet_leave_doubt_along_the_line_of_sight() -> None:
    whole = person(4.5, 3.5)
    hidden = hide_below(whole, float(whole.box[1] + 0.4 * (whole.box[3] - whole.box[1])))
    _, cov, _ = place(hidden)
    values, vectors = np.linalg.eigh(cov)
    sight = np.array([4.5, 3.5]) - CAMERA.centre[:2]
    assert values[1] > 3 * values[0]
    assert abs(vectors[:, 1] @ sight) / np.linalg.norm(sight) > 0.95


def test_a_child_with_ankles_in_view_is_not_moved_away_by_the_stature_of_adults() -> None:
    floor, _, stature = place(person(4.0, 3.0, 1.1))
    assert np.hypot(*(floor - (4.0, 3.0))) < 0.3
    assert stature < 1.35


def test_one_wrong_ankle_is_outvoted() -> None:
    found = person(4.0, 3.0)
    found.keypoints[16, :2] += (0, -60)
    floor, _, _ = place(found)
    assert np.hypot(*(floor - (4.0, 3.0))) < 0.25


def test_people_of_several_cameras_come_back_in_order() -> None:
    found = person(4.0, 3.0)
    other = corner_cameras()["ne"]
    prior = np.tile(LOCATOR.stature_prior, (3, 1))
    points = LOCATOR.locate([(CAMERA, [found, person(5.0, 4.0)]), (other, [found])], prior)
    alone = LOCATOR.locate([(other, [found])], prior[:1])
    assert points.floor[2] == pytest.approx(alone.floor[0])
    assert points.floor[1] == pytest.approx((5.0, 4.0), abs=0.15)


def test_nobody_gives_nothing() -> None:
    assert LOCATOR.locate([(CAMERA, [])], np.zeros((0, 2))).floor.shape == (0, 2)


def test_somebody_known_who_squats_with_feet_in_view_stays_where_they_are_and_as_tall() -> None:
    # Squatting, everything is where that of somebody of 1.1 m would be, and the network is sure of it.
    seen = replace(person(4.0, 3.0, 1.1), keypoint_sd=np.full(17, 2.0, np.float32))
    floor, _, stature = place(seen, (1.7, 0.04))
    assert np.hypot(*(floor - (4.0, 3.0))) < 0.2
    assert stature == pytest.approx(1.7)


def test_a_surer_keypoint_counts_for_more() -> None:
    moved = person(4.0, 3.0)
    moved.keypoints[15:, 0] += 25
    doubtful, sure = (np.full(17, 3.0, np.float32) for _ in range(2))
    doubtful[15:], sure[15:] = 40.0, 1.0
    pulled = [np.hypot(*(place(replace(moved, keypoint_sd=sd))[0] - (4.0, 3.0))) for sd in (doubtful, sure)]
    assert pulled[0] < pulled[1]
