import numpy as np
import pytest

from sim.box_recall import judged, summary_of
from tracking.formats import MotRow


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
