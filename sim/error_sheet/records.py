"""What a day's files say, brought into the shapes in which mistakes are looked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.errors import BadInput
from sim.recorder import BODY_TABLE, VISIBLE
from sim.run_folder import RunFolder, read_object, read_table
from tracking.errors import BadInput as BadTrackingInput
from tracking.formats import read_mot
from tracking.matching import matched_pairs

Floats = NDArray[np.float64]

Named = tuple[NDArray[Any], Floats]
"""Names (N,) and places (N, 2) in metres."""

BOX_COLUMNS = ("camera", "frame", "id", "x1", "y1", "x2", "y2", "share")
LOOK_SECONDS = 10.0
"""Looks of a track within so many seconds of a moment say what it looked like then."""


@dataclass(frozen=True, eq=False)
class ByTick:
    """Named places on the floor, found by the number of their tick (from 1)."""

    frames: NDArray[np.int64]
    names: NDArray[Any]
    places: Floats

    @classmethod
    def of(cls, table: pd.DataFrame, name: str, fps: float) -> "ByTick":
        """From a table with columns t, `name`, x, y."""
        frames = np.rint(table["t"].to_numpy(np.float64) * fps).astype(np.int64)
        order = np.argsort(frames, kind="stable")
        places = table[["x", "y"]].to_numpy(np.float64)
        return cls(frames[order], table[name].to_numpy()[order], places[order])

    def at(self, frame: int) -> Named:
        """Who was where at a tick."""
        own = slice(*np.searchsorted(self.frames, [frame, frame + 1]))
        return self.names[own], self.places[own]

    def near(self, frame: int, place: Floats, without: object = None) -> list[tuple[Any, float]]:
        """Names at a tick and their distance in metres from a place (2,), nearest first."""
        names, places = self.at(frame)
        gaps = np.linalg.norm(places - place, axis=1)
        return [(names[k], float(gaps[k])) for k in np.argsort(gaps, kind="stable") if names[k] != without]

    def place(self, frame: int, name: object) -> Floats | None:
        """Where (2,) somebody was at a tick, or None."""
        names, places = self.at(frame)
        own = np.flatnonzero(names == name)
        return places[own[0]] if len(own) else None


@dataclass(frozen=True, eq=False)
class DayFiles:
    """One day of a run, as far as its tracking goes.

    people: all truth, columns t, person, x, y, inside. tracks: columns t, track, x, y; confirmed ones.
    true_boxes, boxes: of all cameras, BOX_COLUMNS; `id` is the person's number or the track, `share` what is visible of
    a person, or the confidence. numbers: person to the number that they have in true boxes. looks: columns t, track,
    embedding; may be empty. fps: ticks a second.
    """

    run: RunFolder
    people: pd.DataFrame
    tracks: pd.DataFrame
    true_boxes: pd.DataFrame
    boxes: pd.DataFrame
    numbers: Mapping[str, int]
    looks: pd.DataFrame
    fps: float

    @cached_property
    def inside(self) -> pd.DataFrame:
        """Truth of those inside the tracked area, whom tracking is measured on."""
        return self.people[self.people["inside"].astype(bool)]

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """Who was matched to which track when; see `tracking.matching.matched_pairs`."""
        return matched_pairs(self.inside, self.tracks)

    @property
    def tick_s(self) -> float:
        """Seconds between two ticks."""
        return 1.0 / self.fps

    def frame(self, t: float) -> int:
        """Number of the picture taken at `t`, from 1."""
        return round(t * self.fps)

    @cached_property
    def people_by_tick(self) -> "ByTick":
        """Everybody's true places by tick."""
        return ByTick.of(self.people, "person", self.fps)

    @cached_property
    def inside_by_tick(self) -> "ByTick":
        """The same of those inside the tracked area."""
        return ByTick.of(self.inside, "person", self.fps)

    @cached_property
    def tracks_by_tick(self) -> "ByTick":
        """Where tracks were, by tick."""
        return ByTick.of(self.tracks, "track", self.fps)

    def seen_by(self, person: str, start: float, end: float) -> NDArray[np.int64]:
        """(T,) cameras that truly saw at least a quarter of somebody, at each tick from `start` to `end`."""
        frames = np.arange(self.frame(start), self.frame(end) + 1)
        own = self.true_boxes_of(person)
        counts = own[own["share"] >= VISIBLE].groupby("frame").size()
        return np.asarray(counts.reindex(frames, fill_value=0), np.int64)

    def true_boxes_of(self, person: str) -> pd.DataFrame:
        """True boxes of somebody in all cameras."""
        return self.true_boxes[self.true_boxes["id"] == self.numbers.get(person, -1)]

    def boxes_of(self, track: int) -> pd.DataFrame:
        """Tracked boxes of a track in all cameras."""
        return self.boxes[self.boxes["id"] == track]

    def look(self, track: int, start: float, end: float) -> Floats | None:
        """(D,) mean unit embedding of a track between two times, or None where none was kept."""
        own = self.looks[(self.looks["track"] == track) & self.looks["t"].between(start, end)]
        if own.empty:
            return None
        mean = np.stack(own["embedding"].to_list()).astype(np.float64).mean(axis=0)
        length = float(np.linalg.norm(mean))
        return mean / length if length > 0 else None

    def likeness(self, one: int, other: int, t: float) -> float | None:
        """Cosine of what two tracks looked like before `t`; None where one has no looks then."""
        looks = [self.look(track, t - LOOK_SECONDS, t) for track in (one, other)]
        return None if looks[0] is None or looks[1] is None else float(looks[0] @ looks[1])


def day_files(run: RunFolder) -> DayFiles:
    """Reads one day; BadInput where a file is missing or wrong. Looks and boxes may be missing."""
    numbers = run.path / "truth" / "numbers.json"
    scenario = run.scenario()
    fps = scenario.get("fps")
    if not isinstance(fps, int | float) or fps <= 0:
        raise BadInput(run.path / "scenario.json", "fps", fps, "ticks a second, above 0")
    looks = run.path / "tracks" / "bodies.parquet"
    return DayFiles(
        run=run,
        people=run.people(),
        tracks=run.floor_tracks(),
        true_boxes=_boxes(run, "truth/boxes"),
        boxes=_boxes(run, "tracks"),
        numbers={name: int(number) for name, number in read_object(numbers).items()} if numbers.is_file() else {},
        looks=read_table(looks, BODY_TABLE) if looks.is_file() else pd.DataFrame(columns=list(BODY_TABLE)),
        fps=float(fps),
    )


def _boxes(run: RunFolder, folder: str) -> pd.DataFrame:
    rows = []
    for camera in run.cameras():
        path = run.path / folder / f"{camera}.txt"
        if not path.is_file():
            continue
        try:
            found = read_mot(path)
        except BadTrackingInput as error:
            raise BadInput(path, error.field, error.found, error.allowed) from error
        rows += [
            (camera, r.frame, r.track, r.left, r.top, r.left + r.width, r.top + r.height, r.confidence) for r in found
        ]
    return pd.DataFrame(rows, columns=list(BOX_COLUMNS))
