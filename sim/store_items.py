"""Where the single items of a slot stand on their plates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sim.store_places import BACK_PANEL_M, front_and_right

if TYPE_CHECKING:
    from sim.store_plan import GondolaSpec, ProductSpec, ShelfSpec

GAP_M = 0.012  # air between items
BOARD_M = 0.03  # thickness of the shelf above
PILE = 3  # boxes and bags lie on one another at most so high


@dataclass(frozen=True, slots=True)
class Span:
    """The part of a shelf that a slot's items may stand on: left and right edge, metres along the shelf."""

    left: float
    right: float


def spans(gondola: GondolaSpec, shelf: ShelfSpec) -> list[Span]:
    """One span a slot. Slots that share plates divide the plates of their group, so that no items interpenetrate."""
    plate = gondola.length_m / shelf.plates_per_shelf
    result = [Span(0, 0)] * len(shelf.slots)
    for group in _groups([set(slot.plates) for slot in shelf.slots]):
        plates = sorted({index for i in group for index in shelf.slots[i].plates})
        left, right = (plates[0] - 1) * plate, plates[-1] * plate
        for position, i in enumerate(sorted(group, key=lambda i: float(np.mean(shelf.slots[i].plates)))):
            width = (right - left) / len(group)
            result[i] = Span(left + position * width, left + (position + 1) * width)
    return result


def _groups(plates: list[set[int]]) -> list[list[int]]:
    """Indices of slots, gathered where they share plates directly or through others."""
    groups: list[tuple[set[int], list[int]]] = []
    for i, own in enumerate(plates):
        joined = [group for group in groups if group[0] & own]
        groups = [group for group in groups if not group[0] & own]
        union = own.union(*(group[0] for group in joined))
        groups.append((union, [*(k for group in joined for k in group[1]), i]))
    return [members for _, members in groups]


def _grid(gondola: GondolaSpec, shelf: int, span: Span, product: ProductSpec) -> tuple[int, int, int]:
    """How many items stand side by side, behind one another and on one another."""
    width, depth, height = product.size_m
    shelves = gondola.shelves
    above = shelves[shelf - 1].height_m - BOARD_M if shelf else shelves[0].height_m + max(0.3, height + 0.01)
    columns = int((span.right - span.left) // (width + GAP_M)) or int(span.right - span.left >= width * 0.9)
    rows = int((gondola.depth_m - BACK_PANEL_M) // (depth + GAP_M))
    piles = 1 if product.shape == "bottle" else min(PILE, int((above - shelves[shelf].height_m) // (height + 0.004)))
    return columns, rows, piles


def capacity(gondola: GondolaSpec, shelf: int, slot: int, product: ProductSpec) -> int:
    """How many items of `product` fit on slot number `slot` of shelf number `shelf` (both from 0)."""
    span = spans(gondola, gondola.shelves[shelf])[slot]
    return int(np.prod(_grid(gondola, shelf, span, product)))


def item_places(gondola: GondolaSpec, shelf: int, slot: int, product: ProductSpec) -> NDArray[np.float64]:
    """Centres (stock, 3) of the slot's items in the floor frame, in the order in which they are filled up.

    The first stand at the back, so that the last item present is the one that a shopper takes.
    """
    board = gondola.shelves[shelf]
    span = spans(gondola, board)[slot]
    columns, rows, piles = _grid(gondola, shelf, span, product)
    _, depth, height = product.size_m
    front, right = front_and_right(gondola.heading_deg)
    stock = board.slots[slot].stock
    piles_used = min(piles, max(1, -(-stock // max(1, columns * rows))))
    pitch = (span.right - span.left) / max(1, columns)
    places = []
    for i in range(stock):
        row, rest = divmod(i, columns * piles_used)
        column, pile = divmod(rest, piles_used)
        along = span.left + (column + 0.5) * pitch - gondola.length_m / 2
        rows_used = -(-stock // (columns * piles_used))
        from_front = (rows_used - 1 - row) * (depth + GAP_M) + depth / 2 + 0.03
        floor = np.array([gondola.x, gondola.y]) + right * along + front * (gondola.depth_m / 2 - from_front)
        places.append([*floor, board.height_m + pile * (height + 0.004) + height / 2])
    return np.array(places, dtype=np.float64).reshape(-1, 3)
