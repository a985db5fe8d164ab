"""Whole pictures that a store kept: who holds them can read from them what the store's own cameras read.

Frames are not copied into the store, as they would fill a disk; their records say which there are, and what tracking
read in them on the day stands for what an attacker reads in them later.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store.privacy.keeping.kept_store import KeptStore

GONE, PLAIN, BLURRED = -1, 0, 1


@dataclass(frozen=True, slots=True)
class KeptFrames:
    """Stretches of kept frames by camera: (N, 3) start and end in seconds, and `PLAIN` or `BLURRED`, by start."""

    stretches: dict[str, npt.NDArray[np.float64]]

    @classmethod
    def of(cls, store: KeptStore) -> "KeptFrames":
        """The frames still kept."""
        found: dict[str, list[tuple[float, float, int]]] = defaultdict(list)
        for camera, start, until, blurred in store.rows("SELECT camera, t, until, blurred FROM frames ORDER BY t"):
            found[str(camera)].append((float(start or 0), float(until or 0), BLURRED if blurred else PLAIN))
        return cls({camera: np.array(rows, np.float64) for camera, rows in found.items()})

    def state(self, cameras: Sequence[str], t: npt.ArrayLike) -> npt.NDArray[np.int64]:
        """(N,) `PLAIN`, `BLURRED` or `GONE`: how each camera's frame at t seconds (N,) is kept."""
        times, names = np.asarray(t, np.float64), np.array(cameras)
        out = np.full(len(times), GONE, np.int64)
        for camera, rows in self.stretches.items():
            own = np.flatnonzero(names == camera)
            at = np.searchsorted(rows[:, 0], times[own], side="right") - 1
            kept = (at >= 0) & (times[own] < rows[at, 1])
            out[own[kept]] = rows[at[kept], 2].astype(np.int64)
        return out
