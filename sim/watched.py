"""A day of the world as cameras that see well would tell it, for checks of billing that draw no picture.

Not a way of seeing for figures: positions and hands are those of the world with noise, some hands are hidden, and now
and then a track ends and goes on under another number. How wrong real pictures make tracking is measured elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.people import Reach
from sim.world import PersonState, World
from store.events import GateCrossing, GateScan, HandPosition, TrackPosition

BODY_SD_M, HAND_SD_M = 0.08, 0.05
HAND_SEEN = 0.8
BREAKS_A_MINUTE = 0.5
"""How often a track ends and begins again within two seconds, for each person."""

HIP_M = 0.85
"""Height of a hanging hand, metres."""


@dataclass(frozen=True, slots=True)
class StoreTick:
    """All that a store is told in one tick: `weights_t` (S,) seconds, `weights_g` (S, P) grams."""

    t: float
    scans: tuple[GateScan, ...]
    crossings: tuple[GateCrossing, ...]
    positions: tuple[TrackPosition, ...]
    weights_t: NDArray[np.float64]
    weights_g: NDArray[np.float64]


def watch(world: World, rng: np.random.Generator) -> Iterator[StoreTick]:
    """Steps a world to the end of its day."""
    eyes = _Eyes(world.fps, rng)
    while not world.done:
        tick = world.step()
        seen = tuple(position for person in tick.people if (position := eyes.see(person, tick.t)) is not None)
        weights_g = tick.weights_g.astype(np.float64)
        yield StoreTick(tick.t, tick.gate_scans, tick.gate_crossings, seen, tick.weights_t, weights_g)


class _Eyes:
    """Follows everybody: who has which track, and who is out of sight until when."""

    def __init__(self, fps: int, rng: np.random.Generator) -> None:
        self._rng, self._break = rng, BREAKS_A_MINUTE / 60 / fps
        self._track: dict[str, int] = {}
        self._hidden: dict[str, float] = {}
        self._tracks = 0

    def see(self, person: PersonState, t: float) -> TrackPosition | None:
        if self._rng.random() < self._break:
            self._hidden[person.person] = t + self._rng.uniform(0.3, 2.0)
            self._track.pop(person.person, None)
        if t < self._hidden.get(person.person, 0.0):
            return None
        if person.person not in self._track:
            self._tracks += 1
            self._track[person.person] = self._tracks
        x, y = np.array((person.x, person.y)) + self._rng.normal(0, BODY_SD_M, 2)
        return TrackPosition(self._track[person.person], t, float(x), float(y), BODY_SD_M, self._hands(person))

    def _hands(self, person: PersonState) -> tuple[HandPosition, ...]:
        reaches = person.reach if isinstance(person.reach, tuple) else (person.reach,)
        by_side = {reach.side: reach for reach in reaches if reach is not None}
        hands = [_hand(person, side, by_side.get(side)) for side in "LR"]
        seen = [hand + self._rng.normal(0, HAND_SD_M, 3) for hand in hands if self._rng.random() < HAND_SEEN]
        return tuple(HandPosition(float(x), float(y), float(z), HAND_SD_M) for x, y, z in seen)


def _hand(person: PersonState, side: str, reach: Reach | None) -> NDArray[np.float64]:
    """(3,) where a hand is, metres: hanging beside the body, or as far out as it has come."""
    left = 0.2 if side == "L" else -0.2
    hanging = (person.x - left * np.sin(person.heading), person.y + left * np.cos(person.heading), HIP_M)
    if reach is None:
        return np.array(hanging)
    return np.array(hanging) * (1 - reach.blend) + np.array(reach.target) * reach.blend
