"""A visit: one party on one token, and the members by whom the cameras know it."""

from dataclasses import dataclass, field
from math import prod
from typing import Literal

Where = Literal["awaited", "tracked", "lost", "left"]


@dataclass(slots=True)
class Member:
    """One person of a visit.

    `where`: `awaited` has passed the gate but no track is known to be theirs, `tracked`, `lost` inside the store,
    `left`. `track` is the newest track and stays after it is lost; `x`, `y`, `seen` are its last position (metres) and
    time, at first those of the gate. `certainty` is the probability that the track has been theirs all along. `way_in`
    and `way_out` are gates, empty where they are not known.
    """

    visit: str
    number: int
    entered: float
    x: float
    y: float
    seen: float
    where: Where = "awaited"
    track: int | None = None
    home_track: int | None = None
    left: float | None = None
    certainty: float = 1.0
    way_in: str = ""
    way_out: str = ""


@dataclass(slots=True)
class Visit:
    """One party on one token; `opened` and `closed` in seconds from opening, `doubts` why it must be reviewed.

    An empty `account` is nobody's: a guest, who came in without a scan (`store.company`).
    """

    id: str
    account: str
    opened: float
    members: list[Member] = field(default_factory=list)
    awaited_scans: int = 0
    closed: float | None = None
    doubts: list[str] = field(default_factory=list)

    @property
    def guest(self) -> bool:
        """Whether there is nobody to bill."""
        return not self.account

    @property
    def people(self) -> int:
        """Members who have entered."""
        return len(self.members)

    @property
    def certainty(self) -> float:
        """Probability that every member was followed rightly."""
        return prod(member.certainty for member in self.members)

    @property
    def inside(self) -> list[Member]:
        """Members who have not left."""
        return [member for member in self.members if member.where != "left"]

    @property
    def last_left(self) -> float | None:
        """When the last member left, None while anybody is inside or still expected at the gate."""
        if not self.members or self.inside or self.awaited_scans:
            return None
        return max(member.left or 0.0 for member in self.members)
