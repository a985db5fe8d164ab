"""Errors in metres of what was found in a recording: feet, tracks and hands against the truth."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from sim.bench.trackers.recording import VISIBLE, WRISTS, Recording
from tracking.box_overlap import same_people
from tracking.observation import FloorTrack, Observation

Array = NDArray[np.float64]

WITHIN_M = 1.0
"""A track belongs to a person no farther away, as in `tracking.metrics`."""

SURELY = 0.5
"""Least confidence of a wrist that counts as found by a camera."""

SAME_PERSON_IOU = 0.4
"""From this overlap on, a found box and the box of what truly shows are of the same person, as in `sim.box_overlap`."""


def foot_errors(recording: Recording, seen: Sequence[tuple[Observation, int | None]]) -> dict[str, float]:
    """Errors of single cameras' floor points, for people of whom at least `VISIBLE` shows.

    Found and true boxes of a frame are matched one to one for the greatest overlap, at least `SAME_PERSON_IOU`.

    Returns:
        foot_median_m, foot_p95_m, foot_count, and foot_recall: the share of such true boxes that were found.
    """
    truth = recording.boxes()
    chosen = (truth.rows["visible"] >= VISIBLE).to_numpy()
    inside = recording.inside()
    places = {
        (_ms(t), who): (x, y)
        for t, who, x, y in zip(inside["t"], inside["person"], inside["x"], inside["y"], strict=True)
    }
    by_frame: dict[tuple[int, str], list[Observation]] = defaultdict(list)
    for one, _ in seen:
        by_frame[(_ms(one.t), one.camera)].append(one)
    errors: list[float] = []
    wanted = 0
    for (t, camera), rows in _by_frame(truth.rows, chosen).items():
        people = truth.rows["person"].to_numpy()[rows]
        wanted += sum((t, who) in places for who in people)
        found = by_frame.get((t, camera), [])
        for row, column in same_people(
            truth.shown[rows], np.array([one.box for one in found]).reshape(-1, 4), SAME_PERSON_IOU
        ):
            place = places.get((t, people[row]))
            if place is not None:
                errors.append(float(np.hypot(*(found[column].floor - place))))
    return _spread("foot", errors) | {"foot_recall": len(errors) / wanted if wanted else float("nan")}


def track_errors(inside: pd.DataFrame, tracks: Mapping[str, Any]) -> dict[str, float]:
    """track_median_m and track_p95_m of tracks within `WITHIN_M` of their person, and how many."""
    pairs = _pairs(inside, tracks)
    return _spread("track", [gap for _, _, _, gap in pairs])


def hand_errors(
    recording: Recording, floor: Sequence[FloorTrack], seen: Sequence[tuple[Observation, int | None]]
) -> dict[str, float]:
    """Errors of palms whose wrist two cameras or more truly see (`hand`), of those that reach among them (`reach`).

    A third group, `pair`, are palms whose wrist was found in the frames of two cameras or more, whatever is true.

    Returns:
        hand_median_m, hand_p95_m, hand_count and hand_recall, the share of those palms of tracked people that were
        found; the same of the other groups. A hand reaches when it is at least half on its way.
    """
    shown = [one for one in floor if one.confirmed]
    rows = [(one.t, one.track, one.x, one.y) for one in shown]
    tracks = dict(zip(("t", "track", "x", "y"), np.array(rows, np.float64).reshape(-1, 4).T, strict=True))
    track_of = {(t, who): track for t, who, track, _ in _pairs(recording.inside(), tracks)}
    found = {
        (_ms(one.t), one.track, str(hand.side)): np.array([hand.x, hand.y, hand.z])
        for one in shown
        for hand in one.hands
    }
    sightings = Counter(
        (_ms(one.t), track, side)
        for one, track in seen
        for side, wrist in WRISTS.items()
        if one.keypoints[wrist, 2] >= SURELY
    )
    truth = recording.hands()
    errors: dict[str, list[float]] = {"hand": [], "reach": [], "pair": []}
    wanted = Counter[str]()
    stamps, palms = _ms_of(truth["t"]).tolist(), truth[["x", "y", "z"]].to_numpy(np.float64)
    columns = (truth["person"], truth["side"], truth["reaching"], truth["cameras"])
    for t, palm, person, side, reaching, cameras in zip(stamps, palms, *columns, strict=True):
        if (t, person) not in track_of:
            continue
        key = (t, track_of[(t, person)], side)
        groups = {"hand": cameras >= 2, "reach": reaching and cameras >= 2, "pair": sightings[key] >= 2}
        for group in (name for name, holds in groups.items() if holds):
            wanted[group] += 1
            if key in found:
                errors[group].append(float(np.linalg.norm(found[key] - palm)))
    result: dict[str, float] = {}
    for group, values in errors.items():
        recall = len(values) / wanted[group] if wanted[group] else float("nan")
        result |= _spread(group, values) | {f"{group}_recall": recall}
    return result


def _spread(name: str, errors: Sequence[float]) -> dict[str, float]:
    median, p95 = np.quantile(errors, [0.5, 0.95]).tolist() if len(errors) else (float("nan"), float("nan"))
    return {f"{name}_median_m": median, f"{name}_p95_m": p95, f"{name}_count": float(len(errors))}


def _pairs(inside: pd.DataFrame, tracks: Mapping[str, Any]) -> list[tuple[int, str, int, float]]:
    """Millisecond, person, track and metres between them, matched one to one at each tick for the least distance."""
    people = dict(iter(inside.assign(ms=_ms_of(inside["t"])).groupby("ms")))
    stamps = _ms_of(tracks["t"])
    order = np.argsort(stamps, kind="stable")
    times, starts = np.unique(stamps[order], return_index=True)
    pairs = []
    for t, rows in zip(times.tolist(), np.split(order, starts[1:]), strict=True):
        if t not in people:
            continue
        here = people[t][["x", "y"]].to_numpy(np.float64)
        places = np.column_stack([np.asarray(tracks["x"])[rows], np.asarray(tracks["y"])[rows]])
        gaps = np.linalg.norm(here[:, None] - places[None], axis=2)
        for i, k in zip(*linear_sum_assignment(np.minimum(gaps, 2 * WITHIN_M)), strict=True):
            if gaps[i, k] <= WITHIN_M:
                name = str(people[t]["person"].iloc[i])
                pairs.append((t, name, int(np.asarray(tracks["track"])[rows[k]]), float(gaps[i, k])))
    return pairs


def _by_frame(rows: pd.DataFrame, chosen: NDArray[np.bool_]) -> dict[tuple[int, str], list[int]]:
    frames: dict[tuple[int, str], list[int]] = defaultdict(list)
    stamps, cameras = _ms_of(rows["t"]).tolist(), rows["camera"].tolist()
    for row in np.flatnonzero(chosen).tolist():
        frames[(stamps[row], cameras[row])].append(row)
    return frames


def _ms(t: float) -> int:
    return round(t * 1000)


def _ms_of(t: Any) -> NDArray[np.int64]:
    return np.asarray(np.rint(np.asarray(t, np.float64) * 1000), np.int64)
