"""Ways to be killed: by somebody else at any instant, or at the worst places of one's own work."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from sqlalchemy import Engine, event

from store.checkpoint import Checkpoint, Moment
from store.journal import Journal

Place = Literal[
    "any instant", "half a line", "before a line", "in a transaction", "before a commit", "half a checkpoint"
]
PLACES: tuple[Place, ...] = (
    "any instant", "half a line", "before a line", "in a transaction", "before a commit", "half a checkpoint",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Death:
    """Where to die and at the how manieth time of being there; `share` of the line that is written by then.

    At any instant, the killer waits for `seconds` instead.
    """

    place: Place
    count: int
    share: float
    seconds: float


def draw_death(rng: np.random.Generator) -> Death:
    """Half of all deaths come at any instant, the others each at one of the worst places."""
    place = PLACES[0] if rng.random() < 0.5 else PLACES[int(rng.integers(1, len(PLACES)))]
    most = 60 if place == "in a transaction" else 10
    return Death(place, int(rng.integers(1, most + 1)), float(rng.random()), float(rng.exponential(0.1)))


class Countdown:
    """Kills its own process, at once and without any cleaning up, when it has been called often enough."""

    def __init__(self, count: int) -> None:
        self.left = count

    def __call__(self, before: Callable[[], object] = lambda: None) -> None:
        """One time less; `before` is done at the very end."""
        self.left -= 1
        if self.left == 0:
            before()
            os.kill(os.getpid(), signal.SIGKILL)


class DyingJournal(Journal):
    """A journal whose process dies before a line, or when a part of it is written."""

    def __init__(self, path: Path, death: Death) -> None:
        super().__init__(path)
        self._death, self._countdown = death, Countdown(death.count)

    def _write(self, text: str) -> None:
        if self._death.place == "before a line":
            self._countdown()
        elif self._death.place == "half a line":
            content = text.encode()
            part = content[: max(1, round(self._death.share * len(content)))]
            self._countdown(lambda: os.write(self._file.fileno(), part))
        super()._write(text)


class DyingCheckpoint(Checkpoint):
    """A checkpoint whose process dies while the new file is half written."""

    def __init__(self, path: Path, death: Death) -> None:
        super().__init__(path)
        self._death, self._countdown = death, Countdown(death.count)

    def save(self, moment: Moment) -> None:
        """Replaces the file, or dies."""
        if self._death.place == "half a checkpoint":
            new = self.path.with_name(self.path.name + ".new")
            self._countdown(lambda: new.write_bytes(b"glass-aisle-checkpoint-1 and no more"))
        super().save(moment)


def die_in_the_books(death: Death) -> None:
    """From now on, this process dies within a transaction, or when all is written and nothing is committed."""
    countdown = Countdown(death.count)
    if death.place == "in a transaction":
        event.listen(Engine, "after_cursor_execute", lambda *_: countdown())
    elif death.place == "before a commit":
        event.listen(Engine, "commit", lambda _: countdown())
