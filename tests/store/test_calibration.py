"""Calibration: right probabilities pass, wrong ones do not, and the figures are those of the definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.calibration import reliability
from store.errors import BadInput

said = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


def test_the_error_is_the_mean_gap_between_stated_and_right():
    # two bins: 0.6 stated, half right (gap 0.1, 4 statements); 0.9 stated, all right (gap 0.1, 1 statement) and 1.0
    found = reliability([0.6] * 4 + [0.9], [True, True, False, False, True])
    assert found["ece"] == pytest.approx((4 * 0.1 + 1 * 0.1) / 5)
    assert [(one["low"], one["n"], one["share_right"]) for one in found["bins"]] == [(0.6, 4, 0.5), (0.9, 1, 1.0)]


def test_a_probability_on_an_edge_counts_in_the_upper_bin():
    assert [one["low"] for one in reliability([0.3, 1.0], [True, True])["bins"]] == [0.3, 0.9]


@given(said)
def test_figures_are_shares_and_the_bins_hold_every_statement(pairs: list[tuple[float, bool]]):
    found = reliability([p for p, _ in pairs], [right for _, right in pairs])
    assert 0 <= found["ece"] <= 1
    assert abs(found["mean_stated"] - found["share_right"]) <= found["ece"] + 1e-4  # gaps that cancel are still gaps
    assert sum(one["n"] for one in found["bins"]) == found["n"] == len(pairs)
    assert all(one["low"] - 1e-6 <= one["mean_stated"] <= one["high"] + 1e-6 for one in found["bins"])


def test_right_probabilities_stay_within_chance_and_bold_ones_do_not():
    rng = np.random.default_rng(5)
    p = rng.uniform(0.5, 1, 4000)
    right = (rng.random(4000) < p).tolist()
    honest, bold = reliability(p.tolist(), right), reliability((1 - (1 - p) / 4).tolist(), right)
    assert honest["ece"] <= honest["ece_if_right_95"] < 0.05
    assert bold["ece"] > 3 * bold["ece_if_right_95"]
    assert bold["ece_equal_mass"] == pytest.approx(bold["ece"], abs=0.02)


def test_nothing_said_has_no_error():
    assert reliability([], []) == {
        "n": 0, "ece": None, "ece_equal_mass": None, "brier": None, "mean_stated": None, "share_right": None,
        "ece_if_right": None, "ece_if_right_95": None, "bins": [],
    }  # fmt: skip


@pytest.mark.parametrize(("stated", "right"), [([1.2], [True]), ([float("nan")], [True]), ([0.5, 0.5], [True])])
def test_what_is_no_probability_or_has_no_outcome_is_refused(stated: list[float], right: list[bool]):
    with pytest.raises(BadInput):
        reliability(stated, right)
