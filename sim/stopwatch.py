"""Wall seconds by stage of a run."""

import resource
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np


class Stopwatch:
    """Adds up wall seconds by stage name; stages may not overlap."""

    def __init__(self) -> None:
        self.stages: dict[str, float] = defaultdict(float)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts the seconds of the `with` block for the stage `name`."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.stages[name] += time.perf_counter() - started


def memory_mb() -> float:
    """Resident memory of this process now, in megabytes (2**20 bytes); 0 where the machine does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * resource.getpagesize() / 2**20


def growth_an_hour(times: Sequence[float], amounts: Sequence[float]) -> float | None:
    """By how much something grows in an hour: the slope over the second half of its samples; None of fewer than 20.

    The first half is left out, because caches fill and libraries settle in it.
    """
    half = len(times) // 2
    if half < 10 or times[-1] <= times[half]:
        return None
    return float(np.polyfit(times[half:], amounts[half:], 1)[0]) * 3600


def peak_memory_mb() -> float:
    """Peak resident memory of this process so far, in megabytes (2**20 bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
