"""Pictures of a mistake: crops around it from the cameras that saw it best, before, at and after, with boxes drawn."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av
import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.error_sheet.mistakes import Mistake
from sim.error_sheet.records import DayFiles
from tracking.annotate import track_colour
from tracking.camera import Camera

Frame = NDArray[np.uint8]
Box = tuple[float, float, float, float]

WIDTH, HEIGHT = 220, 250
"""Pixels of a crop."""
QUALITY = 80
CAMERAS_EACH = 2
AROUND = 1.7
"""Height of a crop in heights of the person."""
LEAST_HEIGHT_PX = 70
"""Crops never show less of a picture than this, so that it stays clear what is around somebody small."""
BODY_M = 1.7
ASIDE_S = 1.0
"""How long before and after a switch the outer pictures are; of what lasts, before its start and after its end."""
LEAST_SIDE_PX = 24
_TRUE = (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_DUPLEX


@dataclass(frozen=True, slots=True)
class Shot:
    """One crop: when, as what it is captioned, and a `data:` address of a JPEG."""

    t: float
    caption: str
    src: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The crops of one camera in order of time."""

    camera: str
    shots: tuple[Shot, ...]


@dataclass(eq=False)
class _Wanted:
    """One crop to be cut when its picture comes by."""

    number: int
    camera: str
    t: float
    caption: str
    centre: tuple[float, float]
    height: float
    true: list[tuple[Box, str, bool]]
    found: list[tuple[Box, int, bool]]
    src: str | None = field(default=None)


def moments_of(mistake: Mistake) -> tuple[tuple[float, str], ...]:
    """When a mistake is shown, and what each of the pictures is called."""
    if mistake.kind == "switch":
        return (mistake.start - ASIDE_S, "before"), (mistake.start, "last old"), (mistake.end, "first new"), (
            mistake.end + ASIDE_S, "after",
        )  # fmt: skip
    middle = (mistake.start + mistake.end) / 2
    return (mistake.start - ASIDE_S / 2, "before"), (mistake.start, "start"), (middle, "middle"), (
        mistake.end + ASIDE_S / 2, "after",
    )  # fmt: skip


def strips(day: DayFiles, chosen: Sequence[Mistake], most_bytes: int) -> list[tuple[Strip, ...]]:
    """Pictures of each mistake, best camera first; none where the run kept no video.

    Second cameras' pictures, and if need be first ones, are left out where all together would exceed `most_bytes`.
    """
    cameras = day.run.cameras()
    videos = {name: path for name in cameras if (path := day.run.video(name))}
    wanted = [one for k, mistake in enumerate(chosen) for one in _wanted(day, k, mistake, videos, cameras)]
    for camera, path in videos.items():
        _cut(path, [one for one in wanted if one.camera == camera], day.fps)
    return _within([_strips_of(k, wanted) for k in range(len(chosen))], most_bytes)


def _strips_of(number: int, wanted: Sequence[_Wanted]) -> tuple[Strip, ...]:
    own: dict[str, list[Shot]] = {}
    for one in wanted:
        if one.number == number and one.src is not None:
            own.setdefault(one.camera, []).append(Shot(one.t, one.caption, one.src))
    return tuple(Strip(camera, tuple(shots)) for camera, shots in own.items())


def _within(cut: Sequence[tuple[Strip, ...]], most_bytes: int) -> list[tuple[Strip, ...]]:
    """As many strips as fit, everybody's best camera before anybody's second."""
    kept: list[list[Strip]] = [[] for _ in cut]
    left = most_bytes
    for rank in range(CAMERAS_EACH):
        for own, strips_ in zip(kept, cut, strict=True):
            size = sum(len(shot.src) for shot in strips_[rank].shots) if rank < len(strips_) else 0
            if 0 < size <= left:
                own.append(strips_[rank])
                left -= size
    return [tuple(own) for own in kept]


def _wanted(
    day: DayFiles, number: int, mistake: Mistake, videos: Iterable[str], cameras: Mapping[str, Camera]
) -> list[_Wanted]:
    moments = [(t, caption) for t, caption in moments_of(mistake) if day.frame(t) >= 1]
    views: list[tuple[float, list[_Wanted]]] = []
    for camera in videos:
        shots, worth = [], 0.0
        for t, caption in moments:
            where, value = _where(day, mistake, cameras[camera], t)
            worth += value
            if where is not None:
                shots.append(_shot(day, number, mistake, camera, t, caption, where))
        if shots and worth > 0:
            views.append((worth, shots))
    views.sort(key=lambda view: -view[0])
    best = [view for view in views if view[0] >= 0.25 * views[0][0]][:CAMERAS_EACH]
    return [shot for _, shots in best for shot in shots]


def _where(day: DayFiles, mistake: Mistake, camera: Camera, t: float) -> tuple[Box | None, float]:
    """Box (x1, y1, x2, y2) to show in a camera at a time, and how well it shows: visible share times height, px."""
    frame = day.frame(t)
    if mistake.person is not None:
        rows = day.true_boxes_of(mistake.person)
        own = rows[(rows["camera"] == camera.name) & (rows["frame"] == frame)]
        if len(own):
            box = _box(own.iloc[0])
            return box, (box[3] - box[1]) * (0.02 + float(own["share"].iloc[0]))
        place = day.people_by_tick.place(frame, mistake.person)
    else:
        rows = day.boxes_of(mistake.tracks[-1])
        own = rows[(rows["camera"] == camera.name) & (rows["frame"] == frame)]
        if len(own):
            box = _box(own.iloc[0])
            return box, box[3] - box[1]
        place = day.tracks_by_tick.place(frame, mistake.tracks[-1])
    return _standing_at(camera, np.array(mistake.place) if place is None else place)


