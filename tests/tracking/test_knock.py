"""A camera that was turned is noticed, measured and corrected; one that was not is left alone."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.tracking.synthetic import room_area
from tests.tracking.turning import recorded, seen, shop_camera, shop_front, turn, visited
from tracking.background import Background
from tracking.knock import KnockSettings, KnockWatch, degrees, places_before, turn_between, turned_by
from tracking.observation import Detection
from tracking.pipeline import StoreTracker, TrackerSettings

NOBODY = np.zeros((0, 4))


@pytest.fixture
def front() -> NDArray[np.uint8]:
    return shop_front(np.random.default_rng(1))


def memory_of(front: NDArray[np.uint8], rng: np.random.Generator) -> Background:
    background = Background()
    for _ in range(7):
        background.learn(recorded(seen(front, shop_camera()), rng))
    return background


@pytest.mark.parametrize(
    "angles",
    [(0.5, 0, 0), (-2, 0, 0), (5, 0, 0), (0, 0.5, 0), (0, -5, 0), (0, 0, 0.5), (0, 0, 2), (0, 0, -5), (1.5, -1, 2)],
)
def test_a_turn_about_any_axis_is_measured_to_a_tenth_of_a_degree(
    front: NDArray[np.uint8], angles: tuple[float, float, float]
) -> None:
    rng = np.random.default_rng(2)
    camera, background, watch = shop_camera(), memory_of(front, rng), KnockWatch()
    true = turned_by(camera, turn(*angles))
    found = None
    for t in range(4):
        picture, boxes = visited(seen(front, camera, turn(*angles)), rng)
        frame = recorded(picture, rng, 0.85)
        background.foreground(frame)
        found = found or watch.look(float(t), camera, frame, background, boxes)
    assert found is not None
    assert turn_between(found, true) < 0.1
    np.testing.assert_allclose(found.centre, camera.centre, atol=1e-9)


def test_a_camera_that_hangs_still_is_left_alone_whoever_passes_and_whatever_the_light(
    front: NDArray[np.uint8],
) -> None:
    rng = np.random.default_rng(3)
    camera, background, watch = shop_camera(), memory_of(front, rng), KnockWatch()
    still = seen(front, camera)
    half = np.where(np.arange(640)[None, :, None] < 300, 0.55, 1.0)
    for t in range(40):
        picture, boxes = visited(still, rng, people=int(rng.integers(0, 9)))
        lit = (picture * half).astype(np.uint8) if t % 3 == 1 else picture
        frame = recorded(lit, rng, float(rng.uniform(0.6, 1.3)))
        background.foreground(frame)
        # Half of the people are not found.
        assert watch.look(float(t), camera, frame, background, boxes[::2]) is None


def test_people_who_fill_the_view_and_move_together_are_no_turn(front: NDArray[np.uint8]) -> None:
    rng = np.random.default_rng(4)
    camera, background, watch = shop_camera(), memory_of(front, rng), KnockWatch()
    crowd = shop_front(np.random.default_rng(99))
    for t in range(12):
        frame = seen(front, camera)
        frame[:, 60:600] = seen(crowd, camera, turn(0.6 * t, 0, 0))[:, 60:600]
        background.foreground(frame)
        assert watch.look(float(t), camera, frame, background, NOBODY) is None


def test_one_odd_frame_is_not_believed(front: NDArray[np.uint8]) -> None:
    rng = np.random.default_rng(5)
    camera, background, watch = shop_camera(), memory_of(front, rng), KnockWatch()
    for t, rotation in enumerate((None, turn(1, 0, 0), None, turn(-1, 0.5, 0), turn(0, 1, 1), None)):
        frame = recorded(seen(front, camera, rotation), rng)
        background.foreground(frame)
        assert watch.look(float(t), camera, frame, background, NOBODY) is None


def test_a_turn_smaller_than_the_least_is_left_alone(front: NDArray[np.uint8]) -> None:
    rng = np.random.default_rng(6)
    camera, background = shop_camera(), memory_of(front, rng)
    watch = KnockWatch(KnockSettings(least_deg=2.0))
    frame = recorded(seen(front, camera, turn(1.5, 0, 0)), rng)
    background.foreground(frame)
    assert all(watch.look(float(t), camera, frame, background, NOBODY) is None for t in range(4))


def test_what_was_known_is_taken_along_and_the_rest_is_learnt_from_the_frame(front: NDArray[np.uint8]) -> None:
    rng = np.random.default_rng(7)
    camera, background = shop_camera(), memory_of(front, rng)
    rotation = turn(3, 1, -1)
    frame = recorded(seen(front, camera, rotation), rng, 0.9)
    assert (background.foreground(frame) > 127).mean() > 0.5
    size = (background.new.shape[1], background.new.shape[0])
    background.move(frame, places_before(camera, turned_by(camera, rotation), size))
    assert (background.foreground(frame) > 127).mean() < 0.03
    person, _ = visited(seen(front, camera, rotation), rng, people=1)
    assert (background.foreground(recorded(person, rng, 0.9)) > 127).sum() > 1500


@pytest.mark.parametrize("angle", [0.01, 0.5, 179.0])
def test_the_angle_of_a_turn_is_told_at_any_size(angle: float) -> None:
    assert degrees(turn(0, angle, 0)) == pytest.approx(angle, rel=1e-6)


class _Blind:
    """Finds nobody."""

    dimmed = True

    def detect(self, images: Any, windows: Any = None) -> list[list[Detection]]:
        return [[] for _ in images]

    def embed(self, image: Any, boxes: Any) -> NDArray[np.float32]:
        return np.zeros((len(boxes), 4), np.float32)


@pytest.mark.parametrize("watch", [True, False])
def test_the_store_corrects_a_knocked_camera_and_says_so(front: NDArray[np.uint8], watch: bool) -> None:
    rng = np.random.default_rng(8)
    camera, rotation = shop_camera(), turn(2, 0, 0)
    settings = TrackerSettings(knocks=KnockSettings(watch=watch))
    tracker = StoreTracker({"shop": camera}, room_area(), _Blind(), _Blind(), settings)
    for _ in range(5):
        tracker.warm_up({"shop": recorded(seen(front, camera), rng)})
    for tick in range(60):
        knocked = rotation if tick >= 20 else None
        tracker.step(tick / 10, {"shop": recorded(seen(front, camera, knocked), rng)})
    if not watch:
        assert tracker.corrections == []
        assert tracker.cameras["shop"] is camera
        return
    (correction,) = tracker.corrections
    assert correction.camera == "shop"
    assert 2.0 <= correction.t <= 3.2
    assert correction.degrees == pytest.approx(2.0, abs=0.1)
    assert turn_between(tracker.cameras["shop"], turned_by(camera, rotation)) < 0.1
