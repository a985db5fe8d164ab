"""What colours in hands say: loud where they are seen, quiet where people wear them, nothing where hands are hidden."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from store.carried import Carried, alike
from store.events import HandLook, TrackPosition, WeightChange
from store.handing import Meeting
from store.planogram import Planogram
from store.whereabouts import Whereabouts
from tests.store.synthetic import HOME, PLANOGRAM

BEANS, TUNA = (77, 182, 172), (59, 120, 181)
COLOURS = {"beans": BEANS, "tuna": TUNA}
COLOURED = Planogram(
    [replace(product, colour=COLOURS.get(product.id)) for product in PLANOGRAM.products.values()],
    PLANOGRAM.plates,
    PLANOGRAM.slots,
)
EMPTY = b""
MEETING = Meeting(16.0, "v1", "v2", 12.0, 12.4, (frozenset({1}), frozenset({2})))


def look(colour: tuple[int, int, int], pixels: int = 20, light: float = 0.7) -> bytes:
    """A look at a hand with so many pixels of a colour in some light."""
    return bytes([*(round(light * level) for level in colour), pixels])


def watched(hands: dict[int, dict[tuple[float, float], bytes]], until: float = 16.0) -> Carried:
    """Two tracks far from shelves; `hands` has what the right hand shows from when to when, by track."""
    where = Whereabouts()
    for tick in range(int(until * 10) + 1):
        t = tick / 10
        positions = []
        for track, spans in hands.items():
            seen = [HandLook("R", shown) for (start, end), shown in spans.items() if start <= t <= end]
            positions.append(TrackPosition(track, t, 2.0 + 0.7 * track, 2.0, 0.1, carried=tuple(seen)))
        where.update(t, positions)
    owners = {1: SimpleNamespace(visit="v1"), 2: SimpleNamespace(visit="v2")}
    return Carried(COLOURED, cast(Any, SimpleNamespace(owner=owners)), where)


GIVEN = {
    1: {(0.0, 11.4): EMPTY, (11.5, 12.1): look(BEANS), (12.5, 16.0): EMPTY},
    2: {(0.0, 12.1): EMPTY, (12.5, 13.1): look(BEANS), (13.2, 16.0): EMPTY},
}


@pytest.mark.parametrize(("light", "pixels"), [(0.6, 20), (1.0, 20), (0.2, 0)])
def test_a_colour_is_known_in_the_light_of_a_store(light: float, pixels: int):
    assert alike(look(BEANS, light=light), BEANS, 0.05, 6.0) == pixels
    assert alike(look(TUNA, light=light), BEANS, 0.05, 6.0) == 0


def test_hands_that_no_camera_saw_say_nothing():
    blind = watched({1: {}, 2: {}})
    assert blind.of_meeting(MEETING, "v1", "v2", "beans") == 0.0
    assert watched(GIVEN).of_meeting(MEETING, "v1", "v2", "cola") == 0.0


def test_what_one_showed_before_and_the_other_after_went_from_the_one_to_the_other():
    seen = watched(GIVEN)
    forth, back = (seen.of_meeting(MEETING, *pair, "beans") for pair in (("v1", "v2"), ("v2", "v1")))
    assert forth > 4.0
    assert forth > back + 4.0
    assert seen.of_meeting(MEETING, "v1", "v2", "tuna") < 0.0
    assert seen.shown(MEETING, ["beans"])
    assert not seen.shown(MEETING, ["tuna"])


def test_whoever_wears_the_colour_shows_little_by_it():
    worn = watched({1: {(0.0, 16.0): look(BEANS)}, 2: GIVEN[2]})
    bare = watched({1: GIVEN[1], 2: GIVEN[2]})
    assert worn.of_meeting(MEETING, "v1", None, "beans") < bare.of_meeting(MEETING, "v1", None, "beans") - 1.5


def test_after_a_plate_became_lighter_the_hand_that_shows_the_product_took_it():
    x, y, _ = COLOURED.plate[HOME["beans"][0]].position
    where = Whereabouts()
    for tick in range(160):
        t = tick / 10
        shown = look(BEANS) if 12.5 <= t <= 13.5 else EMPTY
        where.update(t, [
            TrackPosition(1, t, x - 0.3, y - 0.6, 0.1, carried=(HandLook("R", shown),)),
            TrackPosition(2, t, x + 0.3, y - 0.6, 0.1, carried=(HandLook("R", EMPTY),)),
        ])  # fmt: skip
    owners = {1: SimpleNamespace(visit="v1"), 2: SimpleNamespace(visit="v2")}
    carried = Carried(COLOURED, cast(Any, SimpleNamespace(owner=owners)), where)
    change = WeightChange(13.0, "w1", HOME["beans"], -447.0, 0.5, 12.0, 12.9, (-447.0,))
    carried.expect(change)
    assert carried.due(13.0) == []
    assert carried.due(13.5) == [change]
    assert carried.due(14.0) == []
    assert carried.of_change(change, "v1", "beans") > carried.of_change(change, "v2", "beans") + 3.0
    met = replace(MEETING, started=12.0, ended=13.0)
    assert carried.at_shelf(met)
    assert not carried.at_shelf(replace(met, started=6.0, ended=7.0))
