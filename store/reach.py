"""Who could have reached: how strongly places, paces and hands say that a person touched some plates at some time.

Strengths are likelihood ratios: how much likelier what was seen is if this person did it than if somebody else
did. A hand in the plate's space speaks loudest, a body before it speaks quietly, hands seen elsewhere all the while
speak against; and each hand speaks the louder the surer its place is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, hypot

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from store.events import HandPosition, TrackPosition
from store.planogram import Plate
from store.visit import Member
from store.whereabouts import Whereabouts


class ReachSettings(BaseModel):
    """How positions speak."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    before_s: float = Field(default=0.5, ge=0, le=3, description="hands count from so long before the change, seconds")
    after_s: float = Field(
        default=0.1, ge=0, le=3, description="and until so long after the weight is at rest, seconds"
    )
    moment_s: float = Field(default=0.25, ge=0, le=2, description="from the plate's first move to the grip, seconds")
    moment_sd_s: float = Field(default=0.25, gt=0, le=2, description="softness of that moment, seconds")
    arm_m: float = Field(default=0.75, gt=0, le=2, description="from the body to what it still reaches easily, metres")
    arm_sd_m: float = Field(default=0.2, gt=0, le=2, description="softness of that reach, metres")
    beside_sd_m: float = Field(default=0.3, gt=0, le=5, description="how far beside a plate people stand, metres")
    body_error: float = Field(default=0.03, ge=0, lt=1, description="probability that a body is misplaced badly")
    hand_sd_m: float = Field(default=0.12, gt=0, le=1, description="error of hands beyond what is stated, metres")
    hand_error: float = Field(default=0.15, gt=0, lt=1, description="probability that a hand is no hand of theirs")
    hand_unseen: float = Field(
        default=1.5,
        gt=0,
        le=10,
        description="ratio of a hand that no camera sees: shelf and body hide hands that reach",
    )
    idle_sd_m: float = Field(default=0.4, gt=0, le=2, description="how far idle hands are from the body, metres")
    idle_height_m: float = Field(default=1.0, gt=0, le=2, description="how high idle hands are, metres")
    loudest: float = Field(default=60.0, gt=1, le=1e6, description="greatest ratio of one hand")
    item_m: float = Field(default=0.3, gt=0, le=1, description="height above the plate in which hands grip, metres")
    lost_m_s: float = Field(
        default=0.5, gt=0, le=3, description="how fast a lost member's place blurs, metres a second"
    )
    still_m_s: float = Field(
        default=0.3, gt=0, le=3, description="how fast people still move who reach, metres a second"
    )
    walking: float = Field(default=0.05, gt=0, lt=1, description="ratio of somebody who walks past")
    unknown_share: float = Field(default=0.3, ge=0, le=1, description="weight of tracks that belong to no visit")
    floor: float = Field(default=1e-5, gt=0, lt=0.1, description="least ratio, as cameras err")


@dataclass(frozen=True, slots=True)
class Place:
    """The space of one change: the plates' common box, its front, and the time in which hands were there."""

    x: float
    y: float
    z: float
    front: tuple[float, float]
    half_width: float
    half_depth: float
    started: float
    settled: float


def place_of(plates: Sequence[Plate], started: float, settled: float) -> Place:
    """The common box of adjacent plates of one shelf; `started` and `settled` in seconds."""
    count = len(plates)
    x, y, z = (sum(plate.position[axis] for plate in plates) / count for axis in range(3))
    front = plates[0].front
    along = [-(plate.position[0] - x) * front[1] + (plate.position[1] - y) * front[0] for plate in plates]
    half = (max(along) - min(along)) / 2 + plates[0].size[0] / 2
    return Place(x, y, z, front, half, plates[0].size[1] / 2, started, settled)


