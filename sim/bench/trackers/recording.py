"""One day as the networks saw it, kept in plain files, so that any number of trackers can be run on the same findings.

A recording is a folder: `recording.json` (written last), `plan.json`, `calibration.yaml`, `frames.parquet` (one row for
each frame), `views.parquet` (one row for each detection, in the order of the frames), and under `truth` what really
was: `people.parquet`, `boxes.parquet`, `hands.parquet`. Everything outside `truth` is what a tracker may see.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from sim.configuration import validated
from sim.errors import BadInput
from sim.handover import floor_area_of
from sim.run_folder import read_object, read_table
from sim.store_plan import StorePlan
from tracking.camera import Camera, load_calibration
from tracking.errors import BadInput as BadTrackingInput
from tracking.floor import FloorArea
from tracking.observation import Detection
from tracking.pipeline import View

F32 = NDArray[np.float32]
Model = TypeVar("Model", bound=BaseModel)

VISIBLE = 0.25
"""Truth boxes of people of whom less is visible have no embedding, and are not handed to the ceiling of true boxes."""

WRISTS = {"L": 9, "R": 10}
"""Keypoint of each hand's wrist."""

_F, _S, _T = pa.float32(), pa.string(), pa.float64()
_BOX, _POINTS = pa.list_(_F, 4), pa.list_(_F, 51)
FRAMES = {"t": _T, "camera": _S, "people": pa.int32()}
VIEWS = {
    "box": _BOX,
    "confidence": _F,
    "keypoints": _POINTS,
    "keypoint_sd": pa.list_(_F, 17),
    "embedding": pa.list_(_F),
}
PEOPLE = {"t": _T, "person": _S, "x": _F, "y": _F, "inside": pa.bool_()}
BOXES = {"t": _T, "camera": _S, "person": _S, "box": _BOX, "shown": _BOX, "visible": _F, "keypoints": _POINTS}
BOXES |= {"embedding": pa.list_(_F)}
HANDS = {"t": _T, "person": _S, "side": _S, "x": _F, "y": _F, "z": _F, "reaching": pa.bool_(), "cameras": pa.int32()}


