"""Who a track was, decided after closing time: tracks that end where nobody can vanish are joined to what came after.

Online, a lost person can only be looked for among those who were lost before. With the whole day at hand all joins are
decided together, by one assignment of ends to beginnings (as in Zhang, Li and Nevatia, CVPR 2008, with a matching in
place of their flow). Whatever is computed here must be labelled offline.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.optimize import linear_sum_assignment

from tracking.floor import FloorArea
from tracking.floor.appearance import SimilarityScale
from tracking.floor.area import AreaTest

Array = NDArray[np.float64]
_NEVER = 1e6


class OfflineSettings(BaseModel):
    """How tracks are joined after closing time."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    top_speed: float = Field(default=2.2, gt=0, le=10, description="fastest walker inside a store, m/s")
    slack_m: float = Field(default=0.8, ge=0, le=5, description="error of a place where a track ends or begins, metres")
    longest_s: float = Field(default=300.0, gt=0, le=86400, description="longest time between two joined tracks, s")
    overlap_s: float = Field(default=4.0, ge=0, le=60, description="a lost track may be reported for so long, s")
    overlap_m: float = Field(default=1.5, gt=0, le=5, description="apart by less while both are reported, metres")
    usual_m: float = Field(default=0.6, gt=0, le=5, description="usual distance over a gap of no time, metres")
    usual_m_s: float = Field(default=0.6, gt=0, le=5, description="by which that grows, m/s")
    most_motion: float = Field(default=4.0, gt=0, le=50, description="log odds that a distance can speak against")
    most_looks: float = Field(default=6.0, gt=0, le=50, description="log odds that looks can speak")
    gate_cost: float = Field(default=-2.5, ge=-50, le=50, description="log odds needed to join at a gate, negated")
    doorstep_m: float = Field(default=0.5, ge=0, le=5, description="nearer to the boundary at a gate: gone out, metres")
    doorstep_cost: float = Field(default=-4.0, ge=-50, le=50, description="log odds needed there, negated, per end")
    aisle_cost: float = Field(default=1.5, ge=-50, le=50, description="log odds against vanishing in an aisle, per end")
    look_s: float = Field(default=15.0, gt=0, le=3600, description="looks so near to an end say who it is, s")
    filled_s: float = Field(default=3.0, ge=0, le=60, description="gaps up to so long are filled in straight lines, s")


@dataclass(frozen=True, slots=True, eq=False)
class _Piece:
    """One track as it was found: its times and places, and what it looked like at its beginning and end."""

    track: int
    start: float
    end: float
    first: Array
    last: Array
    velocity: Array
    early: Array | None
    late: Array | None


def relink(
    tracks: pd.DataFrame, looks: pd.DataFrame, area: FloorArea, settings: OfflineSettings | None = None
) -> pd.DataFrame:
    """Joins the tracks of a whole day; nothing but what tracking found is used.

    Args:
        tracks: columns t (seconds), track, x, y, sd (metres), and any others, which stay with their rows.
        looks: columns t, track, embedding (D,); may be empty.
        area: the tracked floor, with the entrances at which alone people come and go.
        settings: None for the usual ones.

    Returns:
        the same columns in order of time: joined tracks have the number of their first part, times at which two parts
        were reported are told once, and short gaps are filled.
    """
    settings = settings or OfflineSettings()
    if tracks.empty:
        return tracks.copy()
    pieces = _pieces(tracks, looks, settings)
    joined = _joins(pieces, tracks, _scale(pieces), area, settings)
    return _rewritten(tracks, joined, settings)


def _pieces(tracks: pd.DataFrame, looks: pd.DataFrame, settings: OfflineSettings) -> list[_Piece]:
    looked = {int(str(track)): rows for track, rows in looks.groupby("track")}
    pieces = []
    for name, rows in tracks.sort_values("t").groupby("track"):
        track = int(str(name))
        t, places = rows["t"].to_numpy(np.float64), rows[["x", "y"]].to_numpy(np.float64)
        recent = np.flatnonzero(t >= t[-1] - 1.0)
        seconds = float(t[-1] - t[recent[0]])
        velocity = (places[-1] - places[recent[0]]) / seconds if seconds > 0 else np.zeros(2)
        own = looked.get(track)
        early = None if own is None else _look(own[own["t"] <= t[0] + settings.look_s])
        late = None if own is None else _look(own[own["t"] >= t[-1] - settings.look_s])
        pieces.append(_Piece(track, float(t[0]), float(t[-1]), places[0], places[-1], velocity, early, late))
    return pieces


def _look(rows: pd.DataFrame) -> Array | None:
    """Mean unit embedding (D,)."""
    if rows.empty:
        return None
    mean: Array = np.stack(rows["embedding"].to_list()).astype(np.float64).mean(axis=0)
    length = float(np.linalg.norm(mean))
    return mean / length if length > 1e-6 else None


def _scale(pieces: list[_Piece]) -> SimilarityScale:
    """What a likeness is worth, learnt from the day: the two ends of one track, and two tracks at the same time."""
    scale = SimilarityScale(same=0.85, different=0.4, sd=0.15)
    for k, one in enumerate(pieces):
        if one.early is not None and one.late is not None and one.end - one.start > 10:
            scale.learn(float(one.early @ one.late), same=True)
        for other in pieces[k + 1 :]:
            together = min(one.end, other.end) - max(one.start, other.start)
            if one.late is not None and other.late is not None and together > 10:
                scale.learn(float(one.late @ other.late), same=False)
    return scale


