"""Where in a frame it is worth looking for people: windows around what is new, so that detection costs what moves."""

from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

CELL_PX = 16
"""Side of a cell of the grid on which windows are laid out, in px of the mask."""
LEAST_NEW = 12
"""Mean novelty of a cell, 0 to 255, from which something in it is new: a twentieth of its pixels."""
_WINDOW_COST_CELLS = 12
"""What one more run of the network costs beside its area, in cells: about 3,000 px."""

Cells = tuple[int, int, int, int]
"""x1, y1, x2, y2 of a window in cells."""
Windows = NDArray[np.float32]
"""(N, 4) float32: x1, y1, x2, y2 in px of a frame."""


def busy_windows(mask: NDArray[np.uint8], boxes: NDArray[np.floating], size: tuple[int, int]) -> Windows:
    """Windows that hold everything new in a frame and everybody who was there a moment ago, with some room.

    Args:
        mask: (h, w) what is new in the frame, 255 new (see `Background.foreground`).
        boxes: (N, 4) xyxy px of the frame, the people found in the last one: whoever stands before a shelf of the
            colour of their clothes is looked for although nothing seems new.
        size: width and height of the frame in px.

    Returns:
        (M, 4) windows in px of the frame; M is 0 where nothing is new and nobody was.
    """
    height, width = mask.shape
    grid = -(-width // CELL_PX), -(-height // CELL_PX)
    padded = cv2.copyMakeBorder(
        mask, 0, grid[1] * CELL_PX - height, 0, grid[0] * CELL_PX - width, cv2.BORDER_CONSTANT, value=0
    )
    new = (cv2.resize(padded, grid, interpolation=cv2.INTER_AREA) >= LEAST_NEW).astype(np.uint8)
    scale = np.array([width / size[0], height / size[1]] * 2)
    for x1, y1, x2, y2 in np.asarray(boxes, np.float64).reshape(-1, 4) * scale / CELL_PX:
        new[max(0, int(y1)) : int(np.ceil(y2)), max(0, int(x1)) : int(np.ceil(x2))] = 1
    count, _, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(new, np.ones((3, 3), np.uint8)))
    parts = stats[1:count, :4].tolist()  # the first is the background
    cells = merged([(left, top, left + wide, top + high) for left, top, wide, high in parts])
    found: Windows = (np.array(cells, np.float64).reshape(-1, 4) * CELL_PX / scale).astype(np.float32)
    return np.minimum(found, np.array([*size, *size], np.float32))


def merged(windows: list[Cells]) -> list[Cells]:
    """The windows joined wherever one larger window costs less than two."""
    left = list(windows)
    while pair := next(
        (ij for ij in combinations(range(len(left)), 2) if _cheaper_as_one(*(left[k] for k in ij))), None
    ):
        first, second = pair
        left[first] = _around(left[first], left.pop(second))
    return left


def _cheaper_as_one(a: Cells, b: Cells) -> bool:
    return _area(_around(a, b)) <= _area(a) + _area(b) + _WINDOW_COST_CELLS


def _around(a: Cells, b: Cells) -> Cells:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])


def _area(window: Cells) -> int:
    return (window[2] - window[0]) * (window[3] - window[1])
