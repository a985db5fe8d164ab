"""Runs one scenario: the world moves and is drawn, tracking watches, the store bills, policies judge, files remain."""

import importlib.metadata
import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import numpy as np

from sim.evaluate import evaluate
from sim.footage import WARM_UP_SECONDS, Footage, film
from sim.graphics import choose_backend
from sim.hand_over_truth import families_of
from sim.handover import floor_area_of, gates_of, planogram_of, position_of
from sim.judge import judge
from sim.own_tracking import check_names, tracker_of
from sim.prefetch import Prefetch
from sim.randomness import day_seed
from sim.recorder import Recorder
from sim.run_folder import (
    EVENT_COLUMNS,
    Progress,
    RunFolder,
    RunManifest,
    RunSummary,
    Status,
    write_json,
    write_manifest,
    write_summary,
    write_table,
)
from sim.run_ledger import check_ledger, run_ledger
from sim.scenario import Scenario
from sim.settling import settle
from sim.shop_settings import shop_settings, write_settings
from sim.stopwatch import Stopwatch, growth_an_hour, memory_mb, peak_memory_mb
from sim.store_plan import StorePlan, camera_models, load_store
from sim.world import World, WorldTick
from store.journal import Journal
from store.shop import Shop
from tracking.camera import Camera, save_calibration
from tracking.detect import Detector, Device
from tracking.embed import Embedder

_VERSIONS = ("glass-aisle", "mujoco", "jupedsim", "ultralytics", "openvino", "torch", "opencv-python", "numpy")

OnProgress = Callable[[float, float], None]


class Interrupted(KeyboardInterrupt):
    """The run was told to stop; its folder says so and its ledger is readable."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a scenario is run.

    Args:
        seed: None takes the scenario's own.
        policies: privacy policies to judge the day by; None takes the scenario's own.
        video: whether to keep annotated videos.
        device: where the networks run: auto, cpu or cuda.
        detector, embedder: None takes the scenario's own, else the committed networks on `device`; a detector of one's
            own brings its keypoints.
        calibration: what tracking believes the cameras to be; None takes the truth. Cameras are drawn as they are.
        scale_clock_s: by how much the clock of the plates runs ahead of that of the cameras, seconds.
        ledger: URL of books that other stores may write to at the same time; None: a file in the run folder.
    """

    seed: int | None = None
    policies: Sequence[str] | None = None
    video: bool = False
    device: Device = "auto"
    detector: Detector | None = None
    embedder: Embedder | None = None
    calibration: Mapping[str, Camera] | None = None
    scale_clock_s: float = 0.0
    ledger: str | None = None


def run_scenario(
    scenario: Scenario, out: Path, options: RunOptions = RunOptions(), on_progress: OnProgress | None = None
) -> RunFolder:
    """Runs a scenario into the folder `out`, which must not exist or be empty, and returns the finished run.

    A scenario of several days goes on where it was interrupted: days that `out` has finished are not run again.

    Raises:
        BadInput: the scenario's store, a policy, a part of one's own or the ledger's URL is wrong, or `out` holds
            another run of several days.
        MissingLibrary: the machine cannot draw.
        Interrupted: SIGINT or SIGTERM came; what was written stays, with status `interrupted`.
    """
    check_names(scenario)
    check_ledger(options.ledger)
    if scenario.days > 1:
        from sim.run_days import run_days  # it runs each day by this module

        return run_days(scenario, out, options, on_progress)
    return run_day(scenario, out, options, on_progress)


def run_day(
    scenario: Scenario, out: Path, options: RunOptions, on_progress: OnProgress | None = None, day: int = 1
) -> RunFolder:
    """Runs one day (from 1) of a scenario into a run folder of its own; see `run_scenario`."""
    choose_backend()
    seed = scenario.seed if options.seed is None else options.seed
    plan = load_store(scenario.store)
    cameras = chosen_cameras(plan, scenario)
    manifest = new_manifest(scenario, options, scenario.seconds)
    if scenario.days > 1:
        manifest = manifest.model_copy(update={"day": day})
    start_folder(out, scenario, plan, cameras, manifest)
    with status_kept(out, manifest), signals_raise():
        speed = _Day(scenario, plan, cameras, seed, day, out, options, manifest, on_progress).run()
        _finish(out, scenario, seed, manifest.policies, speed)
    return RunFolder(out)


