"""Our own tracking over a recording, without pixels or networks, and how well it did.

`python -m sim.bench.trackers.replay FOLDER...` prints the figures of recordings in seconds: the way to tune fusion.
"""

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from sim.bench.trackers.errors_of import foot_errors, hand_errors, track_errors
from sim.bench.trackers.recording import Recording, Tick
from sim.errors import SimError
from tracking.detect import Frame
from tracking.metrics import floor_metrics
from tracking.observation import Detection, FloorTrack, Observation
from tracking.pipeline import StoreTracker, TrackerSettings

Columns = Mapping[str, NDArray[Any]]


class NoNetwork:
    """Stands where the networks were: a recording already holds what they found."""

    dimmed = False

    def detect(
        self, images: Sequence[Frame], windows: Sequence[NDArray[np.floating]] | None = None
    ) -> list[list[Detection]]:
        """Nothing: there are no frames."""
        return [[] for _ in images]

    def embed(self, image: Frame, boxes: NDArray[np.floating]) -> NDArray[np.float32]:
        """Nothing: there are no frames."""
        return np.zeros((0, 1), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What a tracker made of a recording.

    Args:
        tracks: columns t, track, x, y of confirmed tracks.
        seconds: wall seconds by stage.
        frames: camera frames that were followed.
        observations: everybody seen, placed on the floor, with the track or None; where the tracker says so.
        floor: all floor tracks of each tick, with hands; where the tracker says so.
    """

    tracks: Columns
    seconds: dict[str, float]
    frames: int
    observations: Sequence[tuple[Observation, int | None]] = ()
    floor: Sequence[FloorTrack] = ()

    @property
    def wall(self) -> float:
        """Wall seconds of tracking in all."""
        return sum(self.seconds.values())


def ours(
    recording: Recording, settings: TrackerSettings | None = None, ticks: Sequence[Tick] | None = None
) -> Followed:
    """Our tracking over the recorded findings, exactly as a run would have tracked them.

    Args:
        recording: nothing of its truth is read.
        settings: of all stages; None for the default.
        ticks: other findings of the same cameras in place of the recorded ones.
    """
    tracker = StoreTracker(recording.cameras, recording.area, NoNetwork(), NoNetwork(), settings)
    floor: list[FloorTrack] = []
    observations: list[tuple[Observation, int | None]] = []
    frames = 0
    for tick in recording.ticks if ticks is None else ticks:
        floor += tracker.fuse(tick.t, tracker.place(tick.t, tick.views))
        observations += tracker.last_observations
        frames += len(tick.views)
    return Followed(confirmed(floor), {k: v for k, v in tracker.seconds.items() if v}, frames, observations, floor)


def confirmed(floor: Sequence[FloorTrack]) -> Columns:
    """Columns t, track, x, y of the confirmed tracks."""
    return columns([(one.t, one.track, one.x, one.y) for one in floor if one.confirmed])


def columns(rows: Sequence[tuple[float, int, float, float]]) -> Columns:
    """Rows of t, track, x, y as columns by name."""
    table = np.array(rows, np.float64).reshape(-1, 4)
    return {"t": table[:, 0], "track": table[:, 1].astype(np.int64), "x": table[:, 2], "y": table[:, 3]}


def figures(recording: Recording, followed: Followed) -> dict[str, float]:
    """Everything that `followed` says, against the recording's truth; metres, and shares of one."""
    inside = recording.inside()
    result = dict(floor_metrics(inside, followed.tracks))
    result |= track_errors(inside, followed.tracks)
    if followed.observations:
        result |= foot_errors(recording, followed.observations)
        result |= hand_errors(recording, followed.floor, followed.observations)
    result["seconds"] = followed.wall
    result["frames_per_second"] = followed.frames / max(followed.wall, 1e-9)
    return result


def figure_table(rows: Mapping[str, Mapping[str, float]]) -> Table:
    """One column for each recording."""
    table = Table(title="Our tracking, replayed", title_style="bold", title_justify="left")
    table.add_column("figure")
    for name in rows:
        table.add_column(name, justify="right")
    for figure in dict.fromkeys(figure for row in rows.values() for figure in row):
        values = [row.get(figure, float("nan")) for row in rows.values()]
        table.add_row(figure, *(f"{value:.0f}" if _counts(figure) else f"{value:.4f}" for value in values))
    return table


def _counts(figure: str) -> bool:
    return figure in ("id_switches", "frames_per_second") or figure.endswith("_count")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the figures of recordings; 2 where a folder is none."""
    parser = argparse.ArgumentParser(description="Our tracking over recordings of `aisle bench trackers`.")
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    rows: dict[str, Mapping[str, float]] = {}
    try:
        for folder in parser.parse_args(arguments).folders:
            recording = Recording(folder)
            started = time.perf_counter()
            rows[folder.name] = figures(recording, ours(recording)) | {"wall": time.perf_counter() - started}
    except SimError as error:
        print(error, file=sys.stderr)
        return 2
    Console().print(figure_table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
