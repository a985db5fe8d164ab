import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tracking.background import Background, BackgroundNotLearnt, dim
from tracking.lighting import brightness_gain

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


def stood_before(background: Background, frame: NDArray[np.uint8], boxes: NDArray[np.int64], seconds: float) -> float:
    """Shows a frame for so long, with these people found in it; the share of the person's place that is new then."""
    for _ in range(round(2 * seconds)):
        background.foreground(frame)
        background.adapt(frame, boxes, 0.5)
    x1, y1, x2, y2 = np.round(PERSON * 384 / WIDTH).astype(int)
    return float((background.foreground(frame)[y1:y2, x1:x2] > 127).mean())


NOBODY = np.zeros((0, 4), np.int64)


def test_whoever_was_lost_while_standing_is_not_absorbed_for_two_minutes() -> None:
    rng = np.random.default_rng(8)
    background = learnt(shelves(rng), rng)
    frame = with_person(shelves(np.random.default_rng(8)))
    stood_before(background, frame, PERSON[None], 3)
    assert stood_before(background, frame, NOBODY, 100) > 0.9
    # A thing that was once taken for a person is given up in the end.
    assert stood_before(background, frame, NOBODY, 60) < 0.1


def test_what_lies_where_somebody_stood_is_absorbed_once_that_person_has_left() -> None:
    rng = np.random.default_rng(9)
    empty = shelves(rng)
    background = learnt(empty, rng)
    stood_before(background, with_person(empty), PERSON[None], 3)
    stood_before(background, empty, NOBODY, 1)
    left_behind = empty.copy()
    left_behind[100:150, 120:160] = (40, 200, 40)
    stood_before(background, left_behind, NOBODY, 25)
    assert not (background.foreground(left_behind) > 127).any()


def test_what_somebody_puts_down_is_absorbed_when_they_walk_on() -> None:
    rng = np.random.default_rng(10)
    empty = shelves(rng)
    background = learnt(empty, rng)
    for step in range(13):  # they walk away from a box that they put down
        frame = empty.copy()
        frame[60:150, 40:80] = (40, 200, 40)
        left = 40 + 16 * step
        frame[40:150, left : left + 30] = (20, 20, 230)
        background.foreground(frame)
        background.adapt(frame, np.array([[left, 40, left + 30, 150]]), 0.2)
    frame = empty.copy()
    frame[60:150, 40:80] = (40, 200, 40)
    frame[40:150, 240:270] = (20, 20, 230)
    stood_before(background, frame, np.array([[240, 40, 270, 150]]), 25)
    new = background.foreground(frame) > 127
    assert not new[:, : round(100 * 384 / WIDTH)].any()
    assert new[:, round(240 * 384 / WIDTH) : round(270 * 384 / WIDTH)].any()


def test_a_lamp_that_goes_out_over_half_of_the_view_is_nothing_new_and_people_there_still_are() -> None:
    rng = np.random.default_rng(11)
    empty = shelves(rng)
    background = learnt(empty, rng)
    light = 1 - 0.45 * np.clip((np.arange(WIDTH) - 120) / 40, 0, 1)[None, :, None]
    dark = noisy((empty * light).astype(np.uint8), rng)
    assert (background.foreground(dark) > 127).mean() < 0.08
    # Half of the view is darker all along: what is new later is seen at once, and what was absorbed stays so.
    for _ in range(20):
        background.foreground(dark)
        background.adapt(dark, NOBODY, 0.5)
    frame = noisy((with_person(empty, (20, 20, 230)) * light).astype(np.uint8), rng)
    x1, y1, x2, y2 = np.round(PERSON * 384 / WIDTH).astype(int)
    new = background.foreground(frame) > 127
    assert new[y1:y2, x1:x2].mean() > 0.9
    assert (background.foreground(noisy(empty, rng)) > 127).mean() < 0.1


@pytest.mark.parametrize("stripe_px", [1000, 12])
def test_somebody_in_grey_is_not_taken_for_weaker_light(stripe_px: int) -> None:
    rng = np.random.default_rng(12)
    wall = np.full((HEIGHT, WIDTH, 3), (180, 185, 190), np.uint8)
    background = learnt(wall, rng)
    # In plain grey, or near the camera and in stripes of two greys.
    x1, y1, x2, y2 = PERSON if stripe_px > 100 else (60, 20, 220, 170)
    dark = (np.arange(x1, x2) // stripe_px % 2 == 0)[None, :, None]
    grey = wall.copy()
    grey[y1:y2, x1:x2] = (wall[y1:y2, x1:x2] * np.where(dark, 0.6, 0.75)).astype(np.uint8)
    new = background.foreground(noisy(grey, rng)) > 127
    x1, y1, x2, y2 = np.round(np.array([x1, y1, x2, y2]) * 384 / WIDTH).astype(int)
    assert new[y1:y2, x1:x2].mean() > 0.9


def test_a_soft_shadow_counts_less_than_a_body_of_the_same_contrast() -> None:
    rng = np.random.default_rng(13)
    floor = np.full((HEIGHT, WIDTH, 3), (120, 130, 140), np.uint8)
    background = learnt(floor, rng)
    place = np.s_[60:120, 100:200]
    shadow, body = floor.copy(), floor.copy()
    shadow[place] = (floor[place] * 0.85).astype(np.uint8)
    body[place] = floor[place] - np.array([0, 0, 21], np.uint8)
    inside = np.s_[80:135, 130:230]
    assert background.foreground(shadow)[inside].mean() < 10
    assert background.foreground(body)[inside].mean() > 100


def test_nothing_is_absorbed_at_first_when_most_of_the_view_is_new_at_once() -> None:
    rng = np.random.default_rng(14)
    empty = shelves(rng)
    background = learnt(empty, rng)
    other = shelves(np.random.default_rng(99))[:, ::-1].copy()
    other[:90] = (200, 40, 40)
    background.foreground(other)
    assert background.upheaval
    for _ in range(18):
        background.foreground(other)
        background.adapt(other, NOBODY, 0.5)
    assert (background.foreground(empty) > 127).mean() < 0.02
    for _ in range(80):
        background.foreground(other)
        background.adapt(other, NOBODY, 0.5)
    assert (background.foreground(other) > 127).mean() < 0.02