def new_manifest(scenario: Scenario, options: RunOptions, seconds: float) -> RunManifest:
    """`run.json` of a run that begins now and will have `seconds` store seconds."""
    return RunManifest(
        scenario=scenario.name, seed=scenario.seed if options.seed is None else options.seed, status="running",
        started=_now(), versions=_versions(),
        policies=list(scenario.policies if options.policies is None else options.policies),
        pid=os.getpid(), progress=Progress(t=-WARM_UP_SECONDS, seconds=seconds),
    )  # fmt: skip


def start_folder(
    out: Path, scenario: Scenario, plan: StorePlan, cameras: Mapping[str, Camera], manifest: RunManifest
) -> None:
    """Makes a run folder with what is known before the run."""
    out.mkdir(parents=True, exist_ok=True)
    write_manifest(out, manifest)
    write_json(out / "plan.json", plan.model_dump(mode="json"))
    write_json(out / "scenario.json", scenario.model_copy(update={"seed": manifest.seed}).model_dump(mode="json"))
    save_calibration(out / "calibration.yaml", cameras)


class _Day:
    """One day while it runs: the world and its cameras in one thread, tracking, billing and recording in another."""

    def __init__(
        self, scenario: Scenario, plan: StorePlan, cameras: Mapping[str, Camera], seed: int, day: int,
        out: Path, options: RunOptions, manifest: RunManifest, on_progress: OnProgress | None,
    ) -> None:  # fmt: skip
        self.scenario, self.plan, self.cameras, self.out = scenario, plan, cameras, out
        self.day_seed = day_seed(seed, day, scenario.days)
        self.manifest, self.on_progress, self.video = manifest, on_progress, options.video
        self.world = World(plan, scenario, seed, day)
        self.scale_clock_s, self.ledger_url = options.scale_clock_s, options.ledger
        self.tracker = tracker_of(
            scenario, options.calibration or cameras, floor_area_of(plan),
            options.detector, options.embedder, options.device,
        )  # fmt: skip
        self.drawing, self.watching = Stopwatch(), Stopwatch()
        self.next_report = 0.0
        self.camera_frames = 0
        self.memory: list[tuple[float, float]] = []

    def run(self) -> dict[str, object]:
        """Runs the day to its end and returns the `speed` block of the summary."""
        write_json(self.out / "truth" / "subjects.json", self.world.subjects())
        with Journal(self.out / "events.jsonl") as journal, run_ledger(self.out, self.ledger_url) as ledger:
            settings = shop_settings(self.scenario)
            write_settings(self.out, settings)
            shop = Shop(
                planogram_of(self.plan, self.scenario.planogram_errors),
                gates_of(self.plan),
                self.world.accounts(),
                ledger,
                journal.append,
                settings,
                families=families_of(self.scenario.model_dump(mode="json")),
            )
            return self._watch(shop)

    def _watch(self, shop: Shop) -> dict[str, object]:
        started, t = 0.0, 0.0
        try:
            with (
                Recorder(self.out, self.cameras, self.scenario.fps, self.video, self.tracker.cameras) as recorder,
                Prefetch(lambda: film(self.world, self.plan, self.cameras, self.day_seed, self.drawing)) as footage,
            ):
                for shot in footage:
                    if shot.tick is None:
                        self.tracker.warm_up(shot.frames)
                        continue
                    started = started or time.perf_counter()
                    self._tick(shot.tick, shot, shop, recorder)
                    t = shot.tick.t
            with self.watching.stage("store"):
                shop.close(t)
        finally:
            write_json(self.out / "truth" / "receipts.json", self.world.truth_receipts())
        settle(RunFolder(self.out), self.scenario, shop.ledger, self.day_seed)
        wall = time.perf_counter() - started
        stages = {**self.drawing.stages, **self.tracker.seconds, **self.watching.stages}
        return {
            "real_time_factor": round(t / wall, 3), "wall_seconds": round(wall, 2), "store_seconds": t,
            "stages": {name: round(seconds, 2) for name, seconds in stages.items()},
            "peak_memory_mb": round(peak_memory_mb(), 1), "cameras": len(self.cameras),
            "camera_frames": self.camera_frames, "tracking_seconds": round(sum(self.tracker.seconds.values()), 2),
            "memory_growth_mb_per_hour": self._memory_growth(),
        }  # fmt: skip

    def _memory_growth(self) -> float | None:
        """Megabytes by which the process grows in an hour of store time; None where the run is too short to say."""
        growth = growth_an_hour(*zip(*self.memory, strict=True)) if self.memory else None
        return None if growth is None else round(growth, 1)

    def _tick(self, tick: WorldTick, shot: Footage, shop: Shop, recorder: Recorder) -> None:
        tracks = self.tracker.step(tick.t, shot.frames)
        self.camera_frames += len(shot.frames)
        with self.watching.stage("store"):
            for scan in tick.gate_scans:
                shop.gate_scan(scan)
            for crossing in tick.gate_crossings:
                shop.gate_crossing(crossing)
            shop.positions(tick.t, [position_of(track) for track in tracks])
            shop.weights(tick.weights_t + self.scale_clock_s, tick.weights_g.astype(np.float64))
        with self.watching.stage("record"):
            recorder.tick(tick, shot, tracks, self.tracker.last_observations, shop.account_of)
            self._report(tick.t)

    def _report(self, t: float) -> None:
        """Once a wall second, so that whoever watches the folder sees the run move."""
        if time.monotonic() < self.next_report:
            return
        self.next_report = time.monotonic() + 1.0
        self.memory.append((t, memory_mb()))
        progress = Progress(t=t, seconds=self.scenario.seconds)
        write_manifest(self.out, self.manifest.model_copy(update={"progress": progress}))
        if self.on_progress:
            self.on_progress(t, self.scenario.seconds)


