"""Recorded footage of one camera: a video file or a folder of pictures, and several of them brought into step."""

from __future__ import annotations

import configparser
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Protocol

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.errors import BadInput
from tracking.video import read_frames

Frame = NDArray[np.uint8]
_PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})


class Recording(Protocol):
    """What a camera recorded, from its start to its end."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        ...

    @property
    def fps(self) -> float:
        """Frames a second."""
        ...

    def frames(self) -> Iterator[tuple[float, Frame]]:
        """Seconds from the start and the (H, W, 3) BGR uint8 frame; a new pass from the start at every call."""
        ...


@dataclass(frozen=True, slots=True)
class VideoFile:
    """A video file."""

    path: Path
    size: tuple[int, int]
    fps: float

    @classmethod
    def open(cls, path: Path) -> VideoFile:
        """Read a file's size and frame rate.

        Raises:
            BadInput: no such file, or no video in it.
        """
        if not path.is_file():
            raise BadInput(
                str(path), "file", "no such file", "a video file, a folder of pictures or an rtsp:// address"
            )
        try:
            container: Any = av.open(str(path))
        except (av.FFmpegError, OSError) as problem:
            raise BadInput(str(path), "file", str(problem), "a video file") from problem
        with container:
            if not container.streams.video:
                raise BadInput(str(path), "streams", "no video stream", "a video file")
            stream = container.streams.video[0]
            return cls(path, (stream.width, stream.height), float(stream.average_rate or stream.guessed_rate or 25))

    def frames(self) -> Iterator[tuple[float, Frame]]:
        """Seconds from the start and the frame, one by one; BadInput where the file is broken."""
        return read_frames(self.path)


@dataclass(frozen=True, slots=True)
class PictureFolder:
    """Pictures of one folder in the order of their names, as MOTChallenge (`img1`) and WILDTRACK keep them."""

    paths: tuple[Path, ...]
    size: tuple[int, int]
    fps: float

    @classmethod
    def open(cls, folder: Path, fps: float | None = None) -> PictureFolder:
        """Find the pictures of a folder, or of its `img1`.

        Args:
            folder: the folder, or the MOTChallenge sequence that has it.
            fps: pictures a second; None takes `seqinfo.ini` beside them.

        Raises:
            BadInput: no pictures, or nobody says how many there are a second.
        """
        inner = folder / "img1" if (folder / "img1").is_dir() else folder
        paths = tuple(sorted(path for path in inner.iterdir() if path.suffix.lower() in _PICTURES))
        if not paths:
            raise BadInput(str(folder), "folder", "no pictures", "files ending in " + ", ".join(sorted(_PICTURES)))
        rate = fps if fps is not None else _stated_rate(inner)
        height, width = _picture(paths[0]).shape[:2]
        return cls(paths, (width, height), rate)

    def frames(self) -> Iterator[tuple[float, Frame]]:
        """Seconds from the first picture and the picture, one by one; BadInput where one cannot be read."""
        for number, path in enumerate(self.paths):
            yield number / self.fps, _picture(path)


def in_step(recordings: Mapping[str, Recording], fps: float) -> Iterator[tuple[float, dict[str, Frame]]]:
    """Ticks at `fps` a second over recordings that began together: seconds, and the new frames by camera.

    At each tick a camera gives the newest frame that is at most half a tick ahead, if it has not given it before:
    faster cameras lose frames, slower ones are missing at some ticks. It ends when all have ended.
    """
    readers = {name: _Reader(recording.frames()) for name, recording in recordings.items()}
    for tick in count():
        t = tick / fps
        frames = {name: frame for name, one in readers.items() if (frame := one.until(t + 0.5 / fps)) is not None}
        if not frames and all(one.ended for one in readers.values()):
            return
        yield t, frames


class _Reader:
    """Reads ahead by one frame, so that frames can be taken by time."""

    def __init__(self, frames: Iterator[tuple[float, Frame]]) -> None:
        self._frames = frames
        self._ahead = next(frames, None)

    @property
    def ended(self) -> bool:
        return self._ahead is None

    def until(self, limit: float) -> Frame | None:
        newest = None
        # A little slack: times of video files are rounded to their own clock.
        while self._ahead is not None and self._ahead[0] < limit - 1e-6:
            newest = self._ahead[1]
            self._ahead = next(self._frames, None)
        return newest


def _stated_rate(pictures: Path) -> float:
    path = pictures.parent / "seqinfo.ini"
    stated = configparser.ConfigParser()
    try:
        stated.read(path, encoding="utf-8")
        rate = stated.getfloat("Sequence", "frameRate")
    except (configparser.Error, ValueError) as problem:
        found = "no frame rate" if path.is_file() else "no seqinfo.ini beside the pictures"
        raise BadInput(str(pictures), "frame rate", found, "--fps, or frameRate in seqinfo.ini") from problem
    if not 0 < rate <= 1000:
        raise BadInput(str(path), "Sequence.frameRate", rate, "pictures a second, above 0")
    return rate


def _picture(path: Path) -> Frame:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise BadInput(str(path), "picture", "nothing that can be read", "a picture file")
    return np.asarray(picture, np.uint8)
