"""Finds what tracking did wrong on a day: identity switches, lost people, ghosts, doubles and late births."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.error_sheet.records import DayFiles

Kind = Literal["switch", "lost", "ghost", "double", "late"]

LEAST_SECONDS = 1.0
"""Losses, ghosts, doubles and late births of at most this length are not listed."""

SWAP_SECONDS = 2.0
"""Two people who take each other's track within so many seconds have swapped."""

NEAR_M = 1.0
"""A track this far from everybody follows nobody."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake of tracking.

    start, end: seconds; a switch starts at the last tick with the old track and ends at the first with the new one.
    person: whom it befell; of a ghost nobody. tracks: the track or tracks in it: of a switch the old and the new one,
    of a double the one that counts and the one too many. place: (x, y) metres where it happened. cost_s: how many
    seconds it spoilt, by which the worst are chosen: of a switch, how long the new track stayed. swapped_with: of a
    switch, who took the other track in turn. nearest, nearest_m: the nearest other person then, and how far.
    """

    kind: Kind
    start: float
    end: float
    person: str | None
    tracks: tuple[int, ...]
    place: tuple[float, float]
    cost_s: float
    swapped_with: str | None = None
    nearest: str | None = None
    nearest_m: float | None = None

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.end - self.start


def mistakes(day: DayFiles) -> list[Mistake]:
    """Every mistake of a day, by kind, then by time."""
    found: list[Mistake] = []
    for find in (_switches, _losses, _ghosts, _doubles, _late_births):
        found += sorted(find(day), key=lambda one: (one.start, one.person or "", one.tracks))
    return found


def _switches(day: DayFiles) -> Iterator[Mistake]:
    changes = []
    for person, rows in day.pairs.groupby("person"):
        times, tracks = rows["t"].to_numpy(), rows["track"].to_numpy()
        at = np.flatnonzero(tracks[1:] != tracks[:-1]) + 1
        ends = [*times[at[1:]], times[-1] + day.tick_s]
        for k, end in zip(at, ends, strict=False):
            old, new = int(tracks[k - 1]), int(tracks[k])
            changes.append((str(person), float(times[k - 1]), float(times[k]), old, new, float(end - times[k])))
    for person, start, end, old, new, cost_s in changes:
        swapped = [
            one[0]
            for one in changes
            if one[0] != person and one[3:5] == (new, old) and abs(one[2] - end) <= SWAP_SECONDS
        ]
        yield _mistake(day, "switch", start, end, person, (old, new), cost_s, swapped[0] if swapped else None)


def _losses(day: DayFiles) -> Iterator[Mistake]:
    """Gaps after a person's first match; and people who were never matched at all."""
    matched = {str(person): rows for person, rows in day.pairs.groupby("person")}
    for name, rows in day.inside.groupby("person"):
        person, frames = str(name), _frames(day, rows)
        own = matched.get(person)
        if own is None:
            gaps: Iterable[tuple[int, int]] = _runs(frames)
        else:
            followed = _frames(day, own)
            gaps = _runs(np.setdiff1d(frames[frames > followed[0]], followed))
        for first, last in gaps:
            tracks = () if own is None else _last_track(own, first / day.fps)
            yield from _lasting(day, "lost", first, last, person, tracks)


def _late_births(day: DayFiles) -> Iterator[Mistake]:
    entered = day.inside.groupby("person")["t"].min()
    for name, rows in day.pairs.groupby("person"):
        first, followed = day.frame(float(entered[name])), day.frame(float(rows["t"].iloc[0]))
        yield from _lasting(day, "late", first, followed - 1, str(name), (int(rows["track"].iloc[0]),))


def _ghosts(day: DayFiles) -> Iterator[Mistake]:
    alone: dict[int, list[int]] = {}
    for frame, tracks, places, _ in _unmatched(day):
        _, people = day.people_by_tick.at(frame)
        far = (np.linalg.norm(places[:, None] - people[None], axis=2) > NEAR_M).all(axis=1)
        for track in tracks[far]:
            alone.setdefault(int(track), []).append(frame)
    for track, frames in alone.items():
        for first, last in _runs(np.array(frames)):
            yield from _lasting(day, "ghost", first, last, None, (track,))


