from dataclasses import replace
from math import exp

import numpy as np
import pytest

from store.errors import PolicyError
from store.privacy import DayRecords, Period, VisitRecord, apply_policy, load_policy
from store.privacy.keeping.counts import (
    TENTHS,
    busiest_right,
    count_noise,
    heat_map_noise,
    released_counts,
    released_heat_map,
    true_counts,
    true_heat_map,
)
from store.privacy.keeping.noise import Laplace, mean_distance
from store.privacy.policy import Collect

RULE = Collect(keep_seconds=1e6, epsilon=0.5, most_minutes=2, heatmap_epsilon=1.0, heatmap_seconds=20)
DRAWS = 40_000


@pytest.mark.parametrize(("epsilon", "most"), [(0.5, 1), (1.0, 3)])
def test_no_released_number_is_more_than_e_to_the_epsilon_likelier_with_a_person_than_without(
    epsilon: float, most: int
) -> None:
    noise = Laplace(epsilon, most)
    without, present = (np.array(noise.release([value] * DRAWS)) for value in (10, 10 + most))
    ratios = []
    for outcome in range(10 - 2, 10 + most + 3):
        first, second = np.sum(without == outcome), np.sum(present == outcome)
        slack = 5 * np.sqrt(1 / first + 1 / second)
        ratios.append(abs(np.log(first / second)))
        assert ratios[-1] <= epsilon + slack, outcome
    # The bound is tight: less noise would break it.
    assert max(ratios) > 0.8 * epsilon


def test_the_budget_is_what_opendp_says_and_adds_up() -> None:
    assert Laplace(0.5, 1).spent(1) == pytest.approx(0.5)
    assert Laplace(0.5, 1).spent(10) == pytest.approx(5.0)
    assert Laplace(1.0, 1200).spent(1200) == pytest.approx(1.0)


@pytest.mark.parametrize("offset", [0, -1, 3])
def test_the_expected_error_is_that_of_the_noise(offset: int) -> None:
    for epsilon in (0.2, 1.0):
        drawn = np.abs(np.array(Laplace(epsilon, 1).release([offset] * DRAWS)))
        assert np.mean(drawn) == pytest.approx(mean_distance(1 / epsilon, offset), abs=5 * np.std(drawn) / DRAWS**0.5)


def test_the_error_shrinks_as_the_budget_grows() -> None:
    errors = [Laplace(epsilon, 1).mean_error for epsilon in (0.1, 0.5, 1.0, 4.0)]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] == pytest.approx(10, rel=0.01)
    assert errors[2] == pytest.approx(2 * exp(-1) / (1 - exp(-2)))


def visits(*stays: tuple[float, float, int], **day: object) -> DayRecords:
    made = tuple(VisitRecord(f"visit-{n}", None, people, *stay, (n,)) for n, (*stay, people) in enumerate(stays))
    return DayRecords(store_seconds=600.0, cameras=(), visits=made, **day)


def test_one_visit_changes_no_more_counts_than_the_rule_says() -> None:
    one, two = visits((0, 170, 1)), visits((0, 170, 1), (30, 550, 1))
    assert list(true_counts(one).values()) == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    first, second = (true_counts(day, RULE.most_minutes) for day in (one, two))
    assert [second[t] - first[t] for t in first] == [0, 1, 1, 0, 0, 0, 0, 0, 0, 0]


def test_a_day_shorter_than_the_rule_spends_only_what_it_releases(day: DayRecords) -> None:
    assert len(released_counts(day, RULE).values) == 3
    assert released_counts(day, RULE).spent == pytest.approx(2 * 0.5)
    assert released_counts(day, RULE.model_copy(update={"most_minutes": 10})).spent == pytest.approx(3 * 0.5)
    assert released_counts(day, Collect(keep_seconds=1)).spent is None


def test_a_heat_map_holds_each_second_once_and_no_visit_beyond_its_bound(day: DayRecords) -> None:
    assert sum(true_heat_map(day).values()) == pytest.approx(len(day.positions), abs=len(day.visits))
    cut = true_heat_map(day, RULE.heatmap_seconds)
    assert len(cut) == 8 * 6
    for visit in day.visits:
        rest = replace(day, positions=day.positions[~day.positions["track"].isin(visit.tracks)])
        without = true_heat_map(rest, RULE.heatmap_seconds)
        assert 0 < sum(abs(cut[cell] - without[cell]) for cell in cut) <= 20 * TENTHS * visit.people


def test_the_cells_of_a_heat_map_say_nothing_about_who_came(day: DayRecords) -> None:
    nobody = replace(day, visits=(), positions=day.positions[:0])
    assert [cell for cell, _ in released_heat_map(nobody, RULE).values] == [
        cell for cell, _ in released_heat_map(day, RULE).values
    ]
    assert true_heat_map(replace(day, floor_m=None)) == {}


def test_figures_show_the_budget_and_errors_that_shrink_as_it_grows(day: DayRecords, tmp_path) -> None:
    found = []
    for factor in (0.2, 1.0, 40.0):
        policy = load_policy("counting-only")
        rule = policy.collects["counts"]
        rule = rule.model_copy(
            update={"epsilon": 0.5 * factor, "heatmap_epsilon": factor, "most_minutes": 10, "heatmap_seconds": 120}
        )
        policy = policy.model_copy(update={"collects": {**policy.collects, "counts": rule}})
        figures = apply_policy(policy, Period.of(day), tmp_path, np.random.default_rng(1))
        assert figures.value("dp_budget") == pytest.approx(factor * (3 * 0.5 + 1))
        found.append(figures)
    assert found[0].value("heatmap_error") > found[1].value("heatmap_error") > found[2].value("heatmap_error")
    assert found[2].value("count_error") < 0.5
    assert "expected from the noise" in found[0]["count_error"].note


def test_policies_without_noise_say_why_there_is_no_budget(day: DayRecords, tmp_path) -> None:
    bare = load_policy("counting-only")
    bare = bare.model_copy(update={"collects": {**bare.collects, "counts": Collect(keep_seconds=1e7)}})
    figures = apply_policy(bare, Period.of(day), tmp_path, np.random.default_rng(1))
    assert "no noise" in figures["dp_budget"].reason
    assert figures.value("count_error") == 0
    assert "no heat map" in figures["heatmap_error"].reason


def test_the_busiest_cells_are_compared_by_place() -> None:
    true = {(n, 0): float(n) for n in range(20)}
    assert busiest_right(true, true) == 1
    assert busiest_right(true, {cell: -value for cell, value in true.items()}) == 0


def test_noise_needs_its_rule() -> None:
    assert count_noise(Collect(keep_seconds=1)) is None
    assert heat_map_noise(Collect(keep_seconds=1)) is None


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("counts", {"most_minutes": None}, "collects.counts.most_minutes"),
        ("counts", {"epsilon": None}, "collects.counts.epsilon"),
        ("counts", {"heatmap_seconds": None}, "collects.counts.heatmap_seconds"),
        ("counts", {"heatmap_epsilon": 0}, "collects.counts.heatmap_epsilon"),
        ("receipts", {"most_minutes": 3}, "collects.receipts.most_minutes"),
    ],
)
def test_a_policy_with_half_a_rule_of_noise_is_refused(kind: str, change: dict, field: str, tmp_path) -> None:
    import yaml

    content = load_policy("counting-only").model_dump(mode="json", exclude_defaults=True)
    content["collects"][kind] |= change
    path = tmp_path / "policy.yaml"
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(PolicyError, match=field):
        load_policy(path)
