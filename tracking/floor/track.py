"""One person on the floor, as far as is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from tracking.floor.appearance import Gallery

Array = NDArray[np.float64]
LONG_LOOKS = 3000
FRESH_LOOKS = 60
RECENT_LOOKS = 16
_SURE_SECONDS = 0.3


class Stage(Enum):
    """How far a track is believed."""

    PROVISIONAL = "provisional"
    CONFIRMED = "confirmed"
    ENDED = "ended"


@dataclass(slots=True, eq=False)
class Person:
    """Who somebody is: what stays with them where tracks turn out to have been mixed up.

    Args:
        id: global id.
        known: looks over the whole visit, taken only while nobody could be confused with them.
        entered: came in where people come in, and so is somewhere in the store until they go.
    """

    id: int
    known: Gallery = field(default_factory=lambda: Gallery(LONG_LOOKS))
    entered: bool = False


@dataclass(slots=True, eq=False)
class Track:
    """State of one track.

    Args:
        person: who is believed to be here; identities that were mixed up are exchanged by exchanging these.
        mean, cov: (4,) and (4, 4) of x, y, vx, vy.
        born, born_at: when (s) and where (2,) it was first seen.
        seen: when it was last seen, s.
        seen_at: where (2,) it was last seen.
        ticks: ticks at which it was seen; sightings: the same by camera.
        boxes: (4,) pixels by camera, at the tick when it was last seen.
        members: newest tracklet by camera.
        fresh: looks of the last seconds; recent: of the last moment.
        rivals: tracks that came close, and when they last were.
        sure: when the looks last spoke clearly against a mix-up with any rival, s.
    """

    person: Person
    mean: Array
    cov: Array
    born: float
    born_at: Array
    seen: float
    seen_at: Array
    stage: Stage = Stage.PROVISIONAL
    ticks: int = 1
    sightings: dict[str, int] = field(default_factory=dict)
    boxes: dict[str, NDArray[np.float32]] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    strikes: dict[str, int] = field(default_factory=dict)
    fresh: Gallery = field(default_factory=lambda: Gallery(FRESH_LOOKS))
    recent: Gallery = field(default_factory=lambda: Gallery(RECENT_LOOKS))
    rivals: dict[int, float] = field(default_factory=dict)
    sure: float = -np.inf
    doubles: dict[int, int] = field(default_factory=dict)

    @property
    def id(self) -> int:
        """Global id of who is believed to be here."""
        return self.person.id

    @property
    def known(self) -> Gallery:
        """Looks of who is believed to be here, over their whole visit."""
        return self.person.known

    def looked(self, look: NDArray[np.float32]) -> None:
        """Take in how whoever is here looks now."""
        self.recent.add(look)
        self.fresh.add(look)

    def doubtful(self, t: float) -> bool:
        """Whether this track may have been mixed up with another one since its looks were last clear."""
        return bool(self.rivals) and t - self.sure > _SURE_SECONDS

    def can_be_at(self, place: Array, seconds: float, top_speed: float, slack_m: float) -> bool:
        """Whether the person can be at `place` (2,), metres, so many seconds after they were last seen."""
        gap = float(np.linalg.norm(place - self.seen_at))
        return gap <= slack_m + top_speed * max(0.0, seconds)

    @property
    def cameras(self) -> tuple[str, ...]:
        """Cameras that saw it when it was last seen."""
        return tuple(self.boxes)

    @property
    def second_opinion(self) -> int:
        """Ticks at which the camera that saw it second most often saw it."""
        counts = sorted(self.sightings.values())
        return counts[-2] if len(counts) > 1 else 0

    def saw(self, camera: str) -> None:
        """Count one more sighting by a camera."""
        self.sightings[camera] = self.sightings.get(camera, 0) + 1

    @property
    def place(self) -> Array:
        """(2,) metres."""
        return self.mean[:2]

    @property
    def speed(self) -> float:
        """Metres per second."""
        return float(np.hypot(self.mean[2], self.mean[3]))

    @property
    def sd(self) -> float:
        """Standard deviation of x and of y, metres."""
        return float(np.sqrt((self.cov[0, 0] + self.cov[1, 1]) / 2))
