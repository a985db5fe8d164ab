"""What shoppers find in the store: time, floor, shelves, gates, and each other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import simpy

from sim.cues import Cues
from sim.doorways import Doorways
from sim.hands import Point3
from sim.mechanics import Hands
from sim.routing import Spot
from sim.scales import PlateScales
from sim.standing import StandingSpots
from sim.stock import Shelves
from sim.truth import Truth
from sim.walking import Walkers
from store.events import GateScan

if TYPE_CHECKING:
    from sim.shoppers import Shopper


@dataclass(slots=True)
class Premises:
    """Everything that shoppers act upon. After `last_call` (seconds) they head out; `scans` gathers gate scans.

    `cameras`: where each hangs, metres; `blocked`: those before whose lens somebody holds something.
    """

    environment: simpy.Environment
    walkers: Walkers
    spots: StandingSpots
    shelves: Shelves
    scales: PlateScales
    doorways: Doorways
    truth: Truth
    hands: Hands
    last_call: float
    cues: Cues
    cameras: Mapping[str, Point3] = field(default_factory=dict)
    fitting_rooms: tuple[Spot, ...] = ()
    scans: list[GateScan] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)
    shoppers: "dict[str, Shopper]" = field(default_factory=dict)
    finished_stops: dict[tuple[str, int], simpy.Event] = field(default_factory=dict)

    @property
    def now(self) -> float:
        """Seconds from opening."""
        return float(self.environment.now)

    @property
    def closing(self) -> bool:
        """Whether the last call was made."""
        return self.now >= self.last_call

    def stop_done(self, party: str, stop: int) -> simpy.Event:
        """The event that a party's stop is over."""
        return self.finished_stops.setdefault((party, stop), self.environment.event())
