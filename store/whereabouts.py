"""Where every track was during the last seconds: the memory that gates and attribution ask."""

from collections import deque
from collections.abc import Iterable, Sequence
from math import hypot

from store.events import TrackPosition

MEMORY_S = 18.0
"""How far back positions are kept, seconds."""


class Whereabouts:
    """Recent positions of all tracks, in order of time."""

    FIXED: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.t = float("-inf")
        self._paths: dict[int, deque[TrackPosition]] = {}
        self._first: dict[int, TrackPosition] = {}

    def update(self, t: float, positions: Sequence[TrackPosition]) -> None:
        """Takes the positions at time `t`; forgets tracks that ended `MEMORY_S` ago."""
        self.t = t
        for position in positions:
            self._first.setdefault(position.track, position)
            self._paths.setdefault(position.track, deque()).append(position)
        for track, path in list(self._paths.items()):
            while path and path[0].t < t - MEMORY_S:
                path.popleft()
            if not path:
                del self._paths[track], self._first[track]

    def forget_tracks(self) -> None:
        """Tracks have new numbers from now on: those in memory are nobody's."""
        self._paths.clear()
        self._first.clear()

    def tracks(self) -> Iterable[int]:
        """Tracks that have a position in memory."""
        return self._paths.keys()

    def first(self, track: int) -> TrackPosition:
        """Where a track in memory began."""
        return self._first[track]

    def last(self, track: int) -> TrackPosition:
        """Where a track in memory was last."""
        return self._paths[track][-1]

    def seen(self, track: int, within_s: float) -> bool:
        """Whether a track was seen during the last `within_s` seconds."""
        return track in self._paths and self._paths[track][-1].t >= self.t - within_s - 1e-9

    def between(self, track: int, start: float, end: float) -> list[TrackPosition]:
        """Positions of a track from `start` to `end` seconds, both included."""
        return [position for position in self._paths.get(track, ()) if start - 1e-9 <= position.t <= end + 1e-9]

    def nearest_in_time(self, track: int, t: float) -> TrackPosition:
        """The position of a track in memory whose time is nearest to `t`."""
        return min(self._paths[track], key=lambda position: abs(position.t - t))

    def apart(self, track: int, other: int, within_s: float) -> float:
        """Mean distance, metres, of two tracks over the last seconds in which both were seen, else infinity."""
        there = {position.t: position for position in self.between(other, self.t - within_s, self.t)}
        here = [position for position in self.between(track, self.t - within_s, self.t) if position.t in there]
        gaps = [distance(one.x, one.y, there[one.t].x, there[one.t].y) for one in here]
        return sum(gaps) / len(gaps) if gaps else float("inf")


def distance(a_x: float, a_y: float, b_x: float, b_y: float) -> float:
    """Metres between two points on the floor."""
    return hypot(a_x - b_x, a_y - b_y)
