"""Rules for trackers."""

from __future__ import annotations

import numpy as np

from tracking.conformance.rules import Rule, require
from tracking.conformance.walk import TICK_S, TICKS, BlockDetector, frames_at, places_at, walk_area, walk_cameras
from tracking.embed import ColourEmbedder
from tracking.errors import TrackingError
from tracking.observation import FloorTrack, Observation
from tracking.tracker import Tracker, TrackerFactory

_NEAR_M = 0.6
_LAST_TICKS = 10


def _new(factory: TrackerFactory) -> Tracker:
    return factory(walk_cameras(), walk_area(), BlockDetector(), ColourEmbedder(), pose=None)


def _walked(factory: TrackerFactory) -> list[list[FloorTrack]]:
    """What the tracker says of every tick of the walk."""
    tracker = _new(factory)
    for _ in range(3):
        tracker.warm_up(frames_at(-1))
    return [tracker.step(tick * TICK_S, frames_at(tick)) for tick in range(TICKS)]


def _knows_its_cameras(factory: TrackerFactory) -> None:
    known = set(_new(factory).cameras)
    require(known == set(walk_cameras()), f"cameras {sorted(known)}")


def _nobody_is_nobody(factory: TrackerFactory) -> None:
    tracker = _new(factory)
    for tick in range(10):
        found = tracker.step(tick * TICK_S, frames_at(-1))
        require(isinstance(found, list), f"a {type(found).__name__}")
        require(not any(track.confirmed for track in found), f"{len(found)} tracks in an empty room")


def _people_are_followed(factory: TrackerFactory) -> None:
    last = _walked(factory)[-_LAST_TICKS:]
    first_ids: list[int] = []
    for tick, tracks in enumerate(last, start=TICKS - _LAST_TICKS):
        confirmed = [track for track in tracks if track.confirmed]
        require(len(confirmed) == 2, f"{len(confirmed)} confirmed tracks of two people at tick {tick}")
        ids = []
        for place in places_at(tick):
            gaps = [float(np.hypot(track.x - place[0], track.y - place[1])) for track in confirmed]
            require(min(gaps) < _NEAR_M, f"the nearest track is {min(gaps):.2f} m from a person at tick {tick}")
            ids.append(confirmed[int(np.argmin(gaps))].track)
        first_ids = first_ids or ids
        require(ids == first_ids, f"ids {first_ids} became {ids} at tick {tick}")


def _tracks_are_right(factory: TrackerFactory) -> None:
    for tick, tracks in enumerate(_walked(factory)):
        for track in tracks:
            require(isinstance(track, FloorTrack), f"a {type(track).__name__}")
            require(isinstance(track.track, int) and isinstance(track.confirmed, bool), f"{track!r}")
            require(abs(track.t - tick * TICK_S) < 1e-9, f"t {track.t} at tick {tick}, {tick * TICK_S} s")
            numbers = (track.x, track.y, track.sd, track.vx, track.vy)
            require(bool(np.isfinite(numbers).all()) and track.sd > 0, f"x, y, sd, vx, vy {numbers}")
        ids = [track.track for track in tracks]
        require(len(set(ids)) == len(ids), f"ids {ids} at one tick")


def _observations_are_said(factory: TrackerFactory) -> None:
    tracker = _new(factory)
    assigned = 0
    for tick in range(TICKS):
        tracker.step(tick * TICK_S, frames_at(tick))
        for one, who in tracker.last_observations:
            require(isinstance(one, Observation) and one.camera in walk_cameras(), f"an observation {one!r}")
            require(who is None or isinstance(who, int), f"taken for {who!r}")
            assigned += who is not None
    require(assigned > 0, "no observation of the whole walk was taken for anybody")


def _cameras_may_be_missing(factory: TrackerFactory) -> None:
    tracker = _new(factory)
    names = list(walk_cameras())
    for tick in range(12):
        frames = frames_at(tick)
        some = {} if tick % 4 == 3 else {names[tick % 3]: frames[names[tick % 3]]}
        found = tracker.step(tick * TICK_S, some)
        require(isinstance(found, list), f"a {type(found).__name__}")


def _wrong_frames_are_refused(factory: TrackerFactory) -> None:
    frame = frames_at(0)["a"]
    for what, frames in (("an unknown camera", {"z": frame}), ("another size", {"a": frame[:90]})):
        try:
            _new(factory).step(0.0, frames)
        except TrackingError:
            continue
        require(False, f"a frame of {what} was taken; UnknownCamera and BadFrame are TrackingErrors")


def _seconds_grow(factory: TrackerFactory) -> None:
    tracker = _new(factory)
    before: dict[str, float] = {}
    for tick in range(5):
        tracker.step(tick * TICK_S, frames_at(tick))
        now = dict(tracker.seconds)
        require(all(now.get(name, -1.0) >= value for name, value in before.items()), f"{before} became {now}")
        before = now
    require(sum(before.values()) > 0, f"{before}")


def _same_again(factory: TrackerFactory) -> None:
    def said(tracks: list[list[FloorTrack]]) -> list[list[tuple[object, ...]]]:
        return [[(one.track, one.x, one.y, one.sd, one.confirmed) for one in tick] for tick in tracks]

    require(said(_walked(factory)) == said(_walked(factory)), "two trackers differ over the same frames")


TRACKER_RULES = (
    Rule("has the cameras that it was built with", _knows_its_cameras),
    Rule("confirms nobody in an empty room", _nobody_is_nobody),
    Rule("follows two people whom the detector that it was given sees, each with one id", _people_are_followed),
    Rule("gives FloorTracks of the tick's time, finite, each id once", _tracks_are_right),
    Rule("says in last_observations whom each camera saw and who it was taken for", _observations_are_said),
    Rule("takes frames of some cameras, or of none", _cameras_may_be_missing),
    Rule("refuses unknown cameras and frames of another size by a TrackingError", _wrong_frames_are_refused),
    Rule("counts its seconds by stage", _seconds_grow),
    Rule("gives the same for the same frames, and leaves them as they are", _same_again),
)
