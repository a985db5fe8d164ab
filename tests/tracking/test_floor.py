from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tracking.synthetic import room_area
from tracking.floor import Entrance, FloorArea, FloorTracker
from tracking.floor.appearance import Gallery, SimilarityScale
from tracking.observation import FloorTrack, Observation

DT = 0.1
Path = Callable[[float], tuple[float, float]]


def look(k: int, rng: np.random.Generator) -> np.ndarray:
    vector = np.eye(16)[k] + rng.normal(0, 0.08, 16) + 0.15
    unit: np.ndarray = (vector / np.linalg.norm(vector)).astype(np.float32)
    return unit


class Stage:
    """People on paths, seen with noise by the cameras that are told to see them."""

    def __init__(self, area: FloorArea | None = None, seed: int = 1) -> None:
        self.rng = np.random.default_rng(seed)
        self.tracker = FloorTracker(area or room_area())
        self.t = 0.0
        self.tracks: list[FloorTrack] = []
        self.seen: list[tuple[float, int, float, float]] = []

    def run(self, seconds: float, people: Sequence[tuple[int, Path, str]], sd: float = 0.06) -> "Stage":
        """Let `people`, each a look, a path over the time of this run, and camera letters, be seen for a while."""
        start = self.t
        while self.t < start + seconds - 1e-9:
            observations = []
            for who, path, cameras in people:
                for camera in cameras:
                    place = np.array(path(self.t - start)) + self.rng.normal(0, sd, 2)
                    observations.append(self.observation(camera, who, place, sd))
            self.tracks = self.tracker.step(self.t, observations)
            self.seen += [(self.t, one.track, one.x, one.y) for one in self.tracks if one.confirmed]
            self.t = round(self.t + DT, 6)
        return self

    def observation(self, camera: str, who: int, place: np.ndarray, sd: float) -> Observation:
        box = np.array([100 * who, 100, 100 * who + 50, 220], np.float32)
        keypoints = np.zeros((17, 3), np.float32)
        cov = np.eye(2) * sd**2
        return Observation(camera, self.t, who, box, 0.9, keypoints, look(who, self.rng), place, cov)

    def confirmed(self) -> list[int]:
        return sorted(one.track for one in self.tracks if one.confirmed)

    def at(self, x: float, y: float) -> int:
        (track,) = [o.track for o in self.tracks if o.confirmed and np.hypot(o.x - x, o.y - y) < 0.5]
        return track


def line(start: tuple[float, float], end: tuple[float, float], seconds: float) -> Path:
    def path(t: float) -> tuple[float, float]:
        share = min(1.0, t / seconds)
        return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share

    return path


def still(x: float, y: float) -> Path:
    return line((x, y), (x, y), 1.0)


DOOR_TO_AISLE = line((4.0, 0.4), (4.0, 3.2), 3.0)


def test_somebody_who_walks_in_is_followed_from_the_door_at_once() -> None:
    stage = Stage().run(0.5, [(1, DOOR_TO_AISLE, "abc")])
    assert len(stage.confirmed()) == 1
    track = stage.run(3.0, [(1, line((4.0, 0.9), (4.0, 3.2), 2.5), "abc")]).tracks[0]
    assert np.hypot(track.x - 4.0, track.y - 3.2) < 0.12
    assert track.cameras == ("a", "b", "c")


def test_one_person_seen_by_many_cameras_is_one_track() -> None:
    stage = Stage().run(4.0, [(1, DOOR_TO_AISLE, "abcdefgh")])
    assert {track for _, track, _, _ in stage.seen} == {stage.confirmed()[0]}


def test_somebody_hidden_in_an_aisle_keeps_the_id_when_seen_again() -> None:
    stage = Stage().run(4.0, [(1, DOOR_TO_AISLE, "ab"), (2, still(1.0, 1.0), "cd")])
    before = stage.at(4.0, 3.2)
    stage.run(9.0, [(2, still(1.0, 1.0), "cd")])
    stage.run(2.0, [(1, still(5.5, 3.2), "cd"), (2, still(1.0, 1.0), "cd")])
    assert stage.at(5.5, 3.2) == before


def test_a_lost_person_is_told_from_another_lost_person_by_looks() -> None:
    both = [(1, line((4.0, 0.4), (3.5, 3.2), 3.0), "ab"), (2, line((4.4, 0.4), (4.6, 3.2), 3.0), "ab")]
    stage = Stage().run(4.0, both)
    first, second = stage.at(3.5, 3.2), stage.at(4.6, 3.2)
    stage.run(5.0, [])
    stage.run(3.0, [(2, still(3.5, 3.2), "cd"), (1, still(4.6, 3.2), "cd")])
    assert (stage.at(3.5, 3.2), stage.at(4.6, 3.2)) == (second, first)


def test_whoever_leaves_by_the_door_is_gone_and_the_next_one_is_new() -> None:
    stage = Stage().run(4.0, [(1, DOOR_TO_AISLE, "ab")])
    before = stage.confirmed()
    stage.run(3.0, [(1, line((4.0, 3.2), (4.0, 0.3), 2.8), "ab")]).run(3.0, [])
    assert stage.confirmed() == []
    stage.run(2.0, [(2, DOOR_TO_AISLE, "ab")])
    assert stage.confirmed()
    assert stage.confirmed() != before


def test_a_mistake_of_one_camera_in_an_aisle_is_never_believed() -> None:
    stage = (
        Stage().run(4.0, [(1, DOOR_TO_AISLE, "ab")]).run(9.0, [(1, still(4.0, 3.2), "ab"), (2, still(6.9, 5.2), "c")])
    )
    assert len({track for _, track, _, _ in stage.seen}) == 1


