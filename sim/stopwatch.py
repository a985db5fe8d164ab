"""Wall seconds by stage of a run."""

import resource
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


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


def peak_memory_mb() -> float:
    """Peak resident memory of this process so far, in megabytes (2**20 bytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
