import numpy as np
import pandas as pd
import pytest

from tracking.floor import Entrance, FloorArea
from tracking.offline import relink

AREA = FloorArea(
    boundary=np.array([(0.0, 0.0), (12.0, 0.0), (12.0, 6.0), (0.0, 6.0)]),
    entrances=(Entrance("door", 0.0, 3.0, 1.2),),
)
RED, BLUE = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
NOTHING = pd.DataFrame(columns=["t", "track", "embedding"])


def walk(track: int, start: float, end: float, y: float, account: str | None = None) -> list[dict[str, object]]:
    """Somebody who came in by the door at second 0 and walks to the right at 0.5 m/s, seen from `start` to `end`."""
    return [
        {"t": t, "track": track, "x": 0.5 * t, "y": y, "sd": 0.1, "account": account}
        for t in np.round(np.arange(start, end + 1e-9, 0.2), 3)
    ]


def looks(track: int, start: float, end: float, embedding: tuple[float, ...]) -> list[dict[str, object]]:
    return [{"t": t, "track": track, "embedding": list(embedding)} for t in np.arange(start, end)]


def ids(table: pd.DataFrame, t: float) -> set[int]:
    return set(table[np.isclose(table["t"], t)]["track"])


def test_a_track_that_ends_in_an_aisle_goes_on_as_the_next_one_there() -> None:
    table = relink(pd.DataFrame(walk(1, 0, 8, 3.0) + walk(2, 13, 20, 3.0)), NOTHING, AREA)
    assert set(table["track"]) == {1}
    assert not ids(table, 10.0)  # too long a gap to be filled


def test_a_short_gap_is_filled_in_a_straight_line() -> None:
    table = relink(pd.DataFrame(walk(1, 0, 8, 3.0) + walk(2, 10, 20, 3.0)), NOTHING, AREA)
    row = table[np.isclose(table["t"], 9.0)].iloc[0]
    assert (row["track"], row["x"], row["y"]) == (1, pytest.approx(4.5), pytest.approx(3.0))
    assert row["sd"] > 0.1


def test_whoever_leaves_by_the_gate_is_nobody_who_comes_in_later() -> None:
    back = [{**row, "t": row["t"], "x": 0.5} for row in walk(1, 0, 6, 3.0)]
    later = [{**row, "x": 0.5} for row in walk(2, 10, 20, 3.0)]
    assert set(relink(pd.DataFrame(back + later), NOTHING, AREA)["track"]) == {1, 2}


def test_nobody_is_joined_to_where_they_cannot_have_walked() -> None:
    far = [{**row, "x": 11.0} for row in walk(2, 9, 20, 3.0)]
    assert set(relink(pd.DataFrame(walk(1, 0, 8, 3.0) + far), NOTHING, AREA)["track"]) == {1, 2}


def test_looks_decide_between_two_who_are_equally_near_and_all_joins_are_made_together() -> None:
    rows = walk(1, 0, 12, 2.8) + walk(2, 0, 12, 3.2) + walk(3, 15, 30, 3.2) + walk(4, 15, 30, 2.8)
    seen = looks(1, 0, 12, RED) + looks(2, 0, 12, BLUE) + looks(3, 15, 30, RED) + looks(4, 15, 30, BLUE)
    table = relink(pd.DataFrame(rows), pd.DataFrame(seen), AREA)
    late = table[np.isclose(table["t"], 20.0)].set_index("track")["y"]
    assert late.to_dict() == {1: pytest.approx(3.2), 2: pytest.approx(2.8)}


def test_a_lost_track_that_was_still_reported_gives_way_to_the_one_that_was_seen() -> None:
    held = [{**row, "x": 4.0} for row in walk(1, 8.2, 10, 3.0)]
    table = relink(pd.DataFrame(walk(1, 0, 8, 3.0) + held + walk(2, 9, 20, 3.0)), NOTHING, AREA)
    assert set(table["track"]) == {1}
    assert not table.duplicated(["t", "track"]).any()
    assert table[np.isclose(table["t"], 10.0)]["x"].iloc[0] == pytest.approx(5.0)


def test_two_who_walk_side_by_side_all_the_time_stay_two() -> None:
    table = relink(pd.DataFrame(walk(1, 0, 20, 2.8) + walk(2, 0.4, 20, 3.2)), NOTHING, AREA)
    assert set(table["track"]) == {1, 2}


def test_other_columns_stay_with_their_rows_and_an_empty_day_stays_empty() -> None:
    rows = pd.DataFrame(walk(1, 0, 8, 3.0, "ann") + walk(2, 13, 20, 3.0, "bob"))
    table = relink(rows, NOTHING, AREA)
    assert list(table.columns) == list(rows.columns)
    assert table[np.isclose(table["t"], 14.0)]["account"].iloc[0] == "bob"
    assert relink(rows.iloc[:0], NOTHING, AREA).empty
