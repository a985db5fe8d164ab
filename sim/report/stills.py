"""Small pictures out of annotated videos, for the page that carries everything inside."""

import base64
from dataclasses import dataclass
from pathlib import Path

import av
import cv2

STILL_WIDTH = 320
STILL_QUALITY = 62


@dataclass(frozen=True, slots=True)
class Still:
    """One picture at a store time in seconds; `src` is a `data:` address of a JPEG."""

    t: float
    src: str


def stills(video: Path, every_s: float, width: int = STILL_WIDTH) -> tuple[Still, ...]:
    """One JPEG every `every_s` seconds of a video; a video cut off by an interrupted run gives what it has."""
    found: list[Still] = []
    due = 0.0
    try:
        with av.open(str(video)) as container:
            for frame in container.decode(video=0):
                t = float(frame.time or 0.0)
                if t + 1e-6 < due:
                    continue
                found.append(Still(round(t, 2), jpeg_uri(frame.to_ndarray(format="bgr24"), width)))
                due += every_s
    except av.FFmpegError:
        return tuple(found)
    return tuple(found)


def jpeg_uri(frame: cv2.typing.MatLike, width: int = STILL_WIDTH) -> str:
    """A BGR frame (H, W, 3) uint8, shrunk to `width` pixels, as a `data:` address."""
    height = round(frame.shape[0] * width / frame.shape[1])
    small = cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA)
    _, packed = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, STILL_QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(packed.tobytes()).decode()
