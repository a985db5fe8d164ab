"""Records a scenario: draws it and lets the networks look, once, without linking, billing or judging anything."""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.bench.trackers.recording import (
    BOXES,
    FRAMES,
    HANDS,
    PEOPLE,
    VIEWS,
    VISIBLE,
    WRISTS,
    Recording,
    RecordingManifest,
)
from sim.footage import Footage, film
from sim.graphics import choose_backend
from sim.handover import floor_area_of
from sim.people import Person
from sim.prefetch import Prefetch
from sim.run import chosen_cameras
from sim.run_folder import write_json
from sim.scenario import Scenario
from sim.stopwatch import Stopwatch
from sim.store_plan import load_store
from sim.tables import TableWriter
from sim.world import PersonState, World
from tracking import detect, embed, pose
from tracking.camera import save_calibration
from tracking.detect import PROPOSALS, YoloDetector
from tracking.embed import Embedder, ReidEmbedder
from tracking.pipeline import StoreTracker, View
from tracking.pose import CropPose

OnProgress = Callable[[float, float], None]

_HALFWAY = 0.5
_NETWORKS = {
    "detector": detect.COMMITTED_WEIGHTS, "pose": pose.COMMITTED_WEIGHTS, "embedder": embed.COMMITTED_WEIGHTS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TrueHand:
    """Where a palm truly is, metres; `reaching` from halfway on; `cameras`: how many of them see the wrist."""

    person: str
    side: str
    x: float
    y: float
    z: float
    reaching: bool
    cameras: int


def record(
    scenario: Scenario, folder: Path, seed: int | None = None, seconds: float | None = None,
    on_progress: OnProgress | None = None,
) -> Recording:  # fmt: skip
    """The recording of the first `seconds` of a scenario's first day, made in `folder` unless it is there already.

    Args:
        scenario: what to record.
        folder: where recordings are kept, each in a folder of its own, named after scenario, seed and what it is
            made of. It is not made again where scenario, store, seed, seconds and the networks' weights are the same.
        seed: None takes the scenario's own.
        seconds: None records the whole day.
        on_progress: called with the store seconds done and those there are.

    Raises:
        BadInput: the scenario's store is wrong.
        MissingLibrary: the machine cannot draw.
    """
    seed = scenario.seed if seed is None else seed
    seconds = None if seconds is None else float(seconds)
    weights = _weights()
    key = _key(scenario, seed, seconds, weights)
    length = "whole" if seconds is None else f"{seconds:g}s"
    path = folder / f"{scenario.name}-seed{seed}-{length}-{key[:8]}"
    if not (path / "recording.json").is_file():
        choose_backend()
        partial = path.with_name(path.name + ".part")
        for old in (path, partial):
            shutil.rmtree(old, ignore_errors=True)
        length_s, stages = _film_into(partial, scenario, seed, seconds, on_progress)
        manifest = RecordingManifest(
            scenario=scenario.name, seed=seed, seconds=length_s, fps=scenario.fps, key=key, weights=weights,
            recorded=datetime.now(UTC).isoformat(timespec="seconds"), stages=stages,
        )  # fmt: skip
        write_json(partial / "recording.json", manifest.model_dump(mode="json"))
        partial.rename(path)
    return Recording(path)


def _weights() -> dict[str, str]:
    """SHA-256 of each network's files."""
    return {
        name: hashlib.sha256(b"".join(path.with_suffix(kind).read_bytes() for kind in (".xml", ".bin"))).hexdigest()
        for name, path in _NETWORKS.items()
    }


def _key(scenario: Scenario, seed: int, seconds: float | None, weights: Mapping[str, str]) -> str:
    plan = load_store(scenario.store)
    made_of = [
        RecordingManifest.model_fields["format"].default,
        scenario.model_dump(mode="json"),
        plan.model_dump(mode="json"),
        seed,
        seconds,
        dict(weights),
    ]
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()


def _film_into(
    out: Path, scenario: Scenario, seed: int, seconds: float | None, on_progress: OnProgress | None
) -> tuple[float, dict[str, float]]:
    """Records into the new folder `out`; store seconds recorded, and wall seconds by stage."""
    plan = load_store(scenario.store)
    cameras = chosen_cameras(plan, scenario)
    world, drawing = World(plan, scenario, seed), Stopwatch()
    embedder = ReidEmbedder()
    tracker = StoreTracker(cameras, floor_area_of(plan), YoloDetector(settings=PROPOSALS), embedder, pose=CropPose())
    end = scenario.seconds if seconds is None else min(seconds, scenario.seconds)
    (out / "truth").mkdir(parents=True)
    write_json(out / "plan.json", plan.model_dump(mode="json"))
    save_calibration(out / "calibration.yaml", tracker.cameras)
    t = 0.0

    def filmed() -> Iterator[tuple[Footage, list[TrueHand]]]:
        # Hands are posed where people are drawn, in the same thread: a person remembers the last pose.
        for shot in film(world, plan, cameras, seed, drawing):
            yield shot, true_hands(world.people, shot)

    with RecordingWriter(out, embedder) as writer, Prefetch(filmed) as footage:
        for shot, hands in footage:
            if shot.tick is None:
                tracker.warm_up(shot.frames)
                continue
            if shot.tick.t > end + 1e-6:
                break
            t = shot.tick.t
            writer.tick(shot, tracker.see(t, shot.frames), hands)
            if on_progress:
                on_progress(t, end)
    stages = {**drawing.stages, **tracker.seconds}
    return t, {name: round(spent, 2) for name, spent in stages.items() if spent}


class RecordingWriter:
    """Writes the tables of a recording, tick by tick and in constant memory."""

    def __init__(self, out: Path, embedder: Embedder) -> None:
        """Into the folder `out`, with its `truth`; the embedder describes how people look in their true boxes."""
        self._embedder, self._files = embedder, ExitStack()
        tables = {
            "frames": FRAMES, "views": VIEWS, "truth/people": PEOPLE, "truth/boxes": BOXES, "truth/hands": HANDS,
        }  # fmt: skip
        self._tables = {
            name: self._files.enter_context(TableWriter(out / f"{name}.parquet", columns, 5_000))
            for name, columns in tables.items()
        }

    def tick(self, shot: Footage, views: list[View], hands: list[TrueHand]) -> None:
        """Keeps what the networks found and what was true at one tick."""
        if shot.tick is None:
            return
        t = shot.tick.t
        for view in views:
            self._tables["frames"].append(t, view.camera, len(view.detections))
            for one, look in zip(view.detections, view.embeddings, strict=True):
                sd = None if one.keypoint_sd is None else one.keypoint_sd.astype(np.float32)
                points = one.keypoints.astype(np.float32).ravel()
                self._tables["views"].append(one.box.astype(np.float32), one.confidence, points, sd, look)
        for who in shot.tick.people:
            self._tables["truth/people"].append(t, who.person, who.x, who.y, who.person in shot.tick.inside)
        for hand in hands:
            place = (hand.x, hand.y, hand.z)
            self._tables["truth/hands"].append(t, hand.person, hand.side, *place, hand.reaching, hand.cameras)
        for camera in shot.frames:
            self._write_boxes(t, camera, shot)

    def _write_boxes(self, t: float, camera: str, shot: Footage) -> None:
        boxes = shot.boxes[camera]
        seen = [one for one in boxes if one.visible >= VISIBLE]
        looks: list[NDArray[np.float32]] = []
        if seen:
            looks = list(self._embedder.embed(shot.frames[camera], np.stack([one.shown for one in seen])))
        look_of = {one.person: look for one, look in zip(seen, looks, strict=True)}
        for one in boxes:
            points = one.keypoints.ravel()
            row = (t, camera, one.person, one.box, one.shown, one.visible, points, look_of.get(one.person))
            self._tables["truth/boxes"].append(*row)

    def __enter__(self) -> "RecordingWriter":
        """The writer itself."""
        return self

    def __exit__(self, *problem: object) -> None:
        """Finishes every file."""
        self._files.close()


def true_hands(people: Mapping[str, Person], shot: Footage) -> list[TrueHand]:
    """Both palms of everybody who is in the store."""
    if shot.tick is None:
        return []
    seen = Counter(
        (one.person, side)
        for boxes in shot.boxes.values()
        for one in boxes
        for side, wrist in WRISTS.items()
        if one.keypoints[wrist, 2] == 2
    )
    return [
        hand
        for state in shot.tick.people
        if state.person in shot.tick.inside
        for hand in _hands_of(people[state.person], state, seen)
    ]


def _hands_of(person: Person, state: PersonState, seen: Mapping[tuple[str, str], int]) -> Iterator[TrueHand]:
    posed = person.pose(state.x, state.y, state.heading, state.phase, state.speed, state.reach, carrying=state.carrying)
    reaches = state.reach if isinstance(state.reach, tuple) else (state.reach,)
    for side in WRISTS:
        x, y, z = person.hand(posed, side).tolist()
        out = any(one is not None and one.side == side and one.blend >= _HALFWAY for one in reaches)
        yield TrueHand(state.person, side, x, y, z, out, seen.get((state.person, side), 0))
