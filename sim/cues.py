"""How scripted people wait for each other: cues that somebody gives, and instants at which several act together."""

from collections import Counter
from collections.abc import Sequence

import simpy

from sim.script import ScriptedShopper, ShelfStep


class Cues:
    """All cues and common instants of a day.

    Args:
        environment: simulated time.
        shoppers: scripted people; how many of their actions share a `sync` is how many are waited for.
    """

    def __init__(self, environment: simpy.Environment, shoppers: Sequence[ScriptedShopper] = ()) -> None:
        self._environment = environment
        self._cues: dict[str, simpy.Event] = {}
        self._instants: dict[str, simpy.Event] = {}
        self._missing = Counter(
            action.sync
            for shopper in shoppers
            for action in shopper.actions
            if isinstance(action, ShelfStep) and action.sync
        )

    def given(self, name: str) -> simpy.Event:
        """The event that somebody has given this cue."""
        return self._cues.setdefault(name, self._environment.event())

    def give(self, name: str) -> None:
        """Tells everybody; once is enough."""
        if not self.given(name).triggered:
            self.given(name).succeed()

    def ready(self, name: str) -> simpy.Event:
        """Says that one more hand is ready, and returns the event that all are."""
        instant = self._instants.setdefault(name, self._environment.event())
        self._missing[name] -= 1
        if self._missing[name] <= 0 and not instant.triggered:
            instant.succeed()
        return instant
