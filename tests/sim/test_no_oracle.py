"""Tracking and store get what a real store has and nothing else; the same seed gives the same day."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from sim.footage import Footage
from sim.run import RunOptions, run_scenario
from sim.run_folder import RunFolder
from sim.scenario import Scenario
from sim.store_plan import camera_models, load_store
from sim.world import World, WorldTick
from tracking.camera import Camera

pytestmark = pytest.mark.slow

DAY = Scenario.model_validate(
    {
        "name": "two-shoppers",
        "title": "Two shoppers, for tests",
        "store": "corner-shop",
        "seconds": 40,
        "last_call": 5,
        "cameras": ["northwest", "southeast"],
        "shoppers": {
            "scripted": [
                {"id": "ada", "arrive": 1, "actions": [{"do": "pick", "product": "shampoo"}]},
                {"id": "ben", "arrive": 4, "actions": [{"do": "pick", "product": "batteries", "quantity": 2}]},
            ]
        },
    }
)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return run_scenario(DAY, tmp_path_factory.mktemp("day"))


def billed(run: RunFolder) -> list[tuple[object, ...]]:
    return [(r.visit, r.account, dict(r.lines), r.cents, r.confidence, r.opened, r.closed) for r in run.receipts()]


def test_the_day_bills_somebody(day: RunFolder) -> None:
    assert any(receipt.lines for receipt in day.receipts())


def test_the_same_seed_gives_the_same_truth_and_receipts_even_without_any_truth(
    day: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second run has its truth destroyed on the way: were any of it used, the receipts would change."""
    import sim.run as driver

    original = driver.film
    ticks: list[WorldTick] = []

    def film_without_truth(*arguments: object) -> Iterator[Footage]:
        for shot in original(*arguments):  # type: ignore[arg-type]
            if shot.tick is None:
                yield shot
                continue
            ticks.append(shot.tick)
            blind = WorldTick(
                **{name: getattr(shot.tick, name) for name in WorldTick.__dataclass_fields__}
                | {"people": (), "events": (), "shelf_stock": {}, "inside": frozenset(), "misplaced": ()}
            )
            yield Footage(blind, shot.frames, {}, [])

    with monkeypatch.context() as patched:
        patched.setattr(driver, "film", film_without_truth)
        patched.setattr(driver, "_finish", lambda out, *_: None)
        patched.setattr(World, "truth_receipts", lambda self: [])
        again = run_scenario(DAY, tmp_path / "again")
    assert billed(again) == billed(day)
    truth = day.people()
    seen = [(t.t, p.person, np.float32(p.x), np.float32(p.y)) for t in ticks for p in t.people]
    assert seen == list(zip(truth["t"], truth["person"], truth["x"], truth["y"], strict=True))


def test_a_wrong_calibration_and_a_wrong_clock_change_what_the_store_finds(day: RunFolder, tmp_path: Path) -> None:
    turned = {name: _turned(camera, 8.0) for name, camera in camera_models(load_store(DAY.store)).items()}
    chosen = {name: turned[name] for name in DAY.cameras or ()}
    wrong = run_scenario(DAY, tmp_path / "wrong", RunOptions(policies=[], calibration=chosen, scale_clock_s=9.0))
    assert wrong.summary.tracking["hota"] < day.summary.tracking["hota"] - 0.05
    assert billed(wrong) != billed(day)


def test_a_run_folder_holds_what_the_contract_names(day: RunFolder) -> None:
    names = [
        "run.json", "summary.json", "truth/people.parquet", "truth/events.parquet", "truth/receipts.json",
        "tracks/floor.parquet", "events.jsonl", "events.parquet", "store.sqlite", "report.html",
        *(f"{folder}/{camera}.txt" for folder in ("truth/boxes", "tracks") for camera in DAY.cameras or ()),
        *(f"live/{camera}.jpg" for camera in DAY.cameras or ()),
        *(f"policies/{policy}" for policy in DAY.policies),
    ]  # fmt: skip
    assert [name for name in names if not (day.path / name).exists()] == []
    assert day.manifest.status == "finished"
    summary = json.loads((day.path / "summary.json").read_text(encoding="utf-8"))
    for block, fields in {
        "tracking": "hota deta assa idf1 mota id_switches",
        "receipts": "count exact exact_rate item_precision item_recall item_f1 overcharged_cents undercharged_cents "
        "wrong_person_cents wrong_item_cents reviewed",
        "speed": "real_time_factor wall_seconds stages peak_memory_mb",
    }.items():
        assert set(fields.split()) <= set(summary[block])


def _turned(camera: Camera, degrees: float) -> Camera:
    turn = Rotation.from_euler("z", degrees, degrees=True).as_matrix()
    rotation = camera.rotation @ turn
    return Camera(
        camera.name, camera.width, camera.height, camera.matrix, camera.distortion, rotation,
        -rotation @ camera.centre,
    )  # fmt: skip
