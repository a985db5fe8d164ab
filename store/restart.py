"""What a shop must not do twice after a restart: write what stands in the journal, take in what it was told before.

Whoever feeds a shop delivers again what was not acknowledged, so that the tick in which the process died comes once
more. A gate scan or crossing that stands in the journal counts once; one that the journal lacks counts now.
"""

from collections import Counter
from collections.abc import Callable, Sequence

from store.events import GateCrossing, GateScan, StoreEvent

REMEMBERED_S = 5.0
"""How long before the end of the journal scans and crossings may be delivered again, seconds."""


class Told:
    """The journal as a shop writes it: counts its lines, and leaves out those that stand there already."""

    def __init__(self, journal: Callable[[StoreEvent], None]) -> None:
        self._journal = journal
        self._standing: list[StoreEvent] = []
        self.lines = 0

    def resume(self, lines: int, standing: Sequence[StoreEvent]) -> None:
        """The journal has `lines` lines, the last of which the shop will tell again: `standing`."""
        self.lines, self._standing = lines, list(standing)

    def __call__(self, event: StoreEvent) -> None:
        """Writes an event, unless it stands there from before the restart."""
        if event in self._standing:
            self._standing.remove(event)
            return
        self.lines += 1
        self._journal(event)


class Delivered:
    """Scans and crossings that may come again."""

    def __init__(self, events: Sequence[StoreEvent] = ()) -> None:
        inputs = [event for event in events if isinstance(event, GateScan | GateCrossing)]
        end = max((event.t for event in events), default=0.0)
        self._left = Counter(event for event in inputs if event.t > end - REMEMBERED_S)

    def again(self, event: GateScan | GateCrossing) -> bool:
        """Whether this was taken in before the restart; asked once for each delivery."""
        if not self._left[event]:
            return False
        self._left[event] -= 1
        return True
