import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from sim.cli import app
from sim.evaluate import offline_tracking
from sim.offline import offline_tracks, relink_run
from sim.recorder import BODY_TABLE
from sim.run_folder import FLOOR_TRACK_COLUMNS, RunFolder, write_json, write_table
from tests.dashboard.fake_run import write_fake_run
from tracking.metrics import floor_metrics

LOST = (18.0, 24.0)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A made-up run in which every track of a person in an aisle for long enough breaks in two."""
    run = write_fake_run(tmp_path_factory.mktemp("runs") / "fake", video=False)
    tracks = RunFolder(run).floor_tracks()
    tracks = tracks[~tracks["t"].between(*LOST)]
    late = tracks["t"] > LOST[1]
    began_before = tracks["track"].isin(tracks[~late]["track"].unique())
    tracks = tracks.assign(track=tracks["track"] + np.where(late & began_before, 50, 0))
    write_table(run / "tracks" / "floor.parquet", tracks, FLOOR_TRACK_COLUMNS)
    whose = np.arange(1, 7)
    seen = [(t, "north", k + 50 * (t > LOST[1]), np.eye(6)[k - 1]) for k in whose for t in np.arange(1.0, 40.0)]
    bodies = pd.DataFrame(seen, columns=list(BODY_TABLE)).astype({"track": np.int64})
    write_table(run / "tracks" / "bodies.parquet", bodies, BODY_TABLE)
    people = RunFolder(run).people()
    people = people.assign(inside=True) if "inside" not in people else people
    people.to_parquet(run / "truth" / "people.parquet", index=False)
    write_json(run / "speed.json", {"real_time_factor": 1.0, "peak_memory_mb": 1.0, "stages": {}})
    return run


@pytest.fixture
def run(original: Path, tmp_path: Path) -> RunFolder:
    return RunFolder(shutil.copytree(original, tmp_path / "fake"))


def test_broken_tracks_are_joined_and_the_online_ones_stay(run: RunFolder) -> None:
    before = run.floor_tracks()
    relink_run(run)
    pd.testing.assert_frame_equal(run.floor_tracks(), before)
    assert offline_tracks(run)["track"].nunique() < before["track"].nunique()
    online, offline = offline_figures(run)
    assert offline > online


def offline_figures(run: RunFolder) -> tuple[float, float]:
    people = run.people()
    return floor_metrics(people[people["inside"]], run.floor_tracks())["idf1"], offline_tracking(run)["idf1"]


def test_the_truth_is_not_used(run: RunFolder, original: Path, tmp_path: Path) -> None:
    relink_run(run)
    blind = RunFolder(shutil.copytree(original, tmp_path / "blind"))
    shutil.rmtree(blind.path / "truth")
    relink_run(blind)
    pd.testing.assert_frame_equal(offline_tracks(run), offline_tracks(blind))


def test_the_command_prints_both_labelled(run: RunFolder) -> None:
    printed = CliRunner().invoke(app, ["evaluate", str(run.path), "--offline"])
    assert printed.exit_code == 0, printed.output
    assert "offline" in printed.output
    assert "online" in printed.output
    assert (run.path / "tracks" / "floor-offline.parquet").is_file()
