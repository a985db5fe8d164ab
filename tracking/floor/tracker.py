"""One tick of the fusion: predict, assign, update, begin, find again, end, report."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tracking.camera import Camera
from tracking.floor import motion
from tracking.floor.appearance import SimilarityScale
from tracking.floor.area import AreaTest, FloorArea
from tracking.floor.association import Candidates, overlaps, without_doubles
from tracking.floor.audit import Audit
from tracking.floor.births import grouped
from tracking.floor.identity import Identities, absorb, unite
from tracking.floor.settings import FloorSettings
from tracking.floor.track import Person, Stage, Track
from tracking.observation import FloorTrack, Observation

Array = NDArray[np.float64]
_ISOLATED = 0.3
_HERE_S = 0.5
_SECOND_BOX = 0.65
_STRIKES = 6
_DOORSTEP_M = 0.5
_CHEST_M = 1.2
_WAITING_FACTOR = 3.0
_LEARN_EVERY = 5
# So many looks are taken even in company, or people who always walk together would never be known.
_FIRST_LOOKS = 40


class FloorTracker:
    """Follows everybody on the floor from the observations of all cameras, tick by tick, with no look ahead."""

    def __init__(
        self, area: FloorArea, settings: FloorSettings | None = None, cameras: Mapping[str, Camera] | None = None
    ) -> None:
        """An empty floor.

        Args:
            area: where people are followed.
            settings: of the fusion.
            cameras: with them, what only one of several cameras sees that look there is believed less. The mapping
                is kept, not copied: a camera that is replaced in it counts from then on.
        """
        self.settings = settings or FloorSettings()
        self._cameras = {} if cameras is None else cameras
        self._area = AreaTest(area)
        self._tracks: list[Track] = []
        self._ended: list[Track] = []
        self._identities = Identities(self.settings)
        self._audit = Audit(self.settings)
        self._scale = SimilarityScale()
        self._next = 1
        self._first: float | None = None
        self._last: float | None = None
        self._ticks = 0
        #: Observations of the last tick with the track each was given to, or None.
        self.assignments: list[tuple[Observation, Track | None]] = []

    def step(self, t: float, observations: Sequence[Observation]) -> list[FloorTrack]:
        """Take in what all cameras saw at `t` seconds and say where everybody is.

        Args:
            t: seconds from opening, later than the last one.
            observations: of any cameras, in any order; cameras without a picture at this tick simply are not there.
        """
        dt = 0.0 if self._last is None else max(0.0, t - self._last)
        self._last = t
        self._first = t if self._first is None else self._first
        self._ticks += 1
        self._predict(t, dt)
        self.assignments = self._assign(t, observations)
        self._begin(t)
        self._believe(t)
        self._merge(t)
        self._settle(t)
        self._end(t)
        return [self._report(track, t) for track in self._tracks if self._shown(track, t)]

    @property
    def remembered(self) -> int:
        """Number of tracks kept in memory, whatever their stage."""
        return len(self._tracks) + len(self._ended)

    def _predict(self, t: float, dt: float) -> None:
        moving = [track for track in self._tracks if t - track.seen <= self.settings.hold_seconds + 1]
        if not moving or dt == 0:
            return
        means = np.stack([track.mean for track in moving])
        covs = np.stack([track.cov for track in moving])
        unseen = np.array([t - dt - track.seen for track in moving])
        means, covs = motion.predict(means, covs, dt, unseen, self.settings.acceleration)
        for track, mean, cov in zip(moving, means, covs, strict=True):
            track.mean, track.cov = mean, cov

    def _assign(self, t: float, observations: Sequence[Observation]) -> list[tuple[Observation, Track | None]]:
        candidates = Candidates(
            [one for one in self._tracks if t - one.seen <= self.settings.direct_seconds], self.settings
        )
        given: dict[int, list[Observation]] = {}
        result: list[tuple[Observation, Track | None]] = []
        for everything in _by_camera(observations):
            seen = without_doubles(everything)
            pairs, odds = candidates.pair(seen, self._scale)
            crowd = overlaps(np.stack([one.box for one in seen]))
            for k, one in enumerate(seen):
                row = pairs.get(k)
                if row is None:
                    if not any(crowd[k, other] > _SECOND_BOX for other in pairs):
                        result.append((one, None))
                    continue
                track = candidates.tracks[row]
                given.setdefault(row, []).append(one)
                self._join(track, one)
                if crowd[k].max(initial=0.0) < _ISOLATED:
                    self._look(
                        track, one, float(odds[row, k]), [candidates.tracks[r] for r in pairs.values() if r != row]
                    )
                result.append((one, track))
        for row, seen in given.items():
            self._update(candidates.tracks[row], t, seen)
        return result

    def _join(self, track: Track, one: Observation) -> None:
        for other in self._tracks:
            if other is not track and other.members.get(one.camera) == one.tracklet:
                del other.members[one.camera]
        track.members[one.camera] = one.tracklet
        track.strikes.pop(one.camera, None)

    def _look(self, track: Track, one: Observation, odds: float, others: Iterable[Track]) -> None:
        """Remember how the person looks, and learn from it what similarities are worth."""
        track.looked(one.embedding)
        if track.stage is not Stage.CONFIRMED or (track.known.count >= _FIRST_LOOKS and track.doubtful(one.t)):
            return
        known = track.known.look()
        if known is not None and known.shape == one.embedding.shape:
            self._scale.learn(float(known @ one.embedding), same=True)
            for other in others:
                look = other.known.look()
                if look is not None and other.stage is Stage.CONFIRMED and not other.rivals:
                    self._scale.learn(float(look @ one.embedding), same=False)
        if odds > -self.settings.appearance_limit / 2:
            track.known.add(one.embedding)

    def _update(self, track: Track, t: float, seen: list[Observation]) -> None:
        floors = np.array([one.floor for one in seen])
        covs = np.array([one.covariance for one in seen]) * self.settings.bias_factor
        track.mean, track.cov = motion.update(track.mean, track.cov, floors, covs, self.settings.top_speed)
        track.mean[:2] = self._area.beside_obstacle(track.mean[:2])
        track.seen, track.seen_at = t, track.mean[:2].copy()
        track.ticks += 1
        track.boxes = {one.camera: one.box for one in seen}
        for one in seen:
            track.saw(one.camera)

    def _begin(self, t: float) -> None:
        """Begin provisional tracks of what belongs to nobody."""
        loose = [one for one, track in self.assignments if track is None and not self._strayed(one, t)]
        begun: dict[int, Track] = {}
        for group in grouped(loose, self._scale):
            floor = group[0].floor
            if self._area.outside_m(floor)[0] > 0.5:
                continue
            mean, cov = motion.initial(floor, group[0].covariance * self.settings.bias_factor)
            track = Track(self._nobody(), mean, cov, t, floor.copy(), t, floor.copy())
            for one in group:
                track.members[one.camera] = one.tracklet
                track.looked(one.embedding)
                track.saw(one.camera)
                begun[id(one)] = track
            track.boxes = {one.camera: one.box for one in group}
            self._tracks.append(track)
        self.assignments = [(one, track or begun.get(id(one))) for one, track in self.assignments]

    def _nobody(self) -> Person:
        """Somebody who was not known before."""
        self._next += 1
        return Person(self._next - 1)

    def _strayed(self, one: Observation, t: float) -> bool:
        """Whether the observation's tracklet belongs to somebody followed, and only its place is off for a while."""
        for track in self._tracks:
            if track.members.get(one.camera) == one.tracklet and t - track.seen < self.settings.direct_seconds:
                strikes = track.strikes.get(one.camera, 0) + 1
                track.strikes[one.camera] = strikes
                if strikes >= _STRIKES:
                    del track.members[one.camera], track.strikes[one.camera]
                return strikes < _STRIKES
        return False

    def _believe(self, t: float) -> None:
        """Confirm provisional tracks, or find in them somebody who was lost."""
        settings = self.settings
        for track in [one for one in self._tracks if one.stage is Stage.PROVISIONAL and one.seen == t]:
            entering = self._was_there(track) or bool(self._area.area.entrance_gap(track.born_at)[0] <= 0)
            vouched = self._vouched(track)
            needed = settings.confirm_ticks if entering else settings.relink_ticks
            if track.ticks < (needed if vouched else settings.lonely_ticks):
                continue
            lost = [one for one in self._tracks if one.stage is Stage.CONFIRMED and t - one.seen > 0.25]
            ended = [one for one in self._ended if t - one.seen < settings.ended_seconds]
            self_of = self._identities.lost_self(track, lost + ended, t, entering)
            if self_of is not None:
                self._resume(self_of, track)
            elif self._identities.suspected(track, self._tracks):
                continue
            elif (entering and vouched) or self._intruder(track, t):
                track.stage = Stage.CONFIRMED
                track.person.entered = entering

    def _was_there(self, track: Track) -> bool:
        """Whether somebody was in the store before it was watched, and so need not have come through a gate."""
        return self._first is not None and track.born - self._first <= self.settings.opening_seconds

    def _vouched(self, track: Track) -> bool:
        """Whether a second camera has seen it too, or none could."""
        if track.second_opinion >= self.settings.vouching_ticks:
            return True
        head = np.append(track.place, _CHEST_M)
        views = (camera.project(head)[0] / (camera.width, camera.height) for camera in self._cameras.values())
        return sum(bool(((pixel >= 0) & (pixel < 1)).all()) for pixel in views) < 2

    def _intruder(self, track: Track, t: float) -> bool:
        """Whether somebody who appeared in an aisle has been seen too well to be a mistake."""
        age = t - track.born
        if age >= self.settings.intruder_seconds and track.second_opinion >= 0.3 * track.ticks:
            return True
        walked = float(np.linalg.norm(track.place - track.born_at))
        return age >= self.settings.loner_seconds and walked >= self.settings.loner_metres

    def _resume(self, lost: Track, found: Track) -> None:
        absorb(lost, found)
        self._tracks = [one for one in self._tracks if one is not found and one is not lost] + [lost]
        self._ended = [one for one in self._ended if one is not lost]
        self.assignments = [(one, lost if track is found else track) for one, track in self.assignments]

    def _merge(self, t: float) -> None:
        seen = [one for one in self._tracks if one.seen == t]
        for older in [one for one in seen if one.stage is Stage.CONFIRMED]:
            for newer in seen:
                later = newer.stage is Stage.PROVISIONAL or newer.born > older.born
                if newer is not older and later and self._identities.is_double(older, newer):
                    other = unite(older, newer, self._identities)
                    self._tracks = [one for one in self._tracks if one is not newer]
                    if other is not None:
                        self._tracks.append(self._absent(other, older, t))
                    self.assignments = [(one, older if who is newer else who) for one, who in self.assignments]
                    return

    def _settle(self, t: float) -> None:
        known = [one for one in self._tracks if one.stage is Stage.CONFIRMED]
        recent = [one for one in known if t - one.seen <= self.settings.direct_seconds]
        self._identities.note_contacts(recent, t)
        self._identities.settle_contacts(recent, t)
        if self._ticks % _LEARN_EVERY == 0:
            self._identities.learn([one for one in recent if one.seen == t])
        if self._audit.due(t):
            here = [one for one in self._tracks if t - one.seen <= _HERE_S]
            lost = [one for one in known if t - one.seen > _HERE_S]
            self._reassign(self._audit.changes(here, lost, t, self._identities.scale), t)

    def _reassign(self, changes: Mapping[Track, Person | None], t: float) -> None:
        """Let tracks follow other people than was believed; who was believed there and is nowhere now is lost."""
        if not changes:
            return
        found = set(changes.values())
        gone = [track for track in changes if track.person not in found and track.person.entered]
        absent = [self._absent(track.person, track, t) for track in gone]
        self._tracks = [one for one in self._tracks if one in changes or one.person not in found] + absent
        for track, person in changes.items():
            track.person, track.stage = person or self._nobody(), Stage.CONFIRMED
            track.rivals.clear()
            track.doubles.clear()

    def _absent(self, person: Person, near: Track, t: float) -> Track:
        """Somebody who was believed to be where `near` is and is not: lost there."""
        seen = t - self.settings.hold_seconds
        return Track(
            person, near.mean.copy(), near.cov.copy(), near.born, near.born_at, seen, near.place.copy(), Stage.CONFIRMED
        )

    def _end(self, t: float) -> None:
        settings = self.settings
        kept = []
        for track in self._tracks:
            unseen = t - track.seen
            if track.stage is Stage.PROVISIONAL:
                if unseen < settings.provisional_patience:
                    kept.append(track)
            elif self._left(track, unseen):
                track.stage = Stage.ENDED
                self._ended.append(track)
            elif unseen < (settings.direct_seconds if self._ghostly(track) else settings.memory_seconds):
                kept.append(track)
        self._tracks = _newest(kept, settings.max_tracks)
        self._ended = _newest(
            [one for one in self._ended if t - one.seen < settings.ended_seconds], settings.max_tracks
        )

    def _ghostly(self, track: Track) -> bool:
        """Whether nobody was seen to come in as this one, and little was seen of it since."""
        return not track.person.entered and track.known.count < self.settings.ghost_looks

    def _left(self, track: Track, unseen: float) -> bool:
        """Whether somebody unseen has gone out rather than behind somebody else who waits at the door."""
        if unseen > 0.25 and self._area.outside_m(track.place)[0] > 0.1:
            return True
        patience = self.settings.exit_patience
        if unseen < patience or self._area.area.entrance_gap(track.seen_at)[0] > 0:
            return False
        return self._area.inside_m(track.seen_at) < _DOORSTEP_M or unseen >= patience * _WAITING_FACTOR

    def _shown(self, track: Track, t: float) -> bool:
        unseen = t - track.seen
        if self._area.outside_m(track.place)[0] > 0.05:
            return False
        if track.stage is Stage.PROVISIONAL:
            return unseen == 0
        if unseen <= self.settings.coast_seconds:
            return True
        return track.speed < self.settings.still_speed and unseen <= self.settings.hold_seconds

    def _report(self, track: Track, t: float) -> FloorTrack:
        x, y, vx, vy = (float(value) for value in track.mean)
        confirmed = track.stage is Stage.CONFIRMED
        cameras = track.cameras if track.seen == t else ()
        return FloorTrack(track.id, t, x, y, track.sd, vx, vy, confirmed, (), cameras)


def _by_camera(observations: Sequence[Observation]) -> list[list[Observation]]:
    cameras: dict[str, list[Observation]] = {}
    for one in observations:
        cameras.setdefault(one.camera, []).append(one)
    return list(cameras.values())


def _newest(tracks: list[Track], most: int) -> list[Track]:
    if len(tracks) <= most:
        return tracks
    return sorted(tracks, key=lambda track: track.seen)[-most:]
