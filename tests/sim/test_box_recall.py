from pathlib import Path

import numpy as np
import pytest

from sim.box_recall import box_figures, judged, summary_of
from sim.run_folder import RunFolder
from tracking.formats import MotRow, mot_line


def row(left: float, confidence: float, width: float = 40.0) -> MotRow:
    return MotRow(1, 1, left, 10.0, width, 100.0, confidence)


def test_recall_at_a_precision_leaves_out_the_unsure() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    figures = summary_of(confidence, np.array([True, True, False, True]), wanted=4)
    assert figures["recall"] == pytest.approx(0.75)
    assert figures["precision"] == pytest.approx(0.75)
    assert figures["recall_at_precision_95"] == pytest.approx(0.5)


def test_where_nothing_is_right_there_is_no_such_recall() -> None:
    assert summary_of(np.array([0.9]), np.array([False]), 3)["recall_at_precision_95"] is None
    assert summary_of(np.array([]), np.array([], bool), 0)["recall"] is None


def test_hardly_visible_people_neither_count_nor_harm_and_one_box_finds_one_person() -> None:
    people = [row(0, 0.9), row(200, 0.1)]
    found = [row(2, 0.8), row(4, 0.7), row(201, 0.6), row(500, 0.5)]
    assert judged(found, people) == [(0.8, True), (0.7, False), (0.5, False)]


def test_the_figures_of_a_run_are_those_of_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "run.json").write_text('{"scenario": "crowd", "seed": 1, "status": "finished"}')
    monkeypatch.setattr(RunFolder, "cameras", lambda self: {"hall": None})
    truth = [row(0, 0.9), row(200, 0.5), row(400, 0.3), row(600, 0.1)]
    found = [row(1, 0.9), row(201, 0.8), row(601, 0.7), row(900, 0.6)]
    for folder, rows in (("truth/boxes", truth), ("tracks", found)):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "hall.txt").write_text("".join(mot_line(one) + "\n" for one in rows))
    figures = box_figures(RunFolder(tmp_path))
    assert figures == pytest.approx({"recall": 2 / 3, "precision": 2 / 3, "recall_at_precision_95": 2 / 3})