def _joins(
    pieces: list[_Piece], tracks: pd.DataFrame, scale: SimilarityScale, area: FloorArea, settings: OfflineSettings
) -> dict[int, int]:
    """Which track goes on as which: one matching over all ends and beginnings of the day."""
    count, last = len(pieces), float(tracks["t"].max())
    opening = float(tracks["t"].min())
    free = [one.end > last - 1.0 for one in pieces], [one.start < opening + 1e-6 for one in pieces]
    ends = _alone(np.array([one.last for one in pieces]), np.array(free[0]), area, settings)
    starts = _alone(np.array([one.first for one in pieces]), np.array(free[1]), area, settings)
    cost = np.full((2 * count, 2 * count), _NEVER)
    places = _places(tracks)
    for i, one in enumerate(pieces):
        for j, other in enumerate(pieces):
            if i != j and _reachable(one, other, places, settings):
                cost[i, j] = -_odds(one, other, scale, settings)
    cost[np.arange(count), count + np.arange(count)] = ends
    cost[count + np.arange(count), np.arange(count)] = starts
    cost[count:, count:] = 0.0
    rows, columns = linear_sum_assignment(cost)
    chosen = zip(rows.tolist(), columns.tolist(), strict=True)
    return {pieces[i].track: pieces[j].track for i, j in chosen if i < count and j < count and cost[i, j] < _NEVER}


def _alone(places: Array, free: NDArray[np.bool_], area: FloorArea, settings: OfflineSettings) -> Array:
    """(N,) what it costs that a track ends (or begins) at such places: doorsteps are for that, aisles are not."""
    at_gate = area.entrance_gap(places) <= 0
    test = AreaTest(area)
    inside_m = np.array([test.inside_m(place) for place in places])
    step = at_gate & (inside_m < settings.doorstep_m)
    costs = np.where(at_gate | free, settings.gate_cost / 2, settings.aisle_cost)
    return np.where(step, settings.doorstep_cost, costs)


def _places(tracks: pd.DataFrame) -> Mapping[int, dict[int, Array]]:
    """Places (2,) by track and millisecond."""
    return {
        int(str(track)): dict(
            zip(
                np.rint(rows["t"].to_numpy(np.float64) * 1000).astype(int).tolist(),
                rows[["x", "y"]].to_numpy(np.float64), strict=True,
            )
        )
        for track, rows in tracks.groupby("track")
    }  # fmt: skip


def _reachable(one: _Piece, other: _Piece, places: Mapping[int, dict[int, Array]], settings: OfflineSettings) -> bool:
    """Whether somebody followed as `one` can have gone on as `other`."""
    seconds = other.start - one.end
    if other.end <= one.end or other.start <= one.start or not -settings.overlap_s <= seconds <= settings.longest_s:
        return False
    if seconds > 0:
        gap = float(np.linalg.norm(other.first - one.last))
        return gap <= settings.slack_m + settings.top_speed * seconds
    mine, theirs = places[one.track], places[other.track]
    gaps = [float(np.linalg.norm(mine[t] - theirs[t])) for t in mine.keys() & theirs.keys()]
    return not gaps or max(gaps) <= settings.overlap_m


def _odds(one: _Piece, other: _Piece, scale: SimilarityScale, settings: OfflineSettings) -> float:
    """Log odds that `other` is the same person as `one` a little later."""
    seconds = max(0.0, other.start - one.end)
    ahead = one.last + one.velocity * min(seconds, 1.0)
    gap = min(float(np.linalg.norm(other.first - ahead)), float(np.linalg.norm(other.first - one.last)))
    usual = settings.usual_m + settings.usual_m_s * seconds
    motion = -min(0.5 * (gap / usual) ** 2, settings.most_motion)
    if one.late is None or other.early is None:
        return motion
    looks = float(scale.log_odds(np.array([one.late @ other.early]))[0])
    return motion + float(np.clip(looks, -settings.most_looks, settings.most_looks))


def _rewritten(tracks: pd.DataFrame, joined: Mapping[int, int], settings: OfflineSettings) -> pd.DataFrame:
    first = {after: before for before, after in joined.items()}

    def root(track: int) -> int:
        while track in first:
            track = first[track]
        return track

    part = tracks["track"].to_numpy(np.int64)
    begun = tracks.groupby("track")["t"].min()
    order = np.array([float(begun[track]) for track in part])
    table = tracks.assign(track=[root(int(track)) for track in part], _part=order, _ms=(tracks["t"] * 1000).round())
    # While a lost track was still reported, the newer part is the one that was seen.
    table = table.sort_values(["track", "_ms", "_part"]).drop_duplicates(["track", "_ms"], keep="last")
    filled = [_filled(rows, settings) for _, rows in table.groupby("track")]
    out = pd.concat(filled)[list(tracks.columns)].sort_values(["t", "track"], kind="stable")
    return out.astype({"track": np.int64}).reset_index(drop=True)


def _filled(rows: pd.DataFrame, settings: OfflineSettings) -> pd.DataFrame:
    """One person's rows, with positions in straight lines where they were reported by nothing for a short while."""
    t = rows["t"].to_numpy(np.float64)
    steps = np.diff(t)
    if len(steps) == 0:
        return rows
    tick = float(np.median(steps))
    found = [rows]
    for k in np.flatnonzero((steps > 1.5 * tick) & (steps <= settings.filled_s)).tolist():
        count = round(steps[k] / tick) - 1
        share = np.arange(1, count + 1) / (count + 1)
        between = pd.concat([rows.iloc[[k]]] * count)
        for name in ("t", "x", "y"):
            low, high = float(rows[name].iloc[k]), float(rows[name].iloc[k + 1])
            between[name] = low + share * (high - low)
        # Nobody saw this: as unsure as the surer end, and by how far one can stray from a straight line.
        between["sd"] = float(rows["sd"].iloc[k]) + 0.3 * np.minimum(share, 1 - share) * steps[k]
        found.append(between)
    return pd.concat(found).sort_values("t")


__all__ = ["OfflineSettings", "relink"]
