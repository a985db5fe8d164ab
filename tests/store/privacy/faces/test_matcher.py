"""The published error rates, measured by simulation. Seeds are fixed, so intervals are of the published figures."""

import numpy as np
import pytest
from scipy.stats import chi2

from store.privacy.faces.matcher import (
    Matcher,
    faces_of,
    impostor_quantile,
    impostor_tail,
    list_presets,
    loss,
    strangers,
)
from store.privacy.intervals import wilson

ACLU_WRONG, ACLU_SEARCHES, ACLU_GALLERY = 28, 535, 25_000  # aclu.org, July 2018


def poisson_interval(count: int) -> tuple[float, float]:
    """Exact 95 % interval of a Poisson count (Garwood 1936)."""
    return chi2.ppf(0.025, 2 * count) / 2, chi2.ppf(0.975, 2 * count + 2) / 2


def test_false_match_rate_over_60_million_comparisons_is_the_one_the_aclu_test_implies() -> None:
    rng, tau = np.random.default_rng(535), Matcher.of("2018-threshold-80").threshold()
    wrong = comparisons = 0
    for _ in range(5):
        scores = strangers(ACLU_SEARCHES, rng) @ strangers(ACLU_GALLERY, rng).T
        wrong, comparisons = wrong + int(np.sum(scores >= tau)), comparisons + scores.size
    low, high = poisson_interval(wrong)
    assert comparisons >= 1_000_000
    assert low / comparisons <= 2.15e-6 <= high / comparisons  # ANCHORS: implied by 28 of 535 in 25,000


def test_the_aclu_test_re_enacted_gives_28_within_its_interval() -> None:
    rng, matcher = np.random.default_rng(2018), Matcher.of("2018-threshold-80")
    low, high = poisson_interval(ACLU_WRONG)
    matched = []
    for _ in range(3):
        best = (strangers(ACLU_SEARCHES, rng) @ strangers(ACLU_GALLERY, rng).T).max(axis=1)
        limits = np.array([matcher.threshold(80, group) for group in matcher.draw_groups(ACLU_SEARCHES, rng)])
        matched.append(int(np.sum(best >= limits)))
    assert low <= np.mean(matched) <= high
    assert low <= matched[0] <= high


def test_two_fifths_of_the_aclu_tests_wrong_matches_fall_on_people_of_colour() -> None:
    matcher = Matcher.of("2018-threshold-80")
    rates = {row.name: row.share * matcher.wrong_rate(ACLU_GALLERY, 80, row.name) for row in matcher.preset.groups}
    # 11 of 28
    assert rates["people of colour"] / sum(rates.values()) == pytest.approx(0.393, abs=0.01)


@pytest.mark.parametrize("name", list_presets())
def test_preset_misses_the_published_share_of_well_taken_photographs(name: str) -> None:
    matcher, rng, trials = Matcher.of(name), np.random.default_rng(7), 40_000
    missed = 0
    for _ in range(4):
        faces = strangers(trials // 4, rng)
        probes = matcher.capture(faces, 0.0, rng)
        missed += int(np.sum(np.sum(faces * probes, axis=1) < matcher.threshold()))
    low, high = wilson(missed, trials)
    assert low <= matcher.preset.published.fnir <= high


def test_2025_median_falsely_matches_three_in_1000_searches_of_12_million() -> None:
    matcher, rng, searches = Matcher.of("2025-median"), np.random.default_rng(12), 40_000
    # The best of N independent strangers has the distribution function F(c)^N: drawn by inversion, 4.8e11 comparisons.
    tails = -np.expm1(np.log(rng.random(searches)) / 12_000_000)
    best = np.array([impostor_quantile(tail) for tail in tails[tails < 1e-8]])
    low, high = wilson(int(np.sum(best >= matcher.threshold())), searches)
    assert low <= 0.003 <= high  # NIST FRTE 1:N, November 2025


def test_2025_median_misses_a_sixth_of_kiosk_pictures() -> None:
    matcher, rng = Matcher.of("2025-median"), np.random.default_rng(3)
    assert matcher.preset.kiosk is not None
    reference = loss(60, 15, 20, 0, 1)
    assert reference == pytest.approx(1.0, abs=0.02)
    faces = strangers(20_000, rng)
    probes = matcher.capture(faces, 1.0, rng)
    missed = int(np.sum(np.sum(faces * probes, axis=1) < impostor_quantile(matcher.preset.kiosk.fmr)))
    low, high = wilson(missed, 20_000)
    assert low <= 0.165 <= high  # NIST FRTE 1:N, visa to kiosk


@pytest.mark.parametrize("rate", [1e-2, 1e-3, 1e-4])
def test_scores_of_strangers_follow_the_stated_distribution(rate: float) -> None:
    rng = np.random.default_rng(5)
    scores = strangers(1000, rng) @ strangers(5000, rng).T
    assert np.mean(scores >= impostor_quantile(rate)) == pytest.approx(rate, rel=0.12)
    assert impostor_tail(impostor_quantile(rate)) == pytest.approx(rate)


def test_a_higher_percent_threshold_makes_fewer_false_matches() -> None:
    matcher = Matcher.of("2018-threshold-80")
    rates = [matcher.rate(percent) for percent in (70, 80, 90, 99)]
    assert rates == sorted(rates, reverse=True)
    assert matcher.rate(99) == pytest.approx(6.6e-9)


def test_group_rates_average_to_the_published_one() -> None:
    for name in list_presets():
        matcher = Matcher.of(name)
        mean = sum(row.share * impostor_tail(matcher.threshold(group=row.name)) for row in matcher.preset.groups)
        assert mean == pytest.approx(matcher.rate(), rel=1e-6)


def test_worse_captures_score_lower_and_small_or_turned_faces_are_not_usable() -> None:
    matcher = Matcher.of("2025-median")
    means = [float(matcher.genuine_mean(loss(px, yaw, 0, 0, 0))) for px, yaw in ((100, 0), (60, 0), (60, 30), (45, 50))]
    assert means == sorted(means, reverse=True)
    good = {"face_px": [60.0], "yaw_deg": [10.0], "pitch_deg": [10.0], "occluded": [0.0], "blur_px": [1.0]}
    assert matcher.usable(**good).all()
    for name, bad in (("face_px", 39.0), ("yaw_deg", -70.0), ("pitch_deg", 60.0), ("occluded", 0.6), ("blur_px", 9.0)):
        assert not matcher.usable(**{**good, name: [bad]}).any(), name


def test_the_same_subject_has_the_same_face() -> None:
    first, second = faces_of(["a", "b"], 1), faces_of(["b"], 1)
    assert np.array_equal(first[1], second[0])
    assert abs(float(first[0] @ first[1])) < 0.5
    assert not np.array_equal(faces_of(["a"], 2), faces_of(["a"], 1))
