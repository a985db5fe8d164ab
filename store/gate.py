"""Who comes and goes: scans and light beams at the gates, linked to the tracks of those who pass.

A scan says who pays, the light beam says when somebody passes, and the tracks say where people are; no one of them
says all three. The track nearest to the gate when the beam broke becomes the member's. Tracks die and begin again
under other ids; a track that nobody owns and that begins where a member's track ended continues that member.

Whoever comes in without a scan is a guest: a visit of nobody's, followed like any other, until it shows whether they
belong to those behind whom they came in (`store.company`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.optimize import linear_sum_assignment

from store.accounts import Accounts
from store.company import CompanySettings, Guest
from store.errors import BadInput, UnknownAccount
from store.events import (
    EntryUnscanned,
    GateCrossing,
    GateRefused,
    GateScan,
    MemberEntered,
    MemberLeft,
    MemberLost,
    StoreEvent,
    VisitDoubted,
    VisitLinked,
    VisitOpened,
)
from store.planogram import Gate
from store.visit import Member, Visit
from store.whereabouts import Whereabouts, distance

IMPOSSIBLE = 1e6

TOGETHER_S = 3.0
"""Two tracks of one person have kept together for the last seconds."""


class GateSettings(BaseModel):
    """How passages are matched with tracks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scan_valid_s: float = Field(
        default=30.0, gt=0, le=600, description="a scan lets somebody pass for so long, seconds"
    )
    repeat_s: float = Field(
        default=1.0, ge=0, le=10, description="the same token again so soon, and nobody passed: the reader stammered"
    )
    stale_s: float = Field(
        default=5.0, gt=0, le=600, description="who passes is taken to have scanned since then, if anybody has, seconds"
    )
    late_s: float = Field(
        default=2.5, ge=0, le=30, description="a scan that nobody uses may be that of who passed so long before it"
    )
    at_once_s: float = Field(default=0.5, ge=0, le=10, description="scans of two so close may each be the other's")
    decide_s: float = Field(default=0.5, ge=0, le=1, description="wait after a passage before it is matched, seconds")
    link_m: float = Field(default=1.5, gt=0, le=5, description="farthest track from a gate at a passage, metres")
    await_s: float = Field(default=6.0, gt=0, le=60, description="time for a new member's track to appear, seconds")
    lost_s: float = Field(default=0.6, gt=0, le=10, description="unseen for so long, a track is lost, seconds")
    walk_m_s: float = Field(default=1.5, gt=0, le=5, description="brisk walking speed, metres a second")
    settle_s: float = Field(default=0.6, ge=0, le=10, description="age at which an unknown track can be a lost member")
    shadow_m: float = Field(
        default=0.6, gt=0, le=2, description="nearer than this, two tracks may be one person, metres"
    )
    meeting_certainty: float = Field(
        default=0.99, gt=0, le=1, description="chance that a close meeting swaps no tracks"
    )
    relink_certainty: float = Field(default=0.95, gt=0, le=1, description="chance that a track found again is theirs")
    return_s: float = Field(default=2.0, gt=0, le=30, description="who is still seen inside so long after has not left")
    beam_s: float = Field(default=0.5, ge=0, le=5, description="in and out again so soon: somebody stands in the beam")
    company: CompanySettings = CompanySettings()


@dataclass(slots=True)
class _Exit:
    """A passage outwards that still needs a member, and those it turned out not to be."""

    t: float
    gate: Gate
    excluded: list[Member] = field(default_factory=list)


@dataclass(slots=True)
class _Departure:
    """A passage outwards that was taken to be a member's, while it may still be taken back."""

    exit: _Exit
    member: Member


