"""How much boxes overlap, and which of several boxes around the same person is kept."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment


def overlaps(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N, M) intersection over union, 0 to 1, of boxes (N, 4) and (M, 4) xyxy; boxes without area overlap nothing."""
    a = np.asarray(first, np.float64).reshape(-1, 1, 4)
    b = np.asarray(second, np.float64).reshape(1, -1, 4)
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    shared = np.maximum(sides, 0).prod(-1)
    areas = (a[..., 2:] - a[..., :2]).clip(0).prod(-1) + (b[..., 2:] - b[..., :2]).clip(0).prod(-1)
    return np.asarray(shared / np.maximum(areas - shared, 1e-12))


def same_people(first: NDArray[np.floating], second: NDArray[np.floating], least: float) -> list[tuple[int, int]]:
    """Rows of boxes (N, 4) and (M, 4) xyxy that are one person's: one to one, for the greatest overlap in all.

    Pairs count from an intersection over union of `least` on.
    """
    iou = overlaps(first, second)
    pairs = zip(*linear_sum_assignment(-np.where(iou >= least, iou, 0.0)), strict=True)
    return [(int(row), int(column)) for row, column in pairs if iou[row, column] >= least]


def suppress(boxes: NDArray[np.float32], confidences: NDArray[np.float32], overlap: float) -> NDArray[np.intp]:
    """Indices of the boxes (N, 4) xyxy that remain, most certain first, once each person is kept only once."""
    order = np.argsort(-confidences, kind="stable")
    low, high = boxes[:, :2], boxes[:, 2:]
    area = (high - low).prod(1)
    kept: list[int] = []
    while len(order):
        first, rest = order[0], order[1:]
        kept.append(int(first))
        sides = np.minimum(high[first], high[rest]) - np.maximum(low[first], low[rest])
        shared = np.maximum(sides, 0).prod(1)
        order = rest[shared <= overlap * (area[first] + area[rest] - shared)]
    return np.array(kept, np.intp)
