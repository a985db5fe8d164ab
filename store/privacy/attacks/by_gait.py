"""Linking by build and gait: height, hips, shoulders and rhythm of steps from key points, pace from positions."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from store.privacy.attacks.kept_frames import GONE, KeptFrames
from store.privacy.attacks.kept_walks import Walk, Walks
from store.privacy.attacks.person_visits import PersonVisits
from store.privacy.attacks.scores import Channel, Nothing, added, by_measure
from store.privacy.case import Case
from store.privacy.keeping.kept_store import KeptStore

Floats = npt.NDArray[np.float64]

CONFIDENT = 0.3
LEAST_POSES = 8
ERRORS = {"height": 0.02, "hips": 0.02, "shoulders": 0.03, "rhythm": 0.06, "pace": 0.12}
"""What of a measure changes from day to day beside the measurement itself: shoes, a bag, a hurry. Metres, hertz, m/s.
Assumptions; the measurement's own error is taken from the two halves of a visit and added."""
TALL = 0.7
"""Quantile of the heights of a visit that stands for the upright person: people stoop over shelves."""
SLOWEST_HZ, FASTEST_HZ = 0.5, 1.4
"""Strides a second, both feet."""
TICK_S, SAMPLES = 0.1, 4096
"""Grid on which poses are laid to find their period; some seven minutes, after which it starts over."""
WALKS_M_S = 0.5
"""Slower than this somebody looks at shelves, and pace says nothing."""


@dataclass(frozen=True, slots=True)
class Poses:
    """One person's kept poses in time order: t (N,), camera (N,) numbers, points (N, 17, 3) as in `DayRecords`."""

    t: Floats
    camera: npt.NDArray[np.int64]
    points: Floats


Seen = TypeVar("Seen", Poses, Walk)


def kept_poses(store: KeptStore, people: PersonVisits) -> dict[int, Poses]:
    """Poses still kept, by row."""
    rows = store.rows("SELECT track, t, camera, points FROM poses WHERE points IS NOT NULL ORDER BY t")
    if not rows:
        return {}
    tracks, times, cameras, blobs = zip(*rows, strict=True)
    points = np.frombuffer(b"".join(blob for blob in blobs if isinstance(blob, bytes)), np.float16)
    names = [str(camera) for camera in cameras]
    return _poses_by_row(people, np.array(tracks, np.int64), np.array(times, np.float64), names, points)


def poses_in_frames(case: Case, people: PersonVisits) -> dict[int, Poses]:
    """Poses that can be read in the frames still kept, by row; a blur over the head hides none."""
    frames, parts = KeptFrames.of(case.store), []
    for day in case.period.days:
        if frames.stretches and day.poses is not None and day.pose_points is not None:
            kept = frames.state(day.poses["camera"].tolist(), day.poses["t"].to_numpy()) != GONE
            parts.append((day.poses[kept], day.pose_points[kept]))
    if not parts:
        return {}
    table = pd.concat([poses for poses, _ in parts])
    points = np.concatenate([points for _, points in parts])
    columns = (table["track"].to_numpy(np.int64), table["t"].to_numpy(np.float64), table["camera"].tolist())
    return _poses_by_row(people, *columns, points)


def _poses_by_row(
    people: PersonVisits,
    track: npt.NDArray[np.int64],
    t: Floats,
    cameras: Sequence[str],
    points: npt.NDArray[np.floating],
) -> dict[int, Poses]:
    camera = np.unique(np.array(cameras), return_inverse=True)[1].astype(np.int64)
    shaped = points.reshape(-1, 17, 3).astype(np.float64)
    found = {}
    for number, row in people.by_track().items():
        own = np.flatnonzero(track == number)
        if len(own) >= LEAST_POSES:
            found[row] = Poses(t[own], camera[own], shaped[own])
    return found


def by_gait(case: Case, people: PersonVisits, walks: Walks) -> Channel | Nothing:
    """Rows of people built alike who walk alike."""
    poses = kept_poses(case.store, people)
    where = ""
    if not poses:
        poses, where = poses_in_frames(case, people), " in kept frames"
    measures = {name: _by_row(poses, measure, len(people)) for name, measure in _OF_POSES.items()} if poses else {}
    if walks.rows:
        measures["pace"] = _by_row(walks.rows, pace, len(people))
    if not measures:
        return Nothing("gait", "not kept: no key points, frames or positions are left")
    scores = {
        name: by_measure(values, people.day, float(np.hypot(error, ERRORS[name])))
        for name, (values, error) in measures.items()
    }
    telling = [name for name, own in scores.items() if np.nan_to_num(own).any()]
    if not telling:
        return Nothing("gait", f"people differ too little, or too few were measured, in {', '.join(measures)}")
    return Channel(
        "gait", reduce(added, (scores[name] for name in telling)), f"from {', '.join(telling)}{where if poses else ''}"
    )


