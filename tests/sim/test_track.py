"""`aisle track`: any calibrated footage, by file, folder or RTSP; what is wrong with it is said in one line."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from sim import track
from sim.errors import BadInput
from sim.track import TrackOptions, area_seen_by, track_videos
from tests.tracking.rtsp_server import RtspCamera
from tracking.camera import Camera, save_calibration
from tracking.errors import TrackingError
from tracking.formats import read_mot
from tracking.live import LiveSettings
from tracking.observation import Detection
from tracking.video import VideoWriter
from tracking.wildtrack import save_wildtrack_calibration

FPS, SECONDS = 10, 4
WIDTH, HEIGHT = 320, 180
MAGENTA = (255, 0, 255)


def cameras() -> dict[str, Camera]:
    return {
        name: Camera.look_at(name, (*place, 2.8), (3, 2.5, 0.8), 90.0, WIDTH, HEIGHT)
        for name, place in {"left": (0.0, 0.0), "right": (6.0, 0.0)}.items()
    }


def place_at(k: int) -> tuple[float, float]:
    """Where the walker is at frame k."""
    return 2.0 + 0.05 * k, 2.5


def frame_of(camera: Camera, k: int) -> NDArray[np.uint8]:
    """A grey room with the walker as a magenta block: 0.5 m wide, 1.7 m high."""
    x, y = place_at(k)
    corners = [(x + dx, y + dy, z) for dx in (-0.15, 0.15) for dy in (-0.15, 0.15) for z in (0.0, 1.7)]
    pixels = camera.project(corners)
    (left, top), (right, bottom) = pixels.min(0).astype(int), pixels.max(0).astype(int)
    frame = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    cv2.rectangle(frame, (int(left), int(top)), (int(right), int(bottom)), MAGENTA, -1)
    return frame


class BoxesOnly:
    """Stands in for detection-only weights: finds the magenta block and knows no keypoints."""

    dimmed = False

    def __init__(self, *arguments: object, **settings: object) -> None:
        pass

    def detect(self, images: Sequence[NDArray[np.uint8]], windows: object = None) -> list[list[Detection]]:
        return [self._find(image) for image in images]

    def _find(self, image: NDArray[np.uint8]) -> list[Detection]:
        rows, columns = np.nonzero((image[..., 0] > 180) & (image[..., 1] < 90))
        if len(rows) < 30:
            return []
        box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float32)
        return [Detection(box, 0.9, np.zeros((17, 3), np.float32))]


@pytest.fixture
def boxes_only(monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(track, "YoloDetector", BoxesOnly)
    return Path("boxes.pt")


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    folder = tmp_path / "footage"
    folder.mkdir()
    for name, camera in cameras().items():
        with VideoWriter(folder / f"{name}.mp4", WIDTH, HEIGHT, FPS) as writer:
            for k in range(FPS * SECONDS):
                writer.write(frame_of(camera, k))
    save_calibration(folder / "calibration.yaml", cameras())
    return folder


def worst_error(floor: Path) -> float:
    """The largest distance in metres of any position from where the walker was then."""
    table = pd.read_parquet(floor)
    truth = np.array([place_at(round(t * FPS)) for t in table["t"]])
    return float(np.linalg.norm(table[["x", "y"]].to_numpy() - truth, axis=1).max())


def videos(footage: Path) -> list[str]:
    return [str(footage / "left.mp4"), str(footage / "right.mp4")]


def test_boxes_alone_give_one_track_at_the_walkers_feet(footage: Path, boxes_only: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    options = TrackOptions(weights=boxes_only, report=lines.append)
    out = track_videos(videos(footage), footage / "calibration.yaml", tmp_path / "out", options)
    table = pd.read_parquet(out / "floor.parquet")
    assert set(table["track"]) == {1}
    assert table["t"].max() == pytest.approx(SECONDS - 1 / FPS)
    assert worst_error(out / "floor.parquet") < 0.3
    rows = read_mot(out / "left.txt")
    assert {row.track for row in rows} == {1}
    assert max(row.frame for row in rows) == FPS * SECONDS
    capture = cv2.VideoCapture(str(out / "left.mp4"))
    assert int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) == FPS * SECONDS
    assert lines == [f"{FPS * SECONDS} ticks, 3.9 s of 2 cameras"]


def test_wildtracks_xml_gives_the_same_tracks_as_our_yaml(footage: Path, boxes_only: Path, tmp_path: Path) -> None:
    save_wildtrack_calibration(footage / "calibrations", cameras())
    options = TrackOptions(weights=boxes_only, video=False)
    ours = track_videos(videos(footage), footage / "calibration.yaml", tmp_path / "ours", options)
    xml = footage / "calibrations" / "intrinsic_original"
    theirs = track_videos(videos(footage), xml, tmp_path / "theirs", options)
    pd.testing.assert_frame_equal(
        pd.read_parquet(ours / "floor.parquet"), pd.read_parquet(theirs / "floor.parquet"), atol=1e-4
    )
    assert not list(ours.glob("*.mp4"))


def test_names_pictures_a_slower_rate_and_an_end_can_be_given(footage: Path, boxes_only: Path, tmp_path: Path) -> None:
    for name, camera in cameras().items():
        (footage / f"pictures-{name}").mkdir()
        for k in range(FPS * SECONDS):
            cv2.imwrite(str(footage / f"pictures-{name}" / f"{k:08d}.png"), frame_of(camera, k))
    named = [f"{name}={footage / f'pictures-{name}'}" for name in cameras()]
    options = TrackOptions(weights=boxes_only, fps=FPS, seconds=2.0, video=False)
    out = track_videos(named, footage / "calibration.yaml", tmp_path / "out", options)
    assert pd.read_parquet(out / "floor.parquet")["t"].max() == pytest.approx(1.9)
    slow = TrackOptions(weights=boxes_only, fps=5.0, video=False)
    out = track_videos(videos(footage), footage / "calibration.yaml", tmp_path / "slow", slow)
    times = sorted(set(pd.read_parquet(out / "floor.parquet")["t"]))
    assert np.diff(times) == pytest.approx(0.2)
    assert worst_error(out / "floor.parquet") < 0.3


def test_rows_reach_the_files_while_tracking_goes_on(
    footage: Path, boxes_only: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is kept until the end, so memory cannot grow with the length: a break leaves what was found before."""

    def breaks(*arguments: Any) -> Iterator[Any]:
        for number, tick in enumerate(in_step(*arguments)):
            if number == 30:
                raise KeyboardInterrupt
            yield tick

    in_step = track.in_step
    monkeypatch.setattr(track, "in_step", breaks)
    with pytest.raises(KeyboardInterrupt):
        track_videos(videos(footage), footage / "calibration.yaml", tmp_path, TrackOptions(weights=boxes_only))
    assert max(row.frame for row in read_mot(tmp_path / "left.txt")) == 30
    assert pd.read_parquet(tmp_path / "floor.parquet")["t"].max() == pytest.approx(2.9)


