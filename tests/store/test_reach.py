from dataclasses import replace

import numpy as np
import pytest

from store.events import HandPosition, TrackPosition
from store.planogram import Plate
from store.reach import Reach, place_of
from store.whereabouts import Whereabouts

PLATE = Plate("A-1-1", "A", 1, 1, position=(4.0, 2.0, 1.0), size=(0.6, 0.4), front=(0.0, 1.0))
PLACE = place_of([PLATE], 10.0, 10.7)
BEFORE = (4.0, 2.6)
IN_THE_SHELF = HandPosition(4.0, 2.1, 1.15, 0.05)


def ratio(
    start: tuple[float, float] = BEFORE, speed: tuple[float, float] = (0.0, 0.0), hands: tuple[HandPosition, ...] = ()
) -> float:
    """Ratio of somebody who is at `start` when the plate is gripped, moving at `speed` metres a second."""
    where = Whereabouts()
    for t in np.arange(9.0, 11.0, 0.1):
        late = t - 10.25
        x, y = start[0] + speed[0] * late, start[1] + speed[1] * late
        where.update(t, [TrackPosition(1, float(t), x, y, 0.05, hands, True)])
    found = Reach(where).track(1, PLACE)
    assert found is not None
    return found


def test_who_stands_before_the_plate_is_likelier_than_who_walks_past() -> None:
    assert ratio() > 5 * ratio(speed=(1.2, 0.0))


@pytest.mark.parametrize("elsewhere", [(5.2, 2.6), (4.0, 3.6), (4.0, 1.2)])
def test_who_stands_before_the_plate_is_likelier_than_who_is_beside_far_off_or_behind(
    elsewhere: tuple[float, float],
) -> None:
    assert ratio() > 5 * ratio(elsewhere)


def test_a_hand_in_the_shelf_speaks_for_and_an_idle_one_against() -> None:
    idle = HandPosition(4.3, 2.9, 0.8, 0.05)
    assert ratio(hands=(IN_THE_SHELF,)) > 2 * ratio() > 2 * ratio(hands=(idle, idle))


def test_a_hand_speaks_the_louder_the_surer_its_place_is() -> None:
    assert ratio(hands=(IN_THE_SHELF,)) > 1.5 * ratio(hands=(replace(IN_THE_SHELF, sd=0.4),))


def test_doubt_along_the_shelf_leaves_doubt_and_doubt_along_the_view_does_not() -> None:
    beside = HandPosition(4.7, 2.1, 1.15, 0.5)
    along = replace(beside, covariance=(0.25, 0.0, 0.0, 0.0004, 0.0, 0.0004))
    across = replace(beside, covariance=(0.0004, 0.0, 0.0, 0.25, 0.0, 0.0004))
    assert ratio(hands=(along,)) > ratio(hands=(across,))


def test_an_idle_hand_that_may_not_have_been_seen_speaks_less_against() -> None:
    idle = HandPosition(4.3, 2.9, 0.8, 0.05)
    hidden = replace(idle, seen=0.3)
    assert ratio(hands=(idle, idle)) < ratio(hands=(hidden, hidden)) < ratio()
