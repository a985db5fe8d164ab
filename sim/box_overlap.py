"""Whose box is whose: people of the truth and tracks, matched by the overlap of their boxes in the same picture."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sim.run_folder import RunFolder, read_object
from tracking.formats import read_mot

SAME_PERSON_IOU = 0.4
"""From this overlap on, a true box and a tracked one show the same person."""


def tracks_of(wanted: pd.DataFrame, truth: pd.DataFrame, found: pd.DataFrame) -> NDArray[np.int64]:
    """The track whose box overlaps the person's most in the same frame, or -1, for each row of `wanted`.

    wanted: columns frame, id (of the person); truth, found: boxes of one camera as `boxes` reads them.
    """
    pairs = (
        wanted.reset_index(names="row")
        .merge(truth, on=["frame", "id"])
        .merge(found, on="frame", suffixes=("", "_found"))
    )
    pairs["iou"] = pair_iou(pairs)
    best = pairs[pairs["iou"] >= SAME_PERSON_IOU].sort_values("iou").groupby("row")["id_found"].last()
    return best.reindex(np.arange(len(wanted)), fill_value=-1).to_numpy(np.int64)


def subjects_of_tracks(run: RunFolder) -> dict[int, str]:
    """The person whom each track of a day shows in most pictures, over all cameras.

    A picture counts for the person whose box overlaps the track's most; tracks that never show anybody are left out.
    """
    names = {number: name for name, number in read_object(run.path / "truth" / "numbers.json").items()}
    seen = []
    for camera in run.cameras():
        truth, found = boxes_of(run, camera)
        pairs = truth.merge(found, on="frame", suffixes=("", "_found"))
        pairs["iou"] = pair_iou(pairs)
        best = pairs.sort_values("iou").groupby(["frame", "id_found"]).last()
        seen.append(best[best["iou"] >= SAME_PERSON_IOU].reset_index()[["id_found", "id"]])
    counts = pd.concat(seen).value_counts().reset_index(name="pictures")
    # Equal counts go to the person who came first, so that the same files always give the same answer.
    most = counts.sort_values(["pictures", "id"], ascending=[False, True]).drop_duplicates("id_found")
    return {int(track): names[int(person)] for track, person in zip(most["id_found"], most["id"], strict=True)}


def boxes_of(run: RunFolder, camera: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """True and tracked boxes of a camera: columns frame, id, x1, y1, x2, y2 (pixels)."""
    return _boxes(run.path / "truth" / "boxes" / f"{camera}.txt"), _boxes(run.path / "tracks" / f"{camera}.txt")


def pair_iou(pairs: pd.DataFrame) -> pd.Series:
    """Intersection over union of the boxes x1, y1, x2, y2 and x1_found, y1_found, x2_found, y2_found of each row."""
    width = np.minimum(pairs["x2"], pairs["x2_found"]) - np.maximum(pairs["x1"], pairs["x1_found"])
    height = np.minimum(pairs["y2"], pairs["y2_found"]) - np.maximum(pairs["y1"], pairs["y1_found"])
    shared = np.maximum(width, 0.0) * np.maximum(height, 0.0)
    area = (pairs["x2"] - pairs["x1"]) * (pairs["y2"] - pairs["y1"])
    other = (pairs["x2_found"] - pairs["x1_found"]) * (pairs["y2_found"] - pairs["y1_found"])
    return pd.Series(shared / np.maximum(area + other - shared, 1e-9))


def _boxes(path: Path) -> pd.DataFrame:
    rows = read_mot(path)
    corners = [(r.frame, r.track, r.left, r.top, r.left + r.width, r.top + r.height) for r in rows]
    return pd.DataFrame(corners, columns=["frame", "id", "x1", "y1", "x2", "y2"])
