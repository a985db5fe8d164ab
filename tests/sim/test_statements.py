"""What a store said, beside the truth: deeds find their changes, and every statement is judged by what was so."""

from pathlib import Path

import pytest

from sim.run_folder import RunFolder, write_json
from sim.scenario import load_scenario
from sim.statements import (
    Deed,
    calibration_of,
    deeds_by_change,
    line_statements,
    receipt_statements,
    who_statements,
)
from store.events import WeightChange
from tests.dashboard.fake_run import copy_run, write_fake_run
from tests.sim.modelled_run import write_modelled_run


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return RunFolder(write_fake_run(tmp_path_factory.mktemp("runs") / "fake", video=False))


@pytest.fixture(scope="module")
def modelled(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return write_modelled_run(load_scenario("quick"), tmp_path_factory.mktemp("runs") / "quick", seed=3)


def change(name: str, started: float, delta_g: float, *plates: str) -> WeightChange:
    return WeightChange(started + 1, name, plates, delta_g, 1.0, started, started + 0.7, (delta_g,))


def test_a_deed_is_behind_the_change_of_its_plates_at_its_time():
    changes = [change("w1", 10.0, -100, "A"), change("w2", 10.1, -100, "B"), change("w3", 14.0, 100, "A")]
    taken, back = Deed(10.2, "ann", "tea", 1, frozenset({"A"})), Deed(14.1, "ann", "tea", -1, frozenset({"A"}))
    elsewhere = Deed(30.0, "bob", "tea", 1, frozenset({"A"}))
    assert deeds_by_change(changes, [taken, back, elsewhere]) == {"w1": [taken], "w3": [back]}


def test_of_two_changes_at_once_on_one_plate_the_one_with_the_right_sign_is_the_deeds():
    changes = [change("w1", 10.0, 100, "A"), change("w2", 10.3, -100, "A")]
    taken = Deed(10.1, "ann", "tea", 1, frozenset({"A"}))
    assert deeds_by_change(changes, [taken]) == {"w2": [taken]}


def test_of_the_fake_day_the_wrong_attribution_and_the_wrong_receipts_are_wrong(fake: RunFolder):
    who = {one.about: one for one in who_statements(fake)}
    wrong = [one for one in who.values() if not one.right]
    # dmitri was believed to take what nobody took then; all else was so, and was stated with its own probability
    assert [round(one.probability, 2) for one in wrong] == [0.55]
    assert {round(one.probability, 2) for one in who.values()} == {0.98, 0.97, 0.71, 0.55, 0.96}
    receipts = {one.about: one.right for one in receipt_statements(fake)}
    assert [visit for visit, right in receipts.items() if not right] == ["visit-3", "visit-4"]


def test_a_store_that_sees_well_is_right_about_everything_it_is_sure_of(modelled: RunFolder):
    lines = line_statements(modelled)
    assert len(lines) >= 3
    assert all(one.right for one in lines if one.probability > 0.95)
    assert len(who_statements(modelled)) >= len(lines)


def test_everything_is_wrong_where_the_truth_is_another(modelled: RunFolder, tmp_path: Path):
    copied = copy_run(modelled.path, tmp_path / "copy")
    rows = [row | {"items": {"shampoo": 9}} for row in modelled.truth_receipts()]
    write_json(copied / "truth" / "receipts.json", rows)
    assert not any(one.right for one in receipt_statements(RunFolder(copied)))


def test_runs_are_pooled_and_those_fitted_on_are_named(modelled: RunFolder, fake: RunFolder, tmp_path: Path):
    pooled = calibration_of([modelled, fake])
    alone = calibration_of([modelled])
    assert pooled["receipts"]["n"] == alone["receipts"]["n"] + 6
    assert pooled["fitted_on"] == []
    copied = copy_run(modelled.path, tmp_path / "copy")
    write_json(copied / "shop.json", {"confidence": {"fitted_on": ["quick/3", "quick/4"]}})
    assert calibration_of([RunFolder(copied)])["fitted_on"] == ["quick/3"]
