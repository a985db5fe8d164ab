"""Writes a run folder while the run goes on: truth, tracks, live frames and video."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import cv2
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sim.body_camera import BodyCameraFiles
from sim.face_capture import FaceView
from sim.footage import Footage
from sim.people_recorder import PeopleRecorder, Sighting
from sim.run_folder import write_json
from sim.tables import TableWriter
from sim.visibility import TruthBox
from sim.world import WorldTick
from tracking.annotate import annotate
from tracking.camera import Camera
from tracking.formats import MotRow, mot_line
from tracking.observation import FloorTrack
from tracking.video import VideoWriter

VISIBLE = 0.25
"""A person counts as visible to a camera from this share of the body on."""

LIVE_SECONDS = 1.0
"""Store seconds between two live frames of a camera, and between two kept body embeddings of a track."""

_F, _S = pa.float32(), pa.string()
_PEOPLE = {"t": pa.float64(), "person": _S, "role": _S, "x": _F, "y": _F, "heading": _F, "visible_from": _S}
_PEOPLE |= {"inside": pa.bool_()}
_FACES = {"t": pa.float64(), "camera": _S, "person": _S, "face_px": _F, "yaw_deg": _F, "pitch_deg": _F}
_FACES |= {"occluded": _F, "blur_px": _F}
_EVENTS = {"t": pa.float64(), "person": _S, "account": _S, "kind": _S, "product": _S, "quantity": pa.int32()}
_EVENTS |= {"plates": _S}
_BODIES = {"t": pa.float64(), "camera": _S, "track": pa.int64(), "embedding": pa.list_(_F)}
_FLOOR = {"t": pa.float64(), "track": pa.int64(), "x": _F, "y": _F, "sd": _F, "account": _S}

BODY_TABLE = tuple(_BODIES)


class Recorder:
    """Keeps the tables, text files and videos of one run open and closes them all, however the run ends.

    Args:
        out: the run folder.
        cameras: the cameras by name.
        fps: frames a second of the videos.
        video: whether to write annotated videos.
        believed: what tracking takes the cameras to be; None: what they are.
    """

    def __init__(
        self, out: Path, cameras: Mapping[str, Camera], fps: float, video: bool,
        believed: Mapping[str, Camera] | None = None,
    ) -> None:  # fmt: skip
        self._out, self._files = out, ExitStack()
        for folder in ("truth/boxes", "tracks", "live", *(["video"] if video else [])):
            (out / folder).mkdir(parents=True, exist_ok=True)
        self._people = self._table("truth/people.parquet", _PEOPLE)
        self._faces = self._table("truth/faces.parquet", _FACES)
        self._events = self._table("truth/events.parquet", _EVENTS)
        self._floor = self._table("tracks/floor.parquet", _FLOOR)
        self._bodies = self._table("tracks/bodies.parquet", _BODIES)
        self._seen = self._files.enter_context(PeopleRecorder(out, believed or cameras))
        self._boxes = {name: self._text(f"truth/boxes/{name}.txt") for name in cameras}
        self._tracks = {name: self._text(f"tracks/{name}.txt") for name in cameras}
        self._videos = {
            name: self._files.enter_context(
                VideoWriter(out / "video" / f"{name}.mp4", camera.width, camera.height, fps)
            )
            for name, camera in cameras.items()
            if video
        }
        # A camera that gives no picture leaves a dark one in its video, so that all videos keep in step.
        self._dark = {name: np.zeros((cameras[name].height, cameras[name].width, 3), np.uint8) for name in self._videos}
        self._body_camera = self._files.enter_context(BodyCameraFiles(out, video))
        self._numbers: dict[str, int] = {}
        self._frame = 0
        self._next_live = 0.0

    def tick(
        self,
        tick: WorldTick,
        footage: Footage,
        tracks: Sequence[FloorTrack],
        sightings: Sequence[Sighting],
        account_of: Callable[[int], str | None],
    ) -> None:
        """Writes one tick: truth, boxes, faces, floor tracks, and pictures where they are due."""
        self._frame += 1
        self._write_people(tick, footage.boxes)
        self._write_faces(tick.t, footage.faces)
        self._write_events(tick)
        for track in tracks:
            if not track.confirmed:
                continue
            self._floor.append(track.t, track.track, track.x, track.y, track.sd, account_of(track.track))
        for camera, boxes in footage.boxes.items():
            for box in boxes:
                self._write_box(self._boxes[camera], self._number(box.person), box.box, box.visible)
        for sighting, track_id in sightings:
            if track_id is not None:
                self._write_box(self._tracks[sighting.camera], track_id, sighting.box, sighting.confidence)
                if tick.t >= self._next_live:
                    self._bodies.append(tick.t, sighting.camera, track_id, sighting.embedding.tolist())
        self._seen.tick(tick.t, footage.frames, tracks, sightings)
        if footage.body is not None:
            self._body_camera.write(tick.t, footage.body)
            self._write_faces(tick.t, footage.body.faces)
        self._write_pictures(tick.t, footage.frames, sightings)

    def close(self) -> None:
        """Finishes every file."""
        write_json(self._out / "truth" / "numbers.json", self._numbers)
        self._files.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def _table(self, path: str, columns: dict[str, pa.DataType]) -> TableWriter:
        return self._files.enter_context(TableWriter(self._out / path, columns))

    def _text(self, path: str) -> TextIO:
        return self._files.enter_context((self._out / path).open("w", encoding="utf-8"))

    def _number(self, person: str) -> int:
        """MOTChallenge files name people by number: the order in which they appear, from 1."""
        return self._numbers.setdefault(person, len(self._numbers) + 1)

    def _write_people(self, tick: WorldTick, boxes: Mapping[str, Sequence[TruthBox]]) -> None:
        seen: dict[str, list[str]] = {}
        for camera, found in boxes.items():
            for box in found:
                if box.visible >= VISIBLE:
                    seen.setdefault(box.person, []).append(camera)
        for who in tick.people:
            visible_from, inside = ",".join(seen.get(who.person, [])), who.person in tick.inside
            self._people.append(tick.t, who.person, who.role, who.x, who.y, who.heading, visible_from, inside)

    def _write_faces(self, t: float, faces: Sequence[FaceView]) -> None:
        for face in faces:
            angles = (face.yaw_deg, face.pitch_deg)
            self._faces.append(t, face.camera, face.person, face.face_px, *angles, face.occluded, face.blur_px)

    def _write_events(self, tick: WorldTick) -> None:
        for event in tick.events:
            what = (event.kind, event.product, event.quantity, " ".join(event.plates))
            self._events.append(event.t, event.person, event.account, *what)

    def _write_box(self, file: TextIO, number: int, box: NDArray[np.float32], confidence: float) -> None:
        file.write(mot_line(MotRow.from_box(self._frame, number, box, confidence)) + "\n")

    def _write_pictures(self, t: float, frames: Mapping[str, NDArray[np.uint8]], sightings: Sequence[Sighting]) -> None:
        live = t >= self._next_live
        if not (live or self._videos):
            return
        for camera, frame in frames.items():
            picture = annotate(frame, [pair for pair in sightings if pair[0].camera == camera])
            if self._videos:
                self._videos[camera].write(picture)
            if live:
                replace_picture(self._out / "live" / f"{camera}.jpg", picture)
        for camera in self._videos.keys() - frames.keys():
            self._videos[camera].write(self._dark[camera])
        if live:
            self._next_live = t + LIVE_SECONDS


def replace_picture(path: Path, picture: NDArray[np.uint8]) -> None:
    """Replaces a JPEG in one step, so that whoever looks at it never reads half a picture."""
    partial = path.with_name(f".{path.stem}.part.jpg")
    cv2.imwrite(str(partial), picture, [cv2.IMWRITE_JPEG_QUALITY, 85])
    partial.replace(path)
