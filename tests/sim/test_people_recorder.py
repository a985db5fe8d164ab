from pathlib import Path

import numpy as np
import pandas as pd

from sim.people_recorder import CROP_TABLE, POSE_TABLE, PeopleRecorder
from sim.run_folder import read_table
from tracking.camera import Camera
from tracking.observation import FloorTrack, Observation

CAMERAS = {
    "near": Camera.look_at("near", (0.2, 0.2, 2.7), (3.0, 2.5, 0.8), 90.0, 640, 360),
    "far": Camera.look_at("far", (6.0, 5.0, 2.7), (3.0, 2.5, 0.8), 90.0, 640, 360),
}
FRAMES = {name: np.full((360, 640, 3), 90, np.uint8) for name in CAMERAS}
PLACE = (2.0, 1.8)


def seen(camera: str, t: float, confidence: float = 0.9) -> Observation:
    heights = np.linspace(1.6, 0.1, 17)
    pixels = CAMERAS[camera].project(np.column_stack([np.full(17, PLACE[0]), np.full(17, PLACE[1]), heights]))
    box = np.array((pixels[0, 0] - 20, pixels[0, 1] - 10, pixels[0, 0] + 20, pixels[-1, 1]), np.float32)
    keypoints = np.column_stack([pixels, np.full(17, confidence)]).astype(np.float32)
    return Observation(camera, t, 1, box, 0.9, keypoints, np.ones(1, np.float32), np.array(PLACE), np.eye(2))


def recorded(folder: Path, seconds: float, confirmed: bool = True) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A track seen by both cameras at 20 ticks a second, and a sighting that belongs to nobody."""
    (folder / "tracks").mkdir(parents=True)
    with PeopleRecorder(folder, CAMERAS) as recorder:
        for t in np.arange(1, round(seconds * 20) + 1) / 20:
            track = FloorTrack(7, float(t), *PLACE, 0.1, 0.0, 0.0, confirmed)
            sightings = [(seen("near", t), 7), (seen("far", t), 7), (seen("near", t), None)]
            recorder.tick(float(t), FRAMES, [track], sightings)
    tables = folder / "tracks"
    return read_table(tables / "crops.parquet", CROP_TABLE), read_table(tables / "poses.parquet", POSE_TABLE)


def test_a_track_has_one_picture_a_second_from_the_camera_that_sees_it_best(tmp_path: Path) -> None:
    crops, _ = recorded(tmp_path, 5.0)
    assert len(crops) == 5
    assert set(crops["track"]) == {7}
    assert set(crops["camera"]) == {"near"}
    assert (np.diff(crops["t"]) >= 1 - 1e-6).all()


def test_a_track_has_ten_poses_a_second_from_every_camera_at_its_true_heights(tmp_path: Path) -> None:
    _, poses = recorded(tmp_path, 2.0)
    assert set(poses.groupby("camera").size()) == {20}
    points = np.stack(poses["points"].to_list()).reshape(-1, 17, 3)
    np.testing.assert_allclose(points[:, :, 1], np.tile(np.linspace(1.6, 0.1, 17), (len(points), 1)), atol=0.01)
    np.testing.assert_allclose(points[:, :, 0], 0, atol=0.01)


def test_nothing_is_kept_of_tracks_that_may_be_nobody(tmp_path: Path) -> None:
    crops, poses = recorded(tmp_path, 2.0, confirmed=False)
    assert not len(crops)
    assert not len(poses)
