"""The same floor linking for every peer: tracks of single cameras become one track for each person on the floor.

Peers follow boxes within one camera; a store needs one identity over all cameras. This is a plain, documented way from
the one to the other, the same for all of them. At each tick

1. every followed box is placed on the floor by the same `FootPointLocator` that ours uses;
2. sightings of different cameras are clustered, nearest first, where both distance (Mahalanobis, with the foot points'
   own covariances) and appearance agree; two sightings of one camera are one person only where two bodies have no room,
   as detectors sometimes find somebody twice;
3. a camera's track votes for the person to whom it was linked before, and keeps its votes: clusters go to the person
   with most votes of their members, one to one, if that person can be there;
4. clusters without such a person may be somebody lost who can be there by now and looks alike, else somebody new, who
   counts once seen `births` times;
5. a Kalman filter with constant velocity smooths each person's place; who is not seen coasts for `coast_s`.

It knows the walls, but neither gates nor shelves. Its thresholds were tuned on days that are not reported; see
docs/trackers.md.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.optimize import linear_sum_assignment

from tracking.floor import FloorArea

Array = NDArray[np.float64]
_NEVER = 1e6


class LinkSettings(BaseModel):
    """Thresholds of the floor linking."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    same_place: float = Field(default=14.0, gt=0, description="squared Mahalanobis distance of one person's sightings")
    same_place_m: float = Field(default=1.4, gt=0, description="and metres between them, at most")
    one_body_m: float = Field(default=0.4, ge=0, description="metres within which there is no room for two bodies")
    looks_weight: float = Field(default=8.0, ge=0, description="what 1 - cosine of two looks adds to that distance")
    reach_m: float = Field(default=0.6, gt=0, description="metres that a place may jump besides walking")
    speed: float = Field(default=1.5, gt=0, description="metres a second that the unseen may have walked")
    alike: float = Field(default=0.6, ge=-1, le=1, description="least cosine by which somebody lost is known again")
    lost_s: float = Field(default=20.0, ge=0, description="seconds after which the unseen are given up")
    births: int = Field(default=5, ge=1, description="ticks in which somebody new must have been seen")
    coast_s: float = Field(default=0.5, ge=0, description="seconds for which the unseen are still shown")
    votes: int = Field(default=10, ge=1, description="most votes that a camera's track keeps for one person")
    memory: float = Field(default=0.9, ge=0, lt=1, description="share of the old in a person's mean looks, a tick")
    acceleration: float = Field(default=1.5, gt=0, description="of people, m/s^2, for the Kalman filter")


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """Somebody whom a camera's tracker follows, at one tick.

    Args:
        source: camera and the id of its track.
        floor: (2,) metres. covariance: (2, 2) m^2.
        looks: (D,) unit vector.
    """

    source: tuple[str, int]
    floor: Array
    covariance: Array
    looks: NDArray[np.float32]


@dataclass(slots=True, eq=False)
class _Person:
    id: int
    state: Array
    covariance: Array
    looks: NDArray[np.float32]
    t: float
    last_seen: float
    seen: int = 0

    @property
    def place(self) -> Array:
        return self.state[:2]


@dataclass(slots=True, eq=False)
class _Cluster:
    members: list[Sighting]
    place: Array
    covariance: Array
    looks: NDArray[np.float32]
    votes: Counter[int] = field(default_factory=Counter)


