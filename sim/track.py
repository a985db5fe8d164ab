"""The tracking chain on anybody's calibrated footage: videos or live cameras in, tracks on floor and pictures out."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.spatial import ConvexHull

from sim.errors import BadInput
from sim.tables import TableWriter
from tracking.annotate import annotate
from tracking.area_file import load_area
from tracking.camera import Camera, load_calibration
from tracking.detect import INPUT_HEIGHT, INPUT_WIDTH, PROPOSALS, DetectorSettings, Device, YoloDetector
from tracking.embed import ReidEmbedder
from tracking.formats import MotRow, mot_line
from tracking.live import LiveSettings, LiveStream, is_live, live_ticks, without_password
from tracking.observation import FloorTrack, Observation
from tracking.pipeline import FloorArea, StoreTracker
from tracking.pose import CropPose
from tracking.sources import PictureFolder, Recording, VideoFile, in_step
from tracking.video import VideoWriter
from tracking.wildtrack import load_wildtrack_calibration

_FLOOR = {"t": pa.float64(), "track": pa.int64(), "x": pa.float32(), "y": pa.float32(), "sd": pa.float32()}
FARTHEST_M = 25.0
WARM_UP_FRAMES = 20
LIVE_FPS = 10.0
INPUT_STEP_PX = 32

Frames = dict[str, NDArray[np.uint8]]
Ticks = Iterator[tuple[float, Frames]]


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@dataclass(frozen=True, slots=True)
class TrackOptions:
    """How footage is tracked.

    Args:
        area: YAML of the tracked floor (see `tracking.area_file`); None: all that the cameras see, and people may
            appear anywhere in it.
        weights: other weights than the built-in detector's; see `tracking.detect.YoloDetector`.
        trust_weights: read weights even where they can run programs.
        input_width: width in pixels, a multiple of 32, at which other weights see a frame.
        device: where the networks run: auto, cpu or cuda.
        fps: ticks a second; None takes the rate of the fastest recording, or `LIVE_FPS` for live cameras.
        seconds: stop after so many; None: at the end.
        video: whether to write annotated videos.
        live: time limits of live cameras.
        report: gets a line about lost and found cameras, and at the end.
    """

    area: Path | None = None
    weights: Path | None = None
    trust_weights: bool = False
    input_width: int = 640
    device: Device = "auto"
    fps: float | None = None
    seconds: float | None = None
    video: bool = True
    live: LiveSettings = field(default_factory=LiveSettings)
    report: Callable[[str], None] = _to_stderr


def track_videos(
    videos: Sequence[str | Path], calibration: Path, out: Path, options: TrackOptions = TrackOptions()
) -> Path:
    """Follows people through synchronous footage; writes floor.parquet, CAMERA.txt (MOTChallenge) and CAMERA.mp4.

    Rows are written as they come, so memory does not grow with the length. Frame k of CAMERA.txt is the tick at
    (k - 1) / fps seconds, so the camera's own frame k where `fps` is its rate.

    With the built-in detector the first `WARM_UP_FRAMES` frames should show the place nearly empty: they teach its
    background. Other weights see plain frames.

    Args:
        videos: `ADDRESS`, or `CAMERA=ADDRESS` where the camera is not called as the file is: video files, folders of
            pictures, or rtsp:// addresses; recordings all begin at the same instant.
        calibration: a calibration in YAML, or a folder of WILDTRACK's XML files.
        out: folder to write.
        options: see there.

    Raises:
        BadInput: footage that cannot be read, without calibration, or of another size than its calibration says.
        TrackingError: a wrong calibration or area file, or wrong weights.
    """
    named = _named(videos)
    with ExitStack() as open_files:
        footage = _open(named, options, open_files)
        cameras = _cameras(footage.sizes, calibration)
        tracker = _tracker(cameras, load_area(options.area) if options.area else area_seen_by(cameras), options)
        out.mkdir(parents=True, exist_ok=True)
        files = open_files.enter_context(_Files(out, cameras, footage.fps, options.video))
        for _, frames in islice(footage.warm_up(), WARM_UP_FRAMES):
            tracker.warm_up(frames)
        number, t = 0, 0.0
        for number, (t, frames) in enumerate(footage.ticks(options.seconds), start=1):
            tracks = tracker.step(t, frames)
            files.tick(number, frames, tracks, tracker.last_observations)
        options.report(f"{number} ticks, {t:.1f} s of {len(cameras)} cameras{footage.losses()}")
    return out


def area_seen_by(cameras: Mapping[str, Camera]) -> FloorArea:
    """The floor that any of the cameras sees, up to `FARTHEST_M` away; people may appear anywhere in it.

    Raises:
        BadInput: none of them sees the floor.
    """
    seen = []
    for camera in cameras.values():
        across, down = np.linspace(0, camera.width - 1, 9), np.linspace(0, camera.height - 1, 9)
        floor = camera.back_project(np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2))
        near = np.linalg.norm(floor - camera.centre[:2], axis=1) < FARTHEST_M
        seen.append(floor[near & np.isfinite(floor).all(axis=1)])
    points = np.concatenate(seen)
    if len(points) < 3:
        raise BadInput("calibration", "cameras", "no floor (z = 0) in view of any", f"floor within {FARTHEST_M:g} m")
    return FloorArea(boundary=points[ConvexHull(points).vertices], entrances=())


class _Recorded:
    """Recordings, replayed from their start for the warm-up and again for the tracking."""

    def __init__(self, recordings: Mapping[str, Recording], fps: float | None) -> None:
        self._recordings = recordings
        self.sizes = {name: one.size for name, one in recordings.items()}
        self.fps = fps or max(one.fps for one in recordings.values())

    def warm_up(self) -> Ticks:
        return in_step(self._recordings, self.fps)

    def ticks(self, seconds: float | None) -> Ticks:
        for t, frames in in_step(self._recordings, self.fps):
            if seconds is not None and t >= seconds:
                return
            yield t, frames

    def losses(self) -> str:
        return ""


class _Live:
    """Live cameras, whose first frames are spent on the warm-up."""

    def __init__(self, streams: Mapping[str, LiveStream], fps: float | None) -> None:
        self._streams = streams
        self.sizes = {name: stream.size for name, stream in streams.items()}
        self.fps = fps or LIVE_FPS

    def warm_up(self) -> Ticks:
        return live_ticks(self._streams, self.fps)

    def ticks(self, seconds: float | None) -> Ticks:
        return live_ticks(self._streams, self.fps, seconds)

    def losses(self) -> str:
        return "; frames dropped: " + ", ".join(f"{name} {one.dropped}" for name, one in self._streams.items())


class _Files:
    """What is written while tracking goes on."""

    def __init__(self, out: Path, cameras: Mapping[str, Camera], fps: float, video: bool) -> None:
        self._files = ExitStack()
        self._floor = self._files.enter_context(TableWriter(out / "floor.parquet", _FLOOR))
        self._rows: dict[str, TextIO] = {
            name: self._files.enter_context((out / f"{name}.txt").open("w", encoding="utf-8")) for name in cameras
        }
        self._videos = {
            # H.264 needs even sizes: an odd last row or column is left out of the annotated video.
            name: VideoWriter(out / f"{name}.mp4", camera.width // 2 * 2, camera.height // 2 * 2, fps)
            for name, camera in cameras.items()
            if video
        }
        for writer in self._videos.values():
            self._files.enter_context(writer)

    def tick(
        self,
        number: int,
        frames: Frames,
        tracks: Sequence[FloorTrack],
        sightings: Sequence[tuple[Observation, int | None]],
    ) -> None:
        for track in tracks:
            if track.confirmed:
                self._floor.append(track.t, track.track, track.x, track.y, track.sd)
        for one, who in sightings:
            if who is not None:
                self._rows[one.camera].write(mot_line(MotRow.from_box(number, who, one.box, one.confidence)) + "\n")
        for name, writer in self._videos.items():
            if name in frames:
                picture = annotate(frames[name], [pair for pair in sightings if pair[0].camera == name])
                height, width = picture.shape[:2]
                writer.write(picture[: height // 2 * 2, : width // 2 * 2])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._files.close()


def _tracker(cameras: Mapping[str, Camera], area: FloorArea, options: TrackOptions) -> StoreTracker:
    if options.weights is None:
        detector = YoloDetector(device=options.device, settings=PROPOSALS)
        return StoreTracker(cameras, area, detector, ReidEmbedder(), pose=CropPose())
    if options.weights.suffix == ".xml":
        settings = DetectorSettings(input_size=(INPUT_WIDTH, INPUT_HEIGHT))
    else:
        tallest = max(camera.height / camera.width for camera in cameras.values())
        steps = -(-options.input_width * tallest // INPUT_STEP_PX)
        settings = DetectorSettings(input_size=(options.input_width, int(steps) * INPUT_STEP_PX))
    detector = YoloDetector(options.weights, options.device, False, settings, options.trust_weights)
    # The pose network knows our own rendered people; other weights bring keypoints of their own, or none.
    return StoreTracker(cameras, area, detector, ReidEmbedder())


def _named(videos: Sequence[str | Path]) -> dict[str, str]:
    """Addresses by camera."""
    named: dict[str, str] = {}
    for video in map(str, videos):
        head, equals, tail = video.partition("=")
        # The = of an address's own query is none of ours, nor that of a file called so.
        given = bool(equals) and "/" not in head and not Path(video).exists()
        if is_live(video):
            raise BadInput(
                "command line", "video", without_password(video), "CAMERA=rtsp://..., with the camera's name"
            )
        path = Path(video)
        name, address = (head, tail) if given else (path.name if path.is_dir() else path.stem, video)
        if not name or name in named:
            raise BadInput("command line", "camera", name, "a name that no other video has; CAMERA=VIDEO gives one")
        named[name] = address
    return named


def _open(named: Mapping[str, str], options: TrackOptions, files: ExitStack) -> _Recorded | _Live:
    live = [name for name, address in named.items() if is_live(address)]
    if live and len(live) < len(named):
        raise BadInput("command line", "videos", f"{live[0]} is live, others are not", "all live, or all recorded")
    if live:
        streams = {}
        for name, address in named.items():
            streams[name] = files.enter_context(closing(LiveStream(name, address, options.live, options.report)))
        return _Live(streams, options.fps)
    recordings: dict[str, Recording] = {}
    for name, address in named.items():
        path = Path(address)
        recordings[name] = PictureFolder.open(path, options.fps) if path.is_dir() else VideoFile.open(path)
    return _Recorded(recordings, options.fps)


def _cameras(sizes: Mapping[str, tuple[int, int]], calibration: Path) -> dict[str, Camera]:
    if calibration.is_dir():
        return load_wildtrack_calibration(calibration, sizes)
    calibrated = load_calibration(calibration)
    for name, size in sizes.items():
        if name not in calibrated:
            allowed = "one of " + ", ".join(calibrated) + "; CAMERA=VIDEO names a video's camera"
            raise BadInput(calibration, "cameras", f"no {name}", allowed)
        camera = calibrated[name]
        if size != (camera.width, camera.height):
            allowed = f"{camera.width}x{camera.height} as in {calibration}"
            raise BadInput(name, "picture size", f"{size[0]}x{size[1]}", allowed)
    return {name: calibrated[name] for name in sizes}
