"""What a plan must hold as a whole; each rule raises a `FieldError` that names the field."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from shapely.geometry import Point, box

from sim.configuration import FieldError
from sim.store_items import capacity
from sim.store_places import footprint, slot_places

if TYPE_CHECKING:
    from sim.store_plan import StorePlan


ROOM_M = 0.3
"""Half the width of somebody who changes clothes."""

BODY_HEIGHTS_M = (0.05, 0.6, 1.2, 1.9)


def check_plan(plan: StorePlan) -> None:
    """Runs every rule.

    Raises:
        FieldError: the first rule that the plan breaks.
    """
    _unique_names(plan)
    _gondolas_stand_free_in_the_room(plan)
    _gates_lie_on_walls(plan)
    _cameras_hang_free_in_the_room(plan)
    _slots_hold_products_that_fit(plan)
    _slots_can_be_reached(plan)
    _fitting_rooms_are_private(plan)


def _unique_names(plan: StorePlan) -> None:
    names = {
        "products": [product.id for product in plan.products],
        "gondolas": [gondola.id for gondola in plan.gondolas],
        "gates": [gate.id for gate in plan.gates],
        "cameras": [camera.name for camera in plan.cameras],
        "fitting_rooms": [room.id for room in plan.fitting_rooms],
    }
    for field, values in names.items():
        for i, value in enumerate(values):
            if value in values[:i]:
                raise FieldError(f"{field}.{i}", value, "a name that is used once")


def _gondolas_stand_free_in_the_room(plan: StorePlan) -> None:
    room = box(0, 0, plan.room.width_m, plan.room.depth_m).buffer(1e-6)
    outlines = [footprint(gondola) for gondola in plan.gondolas]
    for i, (gondola, outline) in enumerate(zip(plan.gondolas, outlines, strict=True)):
        if not room.covers(outline):
            size = f"{plan.room.width_m} m x {plan.room.depth_m} m"
            raise FieldError(
                f"gondolas.{i}", f"{gondola.id} at ({gondola.x}, {gondola.y})", f"inside the room of {size}"
            )
        if gondola.height_m > plan.room.height_m:
            raise FieldError(f"gondolas.{i}.height_m", gondola.height_m, f"under the ceiling, {plan.room.height_m} m")
        for other, earlier in zip(plan.gondolas[:i], outlines[:i], strict=True):
            if outline.intersection(earlier).area > 1e-4:
                raise FieldError(f"gondolas.{i}", gondola.id, f"a place that does not overlap gondola {other.id}")


def _gates_lie_on_walls(plan: StorePlan) -> None:
    walls = box(0, 0, plan.room.width_m, plan.room.depth_m).exterior
    for i, gate in enumerate(plan.gates):
        if walls.distance(Point(gate.x, gate.y)) > 0.05:
            raise FieldError(f"gates.{i}", f"({gate.x}, {gate.y})", "a point on a wall of the room")
    directions = {gate.direction for gate in plan.gates}
    for way in ("in", "out"):
        if not directions & {way, "both"}:
            raise FieldError("gates", sorted(directions), f"at least one gate that leads {way}")


def _cameras_hang_free_in_the_room(plan: StorePlan) -> None:
    room = box(0, 0, plan.room.width_m, plan.room.depth_m)
    for i, camera in enumerate(plan.cameras):
        x, y, z = camera.position
        if not room.covers(Point(x, y)) or not 0.5 <= z <= plan.room.height_m:
            raise FieldError(f"cameras.{i}.position", camera.position, "inside the room, 0.5 m to the ceiling")
        for gondola in plan.gondolas:
            if z <= gondola.height_m + 0.1 and footprint(gondola).buffer(0.1).covers(Point(x, y)):
                raise FieldError(
                    f"cameras.{i}.position", camera.position, f"not inside or touching gondola {gondola.id}"
                )


def _slots_hold_products_that_fit(plan: StorePlan) -> None:
    for g, gondola in enumerate(plan.gondolas):
        for s, shelf in enumerate(gondola.shelves):
            for i, slot in enumerate(shelf.slots):
                field = f"gondolas.{g}.shelves.{s}.slots.{i}"
                product = plan.product_of.get(slot.product)
                if product is None:
                    raise FieldError(f"{field}.product", slot.product, "the id of a product of this plan")
                room = capacity(gondola, s, i, product)
                if slot.stock > room:
                    raise FieldError(f"{field}.stock", slot.stock, f"at most {room}, what fits there")


def _slots_can_be_reached(plan: StorePlan) -> None:
    area = plan.walkable(clearance_m=0.2)
    for g, gondola in enumerate(plan.gondolas):
        for place in slot_places(gondola):
            if not area.covers(Point(place.access)):
                spot = f"({place.access[0]:.2f}, {place.access[1]:.2f})"
                raise FieldError(
                    f"gondolas.{g}", f"plates {', '.join(place.plates)}", f"a free way from a gate to {spot}"
                )


def _fitting_rooms_are_private(plan: StorePlan) -> None:
    if not plan.fitting_rooms:
        return
    from sim.coverage import cameras_seeing  # it needs whole plans, which this module checks
    from sim.store_plan import camera_models

    area, cameras = plan.walkable(clearance_m=0.2), camera_models(plan)
    for i, room in enumerate(plan.fitting_rooms):
        if not area.covers(Point(room.x, room.y)):
            raise FieldError(f"fitting_rooms.{i}", f"({room.x}, {room.y})", "a point with a free way from a gate")
        around = np.array([(room.x, room.y)]) + ROOM_M * np.array([(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)])
        for name, camera in cameras.items():
            if any(cameras_seeing(plan, [camera], around, height).any() for height in BODY_HEIGHTS_M):
                raise FieldError(
                    f"fitting_rooms.{i}", f"({room.x}, {room.y})", f"a place that camera {name} cannot see"
                )
