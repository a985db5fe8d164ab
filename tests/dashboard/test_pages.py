import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.folder import VARIABLE
from sim.run_folder import RunFolder, write_manifest
from tests.dashboard.fake_run import copy_run

APP = Path(__file__).parents[2] / "dashboard" / "app.py"
LIMIT_S = 90


def runs_page() -> None:
    from dashboard.components.choice import choose_run
    from dashboard.views import runs

    choose_run()
    runs.show()


def store_page() -> None:
    from dashboard.components.choice import choose_run
    from dashboard.views import store

    choose_run()
    store.show()


def receipts_page() -> None:
    from dashboard.components.choice import choose_run
    from dashboard.views import receipts

    choose_run()
    receipts.show()


def privacy_page() -> None:
    from dashboard.components.choice import choose_run
    from dashboard.views import privacy

    choose_run()
    privacy.show()


PAGES = [runs_page, store_page, receipts_page, privacy_page]


def opened(page: Callable[[], None], runs: Path, run: str, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setenv(VARIABLE, str(runs))
    test = AppTest.from_function(page, default_timeout=LIMIT_S)
    test.session_state["chosen run"] = run
    return test.run()


def said(test: AppTest) -> str:
    parts = [*test.markdown, *test.info, *test.warning, *test.error, *test.caption, *test.title]
    return "\n".join(part.value for part in parts)


def html(test: AppTest) -> str:
    return "\n".join(part.proto.body for part in test.get("html"))


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_on_a_finished_run(
    page: Callable[[], None], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = opened(page, runs, "fake", monkeypatch)
    assert not test.exception
    assert not test.error
    assert test.title
    assert len(test.markdown[0].value) > 30  # one sentence says what the page shows


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_without_runs(
    page: Callable[[], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = opened(page, tmp_path, "", monkeypatch)
    assert not test.exception
    assert test.info


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("run", ["stopped", "broken-down"])
def test_every_page_says_that_a_run_did_not_finish(
    page: Callable[[], None], run: str, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = opened(page, runs, run, monkeypatch)
    assert not test.exception
    words = {
        "stopped": "interrupted after 16 of 40",
        "broken-down": "failed after 16 of 40 store seconds: RuntimeError",
    }
    assert words[run] in said(test)


@pytest.mark.parametrize("page", PAGES[1:])
def test_a_page_names_the_file_and_field_that_are_corrupt(
    page: Callable[[], None], finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(finished_run, tmp_path / "fake")
    for name in ("plan.json", "summary.json"):
        (tmp_path / "fake" / name).write_text("{}", encoding="utf-8")
    test = opened(page, tmp_path, "fake", monkeypatch)
    assert not test.exception
    assert ".json" in test.error[0].value
    assert "Allowed" in test.error[0].value


@pytest.mark.parametrize("page", PAGES)
def test_a_run_that_goes_on_shows_how_far_it_is(
    page: Callable[[], None], finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy_run(finished_run, tmp_path / "now", "running")
    test = opened(page, tmp_path, "now", monkeypatch)
    assert not test.exception
    if page in (runs_page, store_page):
        assert "16 of 40 store seconds" in test.get("progress")[0].proto.text
        assert len(test.get("image")) == 4
    if page is not runs_page:
        assert "still going on at 16 of 40" in said(test)


@pytest.fixture(scope="module")
def several_days(finished_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with a finished run of two days."""
    folder = tmp_path_factory.mktemp("several")
    week = folder / "week"
    for day in (1, 2):
        copied = copy_run(finished_run, week / "days" / str(day))
        write_manifest(copied, RunFolder(copied).manifest.model_copy(update={"day": day}))
    for name in ("plan.json", "scenario.json", "calibration.yaml", "summary.json"):
        shutil.copy(finished_run / name, week / name)
    write_manifest(week, RunFolder(finished_run).manifest.model_copy(update={"days": 2}))
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_every_page_opens_on_a_run_of_several_days_and_on_each_of_its_days(
    page: Callable[[], None], several_days: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for run in ("week", "week, day 2"):
        test = opened(page, several_days, run, monkeypatch)
        assert not test.exception
        assert not test.error
        assert test.sidebar.selectbox[0].value == run
        points_to_days = "Choose one of them" in said(test)
        assert points_to_days == (run == "week" and page in (store_page, receipts_page))


def test_the_list_says_what_is_wrong_with_a_corrupt_run(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = opened(runs_page, runs, "fake", monkeypatch)
    assert any("corrupt" in warning.value and "seed" in warning.value for warning in test.warning)
    assert "corrupt" not in test.sidebar.selectbox[0].options


def test_the_list_shows_figures_only_of_runs_that_have_them(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = opened(runs_page, runs, "fake", monkeypatch).dataframe[0].value.set_index("Run")
    assert table.loc["fake", "Exact receipts"] == pytest.approx(66.7, abs=0.1)
    assert table.loc["fake", "Money error"] == pytest.approx(3.78)
    assert table.loc[["stopped", "broken-down"], "HOTA"].isna().all()
    assert table.loc["stopped", "Done"] == pytest.approx(0.4)


def test_the_whole_app_starts_on_the_list_of_runs(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, str(runs))
    test = AppTest.from_file(str(APP), default_timeout=LIMIT_S).run()
    assert not test.exception
    assert test.title[0].value == "Runs"


def test_a_start_that_fails_shows_the_last_words(runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dashboard.launch import StartedRun

    log = tmp_path / "log"
    log.write_text("scenario: name: found 'corner', allowed: corner-shop\n", encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(runs))
    test = AppTest.from_function(runs_page, default_timeout=LIMIT_S)
    test.session_state["started run"] = StartedRun(tmp_path / "never", 2**22 - 1, log)
    test.run()
    assert not test.exception
    assert "found 'corner'" in said(test)


def test_receipts_open_on_the_first_wrong_one_with_its_difference(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = opened(receipts_page, runs, "fake", monkeypatch)
    assert list(test.dataframe[0].value["Account"]) == ["ada", "ben", "cleo", "dmitri", "efua", "femi"]
    assert test.subheader[0].value == "The visit of cleo"
    assert "1 item missing of Still water" in html(test)
    assert "Credited to dmitri" in html(test)


def test_every_metric_has_its_definition_on_hover(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from html import escape

    from store.privacy.metrics import METRICS

    shown = html(opened(privacy_page, runs, "fake", monkeypatch))
    for metric in METRICS.values():
        assert f'title="{escape(metric.definition).replace("&#x27;", "&#39;")}' in shown


def test_a_missing_figure_gives_its_reason_on_hover(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = html(opened(privacy_page, runs, "fake", monkeypatch))
    assert 'title="There is nothing to measure: this policy keeps no such data.">n/a</td>' in shown


def test_taking_a_policy_away_takes_its_column_away(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    test = opened(privacy_page, runs, "fake", monkeypatch)
    test.multiselect[0].set_value(["app-entry", "face-entry"]).run()
    assert not test.exception
    assert ">police-gallery</span></th>" not in html(test)
    assert ">face-entry</span></th>" in html(test)
