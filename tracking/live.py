"""Live cameras by RTSP: the newest frame of each, connections that come back, and nothing that piles up."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tracking.errors import BadInput

Frame = NDArray[np.uint8]
Report = Callable[[str], None]
_SCHEMES = ("rtsp://", "rtsps://")


class LiveSettings(BaseModel):
    """How patient a live camera's reader is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    connect_s: float = Field(default=10.0, gt=0, le=300, description="seconds that a connection may take")
    silence_s: float = Field(default=5.0, gt=0, le=300, description="seconds without a packet: the connection is lost")
    retry_s: float = Field(default=1.0, gt=0, le=300, description="first wait before connecting again; then doubled")
    longest_retry_s: float = Field(default=30.0, gt=0, le=3600, description="longest such wait, seconds")
    patience_s: float = Field(default=120.0, ge=0, le=86_400, description="seconds away after which a camera has ended")


def is_live(address: str) -> bool:
    """Whether an address is that of a live camera."""
    return address.lower().startswith(_SCHEMES)


def without_password(address: str) -> str:
    """The address as it may be shown: `rtsp://user:secret@host` without what is before the @."""
    return re.sub(r"//[^/@]*@", "//", address)


class LiveStream:
    """One live camera, read in a thread of its own that keeps only the newest frame; the others are dropped.

    Public attributes: `size` (width, height) in pixels, `fps` as the camera states it, `dropped` frames so far.
    """

    def __init__(
        self, name: str, address: str, settings: LiveSettings | None = None, report: Report = lambda line: None
    ) -> None:
        """Connect and begin to read.

        Args:
            name: of the camera, for messages.
            address: rtsp:// or rtsps://; it may hold a user and a password, which no message repeats.
            settings: time limits.
            report: gets a line whenever the connection is lost, found again or given up.

        Raises:
            BadInput: nothing answers, or it sends no video.
        """
        self._name, self._address = name, address
        self._settings, self._report = settings or LiveSettings(), report
        try:
            container = self._connect()
        except (av.FFmpegError, OSError) as problem:
            allowed = f"an address that answers within {self._settings.connect_s:g} s"
            raise BadInput(without_password(address), "connection", _why(problem), allowed) from problem
        if not container.streams.video:
            container.close()
            raise BadInput(without_password(address), "streams", "no video stream", "a camera")
        stream = container.streams.video[0]
        self.size = (stream.width, stream.height)
        self.fps = float(stream.average_rate or stream.guessed_rate or 25)
        self.dropped = 0
        self._newest: Any = None
        self._ended, self._stop = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._read, args=(container,), name=f"camera {name}", daemon=True)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether the camera was away for so long that it was given up."""
        return self._ended.is_set()

    def take(self) -> Frame | None:
        """The newest (H, W, 3) BGR uint8 frame if it was not taken before."""
        with self._lock:
            newest, self._newest = self._newest, None
        return None if newest is None else np.asarray(newest.to_ndarray(format="bgr24"), np.uint8)

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._thread.join(self._settings.silence_s + 1.0)

    def _connect(self) -> Any:
        settings = self._settings
        # TCP: over UDP a lost packet smears the picture until the next key frame.
        options = {"rtsp_transport": "tcp", "fflags": "nobuffer"}
        return av.open(self._address, timeout=(settings.connect_s, settings.silence_s), options=options)

    def _read(self, container: Any) -> None:
        while container is not None and not self._stop.is_set():
            why = self._until_lost(container)
            container = None if self._stop.is_set() else self._again(why)
        self._ended.set()

    def _until_lost(self, container: Any) -> str:
        """Read until the connection breaks; returns why it did."""
        try:
            with container:
                for frame in container.decode(video=0):
                    if self._stop.is_set():
                        return "stopped"
                    if (frame.width, frame.height) != self.size:
                        return f"the picture became {frame.width}x{frame.height}, was {self.size[0]}x{self.size[1]}"
                    self._keep(frame)
        except (av.FFmpegError, OSError) as problem:
            return _why(problem)
        return "the camera ended the stream"

    def _keep(self, frame: Any) -> None:
        with self._lock:
            self.dropped += self._newest is not None
            self._newest = frame

    def _again(self, why: str) -> Any:
        """Try to connect until it works, the camera is given up (None), or reading is stopped (None)."""
        lost, wait = time.monotonic(), self._settings.retry_s
        while not self._stop.is_set():
            away = time.monotonic() - lost
            if away >= self._settings.patience_s:
                self._report(f"{self._name}: given up after {away:.0f} s: {why}")
                return None
            self._report(f"{self._name}: no pictures ({why}); connecting again in {wait:g} s")
            self._stop.wait(wait)
            wait = min(2 * wait, self._settings.longest_retry_s)
            try:
                container = self._connect()
            except (av.FFmpegError, OSError) as problem:
                why = _why(problem)
                continue
            if container.streams.video:
                self._report(f"{self._name}: connected again after {time.monotonic() - lost:.0f} s")
                return container
            container.close()
            why = "no video stream"
        return None


def live_ticks(
    streams: Mapping[str, LiveStream],
    fps: float,
    seconds: float | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[tuple[float, dict[str, Frame]]]:
    """Ticks at most `fps` a second: seconds since the first call, and the frames that came since the last tick.

    Whoever takes longer over a tick than a tick lasts gets the next one at once, with the newest frames; what came
    between is dropped. Ends after `seconds`, or when every camera was given up.
    """
    began, due = clock(), 0.0
    while not all(stream.ended for stream in streams.values()):
        now = clock() - began
        if seconds is not None and now >= seconds:
            return
        if now < due:
            sleep(min(due - now, 0.05))
            continue
        due = max(due + 1 / fps, now)
        frames = {name: frame for name, stream in streams.items() if (frame := stream.take()) is not None}
        if frames:
            yield now, frames


def _why(problem: BaseException) -> str:
    if isinstance(problem, av.error.ExitError):
        return "no answer in time"
    return str(getattr(problem, "strerror", None) or problem)
