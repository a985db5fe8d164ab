import numpy as np
import pytest

from tests.tracking.synthetic import corner_cameras
from tracking.hands import HandFinder
from tracking.observation import Hand, Observation

CAMERAS = corner_cameras()
FINDER = HandFinder(CAMERAS)
PLACE = np.array([4.0, 3.0])
PALM = np.array([4.4, 3.2, 1.2])


def seen(camera: str, wrist: np.ndarray | None, side: str = "R") -> Observation:
    keypoints = np.zeros((17, 3), np.float32)
    if wrist is not None:
        keypoints[10 if side == "R" else 9] = (*CAMERAS[camera].project(wrist)[0], 0.9)
    look = np.zeros(4, np.float32)
    return Observation(camera, 0.0, 1, np.array([0, 0, 50, 100], np.float32), 0.9, keypoints, look, PLACE, np.eye(2))


def hands_of(views: list[Observation]) -> tuple[Hand, ...]:
    return FINDER.find([(PLACE, views)])[0]


def test_two_cameras_place_a_hand_in_space() -> None:
    (hand,) = hands_of([seen("sw", PALM), seen("se", PALM)])
    assert hand.side == "R"
    assert (hand.x, hand.y, hand.z) == pytest.approx(PALM, abs=0.03)


def test_more_cameras_make_it_surer_and_one_leaves_doubt() -> None:
    sds = [hands_of([seen(name, PALM) for name in list(CAMERAS)[:count]])[0].sd for count in (1, 2, 4)]
    assert sds[0] > 2 * sds[1] > 2 * sds[2] * 0.99


def test_one_camera_puts_the_hand_on_its_ray_beside_the_body() -> None:
    (hand,) = hands_of([seen("sw", PALM)])
    point = np.array([hand.x, hand.y, hand.z])
    assert CAMERAS["sw"].project(point)[0] == pytest.approx(CAMERAS["sw"].project(PALM)[0], abs=1.0)
    assert np.linalg.norm(point - PALM) < 3 * hand.sd


def test_a_wrist_that_one_camera_mixed_up_does_not_drag_the_hand_away() -> None:
    elsewhere = PALM + np.array([-0.9, -0.9, 0.0])
    hands = hands_of([seen("sw", PALM), seen("se", elsewhere)])
    assert all(np.hypot(hand.x - PLACE[0], hand.y - PLACE[1]) < 1.1 for hand in hands)


def test_a_hand_out_of_reach_is_nobodys() -> None:
    far = PALM + np.array([2.0, 1.0, 0.0])
    assert hands_of([seen("sw", far), seen("se", far)]) == ()


def test_both_hands_are_told_apart_by_side() -> None:
    left = np.array([3.7, 3.3, 1.0])
    views = [seen(name, PALM) for name in ("sw", "se")] + [seen(name, left, "L") for name in ("ne", "nw")]
    hands = {hand.side: hand for hand in hands_of(views)}
    assert (hands["L"].x, hands["L"].z) == pytest.approx((3.7, 1.0), abs=0.03)
    assert (hands["R"].x, hands["R"].z) == pytest.approx((4.4, 1.2), abs=0.03)


def test_no_wrist_no_hand() -> None:
    assert hands_of([seen("sw", None)]) == ()


def test_hands_of_several_people_stay_with_their_owners() -> None:
    other = np.array([4.0, 3.0]) + 1.5
    wrist = np.array([5.6, 4.6, 1.0])
    first, nobody, last = FINDER.find(
        [(PLACE, [seen("sw", PALM), seen("ne", PALM)]), (PLACE, []), (other, [seen("sw", wrist), seen("ne", wrist)])]
    )
    assert nobody == ()
    assert (first[0].x, last[0].x) == pytest.approx((4.4, 5.6), abs=0.05)


def test_one_camera_of_four_that_guesses_does_not_drag_the_hand_away() -> None:
    guess = PALM + np.array([0.0, 0.1, -0.4])
    (hand,) = hands_of([*(seen(name, PALM) for name in ("sw", "se", "ne")), seen("nw", guess)])
    assert np.linalg.norm(np.array([hand.x, hand.y, hand.z]) - PALM) < 0.05


def test_a_hand_was_seen_as_surely_as_by_the_camera_that_saw_it_best() -> None:
    surely, hardly = seen("sw", PALM), seen("se", PALM)
    hardly.keypoints[10, 2] = 0.2
    assert hands_of([surely, hardly])[0].seen == pytest.approx(0.9)
    assert hands_of([hardly])[0].seen == pytest.approx(0.2)
