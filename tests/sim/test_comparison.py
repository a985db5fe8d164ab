import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from typer.testing import CliRunner

from sim.cli import app
from sim.comparison import comparison_json, over_runs, print_policies
from sim.report.glossary import glossary
from sim.report.policy_pages import policy_page, policy_pages
from sim.report.wording import duration, figure, interval
from sim.run_folder import RunFolder
from store.privacy.figures import Figure, PolicyFigures
from store.privacy.keeping.kept_store import KeptStore, Record
from store.privacy.metrics import METRICS
from tests.dashboard.fake_run import write_fake_run


def figures_of(policy: str, value: float | None, reason: str | None = None) -> PolicyFigures:
    return PolicyFigures(policy, policy.title(), dict.fromkeys(METRICS, Figure(value, reason)))


def test_one_run_is_shown_as_it_is() -> None:
    own = [figures_of("app-entry", 0.5), figures_of("checkout", None, "nobody is tracked")]
    assert over_runs([own]) == own


def test_several_runs_give_the_mean_and_students_interval() -> None:
    values = [0.2, 0.4, 0.9]
    (together,) = over_runs([[figures_of("app-entry", value)] for value in values])
    expected = stats.t.interval(0.95, 2, loc=np.mean(values), scale=stats.sem(values))
    for shown in together.figures.values():
        assert shown.value == pytest.approx(0.5)
        assert (shown.low, shown.high) == pytest.approx(expected)


def test_a_run_without_a_figure_is_left_out_and_counted() -> None:
    runs = [
        [figures_of("app-entry", 0.2)],
        [figures_of("app-entry", None, "no traces")],
        [figures_of("app-entry", 0.4)],
    ]
    shown = over_runs(runs)[0]["unicity"]
    assert (shown.value, shown.note) == (pytest.approx(0.3), "mean of 2 of 3 runs")
    nothing = over_runs([runs[1], runs[1]])[0]["unicity"]
    assert (nothing.value, nothing.reason) == (None, "no traces")


def test_no_cell_of_the_printed_table_is_empty(monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.setenv("COLUMNS", "110")
    policies = [figures_of(f"policy-{n}", 0.125) for n in range(11)] + [figures_of("none", None, "does not apply")]
    print_policies(policies)
    shown = capsys.readouterr().out
    assert shown.count("0.125") + shown.count("12 %") + shown.count("$0.12") + shown.count("$0.00") >= 11 * len(METRICS)
    assert "does not apply" in shown
    assert max(map(len, shown.splitlines())) <= 110


def test_the_json_of_a_table_defines_every_metric_and_gives_every_figure() -> None:
    table = comparison_json([figures_of("app-entry", 0.5)], ["runs/a"])
    assert json.loads(json.dumps(table)) == table
    assert set(table["metrics"]) == set(METRICS) == set(table["policies"]["app-entry"]["figures"])
    assert all(metric["definition"] and metric["unit"] for metric in table["metrics"].values())


def test_runs_judged_under_different_policies_are_not_averaged(tmp_path: Path) -> None:
    runs = [write_fake_run(tmp_path / name) for name in ("a", "b")]
    manifest = json.loads((runs[1] / "run.json").read_text())
    (runs[1] / "run.json").write_text(json.dumps(manifest | {"policies": ["checkout"]}))
    result = CliRunner().invoke(app, ["compare", *map(str, runs)])
    assert result.exit_code != 0
    assert "--policy" in str(result.exception)


def test_a_policys_page_counts_what_its_store_made_and_holds(tmp_path: Path) -> None:
    run = RunFolder(write_fake_run(tmp_path / "run"))
    store = KeptStore.create(run.path / "policies" / "app-entry")
    store.collect("tracks", [Record("v1", float(t), 0.1, (1, 0.0, 0.0, 0.1)) for t in range(5)], 3.0)
    store.advance(4.5)
    store.close()
    page = policy_page(run, "app-entry", {"unicity": Figure(0.5)})
    (row,) = page.kinds
    assert (row.title, row.made, row.left) == ("tracks", "5", "3")
    assert [heading for heading, _ in page.groups] == ["What could be found out from what is kept"]
    assert any(question.startswith("May ask for") for question, _ in page.rules)


def test_every_policy_of_a_run_has_a_page(tmp_path: Path) -> None:
    run = RunFolder(write_fake_run(tmp_path / "run"))
    assert [page.card.name for page in policy_pages(run)] == list(run.policies())


def test_durations_are_written_as_people_say_them() -> None:
    assert [duration(s) for s in (0, 1, 90, 3600, 604_800, 220_752_000)] == [
        "never written down", "1 second", "1.5 minutes", "1 hour", "7 days", "7 years",
    ]  # fmt: skip


def test_a_share_that_is_not_quite_all_or_nothing_is_not_rounded_to_it() -> None:
    assert figure(0.99999, "share") == "> 99.9 %"
    assert figure(0.00001, "share") == "< 0.1 %"
    assert (figure(1.0, "share"), figure(0.0, "share")) == ("100 %", "0 %")
    assert (figure(-0.0004, "share"), figure(-0.004, "share"), figure(-0.2, "share")) == ("0 %", "-0.4 %", "-20 %")
    assert interval(Figure(0.5, low=0.25, high=0.75), "share") == "25 % to 75 %"
    assert interval(Figure(0.5), "share") == ""


def test_the_page_of_figures_is_what_the_definitions_say() -> None:
    page = Path(__file__).parents[2] / "docs" / "figures.md"
    assert page.read_text(encoding="utf-8") == glossary(), "run: python -m sim.report.glossary > docs/figures.md"
