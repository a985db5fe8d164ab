import numpy as np
import pytest
from worlds import small_plan

from sim.errors import BadInput
from sim.mechanics import Scales
from sim.scales import PlateScales, Press

SETTLING_SECONDS = 0.4


def scales(**settings: float) -> PlateScales:
    return PlateScales(small_plan().plates(), Scales(**settings), 60, np.random.default_rng(1))


def test_scales_settle_on_the_true_load() -> None:
    plates = scales()
    plates.settle()
    for plate, load in ((0, 1.0), (1, 350.0), (2, 6000.0), (2, -1500.0)):
        plates.load(plate, load)
    plates.advance(SETTLING_SECONDS)
    plates.readings()
    plates.advance(SETTLING_SECONDS + 1)
    _, grams = plates.readings()
    assert plates.load_g()[:3] == pytest.approx([1.0, 350.0, 4500.0])
    assert np.abs(grams.mean(axis=0) - plates.load_g()).max() < 1.0
    assert np.abs(np.median(grams, axis=0) - plates.load_g()).max() < 3.0


def test_a_change_swings_before_it_settles() -> None:
    plates = scales(noise_sd_g=0)
    plates.load(0, 4000)
    plates.settle()
    plates.load(0, -1000)
    plates.advance(1)
    _, grams = plates.readings()
    assert np.abs(grams[:6, 0] - 3000).max() > 50


def test_a_hand_presses_only_while_it_is_there() -> None:
    plates = scales(noise_sd_g=0, drift_g_per_hour=0)
    plates.load(1, 500)
    plates.settle()
    plates.press(Press(plate=1, start=0.5, seconds=0.5, newton=3.0))
    plates.advance(2)
    times, grams = plates.readings()
    assert grams[:, 1].max() == pytest.approx(500 + 3.0 / 9.81 * 1000, rel=0.1)
    assert np.abs(grams[times < 0.5, 1] - 500).max() < 2
    assert np.abs(grams[times > 1.2, 1] - 500).max() < 2
    assert np.abs(grams[:, 0]).max() < 2


def test_noise_has_the_stated_spread() -> None:
    plates = scales(noise_sd_g=2.0, drift_g_per_hour=0, quantum_g=0)
    plates.settle()
    plates.advance(5)
    _, grams = plates.readings()
    assert grams.std() == pytest.approx(2.0, rel=0.05)


def test_zero_drifts_as_a_random_walk() -> None:
    plates = scales(noise_sd_g=0, drift_g_per_hour=360, quantum_g=0)
    plates.settle()
    plates.advance(36)
    _, grams = plates.readings()
    # After 36 s the spread is 360 g / sqrt(3600 / 36) = 36 g.
    assert 10 < grams[-1].std() < 90


def test_samples_come_at_the_stated_rate_without_gaps() -> None:
    plates = scales()
    times = []
    for tick in range(1, 31):
        plates.advance(tick / 10)
        times.append(plates.readings()[0])
    assert np.diff(np.concatenate(times)) == pytest.approx(1 / 60)
    assert np.concatenate(times)[-1] == pytest.approx(3.0)


def test_a_store_without_plates_is_refused() -> None:
    with pytest.raises(BadInput):
        PlateScales([], Scales(), 60, np.random.default_rng(1))
