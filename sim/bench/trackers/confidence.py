"""What peers take a detection's confidence for: makers' thresholds suppose that 0.7 means a box that is mostly right.

Our networks' numbers are lower: of boxes with 0.4, five in six show somebody. As shipped, some peers would throw most
of them away, and the table would compare thresholds instead of trackers. So peers see each confidence as the share of
boxes of that confidence that show somebody. The curve is fitted to the recording's own truth, which favours the peers;
ours never sees it.
"""

from collections import defaultdict
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, linear_sum_assignment

from sim.bench.trackers.errors_of import SAME_PERSON_IOU
from sim.bench.trackers.recording import Recording, Tick
from tracking.box_overlap import overlaps
from tracking.pipeline import View


def calibrated(recording: Recording) -> list[Tick]:
    """The recorded findings with confidences that say how often such a box shows somebody."""
    said, right = _judged(recording)
    if len(said) == 0:
        return recording.ticks
    levels, level, counts = np.unique(said, return_inverse=True, return_counts=True)
    curve = isotonic_regression(np.bincount(level, right) / counts, weights=counts).x

    def view(seen: View) -> View:
        shares = np.interp([one.confidence for one in seen.detections], levels, curve).tolist()
        people = [replace(one, confidence=share) for one, share in zip(seen.detections, shares, strict=True)]
        return replace(seen, detections=people)

    return [Tick(tick.t, [view(seen) for seen in tick.views]) for tick in recording.ticks]


def _judged(recording: Recording) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N,) confidence of every detection, and (N,) 1 where it shows somebody and 0 where it does not."""
    truth = recording.boxes()
    by_frame: dict[tuple[float, str], list[int]] = defaultdict(list)
    for row, frame in enumerate(zip(truth.rows["t"].tolist(), truth.rows["camera"].tolist(), strict=True)):
        by_frame[frame].append(row)
    said: list[float] = []
    right: list[NDArray[np.float64]] = []
    for tick in recording.ticks:
        for seen in tick.views:
            hits = np.zeros(len(seen.detections))
            rows = by_frame.get((tick.t, seen.camera), [])
            if rows and len(hits):
                shared = overlaps(truth.shown[rows], np.array([one.box for one in seen.detections]))
                people, found = linear_sum_assignment(-shared)
                hits[found] = shared[people, found] >= SAME_PERSON_IOU
            said += [one.confidence for one in seen.detections]
            right.append(hits)
    return np.array(said), np.concatenate([*right, np.zeros(0)])
