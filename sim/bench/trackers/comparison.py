"""Every tracker on one recording: peers with the floor linking, ours, and the two ceilings."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sim.bench.trackers.confidence import calibrated
from sim.bench.trackers.linking import FloorLinker, LinkSettings, Sighting
from sim.bench.trackers.peers import PEERS, CameraTracker, Peer
from sim.bench.trackers.recording import VISIBLE, Recording, Tick
from sim.bench.trackers.replay import Followed, columns, ours
from sim.errors import MissingLibrary
from tracking.footpoint import FootPointLocator
from tracking.metrics import floor_metrics, with_perfect_association
from tracking.observation import Detection
from tracking.pipeline import View

OURS = "ours"
TRUE_BOXES = "ours, true boxes"
PERFECT = "ours, perfect association"
TRUE_KEYPOINT_SD_PX = 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """One tracker on one recording; figures are None, and `missing` says why, where it could not run.

    figures: hota, deta, assa, idf1, mota, id_switches, mean_error_m; camera frames a second within cameras
    (`camera_fps`) and with the linking on the floor (`fps`).
    """

    tracker: str
    kind: str
    figures: dict[str, float] | None
    missing: str | None = None


def compare(recording: Recording) -> Iterator[Row]:
    """A row for each peer, then ours, then the ceilings."""
    inside, seen = recording.inside(), calibrated(recording)
    for peer in PEERS:
        try:
            followed = follow(recording, peer, ticks=seen)
        except MissingLibrary as error:
            yield Row(peer.name, "peer", None, str(error))
            continue
        yield Row(peer.name, "peer", floor_metrics(inside, followed.tracks) | _speed(followed, "tracker"))
    our = ours(recording)
    yield Row(OURS, "ours", floor_metrics(inside, our.tracks) | _speed(our, "tracklets"))
    ceiling = ours(recording, ticks=true_ticks(recording))
    yield Row(TRUE_BOXES, "ceiling", floor_metrics(inside, ceiling.tracks) | _speed(ceiling, "tracklets"))
    yield Row(PERFECT, "ceiling", floor_metrics(inside, with_perfect_association(inside, our.tracks)))


def rows_in_all(recordings: int) -> int:
    """How many rows `compare` gives for so many recordings."""
    return recordings * (len(PEERS) + 3)


def follow(
    recording: Recording, peer: Peer, settings: LinkSettings | None = None, ticks: Sequence[Tick] | None = None
) -> Followed:
    """A peer over the recorded findings: an instance for each camera, then the common floor linking.

    Args:
        recording: nothing of its truth is read.
        peer: who follows.
        settings: of the floor linking; None for the default.
        ticks: other findings of the same cameras in place of the recorded ones.

    Raises:
        MissingLibrary: the peer is not installed.
    """
    trackers = {name: peer.make(recording.manifest.fps) for name in recording.cameras}
    linker, locator = FloorLinker(recording.area, settings), FootPointLocator()
    seconds = {"tracker": 0.0, "linking": 0.0}
    rows: list[tuple[float, int, float, float]] = []
    frames = 0
    for tick in recording.ticks if ticks is None else ticks:
        started = time.perf_counter()
        ids = [_followed(trackers[view.camera], view) for view in tick.views]
        between = time.perf_counter()
        rows += linker.step(tick.t, sightings(recording, locator, tick, ids))
        seconds["tracker"] += between - started
        seconds["linking"] += time.perf_counter() - between
        frames += len(tick.views)
    return Followed(columns(rows), seconds, frames)


def _followed(tracker: CameraTracker, view: View) -> list[int | None]:
    ids = tracker.update(view)
    if len(ids) != len(view.detections):
        raise ValueError(f"{type(tracker).__name__}: found {len(ids)} ids for {len(view.detections)} detections")
    return ids


def sightings(
    recording: Recording, locator: FootPointLocator, tick: Tick, ids: list[list[int | None]]
) -> list[Sighting]:
    """Everybody whom the cameras' trackers follow at a tick, placed on the floor.

    Statures are not learnt, as ours does: everybody has the mean one of shoppers.
    """
    kept = [[k for k, track in enumerate(tracks) if track is not None] for tracks in ids]
    views = [
        (recording.cameras[view.camera], [view.detections[k] for k in rows])
        for view, rows in zip(tick.views, kept, strict=True)
    ]
    people = [
        ((view.camera, int(tracks[k] or 0)), view.embeddings[k])
        for view, tracks, rows in zip(tick.views, ids, kept, strict=True)
        for k in rows
    ]
    points = locator.locate(views, np.tile(locator.stature_prior, (len(people), 1)))
    return [
        Sighting(source, floor, covariance, looks)
        for (source, looks), floor, covariance in zip(people, points.floor, points.covariance, strict=True)
    ]


def true_ticks(recording: Recording) -> list[Tick]:
    """The frames as a perfect detector would have seen them: everybody of whom at least `VISIBLE` shows.

    Boxes are around what shows, as those of the detector; keypoints that show are exact to a pixel, others unknown;
    embeddings are those of these boxes' crops.
    """
    truth = recording.boxes()
    by_frame: dict[tuple[float, str], list[int]] = {}
    shown = (truth.rows["visible"] >= VISIBLE).to_numpy()
    times, cameras = truth.rows["t"].tolist(), truth.rows["camera"].tolist()
    for row in np.flatnonzero(shown).tolist():
        by_frame.setdefault((times[row], cameras[row]), []).append(row)
    sd = np.full(17, TRUE_KEYPOINT_SD_PX, np.float32)

    def detection(row: int) -> Detection:
        keypoints = truth.keypoints[row].copy()
        keypoints[:, 2] = keypoints[:, 2] == 2
        return Detection(truth.shown[row], 1.0, keypoints, sd)

    def view(t: float, camera: str) -> View:
        rows = by_frame.get((t, camera), [])
        return View(camera, [detection(row) for row in rows], truth.embeddings[rows])

    return [Tick(tick.t, [view(tick.t, seen.camera) for seen in tick.views]) for tick in recording.ticks]


def _speed(followed: Followed, within: str) -> dict[str, float]:
    return {
        "camera_fps": followed.frames / max(followed.seconds.get(within, 0.0), 1e-9),
        "fps": followed.frames / max(followed.wall, 1e-9),
    }
