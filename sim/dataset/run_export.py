"""A scenario's run as a tracking data set: frames, MOTChallenge truth a camera, floor positions, calibration."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from sim.footage import Footage, film
from sim.scenario import Scenario
from sim.stopwatch import Stopwatch
from sim.store_plan import camera_models, load_store
from sim.visibility import TruthBox
from sim.world import World
from tracking.camera import Camera, save_calibration
from tracking.formats import MotRow, write_mot

LEAST_VISIBLE = 0.05  # under this a person is not in a camera's ground truth


def export_run(
    scenario: Scenario,
    out: Path,
    seed: int,
    seconds: float | None = None,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Renders a scenario without tracking it; returns how many ticks were written.

    Writes `mot/CAMERA/{img1/000001.jpg, gt/gt.txt, seqinfo.ini}` as MOTChallenge has them (boxes of the whole body,
    confidence is the visible fraction), `positions.csv` (frame, id, x, y in metres) and `calibration.yaml`.

    Args:
        scenario: what happens.
        out: folder of the data set.
        seed: of the world and the cameras.
        seconds: stop earlier than the scenario does.
        progress: called with the number of ticks done.
    """
    plan = load_store(scenario.store)
    cameras = camera_models(plan)
    world = World(plan, scenario, seed)
    out.mkdir(parents=True, exist_ok=True)
    save_calibration(out / "calibration.yaml", cameras)
    rows: dict[str, list[MotRow]] = {name: [] for name in cameras}
    for name in cameras:
        (out / "mot" / name / "img1").mkdir(parents=True, exist_ok=True)
        (out / "mot" / name / "gt").mkdir(parents=True, exist_ok=True)
    numbers = {person: number for number, person in enumerate(world.people, start=1)}
    frame = 0
    with (out / "positions.csv").open("w", newline="") as file:
        positions = csv.writer(file)
        positions.writerow(["frame", "id", "x", "y"])
        for footage in film(world, plan, cameras, seed, Stopwatch()):
            if footage.tick is None:
                continue
            if seconds is not None and footage.tick.t >= seconds:
                break
            frame += 1
            _write_frame(out, frame, footage, numbers, rows)
            _write_dark(out, frame, [camera for name, camera in cameras.items() if name not in footage.frames])
            for person in footage.tick.people:
                positions.writerow([frame, numbers[person.person], f"{person.x:.3f}", f"{person.y:.3f}"])
            if progress is not None:
                progress(frame)
    for name, camera in cameras.items():
        write_mot(out / "mot" / name / "gt" / "gt.txt", rows[name])
        _write_sequence(out / "mot" / name, name, scenario.fps, frame, camera.width, camera.height)
    return frame


def _write_frame(
    out: Path, frame: int, footage: Footage, numbers: dict[str, int], rows: dict[str, list[MotRow]]
) -> None:
    for name, picture in footage.frames.items():
        path = out / "mot" / name / "img1" / f"{frame:06d}.jpg"
        cv2.imwrite(str(path), picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
        seen = [box for box in footage.boxes[name] if box.visible >= LEAST_VISIBLE]
        rows[name] += [_row(frame, numbers[box.person], box) for box in seen]


def _write_dark(out: Path, frame: int, silent: Sequence[Camera]) -> None:
    """A dark picture of each camera that gave none, as sequences must have all their frames."""
    for camera in silent:
        path = out / "mot" / camera.name / "img1" / f"{frame:06d}.jpg"
        cv2.imwrite(str(path), np.zeros((camera.height, camera.width, 3), np.uint8))


def _row(frame: int, number: int, box: TruthBox) -> MotRow:
    return MotRow.from_box(frame, number, box.box, box.visible)


def _write_sequence(folder: Path, name: str, fps: float, frames: int, width: int, height: int) -> None:
    (folder / "seqinfo.ini").write_text(
        f"[Sequence]\nname={name}\nimDir=img1\nframeRate={fps:g}\nseqLength={frames}\n"
        f"imWidth={width}\nimHeight={height}\nimExt=.jpg\n"
    )