def test_somebody_overlooked_at_the_door_is_believed_after_a_while() -> None:
    stage = Stage().run(1.5, []).run(1.0, [(1, still(6.9, 5.2), "ab")])
    assert stage.confirmed() == []
    stage.run(2.0, [(1, still(6.9, 5.2), "ab")])
    assert len(stage.confirmed()) == 1


def test_whoever_is_inside_when_watching_begins_is_believed_at_once() -> None:
    stage = Stage().run(0.6, [(1, still(6.9, 5.2), "a"), (2, still(3.0, 3.0), "ab")])
    assert len(stage.confirmed()) == 2


def test_people_who_cross_keep_their_ids() -> None:
    there, back = line((1.0, 3.2), (7.0, 3.2), 6.0), line((7.0, 3.3), (1.0, 3.3), 6.0)
    stage = Stage().run(3.0, [(1, still(1.0, 3.2), "ab"), (2, still(7.0, 3.3), "ab")])
    left, right = stage.at(1.0, 3.2), stage.at(7.0, 3.3)
    stage.run(6.5, [(1, there, "abc"), (2, back, "abc")])
    assert (stage.at(7.0, 3.2), stage.at(1.0, 3.3)) == (left, right)


def test_ids_that_were_exchanged_in_a_crowd_are_put_right_by_looks() -> None:
    stage = Stage().run(4.0, [(1, still(3.8, 3.2), "ab"), (2, still(4.5, 3.2), "ab")])
    first, second = stage.at(3.8, 3.2), stage.at(4.5, 3.2)
    # From one tick to the next each stands where the other stood, as after a moment that no camera saw.
    stage.run(3.0, [(2, line((3.8, 3.2), (2.0, 3.2), 2.5), "cd"), (1, line((4.5, 3.2), (6.5, 3.2), 2.5), "cd")])
    assert (stage.at(2.0, 3.2), stage.at(6.5, 3.2)) == (second, first)


def test_whoever_stands_still_unseen_is_reported_for_a_while_with_growing_doubt() -> None:
    stage = Stage().run(5.0, [(1, DOOR_TO_AISLE, "ab")])
    sure = stage.tracks[0].sd
    stage.run(2.5, [])
    (track,) = stage.tracks
    assert np.hypot(track.x - 4.0, track.y - 3.2) < 0.3
    assert track.sd > 3 * sure
    assert track.cameras == ()
    assert stage.run(4.0, []).tracks == []


def test_nobody_is_reported_outside_the_area_or_in_a_gondola() -> None:
    stage = Stage().run(3.0, [(1, line((4.0, 0.4), (4.0, -0.6), 2.0), "ab")])
    assert all(y >= -0.06 for _, _, _, y in stage.seen)
    stage = Stage().run(4.0, [(1, line((4.0, 0.4), (2.0, 2.45), 3.0), "ab")])
    assert all(not (1.25 < x < 3.15 and 2.05 < y < 2.45) for _, _, x, y in stage.seen)


def test_the_standard_deviation_is_honest() -> None:
    errors = []
    for seed in range(6):
        stage = Stage(seed=seed).run(5.0, [(1, line((4.0, 0.4), (4.0, 5.4), 5.0), "ab")])
        (track,) = stage.tracks
        errors.append((track.x - 4.0) / track.sd)
    assert 0.2 < np.std(errors) < 1.6


def test_a_store_without_entrances_believes_people_anywhere() -> None:
    area = FloorArea(np.array([(0, 0), (8, 0), (8, 6), (0, 6)], float), ())
    assert len(Stage(area).run(0.6, [(1, still(6.9, 5.2), "a")]).confirmed()) == 1


def test_memory_is_bounded_while_visitors_come_and_go() -> None:
    stage = Stage()
    for who in range(12):
        stage.run(1.5, [(who, DOOR_TO_AISLE, "ab"), ((who + 5) % 16, still(*stage.rng.uniform(0.3, 5.5, 2)), "c")])
        stage.t += 400
    assert stage.tracker.remembered <= 6


@settings(deadline=None, max_examples=6)
@given(seed=st.integers(0, 1000))
def test_ids_are_unique_at_every_tick_whatever_is_seen(seed: int) -> None:
    stage = Stage(seed=seed)
    places = stage.rng.uniform((0.3, 0.3), (7.5, 5.5), (5, 2))
    for _ in range(25):
        people = [(who, still(*place), "abc"[: stage.rng.integers(0, 4)]) for who, place in enumerate(places)]
        stage.run(DT, people, sd=0.15)
        ids = [one.track for one in stage.tracks]
        assert len(ids) == len(set(ids))
        places += stage.rng.normal(0, 0.1, places.shape)


def test_an_area_without_area_is_refused() -> None:
    with pytest.raises(ValueError, match="encloses no area"):
        FloorArea(np.array([(0, 0), (1, 1), (2, 2)], float), (Entrance("door", 0, 0, 1),))


def test_a_gallery_remembers_recent_looks_more_than_old_ones() -> None:
    gallery = Gallery(10)
    for k in (0, 1):
        for _ in range(60):
            gallery.add(np.eye(4, dtype=np.float32)[k])
    latest = gallery.look()
    assert latest is not None
    assert latest[1] > 0.95


def test_the_similarity_scale_learns_what_similar_means_here() -> None:
    scale = SimilarityScale()
    rng = np.random.default_rng(1)
    for _ in range(600):
        scale.learn(float(rng.normal(0.95, 0.02)), same=True)
        scale.learn(float(rng.normal(0.85, 0.03)), same=False)
    assert scale.log_odds(np.array([0.85]))[0] < -0.5 < 0.5 < scale.log_odds(np.array([0.95]))[0]
