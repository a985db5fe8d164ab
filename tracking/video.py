"""Video files: H.264 that every browser plays, and frames of anybody's footage. Through PyAV, which carries x264."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from tracking.errors import BadFrame, BadInput

Frame = NDArray[np.uint8]


class VideoWriter:
    """Writes BGR frames into an H.264 MP4 that starts playing before it is loaded whole. Use it in a `with` block."""

    def __init__(self, path: Path | str, width: int, height: int, fps: float, quality: int = 26) -> None:
        """Open the file.

        Args:
            path: where to write; an existing file is replaced.
            width, height: pixels, both even, as 4:2:0 colour needs.
            fps: frames a second.
            quality: x264's constant rate factor, 0 (best) to 51.
        """
        if width % 2 or height % 2 or width <= 0 or height <= 0:
            raise ValueError(f"video needs even sizes above 0, found {width} x {height}")
        self._shape = (height, width, 3)
        self._container: Any = av.open(str(path), "w", options={"movflags": "+faststart"})
        self._stream: Any = self._container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1000))
        self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = "yuv420p"
        # The cores belong to rendering and networks; one thread with the fastest preset takes about 2 ms a frame.
        self._stream.codec_context.thread_count = 1
        self._stream.options = {"preset": "ultrafast", "crf": str(quality)}

    def write(self, frame: Frame) -> None:
        """Append a (H, W, 3) BGR uint8 frame of the size given."""
        if frame.shape != self._shape or frame.dtype != np.uint8:
            raise BadFrame(f"video: found a {frame.dtype} frame of {frame.shape}, allowed: uint8 {self._shape}")
        for packet in self._stream.encode(av.VideoFrame.from_ndarray(frame, format="bgr24")):
            self._container.mux(packet)

    def close(self) -> None:
        """Write what is left and close the file; a second call does nothing."""
        if self._container is None:
            return
        for packet in self._stream.encode():
            self._container.mux(packet)
        self._container.close()
        self._container = None

    def __enter__(self) -> VideoWriter:
        """The writer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close, so that what was written plays even after an error."""
        self.close()


def read_frames(path: Path | str) -> Iterator[tuple[float, Frame]]:
    """Frames of a video file one by one: seconds from its start, and (H, W, 3) BGR uint8.

    Raises:
        BadInput: not a file that holds video.
    """
    try:
        container: Any = av.open(str(path))
    except (av.FFmpegError, OSError) as problem:
        raise BadInput(str(path), "file", str(problem), "a video file") from problem
    with container:
        if not container.streams.video:
            raise BadInput(str(path), "streams", "no video stream", "a video file")
        rate = container.streams.video[0].average_rate or 25
        first: float | None = None
        for number, frame in enumerate(_decoded(container, path)):
            when = float(number / rate if frame.time is None else frame.time)
            first = when if first is None else first
            yield when - first, frame.to_ndarray(format="bgr24")


def _decoded(container: Any, path: Path | str) -> Iterator[Any]:
    number = 0
    try:
        for frame in container.decode(video=0):
            number += 1
            yield frame
    except av.FFmpegError as problem:
        allowed = "a file that is whole; what comes before can be cut out and used"
        raise BadInput(str(path), f"after frame {number}", str(problem), allowed) from problem
