"""The rows of every linkage attack: each tracked person of each visit, over all days."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store.privacy.day import Period

Days = npt.NDArray[np.int64]
NO_TRACK = -1


@dataclass(frozen=True, slots=True)
class PersonVisits:
    """One row for each track of each visit, in order of days; a visit without a track has one row, `NO_TRACK`.

    It lays out the attacks' matrices and says nothing of who is who: attacks fill rows from what a store kept, and
    leave rows empty of which it kept nothing. `day` is (U,) int64, from 0.
    """

    visits: tuple[str, ...]
    tracks: tuple[int, ...]
    day: Days

    @classmethod
    def of(cls, period: Period) -> "PersonVisits":
        """The rows of a period."""
        rows = [
            (visit.visit, track, number)
            for number, day in enumerate(period.days)
            for visit in day.visits
            for track in visit.tracks or (NO_TRACK,)
        ]
        visits, tracks, days = zip(*rows, strict=True) if rows else ((), (), ())
        return cls(tuple(visits), tuple(tracks), np.array(days, np.int64))

    def __len__(self) -> int:
        """Number of rows."""
        return len(self.visits)

    def by_track(self) -> dict[int, int]:
        """The row of each track."""
        return {track: row for row, track in enumerate(self.tracks) if track != NO_TRACK}

    def by_visit(self) -> dict[str, list[int]]:
        """The rows of each visit."""
        rows: dict[str, list[int]] = {}
        for row, visit in enumerate(self.visits):
            rows.setdefault(visit, []).append(row)
        return rows


def labels_of(people: PersonVisits, period: Period) -> list[str | None]:
    """Who each row really is, for scoring alone; None where the run does not say.

    A visit without a track has the name of the first person on its token.
    """
    truth = period.truth

    def name(visit: str, track: int) -> str | None:
        if track != NO_TRACK:
            return truth.subject_of_track.get(track)
        return next(iter(truth.subjects_of_visit.get(visit, ())), None)

    return [name(visit, track) for visit, track in zip(people.visits, people.tracks, strict=True)]


def same(names: Sequence[str | None]) -> npt.NDArray[np.bool_]:
    """(U, U): both names are known and equal."""
    codes = {name: code for code, name in enumerate(dict.fromkeys(names))}
    numbers = np.array([codes[name] if name is not None else -1 for name in names], np.int64)
    return np.asarray((numbers[:, None] == numbers) & (numbers >= 0)[:, None], bool)
