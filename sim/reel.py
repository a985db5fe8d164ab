"""The ticks of a world with some of what was and what comes, so that a camera with a wrong clock can be drawn."""

import bisect
import math
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace

from sim.scene import SceneState
from sim.walking import angle_between
from sim.world import PersonState, World, WorldTick


class Reel:
    """Iterates over a world's ticks; `scene` gives the moments around the current one.

    Args:
        world: moved tick by tick.
        before, after: seconds of the past to keep and of the future to know.
        step: moves the world by one tick; by default `world.step`.
    """

    def __init__(
        self, world: World, before: float = 0.0, after: float = 0.0, step: Callable[[], WorldTick] | None = None
    ) -> None:
        self._world, self._step = world, step or world.step
        self._before, self._after = (math.ceil(seconds * world.fps - 1e-6) for seconds in (before, after))
        self._scenes: deque[SceneState] = deque()
        self._made: dict[float, SceneState] = {}

    def __iter__(self) -> Iterator[WorldTick]:
        coming: deque[WorldTick] = deque()
        while coming or not self._world.done:
            while len(coming) <= self._after and not self._world.done:
                coming.append(self._step())
                self._scenes.append(_scene(coming[-1]))
            now = coming.popleft()
            while len(self._scenes) > self._before + 2 + len(coming):
                self._scenes.popleft()
            self._made = {}
            yield now

    def scene(self, t: float) -> SceneState:
        """The world at `t` seconds: between two ticks in proportion, before opening the empty store, the same object
        whenever asked for the same moment of one tick. After the last tick nothing moves.
        """
        key = round(t, 6)
        if key not in self._made:
            self._made[key] = self._at(t)
        return self._made[key]

    def _at(self, t: float) -> SceneState:
        after = bisect.bisect_left([scene.t for scene in self._scenes], t - 1e-6)
        if after >= len(self._scenes):
            return self._scenes[-1]
        later = self._scenes[after]
        if abs(later.t - t) < 1e-6:
            return later
        if after == 0:
            return SceneState(t, (), later.shelf_stock, later.misplaced)
        return _between(self._scenes[after - 1], later, t)


def _scene(tick: WorldTick) -> SceneState:
    return SceneState(tick.t, tick.people, tick.shelf_stock, tick.misplaced, tick.props)


def _between(earlier: SceneState, later: SceneState, t: float) -> SceneState:
    """The moment `t`, shelves and hands as at the earlier tick."""
    share = (t - earlier.t) / (later.t - earlier.t)
    then = {person.person: person for person in later.people if isinstance(person, PersonState)}
    people = [
        _moved(person, then[person.person], share)
        for person in earlier.people
        if isinstance(person, PersonState) and person.person in then
    ]
    return SceneState(t, people, earlier.shelf_stock, earlier.misplaced, earlier.props)


def _moved(person: PersonState, then: PersonState, share: float) -> PersonState:
    return replace(
        person,
        x=person.x + share * (then.x - person.x),
        y=person.y + share * (then.y - person.y),
        heading=person.heading + share * angle_between(person.heading, then.heading),
        phase=person.phase + share * angle_between(person.phase, then.phase),
        speed=person.speed + share * (then.speed - person.speed),
    )
