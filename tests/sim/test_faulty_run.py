"""A whole run in which one camera fails: tracking goes on with the others, and the run folder keeps in step."""

import pytest

from sim.run import RunOptions, run_scenario
from sim.run_folder import RunFolder
from sim.scenario import Scenario
from tracking.video import read_frames

pytestmark = pytest.mark.slow

DAY = Scenario.model_validate(
    {
        "name": "faulty",
        "title": "One shopper, one failing camera, for tests",
        "store": "corner-shop",
        "seconds": 30,
        "last_call": 6,
        "cameras": ["northwest", "southeast"],
        "shoppers": {"scripted": [{"id": "ada", "arrive": 1, "actions": [{"do": "pick", "product": "shampoo"}]}]},
        "faults": [
            {"kind": "down", "camera": "northwest", "at": 8, "seconds": 10},
            {"kind": "drops", "camera": "southeast", "share": 0.2},
        ],
    }
)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return run_scenario(DAY, tmp_path_factory.mktemp("day"), RunOptions(policies=["checkout"], video=True))


def test_tracking_goes_on_while_a_camera_is_down(day: RunFolder) -> None:
    tracks = day.floor_tracks()
    down = tracks[(tracks["t"] > 9) & (tracks["t"] < 17)]
    assert down["t"].nunique() > 60


def test_nothing_is_seen_or_true_in_pictures_that_do_not_exist(day: RunFolder) -> None:
    for folder in ("truth/boxes", "tracks"):
        lines = (day.path / folder / "northwest.txt").read_text(encoding="utf-8").splitlines()
        frames = {int(line.split(",")[0]) for line in lines}
        assert frames
        assert not frames & set(range(80, 180))


def test_all_videos_keep_in_step(day: RunFolder) -> None:
    for camera in DAY.cameras or ():
        video = day.video(camera)
        assert video is not None
        assert sum(1 for _ in read_frames(video)) == 300
