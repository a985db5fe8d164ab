"""Figures per 1,000 visits: right means, intervals that hold them, and none where they would say nothing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from store.visit_rates import bootstrap_means, per_1000_visits


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=40))
def test_the_interval_of_money_holds_its_mean_and_stays_among_the_visits(cents: list[int]):
    rate = per_1000_visits({"over_cents": cents})["over_cents"]
    assert rate["value"] == pytest.approx(1000 * np.mean(cents), abs=0.01)
    if any(cents):
        assert rate["low"] is not None
        assert rate["high"] is not None
        assert 1000 * min(cents) - 0.01 <= rate["low"] <= rate["high"] <= 1000 * max(cents) + 0.01
        assert rate["low"] <= rate["value"] + 1e-6 or len(set(cents)) > 1


def test_shares_have_the_interval_of_wilson_as_scipy_computes_it():
    theirs = stats.binomtest(3, 50).proportion_ci(method="wilson")
    rate = per_1000_visits({"inexact": [1.0] * 3 + [0.0] * 47})["inexact"]
    assert rate["value"] == 60.0
    assert (rate["low"], rate["high"]) == pytest.approx((1000 * theirs.low, 1000 * theirs.high), abs=0.01)


def test_money_that_nobody_lost_has_no_interval_but_its_share_has():
    rates = per_1000_visits({"overcharged": [0.0] * 30, "overcharged_cents": [0.0] * 30})
    assert rates["overcharged_cents"] == {"value": 0.0, "low": None, "high": None}
    high = rates["overcharged"]["high"]
    assert high is not None
    assert high > 0


def test_no_visits_have_no_figures():
    rates = per_1000_visits({"inexact": [], "over_cents": []})
    assert rates["inexact"]["value"] is None
    assert rates["over_cents"] == {"value": None, "low": None, "high": None}


def test_the_bootstrap_agrees_with_that_of_scipy():
    values = np.random.default_rng(3).exponential(100, (60, 1))
    ours = bootstrap_means(values, 4000)[0]
    theirs = stats.bootstrap((values[:, 0],), np.mean, n_resamples=4000, method="percentile", rng=4).confidence_interval
    assert ours == pytest.approx([theirs.low, theirs.high], rel=0.05)
