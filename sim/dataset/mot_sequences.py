"""MOTChallenge sequences, one a camera: pictures, ground truth, detections, and what the evaluation needs to know."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.footage import Footage
from tracking.camera import Camera
from tracking.detect import PROPOSALS, YoloDetector
from tracking.embed import ColourEmbedder
from tracking.floor import FloorArea
from tracking.formats import MotRow, mot_line, mot_truth_line
from tracking.pipeline import StoreTracker
from tracking.pose import CropPose

LEAST_VISIBLE = 0.05  # under this a person is not in a camera's ground truth


def picture_of(footage: Footage, camera: Camera) -> NDArray[np.uint8]:
    """A camera's frame (H, W, 3) uint8; dark where it gave none, as sequences must have all their frames."""
    frame = footage.frames.get(camera.name)
    return np.zeros((camera.height, camera.width, 3), np.uint8) if frame is None else frame


class MotSequences:
    """Writes `CAMERA/{img1/000001.jpg, gt/gt.txt, det/det.txt, seqinfo.ini}` and `seqmap.txt`, in a `with` block.

    Ground truth has boxes of the whole body, hidden parts too, as MOT17 has them, and the visible share in the last
    column. Detections are what the built-in networks find in the pictures, never the truth; id -1.
    """

    def __init__(self, folder: Path, cameras: Mapping[str, Camera], area: FloorArea, fps: float) -> None:
        self._folder, self._cameras, self._fps, self._frames = folder, cameras, fps, 0
        self._files = ExitStack()
        for name in cameras:
            for inner in ("img1", "gt", "det"):
                (folder / name / inner).mkdir(parents=True, exist_ok=True)
        self._truth = {name: self._open(folder / name / "gt" / "gt.txt") for name in cameras}
        self._found = {name: self._open(folder / name / "det" / "det.txt") for name in cameras}
        # Only the first half of its chain is used; how people look does not matter here.
        self._detector = StoreTracker(
            cameras, area, YoloDetector(settings=PROPOSALS), ColourEmbedder(), pose=CropPose()
        )

    def warm_up(self, frames: Mapping[str, NDArray[np.uint8]]) -> None:
        """Show the detector the empty store."""
        self._detector.warm_up(frames)

    def write(self, frame: int, t: float, footage: Footage, numbers: Mapping[str, int]) -> None:
        """Write one frame, counted from 1, of all cameras; `numbers` are the ids of the people."""
        self._frames = frame
        for name, camera in self._cameras.items():
            path = self._folder / name / "img1" / f"{frame:06d}.jpg"
            cv2.imwrite(str(path), picture_of(footage, camera), [cv2.IMWRITE_JPEG_QUALITY, 90])
            for box in footage.boxes.get(name, ()):
                if box.visible >= LEAST_VISIBLE:
                    row = MotRow.from_box(frame, numbers[box.person], box.box, box.visible)
                    self._truth[name].write(mot_truth_line(row) + "\n")
        for view in self._detector.see(t, footage.frames):
            for one in view.detections:
                row = MotRow.from_box(frame, -1, one.box, one.confidence)
                self._found[view.camera].write(mot_line(row) + "\n")

    def close(self) -> None:
        """Finish the files."""
        self._files.close()
        names = "".join(f"{name}\n" for name in self._cameras)
        (self._folder / "seqmap.txt").write_text(f"name\n{names}", encoding="utf-8")
        for name, camera in self._cameras.items():
            (self._folder / name / "seqinfo.ini").write_text(
                f"[Sequence]\nname={name}\nimDir=img1\nframeRate={self._fps:g}\nseqLength={self._frames}\n"
                f"imWidth={camera.width}\nimHeight={camera.height}\nimExt=.jpg\n",
                encoding="utf-8",
            )

    def _open(self, path: Path) -> TextIO:
        return self._files.enter_context(path.open("w", encoding="utf-8"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
