"""Files that other trackers read and write: MOTChallenge rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tracking.errors import BadInput


@dataclass(frozen=True, slots=True)
class MotRow:
    """One box of a MOTChallenge file.

    Args:
        frame: counted from 1.
        track: id of the person or track; -1 where there is none.
        left, top, width, height: pixels; the top-left pixel's centre is (0, 0), as everywhere in this package.
        confidence: 0 to 1, or the visible fraction in truth files.
    """

    frame: int
    track: int
    left: float
    top: float
    width: float
    height: float
    confidence: float = 1.0

    @classmethod
    def from_box(cls, frame: int, track: int, box: NDArray[np.float32], confidence: float = 1.0) -> MotRow:
        """A row of a box x1, y1, x2, y2 in pixels."""
        left, top, right, bottom = (float(value) for value in box)
        return cls(frame, track, left, top, right - left, bottom - top, confidence)


def mot_line(row: MotRow) -> str:
    """The row as MOTChallenge writes it: frame, id, left, top, width, height, confidence, -1, -1, -1."""
    box = ",".join(f"{value:.2f}" for value in (row.left, row.top, row.width, row.height))
    return f"{row.frame},{row.track},{box},{row.confidence:.4f},-1,-1,-1"


def mot_truth_line(row: MotRow) -> str:
    """The row as MOTChallenge's gt.txt has it: frame, id, box, 1 (it counts), 1 (a pedestrian), visible share."""
    box = ",".join(f"{value:.2f}" for value in (row.left, row.top, row.width, row.height))
    return f"{row.frame},{row.track},{box},1,1,{row.confidence:.4f}"


def write_mot(path: Path | str, rows: Iterable[MotRow]) -> None:
    """Write rows, ordered by frame and id."""
    ordered = sorted(rows, key=lambda row: (row.frame, row.track))
    Path(path).write_text("".join(mot_line(row) + "\n" for row in ordered), encoding="utf-8")


def read_mot(path: Path | str) -> list[MotRow]:
    """Rows of a MOTChallenge file; BadInput names the line that is wrong, or says that the file cannot be read."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as problem:
        raise BadInput(str(path), "file", problem.strerror, "a text file of MOTChallenge rows") from problem
    except UnicodeDecodeError as problem:
        raise BadInput(str(path), "file", problem.reason, "a text file of MOTChallenge rows") from problem
    rows = []
    for number, line in enumerate(lines, start=1):
        cells = line.split(",")
        try:
            frame, track = int(float(cells[0])), int(float(cells[1]))
            left, top, width, height = (float(cell) for cell in cells[2:6])
            confidence = float(cells[6]) if len(cells) > 6 else 1.0
        except (ValueError, IndexError) as problem:
            raise BadInput(str(path), f"line {number}", line, "frame,id,left,top,width,height,confidence") from problem
        rows.append(MotRow(frame, track, left, top, width, height, confidence))
    return rows
