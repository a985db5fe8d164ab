"""Runs a scenario of several days: each day into a run folder of its own, their figures and policies above them."""

import shutil
from dataclasses import replace
from pathlib import Path

from sim.errors import BadInput
from sim.evaluate import evaluate, speed_of_days
from sim.graphics import choose_backend
from sim.judge import judge
from sim.run import (
    OnProgress,
    RunOptions,
    chosen_cameras,
    new_manifest,
    run_day,
    signals_raise,
    start_folder,
    status_kept,
)
from sim.run_folder import (
    Progress,
    RunFolder,
    RunManifest,
    RunSummary,
    day_folder,
    read_object,
    write_json,
    write_manifest,
    write_summary,
)
from sim.scenario import Scenario
from sim.store_plan import load_store
from store.privacy.catalogue import load_policy


def run_days(scenario: Scenario, out: Path, options: RunOptions, on_progress: OnProgress | None = None) -> RunFolder:
    """Runs the days that `out` has not finished yet into `out/days/1` and so on, then sums them up.

    Every day opens with full shelves and a ledger of its own, which stays in the day's folder, as do truth, tracks,
    video and a report; policies are applied to all days together. See `sim.run.run_scenario`.
    """
    choose_backend()
    manifest = new_manifest(scenario, options, scenario.days * scenario.seconds)
    manifest = manifest.model_copy(update={"days": scenario.days})
    for policy in manifest.policies:
        load_policy(policy)  # a wrong one is refused before the days, not after them
    _check_same_run(out, scenario, manifest)
    plan = load_store(scenario.store)
    start_folder(out, scenario, plan, chosen_cameras(plan, scenario), manifest)
    with status_kept(out, manifest), signals_raise():
        for day in range(1, scenario.days + 1):
            _run_day(scenario, out, replace(options, policies=()), manifest, day, on_progress)
        _finish(out, manifest)
    return RunFolder(out)


def _check_same_run(out: Path, scenario: Scenario, manifest: RunManifest) -> None:
    path = out / "scenario.json"
    wanted = scenario.model_copy(update={"seed": manifest.seed}).model_dump(mode="json")
    if path.is_file() and read_object(path) != wanted:
        raise BadInput(
            path, "scenario", "another scenario or seed", f"{scenario.name}, seed {manifest.seed}, unchanged"
        )


def _run_day(
    scenario: Scenario, out: Path, options: RunOptions, manifest: RunManifest, day: int, on_progress: OnProgress | None
) -> None:
    """One day, unless its folder says that it is finished; what an interrupted day left is thrown away."""
    folder = day_folder(out, day)
    whole = scenario.days * scenario.seconds

    def advance(t: float, _: float) -> None:
        reached = (day - 1) * scenario.seconds + max(0.0, t)
        progress = Progress(t=reached, seconds=whole)
        write_manifest(out, manifest.model_copy(update={"progress": progress}))
        if on_progress:
            on_progress(reached, whole)

    advance(0.0, scenario.seconds)
    if (folder / "run.json").is_file() and RunFolder(folder).manifest.status == "finished":
        return
    if folder.exists():
        shutil.rmtree(folder)
    run_day(scenario, folder, options, advance, day)


def _finish(out: Path, manifest: RunManifest) -> None:
    from sim.report import write_report  # needs a run folder, as everything after the days does

    run = RunFolder(out)
    speed = speed_of_days(run)
    write_json(out / "speed.json", speed)
    summary = RunSummary(
        scenario=manifest.scenario, seed=manifest.seed, store_seconds=speed["store_seconds"], **evaluate(run),
        speed=speed, policies={},
    )  # fmt: skip
    write_summary(out, summary)
    write_summary(out, summary.model_copy(update={"policies": judge(RunFolder(out), manifest.policies)}))
    write_report(out)