def statures(store: KeptStore, people: PersonVisits) -> dict[int, float]:
    """Height of the head's key points in metres, by row, from kept poses."""
    heights = {row: height(poses) for row, poses in kept_poses(store, people).items()}
    return {row: value for row, value in heights.items() if not np.isnan(value)}


def _by_row(found: Mapping[int, Seen], measure: Callable[[Seen], float], size: int) -> tuple[Floats, float]:
    """(U,) the measure of each row, nan where unknown, and its error: half the spread between a visit's halves."""
    values, gaps = np.full(size, np.nan), []
    for row, own in found.items():
        values[row] = measure(own)
        first, second = (measure(half) for half in _halves(own))
        gaps.append(second - first)
    known = np.abs(np.array(gaps))
    known = known[~np.isnan(known)]
    # Each half has twice the variance of the whole, and the gap twice that of a half.
    return values, float(1.4826 * np.median(known) / 2) if len(known) else 0.0


def _halves(own: Seen) -> tuple[Seen, Seen]:
    late = own.t > np.median(own.t)
    if isinstance(own, Walk):
        return Walk(own.t[~late], own.places[~late]), Walk(own.t[late], own.places[late])
    parts = [Poses(own.t[half], own.camera[half], own.points[half]) for half in (~late, late)]
    return parts[0], parts[1]


def height(poses: Poses) -> float:
    """Metres of the head's key points above the floor, standing."""
    return _quantile(_mean_of(poses, range(5), 1), TALL)


def hips(poses: Poses) -> float:
    """Metres of the hips above the floor, standing."""
    return _quantile(_mean_of(poses, (11, 12), 1), TALL)


def shoulders(poses: Poses) -> float:
    """Metres between the shoulders where they face a camera."""
    return _quantile(np.abs(_difference(poses, 5, 6)), 0.9)


def rhythm(poses: Poses) -> float:
    """Strides a second: the strongest period of one ankle against the other, over all cameras; nan without one."""
    hertz = np.fft.rfftfreq(SAMPLES, TICK_S)
    band = (hertz >= SLOWEST_HZ) & (hertz <= FASTEST_HZ)
    power = np.zeros(int(band.sum()))
    swing = _difference(poses, 15, 16)
    for camera in np.unique(poses.camera):
        own = (poses.camera == camera) & ~np.isnan(swing)
        if own.sum() < 2 * LEAST_POSES:
            continue
        ticks = np.round((poses.t[own] - poses.t[own][0]) / TICK_S).astype(int) % SAMPLES
        # Where a camera saw nothing the deviation from the mean stays 0, which adds to no period.
        wave = np.bincount(ticks, swing[own] - swing[own].mean(), minlength=SAMPLES)
        power += np.abs(np.fft.rfft(wave)[band]) ** 2 / own.sum()
    return float(hertz[band][np.argmax(power)]) if power.max() > 0 else float("nan")


def pace(walk: Walk) -> float:
    """Median speed in m/s over a second while walking; nan for who never walks."""
    step = max(1, round(1.0 / max(1e-3, float(np.median(np.diff(walk.t)))))) if len(walk.t) > 1 else 1
    if len(walk.t) <= step:
        return float("nan")
    way = np.linalg.norm(walk.places[step:] - walk.places[:-step], axis=1)
    speed = way / np.maximum(walk.t[step:] - walk.t[:-step], 1e-3)
    return _quantile(np.where(speed > WALKS_M_S, speed, np.nan), 0.5)


_OF_POSES = {"height": height, "hips": hips, "shoulders": shoulders, "rhythm": rhythm}


def _mean_of(poses: Poses, joints: range | tuple[int, ...], axis: int) -> Floats:
    seen = poses.points[:, joints, 2] > CONFIDENT
    values = np.where(seen, poses.points[:, joints, axis], 0.0)
    with np.errstate(invalid="ignore"):
        return np.asarray(values.sum(axis=1) / np.where(seen.any(axis=1), seen.sum(axis=1), np.nan), float)


def _difference(poses: Poses, left: int, right: int) -> Floats:
    seen = (poses.points[:, [left, right], 2] > CONFIDENT).all(axis=1)
    return np.asarray(np.where(seen, poses.points[:, left, 0] - poses.points[:, right, 0], np.nan), float)


def _quantile(values: Floats, share: float) -> float:
    known = values[~np.isnan(values)]
    return float(np.quantile(known, share)) if len(known) >= LEAST_POSES else float("nan")
