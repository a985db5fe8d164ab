"""Two short days with the same two shoppers: interrupted on the second day, gone on with, and read by everybody."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from sim.console import print_run
from sim.day import period_of
from sim.errors import BadInput
from sim.evaluate import evaluate
from sim.judge import judge_again
from sim.report import write_report
from sim.run import Interrupted, RunOptions, run_scenario
from sim.run_folder import RunFolder, list_runs, new_run_folder
from sim.scenario import Scenario, load_scenario
from store.errors import PolicyError
from store.privacy.day import DayRecords

pytestmark = pytest.mark.slow

SECONDS = 24.0
FACE_TO_STATURE = 0.93
"""Height of nose, eyes and ears over stature, of the baked bodies within 1 %."""


def scenario() -> Scenario:
    days = load_scenario("two-days")
    few = days.shoppers.regulars.model_copy(update={"people": 2})
    shoppers = days.shoppers.model_copy(update={"regulars": few})
    update = {"cameras": ("northwest", "southeast"), "seconds": SECONDS, "last_call": 10.0, "shoppers": shoppers}
    return days.model_copy(update=update)


@dataclass(frozen=True)
class Ran:
    """The finished run, and how its folder stood when it was interrupted."""

    run: RunFolder
    interrupted: RunFolder
    first_day_ended: str | None
    could_go_on: Path


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    out = tmp_path_factory.mktemp("runs") / "two-days"
    options = RunOptions(policies=("checkout", "app-entry"))

    def stop_on_the_second_day(t: float, _: float) -> None:
        if t > SECONDS + 1:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted):
        run_scenario(scenario(), out, options, stop_on_the_second_day)
    interrupted = RunFolder(out)
    ended = interrupted.days()[0].manifest.ended
    free = new_run_folder(out, "two-days", goes_on=True)
    return Ran(run_scenario(scenario(), out, options), interrupted, ended, free)


@pytest.fixture(scope="module")
def days(ran: Ran) -> tuple[DayRecords, ...]:
    return period_of(ran.run).days


def test_an_interrupted_run_says_so_and_how_far_it_came(ran: Ran) -> None:
    manifest = ran.interrupted.manifest
    assert manifest.status == "interrupted"
    assert manifest.progress is not None
    assert SECONDS < manifest.progress.t < manifest.progress.seconds == 2 * SECONDS
    assert not manifest.pid


def test_a_run_that_goes_on_does_not_run_a_finished_day_again(ran: Ran) -> None:
    assert ran.could_go_on == ran.run.path
    assert [day.manifest.status for day in (ran.run, *ran.run.days())] == ["finished"] * 3
    assert ran.run.days()[0].manifest.ended == ran.first_day_ended


def test_another_scenario_or_seed_does_not_go_on_in_the_same_folder(ran: Ran) -> None:
    with pytest.raises(BadInput, match="scenario"):
        run_scenario(scenario(), ran.run.path, RunOptions(seed=99))
    with pytest.raises(BadInput, match="--out"):
        new_run_folder(ran.run.path, "two-days", goes_on=True)
    assert RunFolder(ran.run.path).manifest.status == "finished"


def test_a_wrong_policy_is_refused_before_the_first_day(tmp_path: Path) -> None:
    with pytest.raises(PolicyError):
        run_scenario(scenario(), tmp_path / "run", RunOptions(policies=("nobody-knows",)))
    assert not (tmp_path / "run").exists()


def test_times_count_from_the_first_opening_and_names_are_unique_over_days(days: tuple[DayRecords, ...]) -> None:
    for number, day in enumerate(days):
        opens = number * 86_400.0
        assert day.opens == opens
        assert day.crops is not None
        assert day.bodies is not None
        assert day.poses is not None
        tables = (day.positions, day.faces, day.crops, day.bodies, day.poses)
        times = [t for table in tables for t in table["t"]]
        times += [r.t for r in day.receipts] + [v.closed for v in day.visits] + [b.t for b in day.baskets]
        assert opens <= min(times) <= max(times) <= opens + day.store_seconds
        for table in tables:
            tracks = {track for track in table["track"] if track >= 0}
            assert tracks
            assert all((number + 1) * 100_000 < track < (number + 2) * 100_000 for track in tracks)
        assert {visit.visit[:3] for visit in day.visits} == {f"d{number + 1}-"}
    captures = [capture for day in days for capture in day.faces["capture_id"]]
    assert len(captures) == len(set(captures)) > 0


def test_people_and_accounts_are_the_same_on_both_days(days: tuple[DayRecords, ...]) -> None:
    for day in days:
        assert {visit.account for visit in day.visits} == {"account-r1", "account-r2"}
        assert set(day.truth.subject_of_track.values()) == {"r1", "r2"}
        assert {day.truth.subjects_of_visit[visit.visit] for visit in day.visits} == {("r1",), ("r2",)}
        assert day.truth.household_of == {"r1": "r1", "r2": "r2"}
    assert days[0].truth.body_of == days[1].truth.body_of


def test_a_tracks_subject_is_the_account_holder_that_the_truth_names(days: tuple[DayRecords, ...]) -> None:
    for day in days:
        for visit in day.visits:
            subjects = {day.truth.subject_of_track[track] for track in visit.tracks}
            assert subjects == set(day.truth.subjects_of_visit[visit.visit])


def test_whoever_comes_again_is_dressed_otherwise(ran: Ran) -> None:
    first, second = ({row["subject"]: row for row in day.subjects()} for day in ran.run.days())
    for name in ("r1", "r2"):
        assert first[name]["body"] == second[name]["body"]
        assert first[name]["appearance"]["upper_colour"] != second[name]["appearance"]["upper_colour"]


def test_a_blurred_crop_differs_from_the_crop_only_around_the_head(days: tuple[DayRecords, ...]) -> None:
    changed = []
    for row in (row for day in days for row in day.crops.itertuples()):  # type: ignore[union-attr]
        sharp, soft = (cv2.imdecode(np.frombuffer(file, np.uint8), 1).astype(int) for file in (row.jpeg, row.blurred))
        assert sharp.shape == soft.shape
        differs = np.abs(sharp - soft).max(axis=2) > 30  # JPEG's own error is smaller
        changed.append(differs.mean())
        # Whoever stands has the head in the upper part of the picture; the legs are never touched.
        assert not differs[int(0.75 * len(differs)) :].any()
    assert len(changed) > 20
    assert np.mean(np.array(changed) > 0) > 0.95
    assert np.median(changed) < 0.2


def test_lifted_keypoints_tell_statures(ran: Ran, days: tuple[DayRecords, ...]) -> None:
    errors = []
    for day, folder in zip(days, ran.run.days(), strict=True):
        stature = {row["subject"]: row["height_m"] for row in folder.subjects()}
        assert day.poses is not None
        assert day.pose_points is not None
        for track, subject in day.truth.subject_of_track.items():
            face = day.pose_points[(day.poses["track"] == track).to_numpy()][:, :5]
            if len(face) >= 20:
                height = np.median(face[face[..., 2] > 0.3][:, 1])
                errors.append(abs(height / FACE_TO_STATURE - stature[subject]))
    assert len(errors) >= 4
    assert np.mean(errors) < 0.1


def test_the_summary_pools_the_days(ran: Ran) -> None:
    summary, parts = ran.run.summary, [day.summary for day in ran.run.days()]
    assert summary.people == 2
    assert summary.person_days == 4  # type: ignore[attr-defined]
    assert summary.store_seconds == sum(part.store_seconds for part in parts)
    for name in ("count", "exact", "overcharged_cents", "undercharged_cents", "reviewed"):
        assert summary.receipts[name] == sum(part.receipts[name] for part in parts)
    assert min(p.tracking["hota"] for p in parts) <= summary.tracking["hota"] <= max(p.tracking["hota"] for p in parts)
    assert summary.speed["wall_seconds"] == pytest.approx(sum(part.speed["wall_seconds"] for part in parts))
    assert set(summary.policies) == {"checkout", "app-entry"}
    again = evaluate(ran.run, ceilings=True)
    assert again["receipts"] == summary.receipts
    assert again["tracking"]["perfect_association"]["idf1"] >= summary.tracking["idf1"]


def test_policies_judge_all_days_together_and_keep_one_store(ran: Ran) -> None:
    assert (ran.run.path / "policies" / "app-entry" / "kept.sqlite").is_file()
    assert not any((day.path / "policies").exists() for day in ran.run.days())
    assert [figures.policy for figures in judge_again(ran.run, ["checkout"])] == ["checkout"]


def test_report_terminal_and_listing_show_the_days(ran: Ran, capsys: pytest.CaptureFixture[str]) -> None:
    page = write_report(ran.run.path).read_text(encoding="utf-8")
    for day in (1, 2):
        assert f'href="days/{day}/report.html"' in page
        assert (ran.run.path / "days" / str(day) / "report.html").is_file()
    print_run(ran.run)
    assert "Receipts of day 2" in capsys.readouterr().out
    names = {run.name for run in list_runs(ran.run.path.parent) if isinstance(run, RunFolder)}
    assert names == {"two-days", "two-days, day 1", "two-days, day 2"}
