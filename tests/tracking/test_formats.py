from pathlib import Path

import numpy as np
import pytest

from tracking.errors import BadInput
from tracking.formats import MotRow, mot_line, mot_truth_line, read_mot, write_mot


def test_mot_rows_survive_a_round_trip_in_order(tmp_path: Path) -> None:
    late = MotRow(2, 1, 10.5, 20.25, 30, 40, 0.5)
    early = MotRow.from_box(1, 7, np.array([1, 2, 4, 8], np.float32))
    write_mot(tmp_path / "a.txt", [late, early])
    assert read_mot(tmp_path / "a.txt") == [early, late]


def test_a_mot_line_has_the_ten_columns_of_the_challenge() -> None:
    assert mot_line(MotRow(1, 7, 1, 2, 3, 6, 1.0)) == "1,7,1.00,2.00,3.00,6.00,1.0000,-1,-1,-1"


def test_a_broken_mot_line_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1,1,0,0,5,5,1\n2,1,zero,0,5,5\n")
    with pytest.raises(BadInput, match="line 2"):
        read_mot(tmp_path / "a.txt")


def test_a_mot_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_bytes(b"\xff\xfe1,1,0,0,5,5,1")
    for name in ("a.txt", "b.txt"):
        with pytest.raises(BadInput, match=f"{name}: file: found"):
            read_mot(tmp_path / name)


def test_a_truth_line_counts_and_is_a_pedestrian_with_its_visible_share_last() -> None:
    assert mot_truth_line(MotRow(1, 7, 1, 2, 3, 6, 0.25)) == "1,7,1.00,2.00,3.00,6.00,1,1,0.2500"
