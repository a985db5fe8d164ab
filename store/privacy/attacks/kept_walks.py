"""The positions that a store kept, by row of the attacks."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from store.privacy.attacks.person_visits import PersonVisits
from store.privacy.keeping.kept_store import KeptStore


@dataclass(frozen=True, slots=True)
class Walk:
    """One person's positions in time order: t (N,) seconds, places (N, 2) floor metres."""

    t: npt.NDArray[np.float64]
    places: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Walks:
    """Kept walks: by row, and by track for tracks of no visit too."""

    rows: Mapping[int, Walk]
    tracks: Mapping[int, Walk]


def kept_walks(store: KeptStore, people: PersonVisits) -> Walks:
    """All positions still kept."""
    table = np.array(store.rows("SELECT track, t, x, y FROM tracks"), np.float64).reshape(-1, 4)
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    names, starts = np.unique(table[:, 0], return_index=True)
    parts = np.split(table, starts[1:]) if len(names) else []
    tracks = {int(name): Walk(part[:, 1], part[:, 2:]) for name, part in zip(names, parts, strict=True)}
    row_of = people.by_track()
    return Walks({row_of[track]: walk for track, walk in tracks.items() if track in row_of}, tracks)
