"""Who a track is: lost people found again, doubles merged, identities that were mixed up put right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tracking.floor.appearance import GALLERY_LIMIT, SimilarityScale
from tracking.floor.association import overlaps, similarity
from tracking.floor.settings import FloorSettings
from tracking.floor.track import Person, Stage, Track

# Whoever turns up in an aisle must be somebody who was lost, unless everything speaks against it; whoever turns up at
# an entrance is somebody new, unless the looks speak for somebody just lost there.
_LEAST_ODDS_IN_AISLE = -1.5
_LEAST_ODDS_AT_ENTRANCE = 2.5
_LEAST_ODDS_JUST_LOST = 1.0
_JUST_LOST_S = 2.0
_CLEAR_MARGIN = 1.0
_ENOUGH_LOOKS = 6
_PROOF_OF_TWO = -15
_APART = 0.6
_ANOTHER_LOOK = -2.0
# Before a track is lost, somebody else may have dragged it along for a while.
_OVERLAP_S, _SLACK_M = 1.0, 1.5
# Of whom so many looks were taken, those were somebody of their own before they became another's double.
_OWN_LIFE = 200


class Identities:
    """Decides on identities from whole galleries, which are surer than single looks."""

    def __init__(self, settings: FloorSettings) -> None:
        """Nothing learnt yet about what similar galleries mean."""
        self.settings = settings
        self.scale = SimilarityScale(same=0.85, different=0.4, sd=0.15)

    def odds(self, one: Track, other: Track) -> float:
        """Log odds from looks that the person now followed as `one` is the person known as `other`."""
        now = one.recent.look()
        known = other.known.look() if other.known.count else other.recent.look()
        likeness = similarity(now, known)
        if likeness is None:
            return 0.0
        odds = float(self.scale.log_odds(np.array([likeness]))[0])
        return float(np.clip(odds, -GALLERY_LIMIT, GALLERY_LIMIT))

    def learn(self, tracks: Sequence[Track]) -> None:
        """Learn what similarities of galleries are worth from confirmed tracks that nobody can have mixed up."""
        sure = [one for one in tracks if not one.rivals and one.known.count >= 20 and one.recent.count >= _ENOUGH_LOOKS]
        for one in sure:
            for other in sure:
                likeness = similarity(one.recent.look(), other.known.look())
                if likeness is not None:
                    self.scale.learn(likeness, one is other)

    def lost_self(self, found: Track, lost: Iterable[Track], t: float, at_entrance: bool) -> Track | None:
        """The lost track that `found`, a provisional one, continues; None if there is none or it is not clear yet.

        A lost track counts when its person could have walked here since; its score is the log odds of the looks less
        the square of the distance in units of a usual one.
        """
        scores = [(self._score(found, one), one) for one in lost if self._reachable(found, one)]
        if not scores:
            return None
        scores.sort(key=lambda pair: -pair[0])
        best, one = scores[0]
        least = _LEAST_ODDS_IN_AISLE
        if at_entrance:
            least = _LEAST_ODDS_JUST_LOST if found.born - one.seen < _JUST_LOST_S else _LEAST_ODDS_AT_ENTRANCE
        if best < least:
            return None
        unclear = len(scores) > 1 and best - scores[1][0] < _CLEAR_MARGIN
        return None if unclear and t - found.born < self.settings.direct_seconds else one

    def _reachable(self, found: Track, lost: Track) -> bool:
        seconds = found.born - lost.seen
        return seconds > -_OVERLAP_S and lost.can_be_at(found.born_at, seconds, self.settings.top_speed, _SLACK_M)

    def _score(self, found: Track, lost: Track) -> float:
        seconds = max(0.0, found.born - lost.seen)
        distance = float(np.linalg.norm(found.born_at - lost.seen_at))
        usual = 0.6 + 0.6 * seconds
        return self.odds(found, lost) - 0.5 * min((distance / usual) ** 2, 8.0)

    def is_double(self, older: Track, newer: Track) -> bool:
        """Whether two tracks that were both seen at this tick have been one person for long enough to merge them.

        Counts ticks at which they were close and no camera saw both; a camera that sees both apart proves that they are
        two. Two boxes of which one lies mostly in the other prove nothing: detectors often see one person twice.
        """
        gap = float(np.linalg.norm(older.place - newer.place))
        believed = newer.stage is Stage.CONFIRMED
        count = older.doubles.get(newer.id, 0)
        if any(apart(older.boxes[camera], newer.boxes[camera]) for camera in older.boxes.keys() & newer.boxes.keys()):
            older.doubles[newer.id] = _PROOF_OF_TWO * (3 if believed else 1)
            return False
        if gap > self.settings.merge_m * (1.0 if believed else 1.5):
            # One bad foot point must not wipe out what was seen before; time apart does.
            if abs(count) > 1:
                older.doubles[newer.id] = count - int(np.sign(count))
            else:
                older.doubles.pop(newer.id, None)
            return False
        older.doubles[newer.id] = count + 1
        needed = self.settings.merge_ticks * (3 if believed else 1)
        # The longer no camera sees them apart, the less the looks have to say: bodies differ from side to side.
        patience = min((count + 1) / needed - 1, 2.0)
        return count + 1 >= needed and self.odds(newer, older) > (0.5 if believed else -1.0) - patience

    def suspected(self, newer: Track, tracks: Iterable[Track]) -> bool:
        """Whether somebody new may soon turn out to be the double of a confirmed track, so that belief can wait."""
        return any(
            one.doubles.get(newer.id, 0) > 0 and self.odds(newer, one) > _ANOTHER_LOOK
            for one in tracks
            if one.stage is Stage.CONFIRMED
        )

    def note_contacts(self, tracks: Sequence[Track], t: float) -> None:
        """Remember which confirmed tracks are close enough to be mixed up, and forget contacts of long ago."""
        places = np.array([one.place for one in tracks]).reshape(-1, 2)
        gaps = np.linalg.norm(places[:, None] - places[None], axis=2)
        for i, j in np.argwhere(np.triu(gaps < self.settings.contact_m, 1)).tolist():
            tracks[i].rivals[tracks[j].id] = t
            tracks[j].rivals[tracks[i].id] = t
        for one in tracks:
            if one.rivals:
                one.rivals = {who: at for who, at in one.rivals.items() if t - at < self.settings.contact_seconds}

    def settle_contacts(self, tracks: Sequence[Track], t: float) -> None:
        """Exchange identities of a pair that looks exchanged; end the doubt about tracks that look right."""
        by_id = {one.id: one for one in tracks}
        for one in tracks:
            clear = bool(one.rivals)
            for rival, at in list(one.rivals.items()):
                other = by_id.get(rival)
                evidence = None if other is None else self._evidence_of_swap(one, other)
                if other is None or evidence is None:
                    clear = False
                elif evidence > self.settings.swap_margin:
                    exchange(one, other)
                    return
                elif evidence > -self.settings.swap_margin:
                    clear = False
                elif t - at > 1.0:
                    one.rivals.pop(rival, None)
                    other.rivals.pop(one.id, None)
            if clear:
                one.sure = t

    def _evidence_of_swap(self, one: Track, other: Track) -> float | None:
        """Log odds that the two have each other's identity; None while too little was seen to say."""
        if min(one.recent.count, other.recent.count, one.known.count, other.known.count) < _ENOUGH_LOOKS:
            return None
        stay = self.odds(one, one) + self.odds(other, other)
        return self.odds(one, other) + self.odds(other, one) - stay