class FloorLinker:
    """Links the tracks of all cameras, tick by tick."""

    def __init__(self, area: FloorArea, settings: LinkSettings | None = None) -> None:
        """Starts with nobody; of the area only the walls are known."""
        self.settings = settings or LinkSettings()
        self._walls = area.polygon()
        shapely.prepare(self._walls)
        self._people: dict[int, _Person] = {}
        self._votes: dict[tuple[str, int], Counter[int]] = {}
        self._next = 1

    def step(self, t: float, sightings: Sequence[Sighting]) -> list[tuple[float, int, float, float]]:
        """Rows t, track, x, y of everybody on the floor at `t` seconds."""
        for person in self._people.values():
            self._predict(person, t)
        clusters = self._clusters(sightings)
        free = self._by_votes(t, clusters)
        free = self._by_looks(t, free)
        for cluster in free:
            self._born(t, cluster)
        for who in [one.id for one in self._people.values() if t - one.last_seen > self._patience(one)]:
            del self._people[who]
        return [(t, one.id, float(one.state[0]), float(one.state[1])) for one in self._shown(t)]

    def _shown(self, t: float) -> list[_Person]:
        settings = self.settings
        return [
            one
            for one in self._people.values()
            if one.seen >= settings.births and t - one.last_seen <= settings.coast_s + 1e-6
            if shapely.contains_xy(self._walls, *one.place)
        ]

    def _patience(self, person: _Person) -> float:
        return self.settings.lost_s if person.seen >= self.settings.births else self.settings.coast_s

    def _clusters(self, sightings: Sequence[Sighting]) -> list[_Cluster]:
        """Agglomerates sightings, nearest pair first; two clusters are as far apart as their farthest members."""
        count = len(sightings)
        if count == 0:
            return []
        costs = self._pair_costs(sightings)
        groups = [[k] for k in range(count)]
        while len(groups) > 1:
            least = np.unravel_index(np.argmin(costs), costs.shape)
            if costs[least] > self.settings.same_place:
                break
            a, b = sorted(int(k) for k in least)
            groups[a] += groups.pop(b)
            merged = np.maximum(costs[a], costs[b])
            costs[a], costs[:, a], costs[a, a] = merged, merged, _NEVER
            costs = np.delete(np.delete(costs, b, 0), b, 1)
        return [self._cluster([sightings[k] for k in group]) for group in groups]

    def _pair_costs(self, sightings: Sequence[Sighting]) -> Array:
        """(N, N) squared Mahalanobis distance plus what looks add; `_NEVER` where two cannot be one person."""
        settings = self.settings
        places = np.array([one.floor for one in sightings])
        covs = np.array([one.covariance for one in sightings])
        looks = np.array([one.looks for one in sightings], np.float64)
        cameras = np.array([one.source[0] for one in sightings])
        gaps = places[:, None] - places[None]
        spread = covs[:, None] + covs[None]
        costs = np.einsum("ijk,ijk->ij", gaps, np.linalg.solve(spread, gaps[..., None])[..., 0])
        costs = costs + settings.looks_weight * (1 - looks @ looks.T)
        metres = np.linalg.norm(gaps, axis=2)
        costs[metres > settings.same_place_m] = _NEVER
        costs[(cameras[:, None] == cameras[None]) & (metres > settings.one_body_m)] = _NEVER
        np.fill_diagonal(costs, _NEVER)
        return np.asarray(costs, np.float64)

    def _cluster(self, members: list[Sighting]) -> _Cluster:
        weights = np.linalg.inv([one.covariance for one in members])
        covariance = np.linalg.inv(weights.sum(0))
        place = covariance @ np.einsum("nij,nj->i", weights, np.array([one.floor for one in members]))
        cluster = _Cluster(members, place, covariance, _unit(np.sum([one.looks for one in members], axis=0)))
        for one in members:
            cluster.votes += self._votes.get(one.source, Counter())
        return cluster

    def _by_votes(self, t: float, clusters: list[_Cluster]) -> list[_Cluster]:
        """Links clusters to the people whom their members have voted for; returns the rest."""
        people = list(self._people.values())
        score = np.array([[float(cluster.votes[person.id]) for person in people] for cluster in clusters])
        score = score.reshape(len(clusters), len(people))
        near = np.array([[self._can_be_at(t, person, cluster) for person in people] for cluster in clusters], bool)
        score *= near.reshape(score.shape)
        return self._link(t, clusters, people, score)

    def _by_looks(self, t: float, clusters: list[_Cluster]) -> list[_Cluster]:
        """Links clusters to people who are not seen otherwise, can be there and look alike; returns the rest."""
        people = [one for one in self._people.values() if one.last_seen < t]
        score = np.zeros((len(clusters), len(people)))
        for i, cluster in enumerate(clusters):
            for k, person in enumerate(people):
                cosine = float(cluster.looks @ person.looks)
                if cosine >= self.settings.alike and self._can_be_at(t, person, cluster):
                    score[i, k] = 1 + cosine
        return self._link(t, clusters, people, score)

    def _can_be_at(self, t: float, person: _Person, cluster: _Cluster) -> bool:
        reach = self.settings.reach_m + self.settings.speed * (t - person.last_seen)
        return bool(np.hypot(*(cluster.place - person.place)) <= reach)

    def _link(self, t: float, clusters: list[_Cluster], people: list[_Person], score: Array) -> list[_Cluster]:
        if score.size == 0:
            return clusters
        taken = set()
        for i, k in zip(*linear_sum_assignment(-score), strict=True):
            if score[i, k] > 0:
                self._seen(t, people[k], clusters[i])
                taken.add(int(i))
        return [cluster for i, cluster in enumerate(clusters) if i not in taken]

    def _born(self, t: float, cluster: _Cluster) -> None:
        state = np.concatenate([cluster.place, np.zeros(2)])
        covariance = np.zeros((4, 4))
        covariance[:2, :2], covariance[2:, 2:] = cluster.covariance, np.eye(2)
        person = _Person(self._next, state, covariance, cluster.looks, t, t, seen=1)
        self._people[person.id] = person
        self._next += 1
        self._vote(person, cluster)

    def _seen(self, t: float, person: _Person, cluster: _Cluster) -> None:
        gain = person.covariance[:, :2] @ np.linalg.inv(person.covariance[:2, :2] + cluster.covariance)
        person.state = person.state + gain @ (cluster.place - person.place)
        person.covariance = person.covariance - gain @ person.covariance[:2]
        memory = self.settings.memory
        person.looks = _unit(memory * person.looks + (1 - memory) * cluster.looks)
        person.last_seen, person.seen = t, person.seen + 1
        self._vote(person, cluster)

    def _vote(self, person: _Person, cluster: _Cluster) -> None:
        for one in cluster.members:
            votes = self._votes.setdefault(one.source, Counter())
            votes[person.id] = min(votes[person.id] + 1, self.settings.votes)
            for other in votes:
                if other != person.id:
                    votes[other] -= 1
            self._votes[one.source] = +votes

    def _predict(self, person: _Person, t: float) -> None:
        """Constant velocity with random acceleration; the unseen slow down, as who is lost has mostly stopped."""
        dt, person.t = t - person.t, t
        if t - person.last_seen > self.settings.coast_s:
            person.state[2:] = 0
        step = np.eye(4)
        step[0, 2] = step[1, 3] = dt
        push = np.vstack([np.eye(2) * dt**2 / 2, np.eye(2) * dt]) * self.settings.acceleration
        person.state = step @ person.state
        person.covariance = step @ person.covariance @ step.T + push @ push.T


def _unit(vector: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)
