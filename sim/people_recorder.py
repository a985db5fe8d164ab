"""Keeps what a privacy attack would look for in a store: pictures of tracked people, and their poses in metres.

All of it comes from what tracking found; nothing from the truth.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim.tables import TableWriter
from tracking.camera import Camera
from tracking.crops import clearness, crop_of, head_blurred, jpeg
from tracking.lift import lift_keypoints
from tracking.observation import FloorTrack, Observation

CROP_SECONDS = 1.0
"""Store seconds between two pictures of a track; each is by the camera that sees the person best (`clearness`)."""

POSE_SECONDS = 0.1
"""Store seconds, at least, between two poses of a track in one camera; a gait needs several a step."""

CROP_TABLE = ("t", "camera", "track", "jpeg", "blurred")
POSE_TABLE = ("t", "camera", "track", "points")

_F, _S = pa.float32(), pa.string()
_CROPS = {"t": pa.float64(), "camera": _S, "track": pa.int64(), "jpeg": pa.binary(), "blurred": pa.binary()}
_POSES = {"t": pa.float64(), "camera": _S, "track": pa.int64(), "points": pa.list_(_F, 17 * 3)}
_CROPS_PER_GROUP, _POSES_PER_GROUP = 200, 2_000

Sighting = tuple[Observation, int | None]


class PeopleRecorder:
    """Writes `tracks/crops.parquet` and `tracks/poses.parquet` of a run folder while the run goes on.

    Args:
        out: the run folder, with its `tracks`.
        cameras: as tracking believes them to be.
    """

    def __init__(self, out: Path, cameras: Mapping[str, Camera]) -> None:
        self._cameras, self._files = cameras, ExitStack()
        tracks = out / "tracks"
        self._crops = self._files.enter_context(TableWriter(tracks / "crops.parquet", _CROPS, _CROPS_PER_GROUP))
        self._poses = self._files.enter_context(TableWriter(tracks / "poses.parquet", _POSES, _POSES_PER_GROUP))
        self._next_crop: dict[int, float] = {}
        self._next_pose = 0.0

    def tick(
        self,
        t: float,
        frames: Mapping[str, NDArray[np.uint8]],
        tracks: Sequence[FloorTrack],
        sightings: Sequence[Sighting],
    ) -> None:
        """Keeps pictures and poses of confirmed tracks where they are due at `t` seconds."""
        places = {track.track: (track.x, track.y) for track in tracks if track.confirmed}
        seen = [(one, track) for one, track in sightings if track is not None and track in places]
        self._write_crops(t, frames, seen)
        if t >= self._next_pose - 1e-6:
            self._write_poses(t, seen, places)
            self._next_pose = t + POSE_SECONDS

    def close(self) -> None:
        """Finishes both files."""
        self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _write_crops(
        self, t: float, frames: Mapping[str, NDArray[np.uint8]], seen: Sequence[tuple[Observation, int]]
    ) -> None:
        best: dict[int, Observation] = {}
        for one, track in seen:
            if t >= self._next_crop.get(track, 0.0) and (track not in best or clearness(one) > clearness(best[track])):
                best[track] = one
        for track, one in best.items():
            crop = crop_of(frames[one.camera], one.box)
            blurred = head_blurred(crop, one.keypoints, one.box)
            self._crops.append(t, one.camera, track, jpeg(crop.picture), jpeg(blurred))
            self._next_crop[track] = t + CROP_SECONDS - 1e-6

    def _write_poses(
        self, t: float, seen: Sequence[tuple[Observation, int]], places: Mapping[int, tuple[float, float]]
    ) -> None:
        by_camera: dict[str, list[tuple[Observation, int]]] = {}
        for one, track in seen:
            by_camera.setdefault(one.camera, []).append((one, track))
        for camera, own in by_camera.items():
            keypoints = np.stack([one.keypoints for one, _ in own])
            points = lift_keypoints(self._cameras[camera], keypoints, [places[track] for _, track in own])
            for (_, track), pose in zip(own, points, strict=True):
                self._poses.append(t, camera, track, pose.ravel())