def test_live_cameras_are_tracked_until_the_end_asked_for(boxes_only: Path, tmp_path: Path) -> None:
    views, lines = cameras(), []
    save_calibration(tmp_path / "calibration.yaml", views)
    options = TrackOptions(
        weights=boxes_only, fps=5.0, seconds=2.0, video=False, report=lines.append,
        live=LiveSettings(connect_s=5, silence_s=1),
    )  # fmt: skip
    with (
        RtspCamera(lambda k: frame_of(views["left"], 20)) as left,
        RtspCamera(lambda k: frame_of(views["right"], 20)) as right,
    ):
        named = [f"left={left.address}", f"right={right.address}"]
        out = track_videos(named, tmp_path / "calibration.yaml", tmp_path / "out", options)
    table = pd.read_parquet(out / "floor.parquet")
    assert set(table["track"]) == {1}
    assert np.linalg.norm(table[["x", "y"]].to_numpy()[-1] - place_at(20)) < 0.3
    assert table["t"].max() < 2.0
    assert "frames dropped: left" in lines[-1]


Refused = Callable[[Path], tuple[list[str], Path]]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (lambda f: ([str(f / "none.mp4")], f / "calibration.yaml"), "no such file"),
        (lambda f: (["door=" + str(f / "left.mp4")], f / "calibration.yaml"), "one of left, right"),
        (lambda f: ([str(f / "left.mp4"), "left=" + str(f / "right.mp4")], f / "calibration.yaml"), "no other video"),
        (lambda f: (["rtsp://u:secret@localhost/1"], f / "calibration.yaml"), "CAMERA=rtsp://"),
        (lambda f: (["left=rtsp://localhost/1", str(f / "right.mp4")], f / "calibration.yaml"), "all live"),
        (lambda f: ([str(f / "calibration.yaml")], f / "calibration.yaml"), "video"),
        (lambda f: ([str(f / "left.mp4")], f), "WILDTRACK"),
    ],
    ids=["missing", "uncalibrated", "named twice", "address without name", "mixed", "no video", "no XML"],
)
def test_what_is_wrong_with_the_footage_is_one_line(footage: Path, tmp_path: Path, asked: Refused, says: str) -> None:
    given, calibration = asked(footage)
    with pytest.raises((BadInput, TrackingError), match=says) as refused:
        track_videos(given, calibration, tmp_path / "out")
    assert "\n" not in str(refused.value)
    assert "secret" not in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_nobody_is_followed_outside_the_area_given(footage: Path, boxes_only: Path, tmp_path: Path) -> None:
    (footage / "area.yaml").write_text("boundary: [[3, 0], [6, 0], [6, 5], [3, 5]]\n")
    options = TrackOptions(area=footage / "area.yaml", weights=boxes_only, video=False)
    out = track_videos(videos(footage), footage / "calibration.yaml", tmp_path / "out", options)
    # The walker comes in at x = 3 after two of the four seconds.
    table = pd.read_parquet(out / "floor.parquet")
    assert len(table) > 5
    assert table["x"].min() > 2.4


def test_another_size_than_calibrated_is_refused(footage: Path, tmp_path: Path) -> None:
    wide = {name: Camera.look_at(name, (0, 0, 3), (3, 3, 0), 90, 640, 360) for name in cameras()}
    save_calibration(footage / "wide.yaml", wide)
    with pytest.raises(BadInput, match="640x360"):
        track_videos(videos(footage), footage / "wide.yaml", tmp_path)


def test_a_calibration_whose_cameras_see_no_floor_is_refused() -> None:
    up = Camera.look_at("up", (0, 0, 3), (3, 0, 9), 60, 320, 180)
    with pytest.raises(BadInput, match="no floor"):
        area_seen_by({"up": up})