def _standing_at(camera: Camera, place: NDArray[np.float64]) -> tuple[Box | None, float]:
    """The box that somebody at a place would have, where the camera looks there; worth little beside a real one."""
    feet, head = camera.project(np.array([[*place, 0.0], [*place, BODY_M]]))
    if not np.isfinite([feet, head]).all():
        return None, 0.0
    inside = (0 <= head[0] < camera.width) and (0 <= (head[1] + feet[1]) / 2 < camera.height)
    height = float(feet[1] - head[1])
    if not inside or height <= 0:
        return None, 0.0
    middle = float(feet[0] + head[0]) / 2
    return (middle - height / 5, float(head[1]), middle + height / 5, float(feet[1])), 0.01 * height


def _shot(day: DayFiles, number: int, mistake: Mistake, camera: str, t: float, caption: str, where: Box) -> _Wanted:
    frame = day.frame(t)
    names = {number: name for name, number in day.numbers.items()}
    true = day.true_boxes[(day.true_boxes["camera"] == camera) & (day.true_boxes["frame"] == frame)]
    found = day.boxes[(day.boxes["camera"] == camera) & (day.boxes["frame"] == frame)]
    people = {mistake.person, mistake.swapped_with}
    return _Wanted(
        number, camera, t, caption,
        centre=((where[0] + where[2]) / 2, (where[1] + where[3]) / 2),
        height=max(AROUND * (where[3] - where[1]), LEAST_HEIGHT_PX),
        true=[(_box(r), name, name in people) for _, r in true.iterrows() if (name := names.get(int(r["id"]), "?"))],
        found=[(_box(r), int(r["id"]), int(r["id"]) in mistake.tracks) for _, r in found.iterrows()],
    )  # fmt: skip


def _cut(video: Path, wanted: Sequence[_Wanted], fps: float) -> None:
    """Cuts the crops out of one video in one pass; a video cut off by an interrupted run gives what it has."""
    by_frame: dict[int, list[_Wanted]] = {}
    for one in wanted:
        by_frame.setdefault(round(one.t * fps), []).append(one)
    if not by_frame:
        return
    try:
        with av.open(str(video)) as container:
            for number, frame in enumerate(container.decode(video=0), start=1):
                for one in by_frame.get(number, ()):
                    one.src = _jpeg(_crop(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8), one))
                if number >= max(by_frame):
                    return
    except av.FFmpegError:
        return


def _crop(picture: Frame, one: _Wanted) -> Frame:
    """(HEIGHT, WIDTH, 3): the part of a picture around somebody, enlarged or shrunk, with the boxes drawn on it."""
    scale = HEIGHT / one.height
    left, top = one.centre[0] - WIDTH / scale / 2, one.centre[1] - one.height / 2
    turn = np.array([[scale, 0.0, -left * scale], [0.0, scale, -top * scale]])
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    crop = cv2.warpAffine(picture, turn, (WIDTH, HEIGHT), flags=way, borderValue=(222, 226, 228))
    drawn = np.asarray(crop, np.uint8)
    corner = np.array([left, top, left, top])
    for box, name, meant in sorted(one.true, key=lambda row: row[2]):
        if meant:
            _draw_true(drawn, (np.array(box) - corner) * scale, name)
    for box, track, meant in sorted(one.found, key=lambda row: row[2]):
        _draw_found(drawn, (np.array(box) - corner) * scale, track, meant)
    return drawn


def _draw_true(picture: Frame, box: NDArray[np.float64], name: str) -> None:
    x1, y1, x2, y2 = (round(float(value)) for value in box)
    cv2.rectangle(picture, (x1, y1), (x2, y2), (30, 30, 30), 2, cv2.LINE_AA)
    cv2.rectangle(picture, (x1, y1), (x2, y2), _TRUE, 1, cv2.LINE_AA)
    _label(picture, name, (x1, y2 + 14), _TRUE)


def _draw_found(picture: Frame, box: NDArray[np.float64], track: int, meant: bool) -> None:
    x1, y1, x2, y2 = (round(float(value)) for value in box)
    if min(x2, WIDTH) - max(x1, 0) < 4 or min(y2, HEIGHT) - max(y1, 0) < 4:
        return
    colour = track_colour(track)
    cv2.rectangle(picture, (x1, y1), (x2, y2), colour, 3 if meant else 1, cv2.LINE_AA)
    if meant:
        _label(picture, str(track), (x1, y1 - 3), colour)


def _label(picture: Frame, text: str, corner: tuple[int, int], colour: tuple[int, int, int]) -> None:
    (width, height), _ = cv2.getTextSize(text, _FONT, 0.45, 1)
    x = min(max(corner[0], 0), WIDTH - width - 5)
    y = min(max(corner[1], height + 5), HEIGHT - 3)
    cv2.rectangle(picture, (x, y - height - 5), (x + width + 5, y + 3), colour, -1)
    cv2.putText(picture, text, (x + 2, y - 1), _FONT, 0.45, (25, 25, 25), 1, cv2.LINE_AA)


def _jpeg(picture: Frame) -> str:
    _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return "data:image/jpeg;base64," + base64.b64encode(packed.tobytes()).decode()


def _box(row: pd.Series) -> Box:
    return float(row["x1"]), float(row["y1"]), float(row["x2"]), float(row["y2"])
