import json
from pathlib import Path

import pytest

from sim.attack_crowd import main


@pytest.mark.slow
def test_a_crowd_in_the_same_clothes_is_linked_through_the_blur_and_the_control_is_not(tmp_path: Path) -> None:
    out = tmp_path / "crowd.json"
    main(["--people", "10", "--seed", "3", "--out", str(out)])
    rows = {(row["pictures"], row["clothes"], row["attacker"]): row for row in json.loads(out.read_text())}
    for pictures in ("plain", "blurred"):
        same = rows[pictures, "same clothes", "network"]
        assert same["low"] > 0.3
        assert same["above_chance"] > rows[pictures, "other clothes", "network"]["above_chance"]
    assert rows["plain, 4K", "other clothes", "face"]["low"] > 0.2
    assert rows["plain, 640 wide", "other clothes", "face"]["above_chance"] == 0
    assert all(row["control_low"] <= 0 <= row["control_high"] for row in rows.values())


def test_one_person_is_no_crowd(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--people", "1"])
    assert stopped.value.code == 2
    assert "--people: found 1, allowed: at least 2" in capsys.readouterr().err
