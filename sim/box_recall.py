"""How many of the people in a run's pictures were found: for crowds, who have no gate to be followed from."""

import numpy as np
from numpy.typing import NDArray

from sim.run_folder import RunFolder
from tracking.box_overlap import same_people
from tracking.formats import MotRow, read_mot

VISIBLE = 0.25
"""People of whom less shows need not be found, and finding them is no mistake."""

SAME_PERSON_IOU = 0.5
"""As detectors are scored (AP50), stricter than where tracks are told whose they are (`sim.box_overlap`)."""

PRECISION = 0.95


def box_figures(run: RunFolder) -> dict[str, float | None]:
    """Recall and precision of tracked boxes over all days and cameras, and the recall at a precision of 0.95.

    A found box is right where it overlaps a person's by half (intersection over union; one box a person, the best
    assignment of each picture). Values are None where nobody was to be found, or that precision is not reached.
    """
    pictures = [_picture(day, camera) for day in run.days() for camera in day.cameras()]
    confidence, right, wanted = (np.concatenate(parts) for parts in zip(*pictures, strict=True))
    return summary_of(confidence, right, int(wanted.sum()))


def summary_of(confidence: NDArray[np.float64], right: NDArray[np.bool_], wanted: int) -> dict[str, float | None]:
    """The figures of found boxes (N,): how sure each is and whether it is right; `wanted` people were to be found."""
    order = np.argsort(-confidence, kind="stable")
    hits = np.cumsum(right[order])
    precise = hits / np.arange(1, len(hits) + 1) >= PRECISION
    total = int(right.sum())
    return {
        "recall": total / wanted if wanted else None,
        "precision": total / len(right) if len(right) else None,
        "recall_at_precision_95": float(hits[precise].max() / wanted) if wanted and precise.any() else None,
    }


def _picture(run: RunFolder, camera: str) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
    """Found boxes of a camera, how sure and whether right, and how many people each frame holds that count."""
    truth = _by_frame(read_mot(run.path / "truth" / "boxes" / f"{camera}.txt"))
    found = _by_frame(read_mot(run.path / "tracks" / f"{camera}.txt"))
    wanted = [sum(row.confidence >= VISIBLE for row in rows) for rows in truth.values()]
    boxes = [one for frame, rows in found.items() for one in judged(rows, truth.get(frame, []))]
    confidence, right = [sure for sure, _ in boxes], [hit for _, hit in boxes]
    return np.array(confidence, np.float64), np.array(right, bool), np.array(wanted, np.int64)


def judged(found: list[MotRow], people: list[MotRow]) -> list[tuple[float, bool]]:
    """How sure each found box of a frame is and whether it is right, without those of people who do not count."""
    match = {k: people[one] for k, one in same_people(_boxes(found), _boxes(people), SAME_PERSON_IOU)}
    counts = [k for k in range(len(found)) if k not in match or match[k].confidence >= VISIBLE]
    return [(found[k].confidence, k in match) for k in counts]


def _by_frame(rows: list[MotRow]) -> dict[int, list[MotRow]]:
    frames: dict[int, list[MotRow]] = {}
    for row in rows:
        frames.setdefault(row.frame, []).append(row)
    return frames


def _boxes(rows: list[MotRow]) -> NDArray[np.float32]:
    corners = [(row.left, row.top, row.left + row.width, row.top + row.height) for row in rows]
    return np.array(corners, np.float32).reshape(-1, 4)
