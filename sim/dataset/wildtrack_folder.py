"""A run in WILDTRACK's layout: undistorted pictures, positions in a grid with boxes in every view, XML calibration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray

from sim.dataset.mot_sequences import LEAST_VISIBLE, picture_of
from sim.footage import Footage
from tracking.benchmark import GRID_FILE
from tracking.camera import Camera
from tracking.wildtrack import (
    ANNOTATED_FPS,
    Standing,
    WildtrackGrid,
    save_wildtrack_calibration,
    write_positions,
    write_rectangles,
)

ANNOTATIONS_A_SECOND = 2.0
_EDGE_POINTS = 9


class WildtrackFolder:
    """Writes the layout of WILDTRACK, twice a second as there; views C1, C2 ... are the cameras by sorted names.

    `Image_subsets/C1/00000000.png`, `annotations_positions/00000000.json`, `calibrations/`, `rectangles.pom`, and
    `grid.yaml`, the arguments of the `WildtrackGrid`, since ours is as large as the store. Files are numbered in tenths
    of a second. Pictures are undistorted, as WILDTRACK's, so `intrinsic_zero` is theirs.
    """

    def __init__(self, folder: Path, cameras: Mapping[str, Camera], room_m: tuple[float, float], fps: float) -> None:
        self._folder, self._fps = folder, fps
        self._every = max(1, round(fps / ANNOTATIONS_A_SECOND))
        self._cameras = {name: cameras[name] for name in sorted(cameras)}
        self._grid = WildtrackGrid(*room_m)
        self._maps = {name: _undistortion(camera) for name, camera in self._cameras.items()}
        for number in range(1, len(cameras) + 1):
            (folder / "Image_subsets" / f"C{number}").mkdir(parents=True, exist_ok=True)
        (folder / "annotations_positions").mkdir(exist_ok=True)
        save_wildtrack_calibration(folder / "calibrations", self._cameras)
        undistorted = [replace(camera, distortion=np.zeros(5)) for camera in self._cameras.values()]
        write_rectangles(folder / "rectangles.pom", undistorted, self._grid)
        (folder / GRID_FILE).write_text(yaml.safe_dump(asdict(self._grid), sort_keys=False), encoding="utf-8")

    def write(self, frame: int, footage: Footage, numbers: Mapping[str, int]) -> None:
        """Write one frame, counted from 1, if it is one of those that are annotated."""
        if footage.tick is None or (frame - 1) % self._every:
            return
        number = round((frame - 1) / self._fps * ANNOTATED_FPS)
        for view, (name, maps) in enumerate(self._maps.items(), start=1):
            picture = cv2.remap(picture_of(footage, self._cameras[name]), *maps, interpolation=cv2.INTER_LINEAR)
            cv2.imwrite(str(self._folder / "Image_subsets" / f"C{view}" / f"{number:08d}.png"), picture)
        seen = {
            (name, box.person): undistorted_box(box.box, self._cameras[name])
            for name in self._cameras
            for box in footage.boxes.get(name, ())
            if box.visible >= LEAST_VISIBLE
        }
        people = [
            Standing(numbers[one.person], one.x, one.y, [seen.get((name, one.person)) for name in self._cameras])
            for one in footage.tick.people
            if one.person in footage.tick.inside
        ]
        write_positions(self._folder / "annotations_positions", number, people, self._grid)


def undistorted_box(box: NDArray[np.float32], camera: Camera) -> NDArray[np.float64]:
    """The box (4,) x1, y1, x2, y2 px around where a box lies once the picture is undistorted, clipped to the frame."""
    x1, y1, x2, y2 = box.astype(np.float64)
    across, down = np.linspace(x1, x2, _EDGE_POINTS), np.linspace(y1, y2, _EDGE_POINTS)
    rim = [np.stack([across, np.full(_EDGE_POINTS, y)], axis=1) for y in (y1, y2)]
    rim += [np.stack([np.full(_EDGE_POINTS, x), down], axis=1) for x in (x1, x2)]
    flat = camera.normalised(np.concatenate(rim)) @ camera.matrix[:2, :2].T + camera.matrix[:2, 2]
    limit = np.array([camera.width, camera.height]) - 0.5
    return np.concatenate([np.clip(flat.min(axis=0), -0.5, limit), np.clip(flat.max(axis=0), -0.5, limit)])


def _undistortion(camera: Camera) -> tuple[NDArray[np.int16], NDArray[np.uint16]]:
    size = (camera.width, camera.height)
    first, second = cv2.initUndistortRectifyMap(
        camera.matrix, camera.distortion, np.eye(3), camera.matrix, size, cv2.CV_16SC2
    )
    return np.asarray(first, np.int16), np.asarray(second, np.uint16)