def _finish(out: Path, scenario: Scenario, seed: int, policies: Sequence[str], speed: dict[str, object]) -> None:
    from sim.report import write_report  # needs a run folder, as everything after the day does

    rows = [json.loads(line) for line in (out / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    table = [{"id": str(row.get("id", "")), "t": row["t"], "kind": row["kind"], "row": json.dumps(row)} for row in rows]
    write_table(out / "events.parquet", table, EVENT_COLUMNS)
    write_json(out / "speed.json", speed)
    summary = RunSummary(
        scenario=scenario.name, seed=seed, store_seconds=float(str(speed["store_seconds"])),
        **evaluate(RunFolder(out)), speed=speed, policies={},
    )  # fmt: skip
    write_summary(out, summary)
    figures = judge(RunFolder(out), policies)
    write_summary(out, summary.model_copy(update={"policies": figures}))
    write_report(out)


def chosen_cameras(plan: StorePlan, scenario: Scenario) -> dict[str, Camera]:
    """The cameras that a scenario uses, by name."""
    models = camera_models(plan)
    return {name: models[name] for name in (scenario.cameras or models)}


@contextmanager
def status_kept(out: Path, manifest: RunManifest) -> Iterator[None]:
    """Whatever happens inside, `run.json` ends up saying it."""

    def end(status: Status, error: str | None = None) -> None:
        seconds = manifest.progress.seconds if manifest.progress else 0.0
        last = RunFolder(out).manifest.progress
        progress = Progress(t=seconds, seconds=seconds) if status == "finished" else last
        update = {"status": status, "ended": _now(), "pid": None, "error": error, "progress": progress}
        write_manifest(out, manifest.model_copy(update=update))

    try:
        yield
    except KeyboardInterrupt as error:
        end("interrupted")
        raise Interrupted(str(error)) from error
    except BaseException as error:
        end("failed", f"{type(error).__name__}: {error}".splitlines()[0])
        raise
    end("finished")


@contextmanager
def signals_raise() -> Iterator[None]:
    """SIGTERM ends a run as Ctrl-C does, and Ctrl-C works in a process that was started in the background too."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt(f"signal {number}")

    if threading.current_thread() is not threading.main_thread():
        yield  # whoever runs us in another thread handles signals
        return
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in _VERSIONS}
