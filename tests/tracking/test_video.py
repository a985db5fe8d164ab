from pathlib import Path

import av
import numpy as np
import pytest

from tracking.errors import BadFrame, BadInput
from tracking.video import VideoWriter, read_frames


def test_a_video_comes_back_with_its_frames_times_and_colours(tmp_path: Path) -> None:
    frames = [np.full((90, 160, 3), (20 * k, 100, 200 - 10 * k), np.uint8) for k in range(8)]
    with VideoWriter(tmp_path / "a.mp4", 160, 90, 10) as writer:
        for frame in frames:
            writer.write(frame)
    read = list(read_frames(tmp_path / "a.mp4"))
    assert [t for t, _ in read] == pytest.approx([k / 10 for k in range(8)])
    for (_, found), frame in zip(read, frames, strict=True):
        assert np.abs(found.astype(int) - frame).mean() < 6


def test_the_file_is_h264_in_the_colour_format_that_browsers_play(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", 160, 90, 10) as writer:
        writer.write(np.zeros((90, 160, 3), np.uint8))
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")


def test_a_frame_of_another_size_is_refused(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", 160, 90, 10) as writer, pytest.raises(BadFrame):
        writer.write(np.zeros((100, 160, 3), np.uint8))


def test_odd_sizes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="even"):
        VideoWriter(tmp_path / "a.mp4", 161, 90, 10)


def test_what_is_no_video_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("no video")
    with pytest.raises(BadInput, match=r"a\.mp4"):
        next(read_frames(tmp_path / "a.mp4"))
