"""Where things of a plan are on the floor: plates, slots, access points, gates, walkable area (metres, floor frame)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from shapely import unary_union
from shapely.geometry import box
from shapely.geometry.polygon import Polygon

if TYPE_CHECKING:
    from sim.store_plan import GateSpec, GondolaSpec, ShelfSpec

VESTIBULE_M = 1.6  # street behind a gate on which people appear and disappear
STANDING_M = 0.38  # from a gondola's front to the centre of the shopper who reaches into it
BACK_PANEL_M = 0.04


@dataclass(frozen=True, slots=True)
class PlatePlace:
    """A load-cell plate: `centre` of its surface, `size` (width, depth), `front` unit normal towards the aisle."""

    id: str
    gondola: str
    shelf: int
    index: int
    centre: tuple[float, float, float]
    size: tuple[float, float]
    front: tuple[float, float]


@dataclass(frozen=True, slots=True)
class SlotPlace:
    """A slot, with the spot on the floor where a shopper stands to reach it.

    `key` joins the id of its first plate and the product's; at `access` the shopper faces `heading` (radians).
    """

    key: str
    product: str
    stock: int
    gondola: str
    shelf: int
    plates: tuple[str, ...]
    centre: tuple[float, float, float]
    access: tuple[float, float]
    heading: float


@dataclass(frozen=True, slots=True)
class GatePlace:
    """A gate: middle of the passage, `inward` unit vector into the store, `outside` a spot on the street before it."""

    id: str
    x: float
    y: float
    width_m: float
    direction: str
    inward: tuple[float, float]
    outside: tuple[float, float]
    inside: tuple[float, float]


def front_and_right(heading_deg: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit vectors (2,) out of the gondola's front, and to the right of a shopper who looks at it."""
    angle = np.radians(heading_deg)
    front: NDArray[np.float64] = np.array([np.cos(angle), np.sin(angle)], np.float64).round(12)
    return front, np.array([-front[1], front[0]])


def footprint(gondola: GondolaSpec) -> Polygon:
    """The gondola's outline on the floor."""
    front, right = front_and_right(gondola.heading_deg)
    along, across = right * gondola.length_m / 2, front * gondola.depth_m / 2
    centre = np.array([gondola.x, gondola.y])
    return Polygon([centre + a * along + b * across for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))])


def plate_id(gondola: str, shelf: int, index: int) -> str:
    """The plate's id: gondola, shelf (1 = top) and index (1 = leftmost to a shopper)."""
    return f"{gondola}-{shelf}-{index}"


def plate_centre(gondola: GondolaSpec, shelf: ShelfSpec, index: float) -> NDArray[np.float64]:
    """Centre (3,) of the surface of plate `index` (1-based; fractions lie between plates)."""
    front, right = front_and_right(gondola.heading_deg)
    along = ((index - 0.5) / shelf.plates_per_shelf - 0.5) * gondola.length_m
    centre = np.array([gondola.x, gondola.y]) + right * along + front * BACK_PANEL_M / 2
    return np.append(centre, shelf.height_m)


def plate_places(gondola: GondolaSpec) -> list[PlatePlace]:
    """The gondola's plates, from the top shelf down, left to right."""
    front, _ = front_and_right(gondola.heading_deg)
    places = []
    for number, shelf in enumerate(gondola.shelves, start=1):
        size = (gondola.length_m / shelf.plates_per_shelf, gondola.depth_m - BACK_PANEL_M)
        for index in range(1, shelf.plates_per_shelf + 1):
            x, y, z = plate_centre(gondola, shelf, index).tolist()
            name = plate_id(gondola.id, number, index)
            places.append(PlatePlace(name, gondola.id, number, index, (x, y, z), size, (front[0], front[1])))
    return places


def slot_places(gondola: GondolaSpec) -> list[SlotPlace]:
    """The gondola's slots, from the top shelf down, in the order of the file."""
    front, _ = front_and_right(gondola.heading_deg)
    heading = float(np.arctan2(-front[1], -front[0]))
    places = []
    for number, shelf in enumerate(gondola.shelves, start=1):
        for slot in shelf.slots:
            centre = plate_centre(gondola, shelf, float(np.mean(slot.plates)))
            x, y = (centre[:2] + front * (gondola.depth_m / 2 + STANDING_M - BACK_PANEL_M / 2)).tolist()
            plates = tuple(plate_id(gondola.id, number, index) for index in slot.plates)
            places.append(
                SlotPlace(
                    key=f"{plates[0]}/{slot.product}",
                    product=slot.product,
                    stock=slot.stock,
                    gondola=gondola.id,
                    shelf=number,
                    plates=plates,
                    centre=(float(centre[0]), float(centre[1]), float(centre[2])),
                    access=(x, y),
                    heading=heading,
                )
            )
    return places


def gate_place(gate: GateSpec, width_m: float, depth_m: float) -> GatePlace:
    """The gate with its direction into the room: away from the nearest wall."""
    walls = {(1, 0): gate.x, (-1, 0): width_m - gate.x, (0, 1): gate.y, (0, -1): depth_m - gate.y}
    inward = min(walls, key=lambda wall: abs(walls[wall]))
    outside = (gate.x - inward[0] * VESTIBULE_M * 0.7, gate.y - inward[1] * VESTIBULE_M * 0.7)
    inside = (gate.x + inward[0] * 0.9, gate.y + inward[1] * 0.9)
    return GatePlace(gate.id, gate.x, gate.y, gate.width_m, gate.direction, inward, outside, inside)


def vestibule(gate: GatePlace, clearance_m: float) -> Polygon:
    """The strip of street behind a gate, reaching a little into the room so that it joins the floor."""
    half = gate.width_m / 2 - clearance_m
    across = np.array([-gate.inward[1], gate.inward[0]]) * half
    middle, inward = np.array([gate.x, gate.y]), np.array(gate.inward)
    near, far = middle + inward * (clearance_m + 0.06), middle - inward * (VESTIBULE_M - clearance_m)
    return Polygon([near + across, near - across, far - across, far + across])


def walkable(
    width_m: float, depth_m: float, footprints: list[Polygon], gates: list[GatePlace], clearance_m: float
) -> Polygon:
    """The largest connected piece of floor, less `clearance_m` around everything."""
    floor = box(clearance_m, clearance_m, width_m - clearance_m, depth_m - clearance_m)
    blocked = unary_union([polygon.buffer(clearance_m, join_style="mitre") for polygon in footprints])
    area = unary_union([floor.difference(blocked), *(vestibule(gate, clearance_m) for gate in gates)])
    pieces: list[Polygon] = list(getattr(area, "geoms", [area]))
    return max(pieces, key=lambda piece: piece.area)
