"""Recorded footage: sizes and rates are read, rates are brought into step, what cannot be read is named."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from tracking.errors import BadInput
from tracking.sources import Frame, PictureFolder, VideoFile, in_step
from tracking.video import VideoWriter, read_frames


class Fake:
    """Frames of one camera at a rate; each holds its own number."""

    size = (1, 1)

    def __init__(self, fps: float, count: int) -> None:
        self.fps, self.count = fps, count

    def frames(self) -> Iterator[tuple[float, Frame]]:
        for k in range(self.count):
            yield k / self.fps, np.array([[[k, 0, 0]]], np.uint8)


def numbers(fps: float, **cameras: Fake) -> list[dict[str, int]]:
    return [{name: int(frame[0, 0, 0]) for name, frame in frames.items()} for _, frames in in_step(cameras, fps)]


@pytest.mark.parametrize("fps", [10.0, 25.0, 29.97, 30.0])
def test_equal_rates_give_every_frame_once_and_in_step(fps: float) -> None:
    shown = numbers(fps, a=Fake(fps, 200), b=Fake(fps, 200))
    assert shown == [{"a": k, "b": k} for k in range(200)]


def test_a_faster_camera_loses_frames_and_a_slower_one_is_missing_at_some_ticks() -> None:
    shown = numbers(10.0, fast=Fake(30.0, 30), slow=Fake(5.0, 5))
    assert [frames.get("slow") for frames in shown[:5]] == [0, None, 1, None, 2]
    assert [frames["fast"] for frames in shown[:3]] == [1, 4, 7]
    assert shown[-1] == {"fast": 29}


def test_footage_goes_on_until_the_last_camera_has_ended() -> None:
    assert numbers(10.0, a=Fake(10.0, 1), b=Fake(10.0, 3)) == [{"a": 0, "b": 0}, {"b": 1}, {"b": 2}]


def test_a_video_file_says_its_size_and_rate(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", 160, 90, 12.5) as writer:
        writer.write(np.zeros((90, 160, 3), np.uint8))
        writer.write(np.zeros((90, 160, 3), np.uint8))
    video = VideoFile.open(tmp_path / "a.mp4")
    assert (video.size, video.fps) == ((160, 90), pytest.approx(12.5))
    assert len(list(video.frames())) == 2


def test_a_broken_video_gives_what_comes_before_and_is_named_where_it_breaks(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    rng = np.random.default_rng(1)
    with VideoWriter(path, 160, 90, 10) as writer:
        for _ in range(30):
            writer.write(rng.integers(0, 255, (90, 160, 3), dtype=np.uint8))
    content = bytearray(path.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    path.write_bytes(content)
    with pytest.raises(BadInput) as broken:
        list(read_frames(path))
    assert 5 < int(str(broken.value).split("after frame ")[1].split(":")[0]) < 30


def test_a_missing_video_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no such file"):
        VideoFile.open(tmp_path / "b.mp4")


def pictures(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for k in range(3):
        cv2.imwrite(str(folder / f"{k:06d}.png"), np.full((90, 160, 3), 10 * k, np.uint8))
    return folder


def test_a_motchallenge_sequence_is_read_at_its_stated_rate(tmp_path: Path) -> None:
    pictures(tmp_path / "cam" / "img1")
    (tmp_path / "cam" / "seqinfo.ini").write_text("[Sequence]\nname=cam\nframeRate=20\n")
    folder = PictureFolder.open(tmp_path / "cam")
    assert [(t, int(frame.mean())) for t, frame in folder.frames()] == [(0.0, 0), (0.05, 10), (0.1, 20)]


def test_pictures_without_a_rate_need_one(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "C1")
    with pytest.raises(BadInput, match="--fps"):
        PictureFolder.open(folder)
    assert PictureFolder.open(folder, 2.0).fps == 2.0
    (tmp_path / "none").mkdir()
    with pytest.raises(BadInput, match="no pictures"):
        PictureFolder.open(tmp_path / "none", 2.0)
