"""Whom a weight change can be put down to: every open visit, by all tracks that may be its members'.

Cameras see some people twice and lose others. A second track beside a member's speaks for that member too; what a
track of nobody's did may have been done by any member who is lost and could have got there.
"""

from math import exp

from store.gate import Gates
from store.reach import Place, Reach, ReachSettings
from store.visit import Member
from store.whereabouts import Whereabouts, distance


class Suspects:
    """Likelihood ratios of visits for one change after another."""

    def __init__(self, gates: Gates, where: Whereabouts, settings: ReachSettings | None = None) -> None:
        self._gates, self._where = gates, where
        self.reach = Reach(where, settings)

    def ratios(self, place: Place) -> tuple[dict[str, float], float]:
        """Ratio of every open visit, and that of people who belong to none."""
        visits = [visit for visit in self._gates.visits.values() if visit.closed is None]
        members = [member for visit in visits for member in visit.members]
        own = {id(member): self.reach.member(member, place) for member in members}
        strangers = 0.0
        for track in [track for track in self._where.tracks() if track not in self._gates.owner]:
            ratio = self.reach.track(track, place) or 0.0
            double = self._gates.shadowed(track, self._where)
            if double is not None:
                own[id(double)] = max(own[id(double)], ratio)
            else:
                strangers += ratio
        missing = {id(m): self._could_be_there(m, place) for m in members if m.where in ("lost", "awaited")}
        certain = max(1.0, sum(missing.values()))
        share = 1 - self.reach.settings.unknown_share
        ratios = dict.fromkeys((visit.id for visit in visits), 0.0)
        for member in members:
            lost = share * strangers * missing.get(id(member), 0.0) / certain
            ratios[member.visit] += own[id(member)] + lost
        return ratios, strangers * (1 - share * sum(missing.values()) / certain)

    def _could_be_there(self, member: Member, place: Place) -> float:
        """How well a lost member could have got to the plates: 1 within reach, less the faster they had to walk."""
        gap = max(0.0, place.started - member.seen)
        away = max(0.0, distance(member.x, member.y, place.x, place.y) - self.reach.settings.arm_m)
        return exp(-0.5 * (away / (0.5 + gap)) ** 2)
