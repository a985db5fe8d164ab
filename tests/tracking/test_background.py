import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tracking.background import Background, BackgroundNotLearnt, brightness_gain, dim

HEIGHT, WIDTH = 180, 320
PERSON = np.array([120, 40, 160, 150])


def shelves(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A made-up empty view: walls, shelves and items in many colours."""
    view = np.full((HEIGHT, WIDTH, 3), (150, 160, 170), np.uint8)
    for _ in range(60):
        x, y = int(rng.integers(0, WIDTH - 30)), int(rng.integers(0, HEIGHT - 30))
        colour = tuple(int(c) for c in rng.integers(30, 220, 3))
        cv2.rectangle(view, (x, y), (x + int(rng.integers(8, 30)), y + int(rng.integers(8, 30))), colour, -1)
    return view


def with_person(view: NDArray[np.uint8], colour: tuple[int, int, int] = (20, 20, 230)) -> NDArray[np.uint8]:
    seen = view.copy()
    x1, y1, x2, y2 = PERSON
    seen[y1:y2, x1:x2] = colour
    return seen


def noisy(view: NDArray[np.uint8], rng: np.random.Generator, gain: float = 1.0, sd: float = 4.0) -> NDArray[np.uint8]:
    return np.clip(view * gain + rng.normal(0, sd, view.shape), 0, 255).astype(np.uint8)


def learnt(view: NDArray[np.uint8], rng: np.random.Generator) -> Background:
    background = Background()
    for _ in range(9):
        background.learn(noisy(view, rng))
    return background


def test_dim_keeps_the_person_and_flattens_the_store() -> None:
    rng = np.random.default_rng(1)
    empty = shelves(rng)
    frame = noisy(with_person(empty), rng)
    dimmed = dim(frame, empty)
    x1, y1, x2, y2 = PERSON
    inside = np.s_[y1 + 8 : y2 - 8, x1 + 8 : x2 - 8]
    np.testing.assert_allclose(dimmed[inside].astype(int), frame[inside].astype(int), atol=2)
    far = np.s_[:, x2 + 30 :]
    np.testing.assert_allclose(dimmed[far].astype(float), frame[far] / 4.0 + 96, atol=2)
    assert dimmed.shape == frame.shape
    assert dimmed.dtype == np.uint8


@settings(max_examples=10, deadline=None)
@given(gain=st.floats(0.75, 1.25))
def test_a_lamp_that_brightens_or_dims_is_nothing_new(gain: float) -> None:
    rng = np.random.default_rng(2)
    empty = shelves(rng)
    background = learnt(empty, rng)
    mask = background.foreground(noisy(empty, rng, gain))
    assert (mask > 127).mean() < 0.02
    measured = brightness_gain(noisy(empty, rng, gain), empty)
    np.testing.assert_allclose(measured, gain, rtol=0.03)


def test_a_passer_by_during_warm_up_is_not_learnt() -> None:
    rng = np.random.default_rng(3)
    empty = shelves(rng)
    background = Background()
    for i in range(9):
        background.learn(with_person(empty) if i in (3, 4, 5) else empty)
    background.foreground(with_person(empty))
    assert (background.new > 127).sum() > 1000
    background.foreground(empty)
    assert not background.new.any()


def test_an_item_gone_from_a_shelf_fades_into_the_background_within_twenty_seconds() -> None:
    rng = np.random.default_rng(4)
    empty = shelves(rng)
    background = learnt(empty, rng)
    changed = with_person(empty, (40, 200, 40))
    assert (background.foreground(changed) > 127).sum() > 1000
    for _ in range(200):
        background.foreground(changed)
        background.adapt(noisy(changed, rng), np.zeros((0, 4)), 0.1)
    assert not (background.foreground(changed) > 127).any()


def test_a_person_who_stands_for_a_minute_is_not_absorbed() -> None:
    rng = np.random.default_rng(5)
    empty = shelves(rng)
    background = learnt(empty, rng)
    frame = with_person(empty)
    before = (background.foreground(frame) > 127).sum()
    for tick in range(600):
        # The detector misses the person half of the time.
        boxes = PERSON[None] if (tick // 10) % 2 == 0 else np.zeros((0, 4))
        background.foreground(frame)
        background.adapt(frame, boxes, 0.1)
    assert (background.foreground(frame) > 127).sum() > 0.95 * before


def test_a_camera_that_never_saw_the_empty_store_says_so() -> None:
    with pytest.raises(BackgroundNotLearnt, match="no frame of the empty store"):
        Background().dim(np.zeros((HEIGHT, WIDTH, 3), np.uint8))


def test_what_was_too_bright_to_measure_is_nothing_new_in_less_light() -> None:
    rng = np.random.default_rng(7)
    empty = shelves(rng)
    empty[:60] = 255
    darker = (empty * 0.9).astype(np.uint8)
    darker[:60] = 252
    background = Background()
    background.learn(empty)
    assert (background.foreground(darker) > 127).mean() < 0.02
