"""Steps in plate weights: found with the right size and time, and not found where only a hand pressed."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.errors import BadInput
from store.scales import PlateStep, ScalesSettings, StepDetector

HZ = 60


def signal(seconds: float, steps: list[tuple[float, float]], presses: list[tuple[float, float, float]], seed: int = 0):
    """(times, grams) of one plate: steps (t, g) that settle in 0.3 s, presses (t, seconds, g), noise, drift."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * HZ)) / HZ
    grams = 2000 + 0.05 * times + rng.normal(0, 1.0, len(times))
    for at, step in steps:
        since = np.clip(times - at, 0, None)
        grams += step * (times >= at) * (1 - np.exp(-since / 0.06) * np.cos(2 * np.pi * 6 * since))
    for at, length, force in presses:
        phase = np.clip((times - at) / length, 0, 1)
        grams += force * np.sin(np.pi * phase) ** 2
    return times, grams


def detect(times: np.ndarray, grams: np.ndarray, block: int = 6) -> list[PlateStep]:
    grams = grams if grams.ndim == 2 else grams[:, None]
    detector = StepDetector(grams.shape[1])
    found = []
    for start in range(0, len(times), block):
        found += detector.update(times[start : start + block], grams[start : start + block])
    return found


@settings(max_examples=25, deadline=None)
@given(st.floats(10, 1600), st.booleans(), st.integers(0, 10_000), st.integers(1, 20))
def test_a_step_is_found_once_with_its_size_and_time(size: float, taken: bool, seed: int, block: int):
    delta = -size if taken else size
    found = detect(*signal(6.0, [(3.0, delta)], [], seed), block=block)
    assert len(found) == 1
    assert abs(found[0].delta_g - delta) < 2.5 + 0.002 * size
    assert abs(found[0].started - 3.0) < 0.2
    assert 3.0 < found[0].settled < 4.8


@settings(max_examples=25, deadline=None)
@given(st.floats(50, 800), st.floats(0.4, 1.2), st.integers(0, 10_000))
def test_a_hand_that_presses_and_leaves_is_no_step(force: float, length: float, seed: int):
    assert detect(*signal(6.0, [], [(3.0, length, force)], seed)) == []


@settings(max_examples=25, deadline=None)
@given(st.floats(20, 600), st.floats(50, 600), st.integers(0, 10_000))
def test_a_pick_under_a_pressing_hand_is_one_step(size: float, force: float, seed: int):
    found = detect(*signal(6.0, [(3.4, -size)], [(3.0, 0.8, force)], seed))
    assert len(found) == 1
    assert abs(found[0].delta_g + size) < 2.5 + 0.002 * size
    assert abs(found[0].started - 3.0) < 0.3


def test_picks_in_quick_succession_are_all_found():
    found = detect(*signal(8.0, [(3.0, -62), (4.0, -62), (5.0, 62)], []))
    assert [round(step.delta_g / 62) for step in found] == [-1, -1, 1]


def test_half_a_light_item_is_found():
    found = detect(*signal(6.0, [(3.0, -12.0)], []))
    assert [step.delta_g for step in found] == [pytest.approx(-12, abs=2)]


def test_noise_and_drift_alone_give_no_step_in_ten_minutes():
    times = np.arange(600 * HZ) / HZ
    rng = np.random.default_rng(5)
    grams = 800 + 20 * np.sin(times / 90)[:, None] + rng.normal(0, [1.0, 0.5, 2.0, 1.0], (len(times), 4))
    assert detect(times, grams) == []


def test_the_noise_of_each_plate_is_learnt():
    rng = np.random.default_rng(1)
    times = np.arange(60 * HZ) / HZ
    detector = StepDetector(2)
    detector.update(times, rng.normal(0, [0.5, 1.5], (len(times), 2)))
    assert detector.noise_g == pytest.approx([0.5, 1.5], rel=0.15)


def test_missing_samples_do_not_make_steps():
    times, grams = signal(6.0, [], [])
    grams[100:130] = np.nan
    assert detect(times, grams) == []


def test_360_plates_cost_less_than_a_twentieth_of_a_core():
    rng = np.random.default_rng(0)
    times = np.arange(5 * HZ) / HZ
    grams = rng.normal(500, 1.0, (len(times), 360))
    detector = StepDetector(360)
    start = time.process_time()
    for block in range(0, len(times), 6):
        detector.update(times[block : block + 6], grams[block : block + 6])
    assert time.process_time() - start < 0.05 * 5.0


def test_samples_of_the_wrong_shape_or_order_are_refused():
    detector = StepDetector(3)
    with pytest.raises(BadInput, match="a column a plate"):
        detector.update(np.zeros(2), np.zeros((2, 4)))
    detector.update(np.array([1.0]), np.zeros((1, 3)))
    with pytest.raises(BadInput, match="never fall"):
        detector.update(np.array([0.5]), np.zeros((1, 3)))


def test_settings_refuse_unknown_fields():
    with pytest.raises(ValueError, match="extra"):
        ScalesSettings(windows=1)  # type: ignore[call-arg]
