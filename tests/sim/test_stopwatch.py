import numpy as np
import pytest

from sim.stopwatch import growth_an_hour, memory_mb


def test_growth_is_the_slope_of_the_second_half_and_unknown_for_short_runs() -> None:
    times = np.arange(200.0)
    settled = np.where(times < 100, 10 * times, 1000 + 0.5 * (times - 100))
    assert growth_an_hour(times.tolist(), settled.tolist()) == pytest.approx(0.5 * 3600)
    assert growth_an_hour(times.tolist(), np.full(200, 7.0).tolist()) == pytest.approx(0)
    assert growth_an_hour([1.0, 2.0], [5.0, 6.0]) is None


def test_memory_now_follows_what_is_allocated() -> None:
    before = memory_mb()
    block = np.ones(30_000_000)
    assert memory_mb() - before > 200
    del block
