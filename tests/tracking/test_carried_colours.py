"""What hands visibly carry, on drawn pictures of people whose palms are known."""

import numpy as np
from numpy.typing import NDArray

from tracking.background import Scenery
from tracking.carried import CarriedSettings, carried_colours
from tracking.observation import Detection

GREY, SHIRT, ITEM = (180, 180, 180), (40, 40, 160), (172, 182, 77)
"""Of the empty store, a body and a thing in a hand: blue, green, red."""

BOX = (40, 20, 80, 120)
PALM = (60, 70)


def picture(*patches: tuple[tuple[int, int, int, int], tuple[int, int, int]]) -> tuple[NDArray[np.uint8], Scenery]:
    """A frame of 160x160 px with a body and patches (xyxy, colour) in it, and what is known of the empty store."""
    frame = np.full((160, 160, 3), GREY, np.uint8)
    for (x1, y1, x2, y2), colour in ((BOX, SHIRT), *patches):
        frame[y1:y2, x1:x2] = colour
    empty = np.full((96, 96, 3), GREY, np.uint8)
    new = np.full((96, 96), 255, np.uint8)
    return frame, Scenery(new, empty, empty)


def person(palm: tuple[int, int] = PALM, sure: float = 1.0, box: tuple[int, int, int, int] = BOX) -> Detection:
    """Somebody whose right palm is there; the left one is not known."""
    keypoints = np.zeros((17, 3), np.float32)
    keypoints[10] = (*palm, sure)
    return Detection(np.array(box, np.float32), 0.9, keypoints)


def pixels(colours: NDArray[np.uint8] | None) -> int:
    """How many pixels are about as the item is."""
    if colours is None:
        return -1
    near = np.abs(colours[:, :3].astype(int) - np.array(ITEM[::-1])).max(1, initial=0) <= 8
    return int(colours[near, 3].sum())


def test_a_thing_in_a_hand_is_found_with_its_colour_and_size():
    frame, scenery = picture(((58, 68, 64, 74), ITEM))
    ((left, right),) = carried_colours(frame, scenery, [person()])
    assert left is None
    assert pixels(right) == 36


def test_an_empty_hand_shows_nothing_and_a_hidden_one_says_nothing():
    frame, scenery = picture()
    ((_, right),) = carried_colours(frame, scenery, [person()])
    assert right is not None
    assert len(right) == 0
    assert carried_colours(frame, scenery, [person(sure=0.3)]) == [(None, None)]
    assert carried_colours(frame, scenery, []) == []


def test_what_the_empty_store_has_there_is_not_carried():
    frame, scenery = picture(((58, 68, 64, 74), ITEM))
    known = np.full((96, 96, 3), ITEM, np.uint8)
    ((_, right),) = carried_colours(frame, Scenery(scenery.new, known, known), [person()])
    assert pixels(right) == 0
    ((_, right),) = carried_colours(frame, Scenery(np.zeros((96, 96), np.uint8), scenery.low, scenery.high), [person()])
    assert pixels(right) == 0


def test_the_colour_of_somebodys_clothes_is_not_taken_for_a_thing():
    frame, scenery = picture((BOX, ITEM), ((58, 68, 64, 74), ITEM))
    ((_, right),) = carried_colours(frame, scenery, [person()])
    assert pixels(right) == 0


def test_a_thing_between_two_hands_belongs_to_the_nearer_one():
    frame, scenery = picture(((58, 68, 62, 72), ITEM))
    near, far = person((59, 70)), person((68, 70), box=(60, 20, 100, 120))
    (_, own), (_, other) = carried_colours(frame, scenery, [near, far])
    assert pixels(own) == 16
    assert pixels(other) == 0


def test_a_palm_at_the_edge_of_the_picture_is_no_harm():
    frame, scenery = picture()
    ((_, right),) = carried_colours(frame, scenery, [person((400, -30))], CarriedSettings(in_view=0.5))
    assert right is not None
    assert len(right) == 0
