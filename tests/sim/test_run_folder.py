import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.errors import BadInput
from sim.run_folder import Progress, RunFolder, list_runs, read_journal, read_table, write_json, write_manifest
from tests.dashboard.fake_run import write_fake_run


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_fake_run(tmp_path_factory.mktemp("runs") / "fake", video=False)


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / "fake"))


def test_every_file_of_the_contract_is_read(run: Path) -> None:
    folder = RunFolder(run)
    assert folder.manifest.scenario == "corner-shop"
    assert folder.state == "finished"
    assert folder.summary.people == 7
    assert set(folder.people()["person"]) == {f"{name}-1" for name in ("ada", "ben", "cleo", "dmitri", "efua", "femi")}
    assert len(folder.truth_events()) == 8
    assert len(folder.truth_receipts()) == 6
    assert len(folder.receipts()) == 6
    assert len(folder.cameras()) == 4
    assert set(folder.events()["kind"]) >= {"weight_change", "attribution", "receipt_issued"}
    assert folder.plan().name == "corner-shop"
    assert folder.policies()["checkout"]["identified_share"].reason
    assert folder.video("northeast") is None
    assert folder.live_frame("northeast") is not None


def read_everything(run: Path) -> None:
    folder = RunFolder(run)
    assert folder.summary
    for reading in (folder.plan, folder.truth_receipts, folder.cameras, folder.floor_tracks, folder.people):
        reading()
    folder.receipts()


@pytest.mark.parametrize(
    ("file", "content", "field"),
    [
        ("run.json", "{", "file"),
        ("run.json", "[]", "file"),
        ("run.json", '{"scenario": "x", "seed": 1}', "status"),
        ("run.json", '{"scenario": "x", "seed": "seven", "status": "finished"}', "seed"),
        ("run.json", '{"scenario": "x", "seed": 1, "status": "sleeping"}', "status"),
        ("summary.json", '{"scenario": "x", "seed": 1}', "store_seconds"),
        ("plan.json", "{}", "name"),
        ("truth/receipts.json", '[{"account": "a"}]', "[0].people"),
        ("calibration.yaml", "cameras: {}", "cameras"),
        ("tracks/floor.parquet", "not a table", "file"),
        ("summary.json", None, "file"),
        ("truth/people.parquet", None, "file"),
        ("store.sqlite", None, "file"),
    ],
)
def test_a_corrupt_file_is_named_with_its_field(run: Path, file: str, content: str | None, field: str) -> None:
    if content is None:
        (run / file).unlink()
    else:
        (run / file).write_text(content, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        read_everything(run)
    assert caught.value.file.endswith(file)
    assert caught.value.field == field
    assert caught.value.allowed


def test_a_table_without_a_column_is_refused(run: Path) -> None:
    with pytest.raises(BadInput, match="no colour"):
        read_table(run / "tracks" / "floor.parquet", ("t", "colour"))


def test_a_figure_that_is_no_number_is_refused(run: Path) -> None:
    summary = json.loads((run / "summary.json").read_text())
    summary["policies"]["app-entry"]["identified_share"]["value"] = "many"
    write_json(run / "summary.json", summary)
    with pytest.raises(BadInput) as caught:
        RunFolder(run).policies()
    assert caught.value.field == "policies.app-entry.identified_share"


def test_a_foreign_folder_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"run\.json"):
        RunFolder(tmp_path)
    with pytest.raises(BadInput, match="no such folder"):
        RunFolder(tmp_path / "nowhere")


def test_a_run_whose_process_is_gone_is_lost(run: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    manifest = RunFolder(run).manifest
    write_manifest(run, manifest.model_copy(update={"status": "running", "pid": process.pid}))
    assert RunFolder(run).state == "lost"
    write_manifest(run, manifest.model_copy(update={"status": "running", "pid": os.getpid()}))
    assert RunFolder(run).state == "running"


def test_a_silent_run_without_a_process_is_lost_after_a_while(run: Path) -> None:
    write_manifest(run, RunFolder(run).manifest.model_copy(update={"status": "running"}))
    assert RunFolder(run).state == "running"
    os.utime(run / "run.json", (0, 0))
    assert RunFolder(run).state == "lost"


def test_runs_are_listed_newest_first_and_corrupt_ones_as_what_is_wrong(run: Path) -> None:
    older = run.parent / "older"
    older.mkdir()
    (older / "run.json").write_text("{}", encoding="utf-8")
    os.utime(older / "run.json", (0, 0))
    (run.parent / "no-run").mkdir()
    first, second = list_runs(run.parent)
    assert isinstance(first, RunFolder)
    assert isinstance(second, BadInput)


def test_a_finished_run_that_lacks_one_of_its_days_is_refused_and_an_unfinished_one_is_read(run: Path) -> None:
    manifest = RunFolder(run).manifest.model_copy(update={"days": 3})
    first = shutil.copytree(run, run / "days" / "1")
    write_manifest(first, manifest.model_copy(update={"days": 1, "day": 1}))
    write_manifest(run, manifest.model_copy(update={"status": "interrupted"}))
    assert [day.name for day in RunFolder(run).days()] == ["fake, day 1"]
    write_manifest(run, manifest)
    with pytest.raises(BadInput, match="days/2"):
        RunFolder(run).days()


def test_subjects_that_lack_a_field_are_refused_by_their_place(run: Path) -> None:
    assert RunFolder(run).subjects() == []
    write_json(run / "truth" / "subjects.json", [{"subject": "ada"}])
    with pytest.raises(BadInput, match=r"\[0\].*household"):
        RunFolder(run).subjects()


def test_no_folder_of_runs_is_no_runs(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "nowhere") == []


def test_a_journal_cut_off_in_its_last_line_is_read_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text('{"kind": "a", "t": 1.0}\n{"kind": "b", "t"', encoding="utf-8")
    assert [row["kind"] for row in read_journal(path)] == ["a"]
    path.write_text('{"kind": "a"\n{"kind": "b", "t": 1.0}\n', encoding="utf-8")
    with pytest.raises(BadInput, match="line 1"):
        list(read_journal(path))


def test_an_unfinished_run_gives_its_live_journal(run: Path) -> None:
    finished = RunFolder(run).events()
    (run / "events.parquet").unlink()
    live = RunFolder(run).events()
    assert list(live["kind"]) == list(finished["kind"])
    assert list(live["t"]) == list(finished["t"])


def test_a_failed_write_leaves_the_old_file(run: Path) -> None:
    before = (run / "summary.json").read_text()
    with pytest.raises(ValueError, match="JSON"):
        write_json(run / "summary.json", {"hota": float("nan")})
    assert (run / "summary.json").read_text() == before
    assert not list(run.glob(".*.part"))


@settings(deadline=None)
@given(st.floats(-10, 1e6), st.floats(0, 1e6))
def test_progress_is_a_share_of_one(t: float, seconds: float) -> None:
    assert 0 <= Progress(t=t, seconds=seconds).fraction <= 1
