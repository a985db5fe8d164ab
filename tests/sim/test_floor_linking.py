"""The floor linking that turns tracks of single cameras into one track for each person."""

import numpy as np
import pytest

from sim.bench.trackers.linking import FloorLinker, LinkSettings, Sighting
from tracking.floor import FloorArea

ROOM = FloorArea(np.array([(0, 0), (8, 0), (8, 6), (0, 6)], np.float64), ())
RED, BLUE = np.eye(4, dtype=np.float32)[:2]
BIRTHS = LinkSettings().births


def seen(camera: str, track: int, x: float, y: float, looks: np.ndarray = RED) -> Sighting:
    return Sighting((camera, track), np.array([x, y]), np.eye(2) * 0.15**2, looks)


def shown(linker: FloorLinker, ticks: list[list[Sighting]], start: float = 0.0) -> list[dict[int, tuple[float, float]]]:
    """Places by track at each tick, ten ticks a second."""
    rows = [linker.step(start + k / 10, sightings) for k, sightings in enumerate(ticks)]
    return [{track: (x, y) for _, track, x, y in row} for row in rows]


def test_one_person_before_several_cameras_is_one_track() -> None:
    ticks = [[seen("a", 1, 2.0, 2.0), seen("b", 7, 2.2, 2.1), seen("c", 3, 1.9, 2.0)]] * 10
    assert [len(row) for row in shown(FloorLinker(ROOM), ticks)][BIRTHS:] == [1] * (10 - BIRTHS)


def test_two_people_apart_or_unlike_are_two_tracks() -> None:
    apart = [[seen("a", 1, 2.0, 2.0), seen("b", 1, 4.0, 2.0)]] * 10
    unlike = [[seen("a", 1, 2.0, 2.0, RED), seen("b", 1, 2.6, 2.0, BLUE)]] * 10
    for ticks in (apart, unlike):
        assert len(shown(FloorLinker(ROOM), ticks)[-1]) == 2


def test_somebody_counts_only_once_seen_often_enough() -> None:
    rows = shown(FloorLinker(ROOM), [[seen("a", 1, 2.0, 2.0)]] * (BIRTHS + 1))
    assert [len(row) for row in rows] == [0] * (BIRTHS - 1) + [1, 1]


def test_one_camera_that_finds_somebody_twice_gives_one_track_and_two_people_side_by_side_two() -> None:
    twice = [[seen("a", 1, 2.0, 2.0), seen("a", 2, 2.1, 2.0)]] * 10
    beside = [[seen("a", 1, 2.0, 2.0), seen("a", 2, 2.6, 2.0)]] * 10
    assert len(shown(FloorLinker(ROOM), twice)[-1]) == 1
    assert len(shown(FloorLinker(ROOM), beside)[-1]) == 2


def test_a_new_track_of_a_camera_keeps_the_person_by_the_other_cameras_track() -> None:
    before = [[seen("a", 1, 2.0, 2.0), seen("b", 7, 2.1, 2.0)]] * 10
    after = [[seen("a", 2, 2.0, 2.0), seen("b", 7, 2.1, 2.0)]] * 10
    then = [[seen("a", 2, 2.0, 2.0)]] * 10
    rows = shown(FloorLinker(ROOM), before + after + then)
    assert {track for row in rows for track in row} == {1}


@pytest.mark.parametrize(("looks", "tracks"), [(RED, {1}), (BLUE, {1, 2})])
def test_somebody_lost_is_known_again_by_looks(looks: np.ndarray, tracks: set[int]) -> None:
    linker = FloorLinker(ROOM)
    first = shown(linker, [[seen("a", 1, 2.0, 2.0)]] * 10)
    hidden = shown(linker, [[]] * 20, 1.0)
    again = shown(linker, [[seen("a", 2, 2.5, 2.0, looks)]] * 10, 3.0)
    assert {track for row in first + again for track in row} == tracks
    assert hidden[1] != {}
    assert hidden[-1] == {}


def test_nobody_behind_the_walls_counts() -> None:
    assert shown(FloorLinker(ROOM), [[seen("a", 1, 2.0, -0.5)]] * 10)[-1] == {}
