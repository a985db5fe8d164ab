from typing import Any

import numpy as np
import pytest

from tracking.metrics import floor_metrics, with_perfect_association


def table(rows: list[tuple[float, Any, float, float]], name: str) -> dict[str, Any]:
    columns = list(zip(*rows, strict=True)) if rows else [(), (), (), ()]
    return dict(zip(("t", name, "x", "y"), (list(column) for column in columns), strict=True))


def walk(person: Any, seconds: int, y: float, dx: float = 0.0, start: int = 0) -> list[tuple[float, Any, float, float]]:
    return [(k / 10, person, k / 10 + dx, y) for k in range(start, seconds * 10)]


TRUTH = table(walk("a", 4, 1.0) + walk("b", 4, 5.0), "person")


def test_perfect_tracks_score_one() -> None:
    scores = floor_metrics(TRUTH, table(walk(7, 4, 1.0) + walk(9, 4, 5.0), "track"))
    for name in ("hota", "deta", "assa", "idf1", "mota"):
        assert scores[name] == pytest.approx(1.0), name
    assert scores["id_switches"] == 0
    assert scores["mean_error_m"] == pytest.approx(0.0)


def test_a_constant_error_costs_the_thresholds_that_are_stricter() -> None:
    # 0.21 m away is similarity 0.895: the thresholds 0.05 to 0.85 accept every row, 0.90 and 0.95 none: 17 of 19.
    scores = floor_metrics(TRUTH, table(walk(1, 4, 1.0, dx=0.21) + walk(2, 4, 5.0, dx=0.21), "track"))
    assert scores["hota"] == pytest.approx(17 / 19)
    assert scores["idf1"] == pytest.approx(1.0)
    assert scores["mean_error_m"] == pytest.approx(0.21)


def test_a_track_cut_in_two_halves_has_known_scores() -> None:
    halves = [(t, 1 if t < 2 else 3, x, y) for t, _, x, y in walk(1, 4, 1.0)]
    scores = floor_metrics(TRUTH, table(halves + walk(2, 4, 5.0), "track"))
    # AssA: rows of the cut person have 20 / 40, the others 1, so 0.75; DetA 1; HOTA their geometric mean.
    assert scores["assa"] == pytest.approx(0.75)
    assert scores["hota"] == pytest.approx(np.sqrt(0.75))
    # IDF1: one half of the cut person counts: IDTP 60 of 80 rows and 80 true rows.
    assert scores["idf1"] == pytest.approx(0.75)
    assert scores["id_switches"] == 1


def test_missed_people_lower_mota_by_their_share() -> None:
    scores = floor_metrics(TRUTH, table(walk(1, 4, 1.0), "track"))
    assert scores["mota"] == pytest.approx(0.5)
    assert scores["deta"] == pytest.approx(0.5)


def test_tracks_beyond_two_metres_are_false() -> None:
    scores = floor_metrics(TRUTH, table(walk(1, 4, 1.0, dx=2.5), "track"))
    assert scores["hota"] == pytest.approx(0.0)
    assert scores["mota"] == pytest.approx(-0.5)


def test_tracks_while_nobody_is_there_count_against() -> None:
    ghosts = [(100 + k / 10, 5, 0.0, 0.0) for k in range(40)]
    scores = floor_metrics(TRUTH, table(walk(1, 4, 1.0) + walk(2, 4, 5.0) + ghosts, "track"))
    assert scores["mota"] == pytest.approx(0.5)


def test_no_tracks_score_zero() -> None:
    scores = floor_metrics(TRUTH, table([], "track"))
    assert scores["hota"] == scores["idf1"] == 0.0


def test_the_association_ceiling_mends_ids_and_nothing_else() -> None:
    halves = [(t, 1 if t < 2 else 3, x, y + 0.3) for t, _, x, y in walk(1, 4, 1.0)]
    tracks = table(halves + walk(2, 4, 5.0), "track")
    before, after = floor_metrics(TRUTH, tracks), floor_metrics(TRUTH, with_perfect_association(TRUTH, tracks))
    assert after["idf1"] == pytest.approx(1.0)
    assert after["id_switches"] == 0
    assert after["deta"] == pytest.approx(before["deta"])
    assert after["hota"] > before["hota"]