def _doubles(day: DayFiles) -> Iterator[Mistake]:
    """Tracks that match nobody although within 1 m of somebody, who is matched to another track."""
    beside: dict[int, dict[int, tuple[str, int]]] = {}
    for frame, tracks, places, matched in _unmatched(day):
        for track, place in zip(tracks, places, strict=True):
            near = day.inside_by_tick.near(frame, place)[:1]
            if near and near[0][1] <= NEAR_M and near[0][0] in matched:
                beside.setdefault(int(track), {})[frame] = (str(near[0][0]), matched[near[0][0]])
    for track, by_frame in beside.items():
        for first, last in _runs(np.array(sorted(by_frame))):
            own = [by_frame[frame] for frame in range(first, last + 1)]
            person, other = max(dict.fromkeys(own), key=own.count)
            yield from _lasting(day, "double", first, last, person, (other, track))


def _unmatched(day: DayFiles) -> Iterator[tuple[int, NDArray[Any], NDArray[np.float64], dict[str, int]]]:
    """At each tick: its number, tracks that match nobody, their places (N, 2), and the track of each matched person."""
    by_tick = _matched_by_tick(day)
    for frame in np.unique(day.tracks_by_tick.frames).tolist():
        matched = by_tick.get(frame, {})
        tracks, places = day.tracks_by_tick.at(frame)
        loose = ~np.isin(tracks, list(matched.values()))
        if loose.any():
            yield frame, tracks[loose], places[loose], matched


def _matched_by_tick(day: DayFiles) -> dict[int, dict[str, int]]:
    found: dict[int, dict[str, int]] = {}
    frames = _frames(day, day.pairs)
    for frame, person, track in zip(frames, day.pairs["person"], day.pairs["track"], strict=True):
        found.setdefault(int(frame), {})[str(person)] = int(track)
    return found


def _lasting(
    day: DayFiles, kind: Kind, first: int, last: int, person: str | None, tracks: tuple[int, ...]
) -> Iterator[Mistake]:
    """The mistake of the ticks from `first` to `last`, unless it was too short to be listed."""
    seconds = (last - first + 1) / day.fps
    if seconds > LEAST_SECONDS + 1e-6:
        yield _mistake(day, kind, first / day.fps, (last + 1) / day.fps, person, tracks, seconds)


def _mistake(
    day: DayFiles, kind: Kind, start: float, end: float, person: str | None, tracks: tuple[int, ...], cost_s: float,
    swapped_with: str | None = None,
) -> Mistake:  # fmt: skip
    middle = day.frame(end) if kind == "switch" else day.frame((start + end) / 2)
    place = day.tracks_by_tick.place(middle, tracks[-1]) if kind in ("ghost", "double") else None
    if place is None and person is not None:
        place = day.people_by_tick.place(middle, person)
    place = np.zeros(2) if place is None else place
    near = day.people_by_tick.near(middle, place, person)[:1]
    nearest, nearest_m = (str(near[0][0]), near[0][1]) if near else (None, None)
    where = (float(place[0]), float(place[1]))
    return Mistake(kind, start, end, person, tracks, where, cost_s, swapped_with, nearest, nearest_m)


def _last_track(pairs: pd.DataFrame, before: float) -> tuple[int, ...]:
    earlier = pairs[pairs["t"] < before]["track"]
    return (int(earlier.iloc[-1]),) if len(earlier) else ()


def _frames(day: DayFiles, rows: pd.DataFrame) -> NDArray[np.int64]:
    return np.rint(rows["t"].to_numpy(np.float64) * day.fps).astype(np.int64)


def _runs(frames: NDArray[np.int64]) -> list[tuple[int, int]]:
    """First and last of each unbroken run of tick numbers."""
    if len(frames) == 0:
        return []
    parts = np.split(frames, np.flatnonzero(np.diff(frames) != 1) + 1)
    return [(int(part[0]), int(part[-1])) for part in parts]