class Gates:
    """Opens visits, links tracks to their members, and notices who has left."""

    FIXED = frozenset({"settings", "_visit_id", "_gates", "_accounts", "_journal"})

    def __init__(
        self,
        gates: Sequence[Gate],
        accounts: Accounts,
        journal: Callable[[StoreEvent], None],
        settings: GateSettings | None = None,
        visit_id: Callable[[int], str] = "visit-{}".format,
    ) -> None:
        """`visit_id` gives the name of the visit of a number, from 1."""
        self.settings, self._visit_id = settings or GateSettings(), visit_id
        self.visits: dict[str, Visit] = {}
        self.owner: dict[int, Member] = {}
        self._gates = {gate.id: gate for gate in gates}
        self._accounts, self._journal = accounts, journal
        self._scans: dict[str, list[tuple[float, str]]] = {gate.id: [] for gate in gates}
        self._last_scan: dict[str, GateScan] = {}
        self.guests: dict[str, Guest] = {}
        self.joined: list[tuple[str, str]] = []
        self.unpaid: list[str] = []
        self._unscanned: dict[str, list[tuple[float, str]]] = {gate.id: [] for gate in gates}
        self._ahead: dict[str, tuple[float, str | None]] = {}
        self._watched = 0.0
        self._exits: list[_Exit] = []
        self._departures: list[_Departure] = []
        self._meeting: set[tuple[str, int, str, int]] = set()
        self._opened = self._came = 0

    def scan(self, scan: GateScan) -> Visit | None:
        """A token was scanned: the visit that it opens or joins, or None where no account has it."""
        self._gate(scan.gate)
        self._journal(scan)
        return self.expect(scan)

    def expect(self, scan: GateScan) -> Visit | None:
        """Lets somebody pass on a scan that stands in the journal; else as `scan`."""
        try:
            account = self._accounts.account(scan.token)
        except UnknownAccount:
            self._journal(GateRefused(scan.t, scan.gate, scan.token))
            return None
        last = self._last_scan.get(scan.gate)
        self._last_scan[scan.gate] = scan
        visit = next((v for v in self.visits.values() if v.account == account and v.closed is None), None)
        if visit and last and last.token == scan.token and scan.t - last.t < self.settings.repeat_s:
            return visit
        if visit is None:
            self._opened += 1
            visit = Visit(self._visit_id(self._opened), account, scan.t)
            self.visits[visit.id] = visit
            self._journal(VisitOpened(scan.t, visit.id, account, scan.gate))
        visit.awaited_scans += 1
        self._scans[scan.gate].append((scan.t, visit.id))
        return visit

    def crossing(self, crossing: GateCrossing) -> Visit | None:
        """Somebody passed a gate; returns the visit of a guest that begins with it."""
        gate = self._gate(crossing.gate)
        self._journal(crossing)
        if crossing.direction == "out":
            if not self._turned_back(gate, crossing.t):
                self.expect_exit(crossing)
            return None
        self._expire_scans(crossing.t)
        self._last_scan.pop(gate.id, None)
        if self._scans[gate.id]:
            self._enter(gate, crossing.t, self._take_scan(gate, crossing.t))
            return None
        self._journal(EntryUnscanned(crossing.t, gate.id))
        return self._receive(gate, crossing.t)

    def _receive(self, gate: Gate, t: float) -> Visit:
        """A guest, behind whoever passed the gate right before."""
        self._came += 1
        visit = Visit(f"guest-{self._came}", "", t)
        passed, ahead = self._ahead.get(gate.id, (float("-inf"), None))
        host = ahead if t - passed <= self.settings.company.behind_s else None
        self.visits[visit.id], self.guests[visit.id] = visit, Guest(visit.id, host)
        self._unscanned[gate.id].append((t, visit.id))
        self._enter(gate, t, visit)
        self._ahead[gate.id] = (t, host)
        return visit

    def _turned_back(self, gate: Gate, t: float) -> bool:
        """Whether a passage outwards is that of a guest who stands in the light beam and has come in just before."""
        came, name = self._unscanned[gate.id][-1] if self._unscanned[gate.id] else (float("-inf"), "")
        if t - came >= self.settings.beam_s or name not in self.guests:
            return False
        member = self.visits[name].members[0]
        member.where, member.left, member.way_out = "left", t, gate.id
        self._unscanned[gate.id].pop()
        self._dismiss(self.guests[name])
        return True

    def _dismiss(self, guest: Guest) -> None:
        """A guest who belongs to no visit has gone."""
        del self.guests[guest.visit]
        self.unpaid.append(guest.visit)

    def doubt(self, visit: Visit, t: float, reason: str) -> None:
        """Has a person look at a visit's receipt; the same reason counts once. Guests have none."""
        if reason not in visit.doubts and not visit.guest:
            visit.doubts.append(reason)
            self._journal(VisitDoubted(t, visit.id, reason))

    def _take_scan(self, gate: Gate, t: float) -> Visit:
        """The visit of whoever passes: the first who scanned, but for scans so old that their owners turned away."""
        waiting = self._scans[gate.id]
        recent = [number for number, (at, _) in enumerate(waiting) if at > t - self.settings.stale_s]
        at, name = waiting.pop(recent[0] if recent else 0)
        visit = self.visits[name]
        rivals = {other for then, other in waiting if abs(then - at) < self.settings.at_once_s and other != name}
        for one in sorted(rivals | {name} if rivals else rivals):
            self.doubt(self.visits[one], t, f"scanned at gate {gate.id} at the same moment as somebody else")
        visit.awaited_scans -= 1
        return visit

    def _enter(self, gate: Gate, t: float, visit: Visit) -> None:
        member = Member(visit.id, visit.people + 1, t, gate.x, gate.y, t, way_in=gate.id)
        visit.members.append(member)
        self._ahead[gate.id] = (t, visit.id)
        self._note(MemberEntered(t, visit.id, member.number, gate.id))

    def _note(self, event: MemberEntered | VisitLinked | MemberLost | MemberLeft) -> None:
        """Journals what befalls members; that of guests is told when they become some."""
        if not self.visits[event.visit].guest:
            self._journal(event)

    def update(self, where: Whereabouts) -> None:
        """Takes the newest positions: follows, loses, links and releases members."""
        self._expire_scans(where.t)
        self._follow(where)
        self._doubt_meetings()
        self._link_awaited(where)
        self._relink_lost(where)
        self._let_go(where)
        self._take_back(where)
        self._settle_guests(where.t)

    def finish(self, where: Whereabouts) -> None:
        """Decides the passages and the guests that are still open, because the store closes."""
        self._match_exits(self._exits, where)
        self._exits = []
        self._settle_guests(where.t, closing=True)

    def members(self) -> list[Member]:
        """Members inside the store, in order of visit."""
        return [member for visit in self.visits.values() if visit.closed is None for member in visit.inside]

    def expect_exit(self, crossing: GateCrossing) -> None:
        """Somebody passed outwards, who will be found."""
        self._exits.append(_Exit(crossing.t, self._gate(crossing.gate)))

    def restore(self, visit: Visit, same_tracks: bool = False) -> None:
        """Brings back a visit that the journal tells of, after a restart, with its members' tracks if those go on."""
        self.visits[visit.id] = visit
        for member in visit.members:
            if not same_tracks:
                member.track = member.home_track = None
            elif member.track is not None:
                self.owner[member.track] = member

    def restore_count(self, opened: int, came: int) -> None:
        """So many visits have been opened before a restart, and guests come: new ones get new names."""
        self._opened, self._came = max(self._opened, opened), max(self._came, came)

    def lose_all(self, where: Whereabouts) -> None:
        """Tracks have new numbers: nobody is followed until a track is found to be theirs."""
        for member in self.members():
            if member.where == "tracked" and member.track is not None:
                member.where = "lost"
                self._note(MemberLost(where.t, member.visit, member.number, member.track))
            member.track = member.home_track = None
        self.owner.clear()
        where.forget_tracks()

    def forget(self, visit: Visit) -> None:
        """Drops what was kept of a closed visit's tracks."""
        self._departures = [one for one in self._departures if one.member.visit != visit.id]
        self.guests.pop(visit.id, None)

    def _gate(self, name: str) -> Gate:
        if name not in self._gates:
            raise BadInput("gate event", "gate", name, ", ".join(self._gates))
        return self._gates[name]

    def _expire_scans(self, t: float) -> None:
        for gate, waiting in self._scans.items():
            while waiting and waiting[0][0] < t - self.settings.scan_valid_s:
                self.visits[waiting.pop(0)[1]].awaited_scans -= 1
            self._use_late_scans(self._gates[gate], t)

    def _use_late_scans(self, gate: Gate, t: float) -> None:
        """A scan that nobody has used was told late: it is that of who had passed without one just before."""
        settings, before = self.settings, self._unscanned[gate.id]
        before[:] = [one for one in before if one[0] > t - settings.stale_s - settings.late_s]
        for scanned, name in list(self._scans[gate.id]) if before else []:
            passed = [one for one in before if scanned - settings.late_s < one[0] <= scanned]
            if scanned > t - settings.stale_s or not passed:
                continue
            self._scans[gate.id].remove((scanned, name))
            visit = self.visits[name]
            visit.awaited_scans -= 1
            before.remove(passed[-1])
            if passed[-1][1] in self.guests:
                self._join(self.guests[passed[-1][1]], visit, 1.0)
            self.doubt(visit, t, f"the scan at gate {gate.id} was told after the passage")

    def _follow(self, where: Whereabouts) -> None:
        for member in self.members():
            if member.home_track not in (None, member.track) and where.seen(member.home_track or 0, 0.0):
                self._follow_home(member)
            if member.track is None:
                continue
            if where.seen(member.track, self.settings.lost_s):
                last = where.last(member.track)
                member.x, member.y, member.seen, member.where = last.x, last.y, last.t, "tracked"
            elif member.where == "tracked":
                member.where = "lost"
                self._note(MemberLost(where.t, member.visit, member.number, member.track))

    def _doubt_meetings(self) -> None:
        """Where two people come so close that their tracks may be swapped, both become a little less certain."""
        tracked = [member for member in self.members() if member.where == "tracked"]
        now: set[tuple[str, int, str, int]] = set()
        for one, other in combinations(tracked, 2):
            if one.visit != other.visit and distance(one.x, one.y, other.x, other.y) < self.settings.shadow_m:
                pair = (one.visit, one.number, other.visit, other.number)
                now.add(pair)
                if pair not in self._meeting:
                    one.certainty *= self.settings.meeting_certainty
                    other.certainty *= self.settings.meeting_certainty
        self._meeting = now

    def _follow_home(self, member: Member) -> None:
        """The tracker itself found the member's first track again: that outweighs our guess from continuity."""
        if member.track is not None:
            self.owner.pop(member.track, None)
        member.track = member.home_track

    def _unowned(self, where: Whereabouts) -> list[int]:
        return [track for track in where.tracks() if track not in self.owner]

    def _link_awaited(self, where: Whereabouts) -> None:
        settings = self.settings
        awaited = [m for m in self.members() if m.where == "awaited" and m.entered <= where.t - settings.decide_s]
        tracks = self._unowned(where)
        for row, column in _assign(np.array([[self._entry_cost(m, t, where) for t in tracks] for m in awaited])):
            self._link(awaited[row], tracks[column], where, "gate")
        for member in awaited:
            if member.where == "awaited" and member.entered < where.t - settings.await_s:
                member.where = "lost"

    def _entry_cost(self, member: Member, track: int, where: Whereabouts) -> float:
        """Metres between gate and track when the member passed, allowing for a walk where the track is younger."""
        position = where.nearest_in_time(track, member.entered)
        gap = abs(position.t - member.entered)
        away = distance(position.x, position.y, member.x, member.y)
        cost = max(0.0, away - self.settings.walk_m_s * gap) + 0.3 * gap + (0.0 if position.confirmed else 0.2)
        # a track that was well inside before the passage is somebody who was there already
        first = where.first(track)
        if first.t < member.entered - 1.0 and distance(first.x, first.y, member.x, member.y) > 2 * self.settings.link_m:
            cost += self.settings.link_m
        return cost if cost <= self.settings.link_m and gap < self.settings.await_s else IMPOSSIBLE

    def _relink_lost(self, where: Whereabouts) -> None:
        lost = [member for member in self.members() if member.where == "lost"]
        if not lost:
            return
        tracks = [track for track in self._unowned(where) if self._could_be_anybody(track, where)]
        for row, column in _assign(np.array([[self._relink_cost(m, t, where) for t in tracks] for m in lost])):
            self._link(lost[row], tracks[column], where, "relinked")

    def _could_be_anybody(self, track: int, where: Whereabouts) -> bool:
        """Whether a track of nobody's has lived long enough, is no newcomer's and no second track of somebody."""
        first, last = where.first(track), where.last(track)
        if not where.seen(track, self.settings.lost_s) or last.t - first.t < self.settings.settle_s:
            return False
        return not self._newcomer(track, where) and self.shadowed(track, where) is None

    def _newcomer(self, track: int, where: Whereabouts) -> bool:
        """Whether a track began at a gate where somebody is about to enter or has just entered."""
        first = where.first(track)
        expected = [self._gates[name] for name, waiting in self._scans.items() if waiting]
        spots = [(gate.x, gate.y) for gate in expected]
        spots += [(member.x, member.y) for member in self.members() if member.where == "awaited"]
        recent = first.t > where.t - self.settings.await_s
        return recent and any(distance(first.x, first.y, x, y) < 1.3 * self.settings.link_m for x, y in spots)

    def shadowed(self, track: int, where: Whereabouts) -> Member | None:
        """The member whose own track goes together with this one, as when cameras see one person twice."""
        tracked = [m for m in self.members() if m.where == "tracked" and m.track not in (None, track)]
        near = [(where.apart(track, member.track or 0, TOGETHER_S), member.seen, member) for member in tracked]
        best = min(near, default=None, key=lambda pair: pair[:2])
        return best[2] if best is not None and best[0] < self.settings.shadow_m else None

    def _relink_cost(self, member: Member, track: int, where: Whereabouts) -> float:
        """Metres per metre that the member could have walked from where one track ended to where the other was."""
        last = where.last(track)
        if last.t <= member.seen:
            return IMPOSSIBLE
        # a track that lived beside the lost one is compared when that was last seen, a later one where it began
        then = where.nearest_in_time(track, member.seen)
        gap = max(0.0, then.t - member.seen)
        away = distance(then.x, then.y, member.x, member.y)
        cost = away / (0.7 + self.settings.walk_m_s * gap) + (0.0 if last.confirmed else 0.3)
        return cost if cost < 2.0 else IMPOSSIBLE

    def _link(self, member: Member, track: int, where: Whereabouts, how: Literal["gate", "relinked"]) -> None:
        last = where.last(track)
        member.track, member.where = track, "tracked"
        member.x, member.y, member.seen = last.x, last.y, last.t
        if member.home_track is None:
            member.home_track = track
        if how == "relinked":
            member.certainty *= self.settings.relink_certainty
        self.owner[track] = member
        self._note(VisitLinked(where.t, member.visit, member.number, track, how))

    def _let_go(self, where: Whereabouts) -> None:
        ripe = [one for one in self._exits if one.t <= where.t - self.settings.decide_s]
        if ripe:
            self._exits = [one for one in self._exits if one not in ripe]
            self._match_exits(ripe, where)

    def _match_exits(self, exits: Sequence[_Exit], where: Whereabouts) -> None:
        members = self.members()
        costs = np.array([[self._exit_cost(one, member, where) for member in members] for one in exits])
        for row, column in _assign(costs):
            one, member = exits[row], members[column]
            member.where, member.left = "left", one.t
            member.way_out = one.gate.id
            self._departures.append(_Departure(one, member))
            self._note(MemberLeft(one.t, member.visit, member.number, one.gate.id))

    def _exit_cost(self, one: _Exit, member: Member, where: Whereabouts) -> float:
        """Metres between the gate and the member when somebody passed; more for members who are seen elsewhere."""
        if member in one.excluded or member.entered > one.t - 0.5:
            return IMPOSSIBLE
        if member.where == "tracked" and member.track is not None:
            then = where.nearest_in_time(member.track, one.t)
            cost = distance(then.x, then.y, one.gate.x, one.gate.y)
            later = distance(member.x, member.y, one.gate.x, one.gate.y)
            still_inside = member.seen > one.t + 0.3 and later > max(1.0, cost)
            return cost + (2.0 if still_inside else 0.0) if cost < 2.0 else IMPOSSIBLE
        gap = max(0.0, one.t - member.seen)
        away = distance(member.x, member.y, one.gate.x, one.gate.y)
        return 1.2 + max(0.0, away - self.settings.walk_m_s * gap) if gap > 0 or away < 2.5 else IMPOSSIBLE

    def _take_back(self, where: Whereabouts) -> None:
        """Whoever is still seen walking inside some time after leaving has not left: the passage was another's."""
        for departure in list(self._departures):
            member, one = departure.member, departure.exit
            if where.t < one.t + self.settings.return_s:
                continue
            self._departures.remove(departure)
            if member.track is None or not where.seen(member.track, 0.3):
                continue
            last = where.last(member.track)
            gates: Iterable[Gate] = self._gates.values()
            if min(distance(last.x, last.y, gate.x, gate.y) for gate in gates) < 1.2:
                continue
            member.where, member.left, member.way_out = "tracked", None, ""
            self._exits.append(_Exit(one.t, one.gate, [*one.excluded, member]))

    def held(self, visit: Visit) -> bool:
        """Whether somebody who is still inside, or has just left, may belong to a visit."""
        return any(guest.host == visit.id and not guest.settled for guest in self.guests.values())

    def _settle_guests(self, t: float, closing: bool = False) -> None:
        """Watches guests beside those behind whom they came, and decides whose they are as soon as that is clear."""
        seconds, self._watched = min(1.0, t - self._watched), t
        for guest in list(self.guests.values()):
            own = self.visits[guest.visit]
            host = self.visits[guest.host] if guest.host is not None else None
            if not guest.settled and (host is None or host.closed is not None):
                guest.settled = True
            if not guest.settled and host is not None:
                followed = [member for member in host.members if member.where == "tracked"]
                if own.members[0].where == "tracked":
                    guest.seen(own.members[0], followed, seconds, self.settings.company)
                self._settle(guest, own, host, t, closing)
            if guest.settled and guest.visit in self.guests and (closing or self._gone(own, t)):
                self._dismiss(guest)

    def _gone(self, visit: Visit, t: float) -> bool:
        """Whether all members have left, so long ago that it is certain."""
        return visit.last_left is not None and t > visit.last_left + self.settings.return_s

    def _settle(self, guest: Guest, own: Visit, host: Visit, t: float, closing: bool) -> None:
        """Decides where both have left, or where one has been gone for too long without the other."""
        left, hosts_left = own.members[0].left, [one.left for one in host.members if one.left is not None]
        if not closing and left is None and host.last_left is None:
            return
        both = left is not None and bool(hosts_left)
        apart = min((abs((t if left is None else left) - one) for one in hosts_left), default=t - (left or t))
        probability = guest.belongs(apart, both, self.settings.company)
        if closing or (self._gone(own, t) and self._gone(host, t)):
            if probability >= self.settings.company.belongs:
                self._join(guest, host, probability)
                self.doubt(host, t, "somebody without a scan came, stayed and left with them")
                return
        elif probability >= self.settings.company.wait:
            return
        guest.settled = True
        host.members[0].certainty *= 1 - probability

    def _join(self, guest: Guest, host: Visit, certainty: float) -> None:
        """A guest was one of a visit's party all along."""
        own, guest.settled = self.visits[guest.visit], True
        for member in own.members:
            member.visit, member.number = host.id, host.people + 1
            member.certainty *= certainty
            host.members.append(member)
            self._note(MemberEntered(member.entered, host.id, member.number, member.way_in))
            if member.track is not None:
                self._note(VisitLinked(self._watched, host.id, member.number, member.track, "gate"))
            if member.left is not None:
                self._note(MemberLeft(member.left, host.id, member.number, member.way_out))
        own.members, own.closed = [], self._watched
        del self.guests[guest.visit]
        self.joined.append((guest.visit, host.id))


def _assign(costs: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Pairs (row, column) of least total cost, leaving out impossible ones."""
    if costs.size == 0:
        return []
    rows, columns = linear_sum_assignment(costs)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(row, column) for row, column in pairs if costs[row, column] < IMPOSSIBLE]
