"""Scans, light beams and tracks become visits with members, and members leave."""

import pytest

from store.accounts import Accounts
from store.errors import BadInput
from store.events import GateCrossing, GateRefused, GateScan, MemberLeft, StoreEvent, TrackPosition, VisitLinked
from store.gate import Gates
from store.planogram import Gate
from store.whereabouts import Whereabouts

DOOR = Gate("door", 0.0, 0.0, "both")


class Lobby:
    """A gate at the origin, and tracks that walk on straight lines (track: start time, way points per tenth)."""

    def __init__(self) -> None:
        self.events: list[StoreEvent] = []
        self.gates = Gates([DOOR], Accounts({"a": "ann", "b": "bob"}), self.events.append)
        self.where = Whereabouts()

    def tick(self, t: float, **tracks: tuple[float, float]) -> None:
        self.where.update(t, [TrackPosition(int(name[1:]), t, *spot, 0.1) for name, spot in tracks.items()])
        self.gates.update(self.where)

    def owner(self, track: int) -> str | None:
        member = self.gates.owner.get(track)
        return None if member is None else self.gates.visits[member.visit].account


def enter(lobby: Lobby, token: str, t: float) -> None:
    lobby.gates.scan(GateScan(t - 0.5, "door", token))
    lobby.gates.crossing(GateCrossing(t, "door", "in"))


def test_the_track_at_the_gate_becomes_the_members():
    lobby = Lobby()
    enter(lobby, "a", 1.0)
    for step in range(10, 20):
        lobby.tick(step / 10, t1=(0.0, (step - 10) * 0.13), t2=(3.0, 3.0))
    assert lobby.owner(1) == "ann"
    assert lobby.owner(2) is None


def test_a_track_that_appears_late_is_still_linked():
    lobby = Lobby()
    enter(lobby, "a", 1.0)
    for step in range(10, 40):
        tracks = {"t1": (0.0, (step - 10) * 0.13)} if step > 22 else {}
        lobby.tick(step / 10, **tracks)
    assert lobby.owner(1) == "ann"


def test_two_who_enter_one_after_the_other_are_not_mixed_up():
    lobby = Lobby()
    enter(lobby, "a", 1.0)
    for step in range(10, 18):
        lobby.tick(step / 10, t1=(0.0, (step - 10) * 0.13))
    enter(lobby, "b", 1.8)
    for step in range(18, 30):
        lobby.tick(step / 10, t1=(0.0, (step - 10) * 0.13), t2=(0.0, (step - 18) * 0.13))
    assert (lobby.owner(1), lobby.owner(2)) == ("ann", "bob")


def test_who_comes_in_is_not_taken_for_who_goes_out_at_the_same_gate():
    lobby = Lobby()
    enter(lobby, "a", 1.0)
    for step in range(10, 60):
        lobby.tick(step / 10, t1=(0.0, min(2.0, (step - 10) * 0.13)))
    enter(lobby, "b", 6.0)
    for step in range(60, 100):
        out = {"t1": (0.2, 2.0 - (step - 60) * 0.1)} if step < 81 else {}
        lobby.tick(step / 10, t2=(0.0, (step - 60) * 0.07), **out)
        if step == 80:
            lobby.gates.crossing(GateCrossing(8.0, "door", "out"))
    left = [event for event in lobby.events if isinstance(event, MemberLeft)]
    assert [event.visit for event in left] == ["visit-1"]
    assert lobby.owner(2) == "bob"


def test_who_is_seen_inside_after_leaving_has_not_left():
    lobby = Lobby()
    enter(lobby, "a", 1.0)
    for step in range(10, 30):
        lobby.tick(step / 10, t1=(0.0, (step - 10) * 0.1))
    enter(lobby, "b", 3.0)
    for step in range(30, 60):
        lobby.tick(step / 10, t1=(0.0, 2.0), t2=(0.0, (step - 30) * 0.1))
    # bob's track dies before he leaves, and ann stands by the gate when he does
    for step in range(60, 80):
        lobby.tick(step / 10, t1=(0.5, 0.6))
    lobby.gates.crossing(GateCrossing(8.0, "door", "out"))
    for step in range(80, 120):
        lobby.tick(step / 10, t1=(0.5, min(3.0, 0.6 + (step - 80) * 0.1)))
    inside = {member.visit for member in lobby.gates.members()}
    assert inside == {"visit-1"}


def test_a_party_scans_the_same_token_and_is_one_visit():
    lobby = Lobby()
    enter(lobby, "a", 1.0)
    enter(lobby, "a", 2.0)
    assert [visit.people for visit in lobby.gates.visits.values()] == [2]


def test_a_track_that_begins_where_anothers_ended_continues_it():
    lobby = Lobby()
    enter(lobby, "a", 1.0)
    for step in range(10, 30):
        lobby.tick(step / 10, t1=(0.0, (step - 10) * 0.1))
    for step in range(30, 45):
        lobby.tick(step / 10)
    for step in range(45, 60):
        lobby.tick(step / 10, t7=(0.4, 2.5))
    assert lobby.owner(7) == "ann"
    assert [event.how for event in lobby.events if isinstance(event, VisitLinked)] == ["gate", "relinked"]


def test_a_token_of_no_account_opens_no_visit():
    lobby = Lobby()
    assert lobby.gates.scan(GateScan(1.0, "door", "stolen")) is None
    assert any(isinstance(event, GateRefused) for event in lobby.events)
    assert not lobby.gates.visits


def test_an_unknown_gate_is_refused():
    with pytest.raises(BadInput, match="door"):
        Lobby().gates.scan(GateScan(1.0, "window", "a"))
