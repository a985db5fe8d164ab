"""Temperatures are found again where they are known, and runs are never judged by what was fitted on them."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.confidence_fit import LEAST, MOST, best_temperature, fit_confidence, write_confidence
from sim.errors import BadInput
from sim.run_folder import RunFolder, write_json, write_manifest
from sim.statements import receipt_statements
from store.confidence import load_confidence, tempered
from tests.dashboard.fake_run import copy_run, write_fake_run


@settings(max_examples=15, deadline=None)
@given(st.floats(0.4, 2.5), st.integers(0, 2**20))
def test_a_known_temperature_is_found(temperature: float, seed: int):
    rng = np.random.default_rng(seed)
    true = rng.uniform(0.55, 0.99, 8000)
    stated = [tempered(float(p), 1 / temperature) for p in true]
    found = best_temperature(stated, (rng.random(8000) < true).tolist())
    assert found == pytest.approx(temperature, rel=0.2)


def test_no_error_at_all_makes_nothing_certain():
    found = best_temperature([0.9] * 50, [True] * 50)
    assert LEAST <= found < 1
    assert tempered(0.9, found) <= 0.985  # 51 of 52


def test_the_fit_stays_within_its_bounds():
    assert best_temperature([0.99] * 40, [False] * 40) == pytest.approx(MOST, rel=0.01)
    assert best_temperature([], []) == 1.0


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[RunFolder]:
    root = tmp_path_factory.mktemp("runs")
    first = RunFolder(write_fake_run(root / "first", video=False))
    second = copy_run(first.path, root / "second")
    write_manifest(second, first.manifest.model_copy(update={"seed": 8}))
    return [first, RunFolder(second)]


def test_the_file_written_is_the_file_read_and_names_its_runs(runs: list[RunFolder], tmp_path: Path):
    confidence, fits = fit_confidence(runs)
    write_confidence(confidence, tmp_path / "confidence.yaml")
    assert load_confidence(tmp_path / "confidence.yaml") == confidence
    assert confidence.fitted_on == ("corner-shop/7", "corner-shop/8")
    assert fits["receipts"].before["n"] == fits["receipts"].after["n"] == 12


def test_a_stores_own_temperature_is_undone_first(runs: list[RunFolder], tmp_path: Path):
    said = [one for run in runs for one in receipt_statements(run)]
    undone = best_temperature([tempered(one.probability, 0.5) for one in said], [one.right for one in said])
    again = [RunFolder(copy_run(run.path, tmp_path / str(number))) for number, run in enumerate(runs)]
    for run in again:
        write_json(run.path / "shop.json", {"confidence": {"receipt_temperature": 2.0}})
    refitted, _ = fit_confidence(again)
    assert refitted.receipt_temperature == pytest.approx(undone, abs=1e-3)
    assert refitted.receipt_temperature > 1.2 * fit_confidence(runs)[0].receipt_temperature


@pytest.mark.parametrize("chosen", [[0], [0, 0], []])
def test_one_run_or_the_same_twice_is_refused(runs: list[RunFolder], chosen: list[int]):
    with pytest.raises(BadInput, match="RUNS"):
        fit_confidence([runs[number] for number in chosen])
