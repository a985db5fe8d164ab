"""A scenario's run as tracking data sets: MOTChallenge a camera, WILDTRACK over all, floor positions, calibration."""

from __future__ import annotations

import csv
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from sim.dataset.mot_sequences import MotSequences
from sim.dataset.wildtrack_folder import WildtrackFolder
from sim.footage import film
from sim.handover import floor_area_of
from sim.run import chosen_cameras
from sim.scenario import Scenario
from sim.stopwatch import Stopwatch
from sim.store_plan import load_store
from sim.world import World
from tracking.area_file import save_area
from tracking.camera import save_calibration

POSITION_COLUMNS = ("frame", "t", "person", "x", "y", "inside")


def export_run(
    scenario: Scenario,
    out: Path,
    seed: int,
    seconds: float | None = None,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Renders a scenario without tracking it; returns how many ticks were written.

    Writes `mot/` (see `MotSequences`), `wildtrack/` (see `WildtrackFolder`), `positions.csv` (frame from 1, t seconds
    since the first frame, person, x, y in metres, whether inside the tracked area), `calibration.yaml` and `area.yaml`.

    Args:
        scenario: what happens.
        out: folder of the data set.
        seed: of the world and the cameras.
        seconds: stop earlier than the scenario does.
        progress: called with the number of ticks done.
    """
    plan = load_store(scenario.store)
    cameras = chosen_cameras(plan, scenario)
    world = World(plan, scenario, seed)
    out.mkdir(parents=True, exist_ok=True)
    save_calibration(out / "calibration.yaml", cameras)
    area = floor_area_of(plan)
    save_area(out / "area.yaml", area)
    numbers = {person: number for number, person in enumerate(world.people, start=1)}
    frame = 0
    with ExitStack() as files:
        sequences = MotSequences(out / "mot", cameras, area, scenario.fps)
        files.enter_context(sequences)
        room = (plan.room.width_m, plan.room.depth_m)
        wildtrack = WildtrackFolder(out / "wildtrack", cameras, room, scenario.fps)
        positions = csv.writer(files.enter_context((out / "positions.csv").open("w", newline="", encoding="utf-8")))
        positions.writerow(POSITION_COLUMNS)
        for footage in film(world, plan, cameras, seed, Stopwatch()):
            if footage.tick is None:
                sequences.warm_up(footage.frames)
                continue
            if seconds is not None and footage.tick.t >= seconds:
                break
            frame += 1
            t = (frame - 1) / scenario.fps
            sequences.write(frame, t, footage, numbers)
            wildtrack.write(frame, footage, numbers)
            for one in footage.tick.people:
                inside = one.person in footage.tick.inside
                positions.writerow([frame, f"{t:.3f}", numbers[one.person], f"{one.x:.3f}", f"{one.y:.3f}", inside])
            if progress is not None:
                progress(frame)
    return frame
