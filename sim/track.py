"""The tracking chain on anybody's calibrated footage: videos in, tracks on the floor and in the pictures out."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from sim.errors import BadInput
from sim.tables import TableWriter
from tracking.annotate import annotate
from tracking.camera import Camera, load_calibration
from tracking.detect import Device, YoloDetector
from tracking.embed import ReidEmbedder
from tracking.formats import MotRow, write_mot
from tracking.pipeline import FloorArea, StoreTracker
from tracking.pose import CropPose
from tracking.video import VideoWriter

_FLOOR = {"t": pa.float64(), "track": pa.int64(), "x": pa.float32(), "y": pa.float32(), "sd": pa.float32()}
FARTHEST_M = 25.0
WARM_UP_FRAMES = 20

Frames = dict[str, NDArray[np.uint8]]


def track_videos(
    videos: Sequence[Path], calibration: Path, out: Path, weights: Path | None = None, device: Device = "auto"
) -> Path:
    """Follows people through synchronous videos and writes floor.parquet, CAMERA.txt (MOTChallenge) and CAMERA.mp4.

    Each video's file name without its ending is the camera's name in the calibration. With the built-in detector the
    first `WARM_UP_FRAMES` frames should show the place nearly empty: they teach its background. Other weights see
    plain frames.

    Raises:
        BadInput: a video that cannot be read, without calibration, or of another size than its calibration says.
        TrackingError: a wrong calibration file or wrong weights.
    """
    cameras = _cameras(videos, load_calibration(calibration), calibration)
    detector = YoloDetector(weights, device=device, dimmed=weights is None)
    # The pose network knows our own rendered people; other weights bring keypoints of their own.
    pose = CropPose() if weights is None else None
    tracker = StoreTracker(cameras, area_seen_by(cameras), detector, ReidEmbedder(), pose=pose)
    out.mkdir(parents=True, exist_ok=True)
    fps = _frame_rate(videos[0])
    for frames in _first(_synchronous(videos), WARM_UP_FRAMES):
        tracker.warm_up(frames)
    rows: dict[str, list[MotRow]] = {name: [] for name in cameras}
    with ExitStack() as files:
        floor = files.enter_context(TableWriter(out / "floor.parquet", _FLOOR))
        writers = {
            name: files.enter_context(VideoWriter(out / f"{name}.mp4", camera.width, camera.height, fps))
            for name, camera in cameras.items()
        }
        for number, frames in enumerate(_synchronous(videos), start=1):
            for track in tracker.step((number - 1) / fps, frames):
                floor.append(track.t, track.track, track.x, track.y, track.sd)
            sightings = tracker.last_observations
            for one, who in sightings:
                if who is not None:
                    rows[one.camera].append(MotRow.from_box(number, who, one.box, one.confidence))
            for name, frame in frames.items():
                writers[name].write(annotate(frame, [pair for pair in sightings if pair[0].camera == name]))
    for name, found in rows.items():
        write_mot(out / f"{name}.txt", found)
    return out


def area_seen_by(cameras: Mapping[str, Camera]) -> FloorArea:
    """The floor that any of the cameras sees, up to `FARTHEST_M` away; people may appear anywhere in it."""
    seen = []
    for camera in cameras.values():
        across, down = np.linspace(0, camera.width - 1, 9), np.linspace(0, camera.height - 1, 9)
        floor = camera.back_project(np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2))
        near = np.linalg.norm(floor - camera.centre[:2], axis=1) < FARTHEST_M
        seen.append(floor[near & np.isfinite(floor).all(axis=1)])
    points = np.concatenate(seen)
    return FloorArea(boundary=points[ConvexHull(points).vertices], entrances=())


def _cameras(videos: Sequence[Path], calibrated: Mapping[str, Camera], source: Path) -> dict[str, Camera]:
    for video in videos:
        if not video.is_file():
            raise BadInput(video, "file", "no such file", "a video")
        if video.stem not in calibrated:
            raise BadInput(source, "cameras", f"no {video.stem}", f"a calibration named as the video {video.name}")
        camera = calibrated[video.stem]
        capture = cv2.VideoCapture(str(video))
        size = (int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT)))
        capture.release()
        if size != (camera.width, camera.height):
            allowed = f"{camera.width}x{camera.height} as in {source}"
            raise BadInput(video, "picture size", f"{size[0]}x{size[1]}", allowed)
    return {video.stem: calibrated[video.stem] for video in videos}


def _frame_rate(video: Path) -> float:
    capture = cv2.VideoCapture(str(video))
    rate = float(capture.get(cv2.CAP_PROP_FPS))
    capture.release()
    return rate if rate > 0 else 25.0


def _first(frames: Iterator[Frames], count: int) -> Iterator[Frames]:
    for _, one in zip(range(count), frames, strict=False):
        yield one


def _synchronous(videos: Sequence[Path]) -> Iterator[Frames]:
    """One frame of every video that still has one, until all have ended."""
    captures = {video.stem: cv2.VideoCapture(str(video)) for video in videos}
    try:
        while True:
            read = {name: capture.read() for name, capture in captures.items()}
            frames: Frames = {name: np.asarray(frame, np.uint8) for name, (there, frame) in read.items() if there}
            if not frames:
                return
            yield frames
    finally:
        for capture in captures.values():
            capture.release()