class Reach:
    """Judges members by where they and their hands were."""

    def __init__(self, where: Whereabouts, settings: ReachSettings | None = None) -> None:
        self.where, self.settings = where, settings or ReachSettings()

    def member(self, member: Member, place: Place) -> float:
        """Ratio for a member of a visit, tracked or not."""
        if member.entered > place.settled or (member.left is not None and member.left < place.started - 1.0):
            return 0.0
        if member.track is not None:
            ratio = self.track(member.track, place)
            if ratio is not None:
                return ratio
        return self._unseen(member, place)

    def track(self, track: int, place: Place) -> float | None:
        """Ratio for a track, None where it was not seen at that time."""
        settings = self.settings
        path = self.where.between(track, place.started - settings.before_s, place.settled + settings.after_s)
        if not path:
            return None
        ratio = self._body_over(path, place) * self._still(path, place) * self._hands(path, place)
        return max(settings.floor, ratio)

    def _moment(self, t: float, place: Place) -> float:
        """Weight of what is seen at `t`: the hand is there soon after the plate first moves."""
        return exp(-0.5 * ((t - place.started - self.settings.moment_s) / self.settings.moment_sd_s) ** 2) + 1e-3

    def _body_over(self, path: Sequence[TrackPosition], place: Place) -> float:
        """Ratio of the body, averaged over the moment."""
        weights = [self._moment(p.t, place) for p in path]
        ratios = [self.body(p.x, p.y, p.sd, place) for p in path]
        return sum(w * ratio for w, ratio in zip(weights, ratios, strict=True)) / sum(weights)

    def _still(self, path: Sequence[TrackPosition], place: Place) -> float:
        """Ratio of the speed at the moment, by the line that fits the path best: who reaches into a shelf stands."""
        weights = np.array([self._moment(p.t, place) for p in path])
        times = np.array([p.t for p in path])
        places = np.array([(p.x, p.y) for p in path])
        late = times - np.average(times, weights=weights)
        spread = float((weights * late**2).sum())
        if len(path) < 3 or spread < 1e-6:
            return 1.0
        speed = hypot(*((weights * late) @ (places - np.average(places, axis=0, weights=weights)) / spread))
        return self.settings.walking + (1 - self.settings.walking) * exp(-0.5 * (speed / self.settings.still_m_s) ** 2)

    def body(self, x: float, y: float, sd: float, place: Place) -> float:
        """Ratio of standing at (x, y): within an arm's length, in front of the shelf, not far beside."""
        out = (x - place.x) * place.front[0] + (y - place.y) * place.front[1] - place.half_depth
        beside = abs(-(x - place.x) * place.front[1] + (y - place.y) * place.front[0])
        beside = max(0.0, beside - place.half_width)
        far = max(0.0, hypot(max(0.0, out), beside) - self.settings.arm_m)
        behind = max(0.0, -out)
        soft = self.settings.arm_sd_m**2 + sd**2
        wide = self.settings.beside_sd_m**2 + sd**2
        chi = min((far**2 + behind**2) / soft + beside**2 / wide, 200.0)
        # A tail three times as wide: now and then tracking errs by more than it knows.
        return (1 - self.settings.body_error) * exp(-0.5 * chi) + self.settings.body_error * exp(-0.5 * chi / 9)

    def _hands(self, path: Sequence[TrackPosition], place: Place) -> float:
        """Ratio of the hands, averaged over the moment; one of the two does it, and what is not seen says little."""
        space = _space(place, self.settings.item_m)
        weights = [self._moment(p.t, place) for p in path]
        ratios = [
            sum(
                [self.hand(hand, (p.x, p.y), space) for hand in p.hands], self.settings.hand_unseen * (2 - len(p.hands))
            )
            / 2
            for p in path
        ]
        return sum(w * ratio for w, ratio in zip(weights, ratios, strict=True)) / sum(weights)

    def hand(self, hand: HandPosition, body: tuple[float, float], space: NDArray[np.float64]) -> float:
        """Ratio of one hand: seen where it is, in the plates' space (P, 3) rather than idle about the body."""
        settings = self.settings
        xx, xy, xz, yy, yz, zz = hand.covariance or (hand.sd**2, 0, 0, hand.sd**2, 0, hand.sd**2)
        spread = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]) + np.eye(3) * settings.hand_sd_m**2
        seen = np.array((hand.x, hand.y, hand.z))
        there = float(_density(seen - space, spread).mean())
        idle = _density((seen - (*body, settings.idle_height_m))[None], spread + np.eye(3) * settings.idle_sd_m**2)[0]
        ratio = min(there / max(float(idle), 1e-12), settings.loudest)
        ratio = settings.hand_error + (1 - settings.hand_error) * ratio
        # A hidden hand is guessed to hang, for that is what most do.
        return ratio if ratio > settings.hand_unseen else hand.seen * ratio + (1 - hand.seen) * settings.hand_unseen

    def _unseen(self, member: Member, place: Place) -> float:
        """Ratio for somebody whom no camera followed then: anywhere near where they were last seen."""
        gap = max(0.0, place.started - member.seen)
        sd = min(0.4 + self.settings.lost_m_s * gap, 2.5)
        away = max(0.0, hypot(member.x - place.x, member.y - place.y) - self.settings.arm_m)
        share = min(1.0, self.settings.arm_m**2 / (2 * sd**2))
        ratio = share * exp(-0.5 * min((away / sd) ** 2, 200.0))
        return max(10 * self.settings.floor, ratio)


def _space(place: Place, height: float) -> NDArray[np.float64]:
    """(18, 3) points in metres all over the space above some plates in which hands grip."""
    across, out = np.array((-place.front[1], place.front[0])), np.array(place.front)
    return np.array(
        [
            (*(np.array((place.x, place.y)) + a * place.half_width * across + d * place.half_depth * out), place.z + z)
            for a in (-0.7, 0.0, 0.7)
            for d in (-0.5, 0.2, 0.9)
            for z in (0.3 * height, 0.8 * height)
        ]
    )


def _density(gaps: NDArray[np.float64], spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) densities at gaps (N, 3) from the middle of a normal distribution of covariance (3, 3)."""
    chi = np.einsum("ni,ij,nj->n", gaps, np.linalg.inv(spread), gaps)
    return np.asarray(np.exp(-0.5 * chi) / np.sqrt((2 * np.pi) ** 3 * np.linalg.det(spread)))
