from pathlib import Path

import numpy as np
import pytest

from tests.tracking.synthetic import room_area
from tracking.area_file import load_area, save_area
from tracking.errors import BadInput


def test_a_floor_comes_back_as_it_was(tmp_path: Path) -> None:
    before = room_area()
    save_area(tmp_path / "area.yaml", before)
    after = load_area(tmp_path / "area.yaml")
    np.testing.assert_array_equal(after.boundary, before.boundary)
    assert after.entrances == before.entrances
    assert len(after.obstacles) == len(before.obstacles) > 0


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("boundary: [[0, 0], [1, 0]]\n", "boundary"),
        ("boundary: [[0, 0], [1, 0], [2, 0]]\n", "encloses no area"),
        ("boundary: [[0, 0], [1, 0], [1, 1]]\ndoors: []\n", "doors"),
        ("boundary: [[0, 0], [1, 0], [1, 1]]\nentrances: [{name: a, x: 0, y: 0, radius_m: 0}]\n", "radius_m"),
        ("boundary: [", "file"),
    ],
)
def test_a_wrong_floor_is_one_line(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "area.yaml").write_text(text)
    with pytest.raises(BadInput, match=says) as refused:
        load_area(tmp_path / "area.yaml")
    assert "\n" not in str(refused.value)
