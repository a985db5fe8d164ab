"""WILDTRACK's files: calibrations in OpenCV's XML, and positions on the floor in a grid (Chavdarova et al., CVPR 2018).

calibrations/extrinsic/extr_CAMERA.xml             rvec, tvec in centimetres
calibrations/intrinsic_original/intr_CAMERA.xml    camera_matrix, distortion_coefficients: pictures as recorded
calibrations/intrinsic_zero/intr_CAMERA.xml        the same without distortion: undistorted pictures
annotations_positions/00000005.json                who stands in which cell, and the boxes in every view
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.camera import Camera
from tracking.errors import BadInput

Array = NDArray[np.float64]
Size = tuple[int, int]

ANNOTATED_FPS = 10.0
"""Annotation files are numbered by frames at this rate, whatever share of the frames is annotated."""
_EXTRINSIC = "extrinsic"
_MAN_RADIUS_M, _MAN_HEIGHT_M = 0.16, 1.8  # of the people of WILDTRACK's rectangles
_CM = 100.0


@dataclass(frozen=True, slots=True)
class WildtrackGrid:
    """The grid that positions are counted in, along x first; as WILDTRACK says it, a position is its cell's corner.

    Args:
        width_m, depth_m: extent along x and y, metres.
        cell_m: size of a cell.
        origin_x_m, origin_y_m: position number 0, metres on the floor.
    """

    width_m: float
    depth_m: float
    cell_m: float = 0.025
    origin_x_m: float = 0.0
    origin_y_m: float = 0.0

    @property
    def columns(self) -> int:
        """Cells along x."""
        return max(1, round(self.width_m / self.cell_m))

    @property
    def rows(self) -> int:
        """Cells along y."""
        return max(1, round(self.depth_m / self.cell_m))

    def position_id(self, x: float, y: float) -> int:
        """Number of the position nearest to a floor point, clipped to the grid."""
        column = min(max(round((x - self.origin_x_m) / self.cell_m), 0), self.columns - 1)
        row = min(max(round((y - self.origin_y_m) / self.cell_m), 0), self.rows - 1)
        return row * self.columns + column

    def position(self, position_id: int) -> tuple[float, float]:
        """Floor point in metres of a position number."""
        row, column = divmod(position_id, self.columns)
        return self.origin_x_m + column * self.cell_m, self.origin_y_m + row * self.cell_m


WILDTRACK_GRID = WildtrackGrid(12.0, 36.0, 0.025, -3.0, -9.0)
"""The grid of WILDTRACK itself: 480 x 1440 cells."""


def load_wildtrack_calibration(folder: Path | str, sizes: Mapping[str, Size]) -> dict[str, Camera]:
    """The cameras of a WILDTRACK calibration folder by name: `intr_CVLab1.xml` is camera CVLab1.

    Args:
        folder: the one with `extrinsic` in it, or one of its `intrinsic_...` folders where there are several.
        sizes: width and height in pixels of each camera wanted, since the files mostly do not say them.

    Raises:
        BadInput: a folder, file or value is missing or wrong, or the pictures have another size than was calibrated.
    """
    extrinsic, intrinsic = _folders(Path(folder))
    known = sorted(path.stem.removeprefix("intr_") for path in intrinsic.glob("intr_*.xml"))
    for name in sizes:
        if name not in known:
            raise BadInput(str(intrinsic), "cameras", name, "one of " + (", ".join(known) or "none: it is empty"))
    return {
        name: _camera(name, intrinsic / f"intr_{name}.xml", extrinsic / f"extr_{name}.xml", size)
        for name, size in sizes.items()
    }


def save_wildtrack_calibration(folder: Path | str, cameras: Mapping[str, Camera]) -> None:
    """Write cameras as `load_wildtrack_calibration` and WILDTRACK's other readers read them, to the last digit.

    `intrinsic_original` has each camera's distortion, `intrinsic_zero` none, for pictures that were undistorted.
    """
    folder = Path(folder)
    for name, camera in cameras.items():
        rvec = cv2.Rodrigues(camera.rotation)[0].ravel()
        tvec = camera.translation * _CM
        path = folder / _EXTRINSIC / f"extr_{name}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        # Plain text in the nodes, as WILDTRACK has it: other readers split the text, and OpenCV reads it too.
        rows = "".join(
            f"<{field}>\n  {' '.join(repr(float(value)) for value in vector)}</{field}>\n"
            for field, vector in (("rvec", rvec), ("tvec", tvec))
        )
        path.write_text(f'<?xml version="1.0"?>\n<opencv_storage>\n{rows}</opencv_storage>\n', encoding="utf-8")
        _write_intrinsic(folder / "intrinsic_original" / f"intr_{name}.xml", camera)
        _write_intrinsic(folder / "intrinsic_zero" / f"intr_{name}.xml", replace(camera, distortion=np.zeros(5)))


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """One person of one annotation file.

    Args:
        person: number.
        x, y: metres on the floor.
        boxes: for each view (4,) x1, y1, x2, y2 pixels, or None where the view does not show the person.
    """

    person: int
    x: float
    y: float
    boxes: Sequence[NDArray[np.float64] | None] = ()


def write_positions(folder: Path | str, frame: int, people: Sequence[Standing], grid: WildtrackGrid) -> None:
    """Write one frame's annotation file; frames count from 0 at `ANNOTATED_FPS`."""
    rows = [
        {
            "personID": one.person,
            "positionID": grid.position_id(one.x, one.y),
            "views": [_view(number, box) for number, box in enumerate(one.boxes)],
        }
        for one in people
    ]
    (Path(folder) / f"{frame:08d}.json").write_text(json.dumps(rows, indent=1), encoding="utf-8")


