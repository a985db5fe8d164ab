"""Who could have reached: how strongly positions and hands say that a person touched some plates at some time.

Strengths are likelihood ratios: how much likelier what was seen is if this person did it than if a passer-by's
whereabouts were seen. A hand in the plate's space speaks loudest, a body before it speaks quietly, a hand seen
elsewhere all the while speaks against.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, hypot, sqrt

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
    moment_s: float = Field(default=0.2, ge=0, le=2, description="from the plate's first move to the grip, seconds")
    moment_sd_s: float = Field(default=0.25, gt=0, le=2, description="softness of that moment, seconds")
    arm_m: float = Field(default=0.75, gt=0, le=2, description="from the body to what it still reaches easily, metres")
    arm_sd_m: float = Field(default=0.2, gt=0, le=2, description="softness of that reach, metres")
    beside_sd_m: float = Field(default=0.45, gt=0, le=5, description="how far beside a plate people stand, metres")
    hand_sd_m: float = Field(
        default=0.12, gt=0, le=1, description="wrist against plate, beyond the hand's own sd, metres"
    )
    hand_near: float = Field(default=12.0, gt=1, le=1000, description="ratio of a hand in the plate's space")
    hand_far: float = Field(default=0.15, gt=0, lt=1, description="ratio of hands seen elsewhere all the while")
    hand_unseen: float = Field(default=0.5, gt=0, le=1, description="ratio when no hand is seen")
    item_m: float = Field(default=0.3, gt=0, le=1, description="height above the plate in which hands grip, metres")
    lost_m_s: float = Field(
        default=0.5, gt=0, le=3, description="how fast a lost member's place blurs, metres a second"
    )
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
        body = self._body_over(path, place)
        return max(settings.floor, body * self._hands(path, place))

    def _moment(self, t: float, place: Place) -> float:
        """Weight of what is seen at `t`: the hand is there soon after the plate first moves."""
        return exp(-0.5 * ((t - place.started - self.settings.moment_s) / self.settings.moment_sd_s) ** 2) + 1e-3

    def _body_over(self, path: Sequence[TrackPosition], place: Place) -> float:
        """Ratio of the body, averaged over the moment."""
        weights = [self._moment(p.t, place) for p in path]
        ratios = [self.body(p.x, p.y, p.sd, place) for p in path]
        return sum(w * ratio for w, ratio in zip(weights, ratios, strict=True)) / sum(weights)

    def body(self, x: float, y: float, sd: float, place: Place) -> float:
        """Ratio of standing at (x, y): within an arm's length, in front of the shelf, not far beside."""
        out = (x - place.x) * place.front[0] + (y - place.y) * place.front[1] - place.half_depth
        beside = abs(-(x - place.x) * place.front[1] + (y - place.y) * place.front[0])
        beside = max(0.0, beside - place.half_width)
        far = max(0.0, hypot(max(0.0, out), beside) - self.settings.arm_m)
        behind = max(0.0, -out)
        soft = self.settings.arm_sd_m**2 + sd**2
        wide = self.settings.beside_sd_m**2 + sd**2
        return exp(-0.5 * min((far**2 + behind**2) / soft + beside**2 / wide, 200.0))

    def _hands(self, path: Sequence[TrackPosition], place: Place) -> float:
        """Ratio of the nearer hand, averaged over the moment; what was not seen of it counts as unseen."""
        unseen = self.settings.hand_unseen
        weights = [self._moment(p.t, place) for p in path]
        ratios = [max([self.hand(hand, place) for hand in p.hands], default=unseen) for p in path]
        return sum(w * ratio for w, ratio in zip(weights, ratios, strict=True)) / sum(weights)

    def hand(self, hand: HandPosition, place: Place) -> float:
        """Ratio of one hand: by its distance from the space above the plates, reaching a little out in front."""
        settings = self.settings
        dx, dy = hand.x - place.x, hand.y - place.y
        out = dx * place.front[0] + dy * place.front[1]
        beside = max(0.0, abs(-dx * place.front[1] + dy * place.front[0]) - place.half_width)
        depth = max(0.0, out - place.half_depth - 0.1, -out - place.half_depth)
        height = max(0.0, hand.z - place.z - settings.item_m, place.z - 0.1 - hand.z)
        sd = sqrt(settings.hand_sd_m**2 + hand.sd**2)
        near = exp(-0.5 * min((beside**2 + depth**2 + height**2) / sd**2, 200.0))
        return settings.hand_far + (settings.hand_near - settings.hand_far) * near

    def _unseen(self, member: Member, place: Place) -> float:
        """Ratio for somebody whom no camera followed then: anywhere near where they were last seen."""
        gap = max(0.0, place.started - member.seen)
        sd = min(0.4 + self.settings.lost_m_s * gap, 2.5)
        away = max(0.0, hypot(member.x - place.x, member.y - place.y) - self.settings.arm_m)
        share = min(1.0, self.settings.arm_m**2 / (2 * sd**2))
        ratio = self.settings.hand_unseen * share * exp(-0.5 * min((away / sd) ** 2, 200.0))
        return max(10 * self.settings.floor, ratio)
