"""A whole run with an officer: the store bills the others, the run folder has what the camera saw."""

import json
from pathlib import Path

import pytest

from sim.day import day_records
from sim.run import RunOptions, run_scenario
from sim.run_folder import RunFolder
from sim.scenario import BODY_CAMERA, OFFICER, Scenario
from store.privacy.faces.matcher import Matcher
from store.privacy.faces.sensor import best_captures
from tracking.video import read_frames

pytestmark = pytest.mark.slow

DAY = Scenario.model_validate(
    {
        "name": "patrolled",
        "title": "One shopper and an officer, for tests",
        "store": "corner-shop",
        "seconds": 40,
        "last_call": 8,
        "cameras": ["northwest", "southeast"],
        "shoppers": {"scripted": [{"id": "ada", "arrive": 6, "actions": [{"do": "pick", "product": "shampoo"}]}]},
        "body_camera": {"arrive": 1, "stay": 25, "width": 320, "height": 180},
    }
)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return run_scenario(DAY, tmp_path_factory.mktemp("day"), RunOptions(policies=["face-everywhere"], video=True))


def test_the_shopper_is_billed_right_and_nobody_else_is(day: RunFolder) -> None:
    assert [(r.account, dict(r.lines)) for r in day.receipts()] == [("account-ada", {"shampoo": 1})]
    assert [row["account"] for row in day.truth_receipts()] == ["account-ada"]


def test_the_officer_is_tracked_as_somebody_without_account(day: RunFolder) -> None:
    tracks = day.floor_tracks()
    while_alone = tracks[tracks["t"] < 6]
    assert len(while_alone) > 10
    assert while_alone["account"].isna().all()
    assert set(day.people()["role"]) == {"shopper", OFFICER}
    assert day.summary.people == 2


def test_the_run_folder_has_the_cameras_video_path_and_faces(day: RunFolder) -> None:
    video = day.video(BODY_CAMERA)
    assert video is not None
    path = json.loads((Path(day.path) / "body-camera.json").read_text(encoding="utf-8"))["path"]
    assert sum(1 for _ in read_frames(video)) == len(path) > 60
    faces = day.faces()
    worn = faces[faces["camera"] == BODY_CAMERA]
    assert set(worn["person"]) == {"ada"}
    assert worn["occluded"].between(0, 1).all()


def test_policies_of_fixed_cameras_do_not_use_the_officers_pictures(day: RunFolder) -> None:
    records = day_records(day)
    worn = records.faces[records.faces["camera"] == BODY_CAMERA]
    assert len(worn) > 0
    assert (worn["track"] == -1).all()
    assert BODY_CAMERA not in {camera.name for camera in records.cameras}
    captures = best_captures(records, Matcher.of("2025-median"), 3840)
    assert captures
    assert all(capture.camera != BODY_CAMERA for capture in captures)