def write_rectangles(path: Path | str, cameras: Sequence[Camera], grid: WildtrackGrid) -> None:
    """Write `rectangles.pom`: for each view and position the box in whole pixels of somebody of 1.8 m who stands there.

    Lines are `RECTANGLE view position left top right bottom`, or `... notvisible` where nothing of them is in view.
    """
    cells = np.arange(grid.columns * grid.rows)
    x = grid.origin_x_m + cells % grid.columns * grid.cell_m
    y = grid.origin_y_m + cells // grid.columns * grid.cell_m
    with Path(path).open("w", encoding="utf-8") as file:
        for view, camera in enumerate(cameras):
            boxes = _standing_boxes(camera, np.stack([x, y], axis=1))
            for cell, box in enumerate(boxes.tolist()):
                where = "notvisible" if box[0] < 0 else "{} {} {} {}".format(*box)
                file.write(f"RECTANGLE {view} {cell} {where}\n")


def _standing_boxes(camera: Camera, places: Array) -> NDArray[np.int64]:
    """(N, 4) pixels of people at places (N, 2) m, clipped to the frame; -1 where nothing of them is in view."""
    low, high = np.full((len(places), 2), np.inf), np.full((len(places), 2), -np.inf)
    whole = np.ones(len(places), bool)
    for dx, dy, z in product((-_MAN_RADIUS_M, _MAN_RADIUS_M), (-_MAN_RADIUS_M, _MAN_RADIUS_M), (0.0, _MAN_HEIGHT_M)):
        pixels = camera.project(np.column_stack([places + np.array([dx, dy]), np.full(len(places), z)]))
        whole &= np.isfinite(pixels).all(axis=1)
        low, high = np.fmin(low, pixels), np.fmax(high, pixels)
    limit = np.array([camera.width - 1, camera.height - 1])
    seen = whole & (low < limit).all(axis=1) & (high > 0).all(axis=1)
    boxes = np.full((len(places), 4), -1, np.int64)
    boxes[seen] = np.rint(np.concatenate([np.clip(low[seen], 0, limit), np.clip(high[seen], 0, limit)], axis=1))
    return boxes


def read_positions(folder: Path | str, grid: WildtrackGrid = WILDTRACK_GRID) -> dict[str, list[Any]]:
    """Columns t (seconds, frame number over `ANNOTATED_FPS`), person, x, y (metres) of a folder of annotation files.

    Raises:
        BadInput: no such files, or one that is no annotation.
    """
    columns: dict[str, list[Any]] = {"t": [], "person": [], "x": [], "y": []}
    paths = sorted(Path(folder).glob("*.json"))
    if not paths:
        raise BadInput(str(folder), "files", "none", "annotations named by frame, 00000000.json")
    for path in paths:
        try:
            t = int(path.stem) / ANNOTATED_FPS
            people = [(int(row["personID"]), int(row["positionID"])) for row in json.loads(path.read_text("utf-8"))]
        except (ValueError, TypeError, KeyError, OSError) as problem:
            raise BadInput(
                str(path), "annotation", str(problem), "FRAME.json with personID and positionID"
            ) from problem
        for person, position in people:
            for column, value in zip(columns.values(), (t, person, *grid.position(position)), strict=True):
                column.append(value)
    return columns


def _view(number: int, box: NDArray[np.float64] | None) -> dict[str, int]:
    left, top, right, bottom = (-1, -1, -1, -1) if box is None else (round(float(value)) for value in box)
    return {"viewNum": number, "xmin": left, "ymin": top, "xmax": right, "ymax": bottom}


