from typing import Any

import numpy as np
import pytest

from tests.tracking.synthetic import Bench, Replay, follow, make, room_area
from tracking.errors import BadFrame, UnknownCamera
from tracking.metrics import floor_metrics
from tracking.observation import Detection
from tracking.pipeline import STAGES, StoreTracker


@pytest.fixture(scope="module")
def bench() -> Bench:
    return make(5, people=3, seconds=15)


def frames_of(bench: Bench) -> dict[str, np.ndarray]:
    return {name: np.zeros((view.height, view.width, 3), np.uint8) for name, view in bench.cameras.items()}


def tracker_of(bench: Bench) -> StoreTracker:
    replay = Replay(bench)
    return StoreTracker(bench.cameras, room_area(), replay, replay)


def test_the_chain_follows_people_from_noisy_detections(bench: Bench) -> None:
    tracks, tracker = follow(bench)
    scores = floor_metrics(bench.truth, tracks)
    assert scores["hota"] > 0.9
    assert scores["idf1"] > 0.95
    assert scores["mean_error_m"] < 0.1
    assert set(tracker.seconds) == set(STAGES)
    assert tracker.seconds["tracklets"] > 0


@pytest.mark.slow
def test_eight_people_are_followed_as_well_as_the_target_says() -> None:
    bench = make(2, people=8, seconds=30)
    scores = floor_metrics(bench.truth, follow(bench)[0])
    assert scores["hota"] >= 0.85
    assert scores["idf1"] >= 0.95


def test_two_runs_over_the_same_frames_are_equal(bench: Bench) -> None:
    def some(columns: dict[str, list[float]]) -> list[list[float]]:
        return [columns[name] for name in ("t", "track", "x", "y", "sd")]

    short = Bench(bench.cameras, bench.times[:50], bench.truth, bench.seen[:50])
    assert some(follow(short)[0]) == some(follow(short)[0])


def test_observing_and_fusing_is_a_step(bench: Bench) -> None:
    frames, whole, halves = frames_of(bench), tracker_of(bench), tracker_of(bench)
    for t in bench.times[:40]:
        expected = whole.step(t, frames)
        assert halves.fuse(t, halves.observe(t, frames)) == expected
        assert [who for _, who in halves.last_observations] == [who for _, who in whole.last_observations]


def test_cameras_may_be_missing_at_any_tick(bench: Bench) -> None:
    class OneCameraAtATime:
        dimmed = False

        def __init__(self) -> None:
            self.rows: list[Any] = []

        def detect(self, images: Any, windows: Any = None) -> list[list[Detection]]:
            return [[found for found, _ in row] for row in self.rows]

        def embed(self, image: Any, boxes: Any) -> np.ndarray:
            return np.stack([look for _, look in self.rows[0]])

    network = OneCameraAtATime()
    tracker = StoreTracker(bench.cameras, room_area(), network, network)
    frames, names, found = frames_of(bench), list(bench.cameras), 0
    for k, t in enumerate(bench.times[:150]):
        name = names[k % 4]
        network.rows = [bench.seen[k][name]]
        tracks = tracker.step(t, {name: frames[name]} if k % 10 else {})
        found += sum(one.confirmed for one in tracks)
    assert found > 50


def test_every_track_that_cameras_saw_has_observations_with_its_id(bench: Bench) -> None:
    tracker, frames, seen = tracker_of(bench), frames_of(bench), 0
    for t in bench.times[:60]:
        tracks = tracker.step(t, frames)
        given = {(who, one.camera) for one, who in tracker.last_observations}
        for track in tracks:
            assert {(track.track, camera) for camera in track.cameras} <= given
            seen += len(track.cameras)
    assert seen > 20


def test_an_unknown_camera_and_a_wrong_size_are_refused(bench: Bench) -> None:
    tracker = tracker_of(bench)
    with pytest.raises(UnknownCamera, match="cellar"):
        tracker.step(0.0, {"cellar": np.zeros((360, 640, 3), np.uint8)})
    with pytest.raises(BadFrame, match="sw"):
        tracker.step(0.0, {"sw": np.zeros((100, 100, 3), np.uint8)})


def test_a_camera_that_sees_nothing_new_is_not_searched(bench: Bench) -> None:
    class Counting:
        dimmed = True
        seen = 0

        def detect(self, images: Any, windows: Any = None) -> list[list[Detection]]:
            self.seen += len(images)
            return [[] for _ in images]

        def embed(self, image: Any, boxes: Any) -> np.ndarray:
            return np.zeros((len(boxes), 4), np.float32)

    network = Counting()
    tracker = StoreTracker(bench.cameras, room_area(), network, network)
    empty = {name: np.full((360, 640, 3), 90, np.uint8) for name in bench.cameras}
    for _ in range(3):
        tracker.warm_up(empty)
    tracker.step(0.0, empty)
    assert network.seen == 0
    visited = {name: frame.copy() for name, frame in empty.items()}
    visited["sw"][100:250, 200:260] = (20, 40, 200)
    tracker.step(0.1, visited)
    assert network.seen == 1


@pytest.mark.slow
def test_state_stays_small_while_hundreds_come_and_go() -> None:
    bench = make(7, people=2, seconds=6)
    replay = Replay(bench)
    tracker = StoreTracker(bench.cameras, room_area(), replay, replay)
    frames = frames_of(bench)
    for day in range(5):
        replay._next = 0
        for t in bench.times:
            tracker.step(t + day * 500, frames)
    assert tracker._floor.remembered < 20
    assert len(tracker._statures._track_of) < 220
    assert len(tracker._statures._known) < 60
