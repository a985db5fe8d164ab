"""What the player needs of a run: paths on the floor, camera pictures, and what the store noted, on one clock."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sim.report.colours import track_colour
from sim.report.journal import read_run_journal
from sim.report.moments import Moment, moments
from sim.report.stills import Still
from sim.run_folder import RunFolder

PATH_HZ = 5.0
"""Positions a second that are kept for drawing; runs have 10."""


@dataclass(frozen=True, slots=True)
class Path2D:
    """One dot's way: times in seconds, metres on the floor, the label beside it and the words on hover."""

    label: str
    title: str
    colour: str
    t: tuple[float, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CameraPictures:
    """A camera's pictures: the address of its annotated video, or stills over time, or neither."""

    name: str
    video: str | None
    stills: tuple[Still, ...]


@dataclass(frozen=True, slots=True)
class Playback:
    """Everything that moves, `seconds` long from opening."""

    seconds: float
    tracks: tuple[Path2D, ...]
    truth: tuple[Path2D, ...]
    moments: tuple[Moment, ...]
    cameras: tuple[CameraPictures, ...]


def playback(run: RunFolder, cameras: Sequence[CameraPictures]) -> Playback:
    """Collects a run's playback from its files; a run that is still going on has what it has so far."""
    tracks = run.floor_tracks()
    people = run.people()
    noted = tuple(moments(read_run_journal(run)))
    ends = [float(tracks["t"].max()) if len(tracks) else 0.0, float(people["t"].max()) if len(people) else 0.0]
    ends += [moment.t + 2.0 for moment in noted]  # receipts come after the last person has left
    return Playback(
        seconds=max(1.0, *ends),
        tracks=tuple(track_paths(tracks)),
        truth=tuple(truth_paths(people)),
        moments=noted,
        cameras=tuple(cameras),
    )


def track_paths(tracks: pd.DataFrame) -> Iterable[Path2D]:
    """One path a track, thinned to PATH_HZ, named by its account once it has one."""
    for track, rows in tracks.sort_values("t").groupby("track"):
        number = int(str(track))
        known = rows["account"].dropna().astype(str)
        account = known.iloc[-1] if len(known) else ""
        label = account or f"track {number}"
        title = f"Track {number}, " + (f"billed to {account}" if account else "not linked to an account")
        yield _path(rows, label, title, track_colour(number))


def truth_paths(people: pd.DataFrame) -> Iterable[Path2D]:
    """One path a person inside the store, from the ground truth."""
    inside = people[people["inside"].astype(bool)] if "inside" in people.columns else people
    for person, rows in inside.sort_values("t").groupby("person"):
        yield _path(rows, str(person), f"Where {person} really was", "#1f2429")


def player_json(shown: Playback, depth_m: float, scale: float) -> str:
    """The playback as JSON that is safe inside a script element."""
    busy = [path.t[0] for path in shown.tracks if path.t]
    value: dict[str, Any] = {
        "seconds": round(shown.seconds, 1),
        "start": round(min(shown.seconds, max(0.0, min(busy, default=0.0)) + 6.0), 1),
        "depth": depth_m,
        "scale": scale,
        "tracks": [asdict(path) for path in shown.tracks],
        "truth": [{"t": path.t, "x": path.x, "y": path.y} for path in shown.truth],
        "moments": [asdict(moment) for moment in shown.moments],
        "cameras": [{"stills": [asdict(still) for still in camera.stills]} for camera in shown.cameras],
    }
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def pictures(
    run: RunFolder, videos: Mapping[str, str], stills: Mapping[str, tuple[Still, ...]]
) -> list[CameraPictures]:
    """Cameras in order of name, with the addresses under which their videos are served and their stills."""
    names = sorted({*run.camera_names(), *videos, *stills})
    return [CameraPictures(name, videos.get(name), stills.get(name) or _newest(run, name)) for name in names]


def data_uri(path: Path, kind: str) -> str:
    """A file as a `data:` address."""
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _newest(run: RunFolder, camera: str) -> tuple[Still, ...]:
    frame = run.live_frame(camera)
    return (Still(0.0, data_uri(frame, "image/jpeg")),) if frame else ()


def _path(rows: pd.DataFrame, label: str, title: str, colour: str) -> Path2D:
    slots = (rows["t"] * PATH_HZ).round().astype(int)
    kept = rows[~slots.duplicated()]
    return Path2D(
        label, title, colour, *(tuple(round(float(v), 2) for v in kept[column]) for column in ("t", "x", "y"))
    )