def apart(box: NDArray[np.float32], other: NDArray[np.float32]) -> bool:
    """Whether two boxes of one frame are surely two people."""
    return float(overlaps(np.stack([box, other]))[0, 1]) < _APART


def exchange(one: Track, other: Track) -> None:
    """Exchange who two tracks are; where they are stays."""
    one.person, other.person = other.person, one.person
    for track in (one, other):
        track.rivals.clear()
        track.doubles.clear()


def unite(keeper: Track, other: Track, identities: Identities) -> Person | None:
    """Let `keeper` take over a double of itself; where it is comes from whichever of the two is surer.

    Returns:
        who is somewhere else, where the two tracks were two people once: both followed the same person in the end.
    """
    if _likelier(keeper, other, identities):
        exchange(keeper, other)
    lost = other.person if other.person.entered and other.known.count >= _OWN_LIFE else None
    keeper.members = {**other.members, **keeper.members}
    if other.sd < keeper.sd or len(other.boxes) > len(keeper.boxes):
        keeper.mean, keeper.cov = other.mean, other.cov
    keeper.doubles.pop(other.id, None)
    keeper.rivals.pop(other.id, None)
    return lost


def _likelier(one: Track, other: Track, identities: Identities) -> bool:
    """Whether the person at `one` is rather who `other` is believed to be; who came in is likelier than who did not."""
    if one.person.entered != other.person.entered:
        return other.person.entered
    if other.known.count < _OWN_LIFE:
        return False
    return identities.odds(one, other) > identities.odds(one, one)


def absorb(keeper: Track, other: Track) -> None:
    """Let `keeper` go on as what `other` follows: a lost track found again."""
    keeper.mean, keeper.cov = other.mean, other.cov
    keeper.seen, keeper.seen_at = other.seen, other.seen_at
    keeper.members, keeper.boxes = other.members, other.boxes
    keeper.recent, keeper.fresh = other.recent, other.fresh
    keeper.ticks += other.ticks
    keeper.rivals.clear()
    keeper.doubles.clear()
    keeper.stage = Stage.CONFIRMED
