import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal, norm

from store.privacy.attacks.person_visits import same
from store.privacy.attacks.ranking import likeliest, rank
from store.privacy.attacks.scores import added, by_measure, by_similarity

DAY = np.repeat([0, 1], 40)


def test_a_measure_scores_as_the_ratio_of_normal_densities() -> None:
    rng = np.random.default_rng(1)
    values = np.tile(rng.normal(1.7, 0.1, 40), 2) + rng.normal(0, 0.02, 80)
    scores = by_measure(values, DAY, error=0.02)
    day_medians = [np.median(values[day == DAY]) for day in (0, 1)]
    centred = np.concatenate([values[day == DAY] - day_medians[day] for day in (0, 1)])
    spread = 1.4826 * np.median(np.abs(centred))
    off = (values - np.median(values)) / spread
    rho = 1 - (0.02 / spread) ** 2
    for a, b in ((0, 40), (3, 50)):
        both = multivariate_normal.logpdf([off[a], off[b]], cov=[[1, rho], [rho, 1]])
        ratio = both - norm.logpdf(off[a]) - norm.logpdf(off[b])
        assert scores[a, b] == pytest.approx(np.clip(ratio, -6, 6))


def test_a_rare_height_says_more_than_a_common_one() -> None:
    values = np.append(np.random.default_rng(1).normal(1.7, 0.08, 78), [1.70, 1.95])
    scores = by_measure(values, DAY, error=0.02)
    assert scores[79, 79] > scores[78, 78] > 0


def test_a_measure_as_uncertain_as_people_differ_says_nothing() -> None:
    values = np.random.default_rng(1).normal(1.7, 0.08, 80)
    assert not by_measure(values, DAY, error=0.2).any()


def test_likeness_beyond_that_of_strangers_of_one_day_speaks_for_one_person() -> None:
    similarity = np.random.default_rng(1).normal(0, 0.1, (80, 80))
    similarity[0, 40] = 1.0
    scores = by_similarity(similarity, DAY, belief=[(1.0, 2.0)])
    assert scores[0, 40] == 12.0
    assert np.median(scores[DAY == 0][:, DAY == 1]) < 0


def test_a_missing_record_says_nothing() -> None:
    one, other = np.array([[1.0, np.nan], [np.nan, np.nan]]), np.array([[2.0, 3.0], [np.nan, 1.0]])
    np.testing.assert_array_equal(added(one, other), [[3.0, 3.0], [np.nan, 1.0]])
    assert np.isnan(by_similarity(np.full((4, 4), np.nan), np.zeros(4, int), [(1.0, 1.0)])).all()


@given(seed=st.integers(0, 10_000), rows=st.integers(2, 12), levels=st.integers(1, 4))
def test_equally_likely_candidates_share_one_guess(seed: int, rows: int, levels: int) -> None:
    rng = np.random.default_rng(seed)
    scores, allowed = rng.integers(0, levels, (rows, rows)).astype(float), rng.random((rows, rows)) < 0.6
    named = likeliest(scores, allowed)
    assert np.allclose(named.sum(axis=1), allowed.any(axis=1))
    assert not named[~allowed].any()


@given(seed=st.integers(0, 10_000), days=st.integers(2, 4), people=st.integers(2, 8))
def test_an_attacker_who_knows_nothing_is_at_chance_exactly(seed: int, days: int, people: int) -> None:
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), people)
    names = [f"p{number}" for number in rng.integers(0, people, len(day))]
    found = rank(np.zeros((len(day), len(day))), day[:, None] > day, same(names), names, day, rng)
    if found is not None:
        assert found.above_chance == pytest.approx(0, abs=1e-12)
        assert np.allclose(found.auc, 0.5)
        figure = found.figure("returns", "", rng)
        assert figure.low == pytest.approx(0, abs=1e-9)
        assert figure.high == pytest.approx(0, abs=1e-9)


def test_hits_auc_and_chance_of_a_ranking_one_can_count() -> None:
    day, names = np.array([0, 0, 0, 1]), ["a", "b", "c", "a"]
    scores = np.zeros((4, 4))
    scores[3, :3] = [2.0, 3.0, 1.0]
    found = rank(scores, day[:, None] > day, same(names), names, day)
    assert found.hits.tolist() == [0.0]
    assert found.chance.tolist() == [pytest.approx(1 / 3)]
    assert found.auc.tolist() == [0.5]


def test_the_interval_covers_the_truth_of_a_noisy_attack() -> None:
    covered = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        day, names = np.repeat([0, 1, 2], 20), [f"p{n}" for n in range(20)] * 3
        right = same(names)
        scores = rng.normal(0, 1, (60, 60)) + 2.0 * right
        found = rank(scores, day[:, None] > day, right, names, day)
        figure = found.figure("returns", "", rng)
        covered += figure.low <= 0.566 <= figure.high
    # The true share was measured once over 3,000 such draws: 0.566.
    assert covered >= 48
