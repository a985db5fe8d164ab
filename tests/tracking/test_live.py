"""Live cameras over real RTSP on this machine: newest frame, drops instead of queues, lines and patience when lost."""

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.tracking.rtsp_server import RtspCamera
from tracking.errors import BadInput
from tracking.live import LiveSettings, LiveStream, is_live, live_ticks, without_password

QUICK = LiveSettings(connect_s=5, silence_s=1, retry_s=0.1, longest_retry_s=0.2, patience_s=20)


def grey(k: int) -> NDArray[np.uint8]:
    return np.full((96, 160, 3), min(250, 10 + 2 * k), np.uint8)


@pytest.fixture
def camera() -> Iterator[RtspCamera]:
    with RtspCamera(grey) as served:
        yield served


def until(true: Callable[[], object], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def next_frame(stream: LiveStream) -> NDArray[np.uint8]:
    frames: list[NDArray[np.uint8]] = []

    def one() -> bool:
        frame = stream.take()
        if frame is not None:
            frames.append(frame)
        return bool(frames)

    until(one)
    return frames[0]


def test_frames_of_a_camera_arrive_newest_first_and_the_rest_is_dropped(camera: RtspCamera) -> None:
    stream = LiveStream("front", camera.address, QUICK)
    try:
        assert stream.size == (160, 96)
        first = next_frame(stream)
        assert first.shape == (96, 160, 3)
        begun = stream.dropped
        until(lambda: stream.dropped >= begun + 5)
        assert next_frame(stream).mean() > first.mean() + 8
    finally:
        stream.close()


def test_a_camera_that_comes_back_is_read_again_and_both_are_said(camera: RtspCamera) -> None:
    lines: list[str] = []
    stream = LiveStream("front", camera.address, QUICK, lines.append)
    try:
        next_frame(stream)
        camera.cut()
        until(lambda: any("connected again" in line for line in lines))
        stream.take()
        next_frame(stream)
        assert lines[0].startswith("front: no pictures (")
        assert camera.connections == 2
        assert not any("secret" in line for line in lines)
    finally:
        stream.close()


def test_a_camera_that_stays_away_is_given_up(camera: RtspCamera) -> None:
    lines: list[str] = []
    stream = LiveStream("front", camera.address, QUICK.model_copy(update={"patience_s": 0.3}), lines.append)
    try:
        next_frame(stream)
        camera.refuse = True
        camera.cut()
        until(lambda: stream.ended)
        assert "given up" in lines[-1]
    finally:
        stream.close()


def test_nobody_at_the_address_is_one_line_without_the_password() -> None:
    with pytest.raises(BadInput, match="connection") as refused:
        LiveStream("front", "rtsp://user:secret@127.0.0.1:1/live", QUICK)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_addresses_are_told_from_files() -> None:
    assert is_live("RTSP://host/1")
    assert not is_live("videos/rtsp.mp4")
    assert without_password("rtsp://a:b@host:554/x@y") == "rtsp://host:554/x@y"


class Slow:
    """A stand-in for a stream whose camera always has a new frame."""

    ended = False

    def take(self) -> NDArray[np.uint8]:
        return grey(0)


def ticks_of(work_s: float, seconds: float) -> list[float]:
    """Times of the ticks at 10 a second for somebody who needs `work_s` for each, by a clock of their own."""
    now = [0.0]

    def sleep(duration: float) -> None:
        now[0] += duration

    times = []
    streams = cast(Any, {"a": Slow()})
    for t, frames in live_ticks(streams, 10.0, seconds, clock=lambda: now[0], sleep=sleep):
        assert set(frames) == {"a"}
        times.append(t)
        now[0] += work_s
    return times


def test_ticks_keep_their_rate_when_the_work_is_fast() -> None:
    times = ticks_of(0.01, 0.95)
    assert len(times) == 10
    assert all(later - earlier == pytest.approx(0.1, abs=0.051) for earlier, later in pairwise(times))


def test_slow_work_gets_fewer_ticks_and_never_runs_behind() -> None:
    times = ticks_of(0.25, 2.0)
    assert len(times) == 8
    assert all(later - earlier == pytest.approx(0.25) for earlier, later in pairwise(times))


def test_ticks_end_when_every_camera_is_gone() -> None:
    gone = Slow()
    gone.ended = True
    assert list(live_ticks(cast(Any, {"a": gone}), 10.0)) == []