def _folders(folder: Path) -> tuple[Path, Path]:
    """The extrinsic and the intrinsic folder that are meant."""
    if (folder / "calibrations").is_dir():
        folder = folder / "calibrations"
    if folder.name.startswith("intrinsic") and (folder.parent / _EXTRINSIC).is_dir():
        return folder.parent / _EXTRINSIC, folder
    found = sorted(path for path in folder.glob("intrinsic*") if path.is_dir())
    if not (folder / _EXTRINSIC).is_dir() or not found:
        inside = ", ".join(sorted(path.name for path in folder.glob("*"))) or "nothing"
        raise BadInput(str(folder), "folder", inside, "WILDTRACK's folders `extrinsic` and `intrinsic_...`")
    if len(found) > 1:
        allowed = f"the path of one of them, for example {found[0]} (intrinsic_zero is for undistorted pictures)"
        raise BadInput(str(folder), "intrinsics", ", ".join(path.name for path in found), allowed)
    return folder / _EXTRINSIC, found[0]


def _camera(name: str, intrinsic: Path, extrinsic: Path, size: Size) -> Camera:
    inner, outer = _numbers(intrinsic), _numbers(extrinsic)
    matrix = _of(inner, intrinsic, "camera_matrix", 9).reshape(3, 3)
    rvec, tvec = _of(outer, extrinsic, "rvec", 3), _of(outer, extrinsic, "tvec", 3)
    stated = tuple(int(inner[field][0]) for field in ("image_width", "image_height") if field in inner)
    middle = matrix[:2, 2] / size
    if (len(stated) == 2 and stated != size) or not ((middle > 0.25) & (middle < 0.75)).all():
        calibrated = f"{stated[0]}x{stated[1]}" if len(stated) == 2 else f"one around {matrix[0, 2]}, {matrix[1, 2]}"
        raise BadInput(str(intrinsic), "picture size", f"{size[0]}x{size[1]}", f"{calibrated} px, as calibrated")
    rotation = np.asarray(cv2.Rodrigues(rvec)[0], np.float64)
    try:
        return Camera(name, *size, matrix, _distortion(inner, intrinsic), rotation, tvec / _CM)
    except ValueError as problem:
        raise BadInput(str(intrinsic), "values", str(problem), "finite numbers") from problem


def _distortion(inner: Mapping[str, Array], path: Path) -> Array:
    found = inner.get("distortion_coefficients", np.zeros(5))
    if len(found) < 4 or np.abs(found[5:]).sum() > 0:
        raise BadInput(str(path), "distortion_coefficients", found.tolist(), "k1, k2, p1, p2, k3, all others 0")
    return np.asarray(np.pad(found, (0, 1))[:5], dtype=np.float64)


def _of(numbers: Mapping[str, Array], path: Path, field: str, count: int) -> Array:
    found = numbers.get(field, np.zeros(0))
    if len(found) != count or not np.isfinite(found).all():
        raise BadInput(str(path), field, found.tolist(), f"{count} finite numbers")
    return found


def _numbers(path: Path) -> dict[str, Array]:
    """Every number, vector and matrix at the top of an OpenCV XML file, flat."""
    if not path.is_file():
        raise BadInput(str(path), "file", "no such file", "a calibration in OpenCV's XML")
    try:
        storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_READ)
        top = storage.root()
        read = {name: _flat(top.getNode(name)) for name in top.keys()}  # noqa: SIM118 - not a dictionary
        storage.release()
    except (cv2.error, SystemError) as problem:
        why = str(problem.__cause__ or problem).splitlines()[0]
        raise BadInput(str(path), "file", why, "a calibration in OpenCV's XML") from problem
    return read


def _flat(node: cv2.FileNode) -> Array:
    if node.isSeq():
        parts = [node.at(index) for index in range(node.size())]
        return np.array([part.real() for part in parts if part.isInt() or part.isReal()], np.float64)
    if node.isInt() or node.isReal():
        return np.array([node.real()], np.float64)
    content = node.mat() if node.isMap() else None
    return np.zeros(0) if content is None else np.asarray(content, np.float64).ravel()


def _write_intrinsic(path: Path, camera: Camera) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    storage = cv2.FileStorage(str(path), cv2.FILE_STORAGE_WRITE)
    storage.write("image_width", camera.width)
    storage.write("image_height", camera.height)
    storage.write("camera_matrix", np.array(camera.matrix))
    storage.write("distortion_coefficients", np.array(camera.distortion)[None])
    storage.release()
