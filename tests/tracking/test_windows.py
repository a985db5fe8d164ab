import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tracking.background import Background
from tracking.detect import INPUT_HEIGHT, INPUT_WIDTH, YoloDetector, letterbox, parts_of_canvas
from tracking.windows import CELL_PX, busy_windows, merged

SIZE = (640, 360)
NOBODY = np.zeros((0, 4))


def mask_with(*boxes: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """(216, 384), 255 in the boxes."""
    mask = np.zeros((216, 384), np.uint8)
    for x1, y1, x2, y2 in boxes:
        mask[y1:y2, x1:x2] = 255
    return mask


def test_nothing_new_and_nobody_known_gives_no_window() -> None:
    assert busy_windows(mask_with(), NOBODY, SIZE).shape == (0, 4)


def test_specks_of_noise_are_no_reason_to_look() -> None:
    assert len(busy_windows(mask_with((100, 50, 103, 53), (300, 80, 302, 85)), NOBODY, SIZE)) == 0


def test_two_people_far_apart_get_two_windows_and_two_side_by_side_get_one() -> None:
    assert len(busy_windows(mask_with((20, 60, 50, 150), (320, 60, 350, 150)), NOBODY, SIZE)) == 2
    assert len(busy_windows(mask_with((100, 60, 130, 150), (140, 60, 170, 150)), NOBODY, SIZE)) == 1


def test_whoever_was_there_is_looked_for_although_nothing_seems_new() -> None:
    box = np.array([[200.0, 100.0, 240.0, 220.0]])
    windows = busy_windows(mask_with(), box, SIZE)
    assert len(windows) == 1
    assert (windows[0, :2] <= box[0, :2]).all()
    assert (windows[0, 2:] >= box[0, 2:]).all()


boxes = st.tuples(st.integers(0, 360), st.integers(0, 190), st.integers(16, 100), st.integers(16, 100)).map(
    lambda box: (box[0], box[1], min(384, box[0] + box[2]), min(216, box[1] + box[3]))
)


@given(st.lists(boxes, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_everything_new_lies_in_some_window_with_room_around_it(news: list[tuple[int, int, int, int]]) -> None:
    news = [box for box in news if box[2] - box[0] >= 16 and box[3] - box[1] >= 16]
    windows = busy_windows(mask_with(*news), NOBODY, SIZE)
    room = 0.5 * CELL_PX / 0.6
    for box in news:
        x1, y1, x2, y2 = np.array(box) / 0.6
        wanted = np.array([max(0, x1 - room), max(0, y1 - room), min(640, x2 + room), min(360, y2 + room)])
        assert any((w[:2] <= wanted[:2] + 0.01).all() and (w[2:] >= wanted[2:] - 0.01).all() for w in windows)


@given(st.lists(boxes, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_parts_have_sizes_that_the_network_takes_and_hold_their_windows(found: list[tuple[int, int, int, int]]) -> None:
    windows = np.array(found, np.float64) / 0.6
    _, place = letterbox(np.zeros((360, 640, 3), np.uint8))
    for window, (left, top, right, bottom) in zip(windows, parts_of_canvas(windows, place), strict=True):
        assert 0 <= left < right <= INPUT_WIDTH
        assert 0 <= top < bottom <= INPUT_HEIGHT
        assert (right - left) % 32 == 0
        assert (bottom - top) % 32 == 0
        x1, y1, x2, y2 = window + np.array([0, 12, 0, 12])
        assert (left, top) <= (x1 + 1, y1 + 1)
        assert (right, bottom) >= (x2 - 1, y2 - 1)


def test_merging_never_loses_a_cell() -> None:
    windows = [(0, 0, 3, 5), (2, 1, 6, 4), (20, 0, 24, 6), (10, 10, 12, 12)]
    joined = merged(windows)
    for a, b, c, d in windows:
        assert any(x1 <= a and y1 <= b and x2 >= c and y2 >= d for x1, y1, x2, y2 in joined)
    assert len(joined) < len(windows)


def test_people_are_found_in_windows_as_in_the_whole_frame() -> None:
    folder = __file__.rsplit("/", 1)[0] + "/pictures"
    frame, empty = (cv2.imread(f"{folder}/{name}.jpg").astype(np.uint8) for name in ("frame", "empty"))
    background = Background()
    background.learn(empty)
    shown = background.dim(frame)
    size = (shown.shape[1], shown.shape[0])
    detector = YoloDetector()
    whole = [one for one in detector.detect([shown])[0] if one.confidence > 0.5]
    part = detector.detect([shown], [busy_windows(background.new, NOBODY, size)])[0]
    assert whole
    for person in whole:
        assert min(float(np.abs(person.box - other.box).max()) for other in part) < 6
    assert detector.detect([shown], [np.zeros((0, 4))]) == [[]]


def test_noise_and_light_open_no_window_and_a_changed_shelf_closes_its_own_again() -> None:
    rng = np.random.default_rng(3)
    view = np.full((360, 640, 3), (150, 160, 170), np.uint8)
    for _ in range(80):
        x, y = int(rng.integers(0, 600)), int(rng.integers(0, 330))
        cv2.rectangle(view, (x, y), (x + 30, y + 25), tuple(int(c) for c in rng.integers(30, 220, 3)), -1)
    background = Background()
    for _ in range(9):
        background.learn(np.clip(view + rng.normal(0, 3, view.shape), 0, 255).astype(np.uint8))

    def windows(frame: NDArray[np.uint8], gain: float) -> int:
        shown = np.clip(frame * gain + rng.normal(0, 3, view.shape), 0, 255).astype(np.uint8)
        mask = background.foreground(shown)
        background.adapt(shown, NOBODY, 0.5)
        return len(busy_windows(mask, NOBODY, SIZE))

    assert sum(windows(view, gain) for gain in np.linspace(0.75, 1.25, 20)) == 0
    changed = view.copy()
    changed[100:180, 200:300] = (30, 200, 60)
    assert windows(changed, 1.0) == 1
    for _ in range(40):
        windows(changed, 1.0)
    assert windows(changed, 1.0) == 0
