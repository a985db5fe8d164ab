"""How shoppers stand at a shelf and reach into it: the spots, sides and distances of the simulation's own shoppers.

Shoppers stand close and take what stands at the front, so that the arm is bent before the body and the back hides it;
they lean only for what is low or behind. Networks trained on people who lean towards the middle of a shelf take an
upright back for hanging arms.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.handling import HOLDING
from sim.hands import Point3, nearer_hand
from sim.people import Person, Reach
from sim.standing import SIDEWAYS_M, SQUEEZED_M
from sim.store_places import SlotPlace
from sim.visitors import BAG_IN_LEFT_HAND

MOST_ASIDE_M = 0.62
"""How far along the shelf from where they stand people still take things; `hard/crossing-hands` has 0.6."""

FRONT_ROW_M = 0.17
"""From the middle of a plate to the palm that takes the front item of a full one, towards the aisle."""

BACK_ROW_M = 0.12
"""From the middle of a plate to the palm that takes its last item, away from the aisle."""

LOOSEST_M = 0.75
"""Between two neighbours who stand at one shelf."""

Spot = tuple[float, float]


@dataclass(frozen=True, slots=True)
class AtSlot:
    """Somebody at a shelf: spot in metres, heading in radians, arms, and whether the product is in the hand."""

    spot: Spot
    heading: float
    reach: tuple[Reach, ...]
    holding: bool


def at_slot(person: Person, slot: SlotPlace, rng: np.random.Generator, spot: Spot | None = None) -> AtSlot:
    """Somebody before a slot, from `spot` if that is given, at any moment of taking something or putting it back."""
    if spot is None:
        spot = _spot_before(slot, _aside(rng), rng)
    heading = slot.heading + float(rng.normal(0, 0.04 if rng.uniform() < 0.7 else 0.3))
    target = _palm(slot, rng)
    left_is_free = person.appearance.bag not in BAG_IN_LEFT_HAND
    side = nearer_hand(spot, heading, target, left_is_free)
    if rng.uniform() < 0.15:
        side = "L" if side == "R" and left_is_free else "R"
    blend, holding = _moment(rng)
    reach: tuple[Reach, ...] = (Reach(side, target, blend),)
    if left_is_free and rng.uniform() < 0.08:
        reach += (Reach("L" if side == "R" else "R", _palm(slot, rng), _moment(rng)[0]),)
    return AtSlot(spot, heading, reach, holding)


def side_by_side(
    slots: Sequence[SlotPlace], people: Sequence[Person], rng: np.random.Generator
) -> Iterator[tuple[Person, SlotPlace, Spot]]:
    """The people in a row at one shelf, each with a slot within reach: the own one, a neighbour's, or all the same."""
    middle = slots[int(rng.integers(len(slots)))]
    shelf = [slot for slot in slots if slot.gondola == middle.gondola]
    gap = rng.uniform(SQUEEZED_M, LOOSEST_M)
    same = rng.uniform() < 0.35
    for k, person in enumerate(people):
        aside = (k - (len(people) - 1) / 2) * gap + rng.normal(0, 0.03)
        spot = _spot_before(middle, float(aside), rng)
        choice = [middle] if same else shelf
        near = [s for s in choice if _along(s, spot) <= MOST_ASIDE_M and s.centre[2] <= person.reach_m[1]]
        if near:
            yield person, near[int(rng.integers(len(near)))], spot


def _aside(rng: np.random.Generator) -> float:
    """Metres along the shelf from the slot's middle: mostly before it, else where others left room."""
    kind = rng.uniform()
    if kind < 0.5:
        return float(rng.normal(0, 0.06))
    return float(rng.choice(SIDEWAYS_M)) if kind < 0.75 else float(rng.uniform(-MOST_ASIDE_M, MOST_ASIDE_M))


def _axes(slot: SlotPlace) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit vectors (2,) into the shelf and to the left of who looks at it."""
    ahead = np.array([math.cos(slot.heading), math.sin(slot.heading)])
    return ahead, np.array([-ahead[1], ahead[0]])


def _spot_before(slot: SlotPlace, aside: float, rng: np.random.Generator) -> Spot:
    """A spot `aside` metres to the left of the slot's middle: as near as shoppers stand, now and then a step back."""
    ahead, left = _axes(slot)
    short = rng.normal(0.02, 0.03) if rng.uniform() < 0.8 else rng.uniform(0.0, 0.2)
    x, y = np.array(slot.access) + left * aside - ahead * np.clip(short, -0.03, 0.2)
    return float(x), float(y)


def _palm(slot: SlotPlace, rng: np.random.Generator) -> Point3:
    """Where the palm goes: mostly to the front row, else to any row behind it, at some height of an item."""
    ahead, left = _axes(slot)
    deep = rng.normal(-FRONT_ROW_M, 0.03) if rng.uniform() < 0.65 else rng.uniform(-FRONT_ROW_M, BACK_ROW_M)
    x, y = np.array(slot.centre[:2]) + ahead * deep + left * rng.normal(0, 0.06)
    return float(x), float(y), slot.centre[2] + float(rng.uniform(0.02, 0.16))


def _along(slot: SlotPlace, spot: Spot) -> float:
    """Metres along the shelf between a spot and the slot's middle."""
    _, left = _axes(slot)
    return abs(float((np.array(slot.centre[:2]) - spot) @ left))


def _moment(rng: np.random.Generator) -> tuple[float, bool]:
    """Blend of the hand, and whether the product is in it: hanging, on the way, there, or held before the body."""
    kind = rng.uniform()
    if kind < 0.12:
        return 0.0, False
    if kind < 0.3:
        return HOLDING, bool(rng.uniform() < 0.9)
    if kind < 0.62:
        return float(rng.uniform(0, 1)), bool(rng.uniform() < 0.4)
    return float(rng.uniform(0.9, 1)), bool(rng.uniform() < 0.3)
