import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tracking.camera import Camera
from tracking.knock import KnockWatch, turned_by
from tracking.lookout import Lookout, LookoutSettings
from tracking.observation import Detection

WIDTH, HEIGHT = 384, 216
BODY = (40, 110)


def empty_store() -> NDArray[np.uint8]:
    rng = np.random.default_rng(3)
    return rng.integers(90, 160, (HEIGHT, WIDTH, 3), np.uint8)


def box_at(x: int, y: int = 60) -> NDArray[np.float32]:
    return np.array([x, y, x + BODY[0], y + BODY[1]], np.float32)


def frame_with(*boxes: NDArray[np.float32]) -> NDArray[np.uint8]:
    frame = empty_store()
    for x1, y1, x2, y2 in np.array(boxes).astype(int):
        frame[y1:y2, x1:x2] = (20, 20, 230)
    return frame


def person(box: NDArray[np.float32], confidence: float = 0.9) -> Detection:
    return Detection(box, confidence, np.zeros((17, 3), np.float32))


def lookout(every: int, twice: bool = True) -> Lookout:
    one = Lookout(LookoutSettings(search_every=every), phase=0, knows_empty=True, looks_twice=twice)
    one.learn(empty_store())
    return one


def covered(windows: NDArray[np.float32], box: NDArray[np.float32]) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return any(x1 <= x <= x2 and y1 <= y <= y2 for x1, y1, x2, y2 in windows)


def walk(one: Lookout, frames: int) -> list[bool]:
    """Whether each frame was searched where somebody walks whom the second look always confirms."""
    searched = []
    for k in range(frames):
        box = box_at(60 + 4 * k)
        shown, windows = one.look(frame_with(box))
        assert shown.shape == (HEIGHT, WIDTH, 3)
        searched.append(covered(windows, box))
        one.remember(0.1 * k, frame_with(box), one.candidates([person(box)] if searched[-1] else []))
    return searched


def test_whoever_is_known_is_searched_only_every_few_frames() -> None:
    assert walk(lookout(3), 12)[4:] == [False, True, False, False, True, False, False, True]
    assert all(walk(lookout(1), 6))


def test_without_a_second_look_every_frame_is_searched() -> None:
    assert all(walk(lookout(3, twice=False), 6))


def test_somebody_new_is_searched_at_once_beside_somebody_known() -> None:
    one = lookout(100)
    known, newcomer = box_at(60), box_at(250)
    for k in range(3):
        one.look(frame_with(known))
        one.remember(0.1 * k, frame_with(known), [person(known)])
    _, windows = one.look(frame_with(known, newcomer))
    assert covered(windows, newcomer)
    assert not covered(windows, known)


def test_somebody_known_is_a_candidate_where_they_should_be_by_now() -> None:
    one = lookout(100)
    for k in range(6):
        box = box_at(60 + 8 * k)
        one.look(frame_with(box))
        one.remember(0.1 * k, frame_with(box), [person(box, 0.7)])
    one.look(frame_with(box_at(108)))
    (expected,) = one.candidates([])
    assert abs(expected.box[0] - 108) < 2
    assert expected.confidence == 0.7


def test_somebody_found_again_is_one_candidate_and_somebody_lost_after_the_second_look_none() -> None:
    one = lookout(100)
    box = box_at(60)
    one.look(frame_with(box))
    one.remember(0.0, frame_with(box), [person(box)])
    one.look(frame_with(box))
    assert len(one.candidates([person(box + np.float32(3))])) == 1
    one.remember(0.1, frame_with(box), [])
    one.look(frame_with())
    assert one.candidates([]) == []


def test_an_empty_store_opens_no_window_and_frames_of_an_unknown_one_are_shown_as_they_are() -> None:
    assert len(lookout(1).look(empty_store())[1]) == 0
    plain = Lookout(LookoutSettings(), phase=0, knows_empty=False, looks_twice=True)
    frame = frame_with(box_at(60))
    shown, windows = plain.look(frame)
    assert shown is frame
    np.testing.assert_array_equal(windows, [[0, 0, WIDTH, HEIGHT]])


def test_looks_are_kept_for_a_few_frames_of_somebody_alone_and_taken_anew_in_company() -> None:
    one = lookout(1)
    alone, left, right = box_at(20), box_at(200), box_at(220)
    asked: list[int] = []

    def embed(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        asked.append(len(boxes))
        return np.tile(np.float32([len(asked), 0.0]), (len(boxes), 1))

    for k in range(6):
        one.look(frame_with(alone, left, right))
        one.remember(0.1 * k, frame_with(alone, left, right), [person(alone), person(left), person(right)])
        looks = one.describe(embed)
        assert looks.shape == (3, 2)
    assert asked == [3, 2, 2, 2, 2, 3]
    one.remember(0.6, frame_with(right), [person(right)])
    assert one.describe(embed).shape == (1, 2)
    one.remember(0.7, frame_with(), [])
    assert len(one.describe(embed)) == 0


def test_somebody_else_in_the_same_place_does_not_inherit_a_look() -> None:
    one = lookout(1)
    for k, box in enumerate((box_at(60), box_at(90))):
        one.look(frame_with(box))
        one.remember(0.1 * k, frame_with(box), [person(box)])
        looks = one.describe(lambda boxes, k=k: np.full((len(boxes), 2), k, np.float32))  # type: ignore[misc]
    np.testing.assert_array_equal(looks, [[1, 1]])


def test_what_a_search_took_for_nobody_is_not_searched_again_before_the_next_one() -> None:
    one = lookout(4)
    left_behind = frame_with(box_at(200, 120))
    searched = []
    for k in range(9):
        _, windows = one.look(left_behind)
        searched.append(covered(windows, box_at(200, 120)))
        one.remember(0.1 * k, left_behind, [])
    assert searched == [True, False, False, True, False, False, False, True, False]


def test_whoever_no_search_finds_is_given_up_however_sure_the_second_look_is() -> None:
    one = Lookout(LookoutSettings(search_every=3, searches_missed=1), phase=0, knows_empty=True, looks_twice=True)
    one.learn(empty_store())
    box = box_at(60)
    one.look(frame_with(box))
    one.remember(0.0, frame_with(box), one.candidates([person(box)]))
    kept = 0
    for k in range(1, 15):
        one.look(frame_with(box))
        there = one.candidates([])
        one.remember(0.1 * k, frame_with(box), there)
        kept += len(there)
    assert 3 <= kept <= 6


def test_after_a_turn_people_are_searched_anew_and_nobody_of_before_is_expected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    camera = Camera(
        "c", WIDTH, HEIGHT, np.array([[300.0, 0, 192], [0, 300.0, 108], [0, 0, 1]]), np.zeros(5), np.eye(3), np.zeros(3)
    )
    one = lookout(3)
    people = [person(box_at(60)), person(box_at(200)), person(box_at(300))]
    frame = frame_with(*(who.box for who in people))
    one.look(frame)
    one.remember(0.0, frame, one.candidates(people))
    monkeypatch.setattr(KnockWatch, "look", lambda *_: turned_by(camera, cv2.Rodrigues(np.array([0.0, 0.03, 0.0]))[0]))
    one.look(frame)
    assert one.turned(0.1, camera, frame) is not None
    one.look(frame)
    assert one.candidates([]) == []
    one.remember(0.1, frame, one.candidates(people[:2]))
    assert one.describe(lambda boxes: np.ones((len(boxes), 2), np.float32)).shape == (2, 2)