class RecordingManifest(BaseModel):
    """`recording.json`: what was recorded, and from what."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[2] = 2
    scenario: str
    seed: int = Field(ge=0)
    seconds: float = Field(ge=0, description="Store seconds recorded.")
    fps: float = Field(gt=0, description="Ticks a second.")
    key: str = Field(
        description="Hash of scenario, store, seed, asked seconds and weights: the same key, the same day."
    )
    weights: dict[str, str] = Field(description="SHA-256 of each network's files.")
    recorded: str = Field(description="Wall-clock time, ISO 8601.")
    stages: dict[str, float] = Field(description="Wall seconds of drawing and of the networks, by stage.")


@dataclass(frozen=True, slots=True, eq=False)
class Tick:
    """All frames that came at `t` seconds, as the networks saw them."""

    t: float
    views: list[View]


@dataclass(frozen=True, slots=True, eq=False)
class TruthBoxes:
    """Rows of `truth/boxes.parquet`.

    Args:
        rows: columns t, camera, person, visible.
        boxes: (N, 4) float32 pixels of the whole body as if nothing hid it.
        shown: (N, 4) float32 pixels of what shows of it; zeros where nothing does.
        keypoints: (N, 17, 3) float32 x, y, flag; 2 seen, 1 hidden, 0 outside the frame.
        embeddings: (N, D) float32 unit rows; nan where less than `VISIBLE` of the person shows.
    """

    rows: pd.DataFrame
    boxes: F32
    shown: F32
    keypoints: F32
    embeddings: F32


class Recording:
    """Reads one recording; truth is read only where it is asked for."""

    def __init__(self, path: Path | str) -> None:
        """Opens a folder. Raises BadInput where it holds no finished recording."""
        self.path = Path(path)
        if not (self.path / "recording.json").is_file():
            found = "no recording.json" if self.path.is_dir() else "no such folder"
            raise BadInput(self.path, "recording", found, "a folder that `aisle bench trackers` has recorded")
        self.manifest = _model(RecordingManifest, self.path / "recording.json")

    @cached_property
    def cameras(self) -> dict[str, Camera]:
        """What tracking believes the cameras to be."""
        path = self.path / "calibration.yaml"
        try:
            return load_calibration(path)
        except BadTrackingInput as error:
            raise BadInput(path, error.field, error.found, error.allowed) from error

    @cached_property
    def area(self) -> FloorArea:
        """Where people are tracked, and where they come and go."""
        return floor_area_of(_model(StorePlan, self.path / "plan.json"))

    @cached_property
    def ticks(self) -> list[Tick]:
        """Every tick in order, with the findings of every frame, also of those in which nobody was found."""
        frames = read_table(self.path / "frames.parquet", tuple(FRAMES))
        views = _read(self.path / "views.parquet", VIEWS)
        starts = np.concatenate([[0], np.cumsum(frames["people"])]).astype(int)
        if starts[-1] != views.num_rows:
            raise BadInput(self.path / "views.parquet", "rows", views.num_rows, f"{starts[-1]}, as frames.parquet says")
        ticks: list[Tick] = []
        found = _detections(views)
        looks = rows_of(views["embedding"])
        for k, (t, camera) in enumerate(zip(frames["t"], frames["camera"], strict=True)):
            rows = slice(starts[k], starts[k + 1])
            if not ticks or ticks[-1].t != t:
                ticks.append(Tick(float(t), []))
            ticks[-1].views.append(View(str(camera), found[rows], looks[rows]))
        return ticks

    def people(self) -> pd.DataFrame:
        """Ground truth: columns t, person, x, y (metres), inside; one row for each person in the scene at each tick."""
        return read_table(self.path / "truth" / "people.parquet", tuple(PEOPLE))

    def inside(self) -> pd.DataFrame:
        """Ground truth of those who are in the store."""
        people = self.people()
        return people[people["inside"]]

    def boxes(self) -> TruthBoxes:
        """Ground truth: what each camera sees of each person."""
        table = _read(self.path / "truth" / "boxes.parquet", BOXES)
        points = rows_of(table["keypoints"]).reshape(-1, 17, 3)
        rows = table.select(["t", "camera", "person", "visible"]).to_pandas()
        boxes, shown = rows_of(table["box"]), rows_of(table["shown"])
        return TruthBoxes(rows, boxes, shown, points, rows_of(table["embedding"]))

    def hands(self) -> pd.DataFrame:
        """Ground truth of palms: t, person, side (L, R), x, y, z (metres), reaching, cameras.

        `reaching` where the hand is at least half on its way to something; `cameras`: how many of them see the wrist.
        """
        return read_table(self.path / "truth" / "hands.parquet", tuple(HANDS))


def rows_of(column: pa.ChunkedArray) -> F32:
    """(N, D) float32 of a column of lists that are all of one length; rows that are null are nan."""
    valid = np.asarray(column.is_valid())
    flat = column.drop_null().combine_chunks().flatten().to_numpy(zero_copy_only=False).astype(np.float32)
    if not valid.any():
        return np.full((len(valid), 1), np.nan, np.float32)
    result = np.full((len(valid), len(flat) // int(valid.sum())), np.nan, np.float32)
    result[valid] = flat.reshape(int(valid.sum()), -1)
    return result


def _detections(views: pa.Table) -> list[Detection]:
    boxes, points, sds = (rows_of(views[name]) for name in ("box", "keypoints", "keypoint_sd"))
    confidences = views["confidence"].to_numpy()
    return [
        Detection(box, float(confidence), point.reshape(17, 3), sd if len(sd) == 17 and np.isfinite(sd).all() else None)
        for box, confidence, point, sd in zip(boxes, confidences, points, sds, strict=True)
    ]


def _model(model: type[Model], path: Path) -> Model:
    return validated(model, read_object(path), path)


def _read(path: Path, columns: Mapping[str, object]) -> pa.Table:
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise BadInput(path, "file", str(error).splitlines()[0], "a Parquet table of a recording") from error
    missing = [name for name in columns if name not in table.column_names]
    if missing:
        raise BadInput(path, "columns", ", ".join(table.column_names), f"also {', '.join(missing)}")
    return table
