"""Experiments: what a change changes, what is refused, and how means and intervals are made."""

import math
from pathlib import Path
from typing import Any

import pytest
import yaml
from scipy import stats

from sim import experiment as module
from sim.errors import BadInput
from sim.experiment import Change, changed, interval, load_experiment, run_experiment
from sim.scenario import Scenario, list_scenarios, load_scenario

EXPERIMENT: dict[str, Any] = {
    "name": "two-ways",
    "title": "Two ways",
    "scenario": "quick",
    "varied": "cameras",
    "seeds": [1, 2, 3],
    "changes": [
        {"label": "one", "set": {"cameras": ["northwest"]}},
        {"label": "slow", "set": {"walking.speed_factor": 0.5}},
    ],
    "measures": {"tracking.hota": "HOTA"},
}


def written(folder: Path, **other: object) -> Path:
    path = folder / "experiment.yaml"
    path.write_text(yaml.safe_dump(EXPERIMENT | other), encoding="utf-8")
    return path


def test_a_change_sets_exactly_its_fields() -> None:
    base = load_scenario("quick")
    slow = changed("quick", Change(label="slow", set={"walking.speed_factor": 0.5}), "test")
    assert slow.walking.speed_factor == 0.5
    assert slow.model_copy(update={"walking": base.walking}) == base


@pytest.mark.parametrize(
    ("change", "field"),
    [({"wlaking.speed_factor": 1}, "wlaking"), ({"walking.sped": 1}, "sped"), ({"fps": 900}, "fps")],
)
def test_a_change_of_an_unknown_field_or_to_a_wrong_value_is_refused(
    tmp_path: Path, change: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadInput, match=field):
        load_experiment(written(tmp_path, changes=[{"label": "wrong", "set": change}]))


def test_two_changes_with_one_label_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="label"):
        load_experiment(written(tmp_path, changes=[EXPERIMENT["changes"][0]] * 2))


def test_an_unknown_experiment_is_answered_with_near_names() -> None:
    with pytest.raises(BadInput, match="camera-count"):
        load_experiment("camera-cuont")


def test_the_interval_is_students_t() -> None:
    values = [0.81, 0.85, 0.90, 0.79]
    mean, low, high = interval(values)
    expected = stats.t.interval(0.95, len(values) - 1, loc=mean, scale=stats.sem(values))
    assert (low, high) == pytest.approx(expected)
    assert math.isnan(interval([0.5])[1])


def test_table_and_plot_hold_every_variant_and_seed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The runs themselves are other tests' matter: here each gives a figure that says which run it was."""

    class Here:
        def __enter__(self) -> "Here":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def submit(self, _: object, seed: int, scenario: Scenario, folder: Path, tracks: str) -> Any:
            class Done:
                @staticmethod
                def result() -> dict[str, Any]:
                    return {"tracking": {"hota": seed / 10 + (scenario.walking.speed_factor == 0.5)}}

            return Done()

    monkeypatch.setattr(module, "_pool", lambda workers: Here())
    result = run_experiment(load_experiment(written(tmp_path)), tmp_path, workers=1)
    assert result.runs.groupby("label").size().to_dict() == {"one": 3, "slow": 3}
    assert result.means.set_index("label")["mean"].to_dict() == pytest.approx({"one": 0.2, "slow": 1.2})
    assert (tmp_path / "plot.png").stat().st_size > 5_000
    assert len((tmp_path / "runs.csv").read_text(encoding="utf-8").splitlines()) == 7


def test_a_folder_of_scenarios_is_one_variant_each_and_frauds_can_be_chosen() -> None:
    cases = load_experiment("hard-cases")
    frauds = load_experiment("fraud")
    assert [change.scenario for change in cases.changes] == [n for n in list_scenarios() if n.startswith("hard/")]
    assert cases.seeds == tuple(range(1, 21))
    assert all(load_scenario(str(change.scenario)).attack is not None for change in frauds.changes)
    assert 5 <= len(frauds.changes) < len(cases.changes)


@pytest.mark.parametrize(
    ("other", "field"),
    [
        ({"every": "hard"}, "changes"),
        ({"changes": []}, "changes"),
        ({"changes": [], "every": "soft"}, "every"),
        ({"worst": "receipts.f1"}, "worst"),
        ({"tracks": "guessed"}, "tracks"),
    ],
)
def test_variants_come_from_one_source_and_the_worst_of_a_measure(
    tmp_path: Path, other: dict[str, Any], field: str
) -> None:
    with pytest.raises(BadInput, match=field):
        load_experiment(written(tmp_path, **other))


def test_a_figure_that_only_frauds_have_is_left_out_elsewhere(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        scenario="hard/put-back",
        seeds=[1],
        tracks="perfect",
        changes=[{"label": "honest"}, {"label": "hidden", "scenario": "hard/hidden-under-clothes"}],
        measures={"receipts.item_f1": "F1", "fraud.recall": "recall"},
        worst="receipts.item_f1",
    )
    result = run_experiment(load_experiment(path), tmp_path)
    means = result.means.set_index(["label", "measure"])["mean"]
    assert math.isnan(means["honest", "fraud.recall"])
    assert 0 <= means["hidden", "fraud.recall"] <= 1
    assert means["honest", "receipts.item_f1"] == 1
    assert (tmp_path / "honest-seed1" / "ceiling.json").is_file()
