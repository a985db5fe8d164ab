"""Who everybody is, asked anew every second: one assignment of all whom cameras see to all who are in the store.

Where several people stand close together a track can slip from one to another, and what pairs of tracks can settle
between themselves is not enough: the right person may be lost by then. Looks of the last seconds are therefore held
against the galleries of everybody at once, those who are lost among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from tracking.floor.appearance import GALLERY_LIMIT, SimilarityScale
from tracking.floor.settings import FloorSettings
from tracking.floor.track import Person, Track

Array = NDArray[np.float64]
Change = frozenset[tuple[Track, Person | None]]

_REFUSED = -1e6
_FEW_LOOKS, _SMALL_GALLERY = 20, 40
_SLACK_M = 0.8


class Audit:
    """Finds tracks that follow somebody else than is believed, and waits until that was found several times running."""

    def __init__(self, settings: FloorSettings) -> None:
        """Nothing doubted yet."""
        self.settings = settings
        self._found: dict[Change, int] = {}
        self._last = -np.inf

    def due(self, t: float) -> bool:
        """Whether a second has passed since the last time this was true."""
        if t - self._last < self.settings.audit_seconds - 1e-6:
            return False
        self._last = t
        return True

    def changes(
        self, here: Sequence[Track], lost: Sequence[Track], t: float, scale: SimilarityScale
    ) -> Mapping[Track, Person | None]:
        """The tracks that are to be believed somebody else from now on, and who; None: nobody who is known.

        Args:
            here: tracks that are seen, also those that are not believed yet.
            lost: confirmed tracks of people who are in the store and not seen.
            t: seconds from opening.
            scale: what similarities of galleries are worth.
        """
        proposed = self._proposed(here, lost, t, scale)
        self._found = {change: self._found.get(change, 0) + 1 for change in proposed}
        sure = [change for change, times in self._found.items() if times >= self.settings.audit_times]
        for change in sure:
            del self._found[change]
        return {track: person for change in sure for track, person in change}

    def _proposed(self, here: Sequence[Track], lost: Sequence[Track], t: float, scale: SimilarityScale) -> list[Change]:
        """Groups of exchanges that hang together, each with odds beyond the margin."""
        everybody = [*here, *lost]
        scores = _scores(here, everybody, scale)
        scores -= _costs(scores, here, everybody, t, self.settings)
        unknown = np.full((len(here), len(here)), _REFUSED)
        np.fill_diagonal(unknown, -self.settings.audit_intruder)
        scores = np.hstack([scores, unknown])
        people = [one.person for one in everybody] + [None] * len(here)
        stay = np.diagonal(scores)
        rows, columns = linear_sum_assignment(scores, maximize=True)
        moved = {int(i): int(j) for i, j in zip(rows, columns, strict=True) if i != j}
        return [
            frozenset((here[i], people[j]) for i, j in group)
            for group in _groups(moved)
            if sum(scores[i, j] - stay[i] for i, j in group) > self.settings.audit_margin
        ]


def _scores(here: Sequence[Track], everybody: Sequence[Track], scale: SimilarityScale) -> Array:
    """(N, M) log odds from looks that who is seen here is each of all people; refused where too little was seen.

    Of who they are believed to be, too little says nothing: 0.
    """
    scores = np.full((len(here), len(everybody)), _REFUSED)
    np.fill_diagonal(scores, 0.0)
    looks = {i: one.fresh.look() for i, one in enumerate(here) if one.fresh.count >= _FEW_LOOKS}
    known = {j: one.known.look() for j, one in enumerate(everybody) if one.known.count >= _SMALL_GALLERY}
    if looks and known:
        likeness = np.array(list(looks.values()), np.float64) @ np.array(list(known.values()), np.float64).T
        odds = np.clip(scale.log_odds(likeness), -GALLERY_LIMIT, GALLERY_LIMIT)
        scores[np.ix_(list(looks), list(known))] = odds
    return scores


def _costs(
    scores: Array, here: Sequence[Track], everybody: Sequence[Track], t: float, settings: FloorSettings
) -> Array:
    """(N, M) log odds against each pair: being somebody else than is believed costs little after contacts, else much.

    Who never came in is probably one of those who did: the gallery of such a track says only that whoever is here has
    been here for a while, so it does not count for them (`scores` (N, M) are log odds from looks).
    """
    costs = np.full((len(here), len(everybody)), settings.audit_stranger)
    for i, one in enumerate(here):
        if not one.person.entered:
            costs[i] = settings.audit_rival
        for j, other in enumerate(everybody):
            if other.id in one.rivals or one.id in other.rivals:
                costs[i, j] = settings.audit_rival
            if j >= len(here) and not other.can_be_at(one.place, t - other.seen, settings.top_speed, _SLACK_M):
                costs[i, j] = -_REFUSED
        costs[i, i] = 0.0 if one.person.entered else settings.audit_intruder + max(0.0, float(scores[i, i]))
    return costs


def _groups(moved: Mapping[int, int]) -> list[list[tuple[int, int]]]:
    """The moves i -> j, those together that only make sense together: whoever takes a place makes its owner move on."""
    left, groups = dict(moved), []
    heads = [i for i in moved if i not in moved.values()]
    for start in [*heads, *moved]:
        group = []
        while start in left:
            group.append((start, left[start]))
            start = left.pop(start)
        if group:
            groups.append(group)
    return groups
