"""Who everybody is, held against everybody's looks: what single pairs of tracks cannot settle."""

import numpy as np
import pytest

from tests.tracking.test_floor import DOOR_TO_AISLE, Stage, line, look, still
from tracking.floor.appearance import SimilarityScale
from tracking.floor.audit import Audit
from tracking.floor.identity import Identities, unite
from tracking.floor.settings import FloorSettings
from tracking.floor.track import Person, Track
from tracking.floor.track import Stage as TrackStage

SETTINGS = FloorSettings()


def track(
    number: int, looks_like: int, known_as: int, place: tuple[float, float] = (1.0, 1.0), seen: float = 0.0
) -> Track:
    """A confirmed track of person `number`, whose gallery shows `known_as`, where `looks_like` is seen now."""
    rng = np.random.default_rng(number)
    where = np.array(place)
    person = Person(number, entered=True)
    made = Track(person, np.append(where, (0.0, 0.0)), np.eye(4), 0.0, where, seen, where, TrackStage.CONFIRMED)
    for _ in range(60):
        made.looked(look(looks_like, rng))
        person.known.add(look(known_as, rng))
    return made


def audited(here: list[Track], lost: list[Track], times: int) -> dict[int, int | None]:
    """Number of the track -> number of who it is found to be, by the audit that is the `times`-th in a row."""
    audit, scale = Audit(SETTINGS), SimilarityScale(same=0.85, different=0.4, sd=0.15)
    found = [audit.changes(here, lost, 100.0 + k, scale) for k in range(times)]
    return {one.id: None if person is None else person.id for one, person in found[-1].items()}


def test_three_who_were_passed_round_are_put_right_together_once_seen_often_enough() -> None:
    ring = [track(1, looks_like=2, known_as=1), track(2, looks_like=3, known_as=2), track(3, looks_like=1, known_as=3)]
    for one in ring:
        one.rivals = {other.id: 99.0 for other in ring if other is not one}
    assert audited(ring, [], SETTINGS.audit_times - 1) == {}
    assert audited(ring, [], SETTINGS.audit_times) == {1: 2, 2: 3, 3: 1}


def test_nothing_is_changed_where_everybody_looks_like_themselves() -> None:
    assert audited([track(k, k, k) for k in range(5)], [track(9, 9, 9)], 5) == {}


def test_somebody_lost_is_found_under_a_name_that_nobody_came_in_by() -> None:
    stranger = track(2, looks_like=1, known_as=1)
    stranger.person.entered = False
    assert audited([stranger], [track(1, 1, 1)], SETTINGS.audit_times) == {2: 1}


def test_nobody_is_found_where_they_cannot_have_walked() -> None:
    stranger = track(2, looks_like=1, known_as=1, place=(60.0, 1.0))
    stranger.person.entered = False
    assert audited([stranger], [track(1, 1, 1, seen=99.0)], SETTINGS.audit_times) == {}


def test_whoever_takes_the_place_of_somebody_else_leaves_them_nobody_known() -> None:
    thief, owner = track(1, looks_like=7, known_as=1), track(2, looks_like=1, known_as=2)
    owner.person.entered = False
    assert audited([thief, owner], [], SETTINGS.audit_times) == {1: None, 2: 1}


def test_too_few_looks_prove_nothing() -> None:
    stranger = track(2, looks_like=1, known_as=2)
    stranger.fresh.count = 5
    assert audited([stranger], [track(1, 1, 1)], 5) == {}


def test_whoever_is_dragged_away_and_seen_elsewhere_is_still_themselves() -> None:
    """A track that followed somebody else for its last second was lost where its person never was."""
    stage = Stage().run(4.0, [(1, DOOR_TO_AISLE, "ab"), (2, still(1.0, 1.0), "cd")])
    before = stage.at(4.0, 3.2)
    # A mistake takes the track along, away from its person, who is seen again on the other side.
    stage.run(1.2, [(1, line((4.0, 3.2), (4.9, 3.2), 1.2), "a"), (2, still(1.0, 1.0), "cd")])
    stage.run(6.0, [(1, still(3.1, 3.4), "cd"), (2, still(1.0, 1.0), "cd")])
    assert stage.at(3.1, 3.4) == before


@pytest.mark.parametrize(("seen", "kept", "lost"), [(1, 1, 2), (2, 2, 1)])
def test_two_tracks_on_one_person_keep_who_is_seen_and_leave_the_other_to_be_found(
    seen: int, kept: int, lost: int
) -> None:
    older, newer = track(1, looks_like=seen, known_as=1), track(2, looks_like=seen, known_as=2)
    older.person.known.count = newer.person.known.count = 500
    elsewhere = unite(older, newer, Identities(SETTINGS))
    assert (older.id, elsewhere and elsewhere.id) == (kept, lost)


def test_who_came_in_is_kept_before_a_double_that_never_did_however_old_its_track() -> None:
    older, newer = track(1, looks_like=1, known_as=1), track(2, looks_like=1, known_as=1)
    older.person.entered = False
    assert unite(older, newer, Identities(SETTINGS)) is None
    assert older.id == 2


def test_a_double_that_was_never_anybody_is_nobody_to_be_found() -> None:
    older, newer = track(1, looks_like=1, known_as=1), track(2, looks_like=1, known_as=1)
    assert unite(older, newer, Identities(SETTINGS)) is None


def test_whoever_was_never_seen_to_come_in_and_hardly_at_all_is_soon_forgotten() -> None:
    stage = Stage().run(4.0, [(1, DOOR_TO_AISLE, "ab")])
    stage.run(3.0, [(1, still(4.0, 3.2), "ab"), (3, still(6.9, 5.2), "cd")])
    ghost = stage.at(6.9, 5.2)
    stage.run(3.0, [(1, still(4.0, 3.2), "ab")]).run(4.0, [(1, still(4.0, 3.2), "ab"), (3, still(6.9, 5.2), "cd")])
    assert stage.at(6.9, 5.2) != ghost
