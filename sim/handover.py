"""What crosses from the world and from tracking into the store and into tracking, as their own types and nothing more.

A real store knows its floor plan, its planogram and its gates; these functions hand over just that.
"""

from collections.abc import Sequence

import numpy as np

from sim.script import PlanogramError
from sim.store_places import plate_id
from sim.store_plan import StorePlan
from store.events import HandLook, HandPosition, TrackPosition
from store.planogram import Gate, Planogram, Plate, Product, Slot
from tracking.observation import FloorTrack
from tracking.pipeline import Entrance, FloorArea


def planogram_of(plan: StorePlan, errors: Sequence[PlanogramError] = ()) -> Planogram:
    """Products, plates and slots of a plan as the store's computers know them; `errors` they believe to be true."""
    believed = {tuple(plate_id(e.gondola, e.shelf, index) for index in e.plates): e.believed for e in errors}
    products = [Product(p.id, p.name, p.weight_g, p.price_cents, _levels(p.colour)) for p in plan.products]
    plates = [
        Plate(p.id, p.gondola, p.shelf, p.index, position=p.centre, size=p.size, front=p.front) for p in plan.plates()
    ]
    slots = [Slot(believed.get(s.plates, s.product), s.plates) for s in plan.slot_places()]
    return Planogram(products, plates, slots)


def gates_of(plan: StorePlan) -> list[Gate]:
    """Where the gates are and which way they let people through."""
    return [Gate(g.id, g.x, g.y, g.direction) for g in plan.gates]


def floor_area_of(plan: StorePlan) -> FloorArea:
    """Where people can stand, and the gates where tracks may begin and end."""
    room = plan.room
    boundary = np.array([(0.0, 0.0), (room.width_m, 0.0), (room.width_m, room.depth_m), (0.0, room.depth_m)])
    entrances = tuple(Entrance(g.id, g.x, g.y, radius_m=g.width_m / 2 + 0.7) for g in plan.gates)
    obstacles = tuple(np.asarray(outline.exterior.coords, dtype=np.float64)[:-1] for outline in plan.obstacles())
    return FloorArea(boundary=boundary, entrances=entrances, obstacles=obstacles)


def position_of(track: FloorTrack) -> TrackPosition:
    """A floor track as the store's event."""
    hands = tuple(HandPosition(hand.x, hand.y, hand.z, hand.sd, hand.covariance, hand.seen) for hand in track.hands)
    carried = tuple(HandLook(side, colours.tobytes()) for side, colours in track.carried)
    return TrackPosition(track.track, track.t, track.x, track.y, track.sd, hands, track.confirmed, carried)


def _levels(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of a colour #rrggbb, as the product's picture in the catalogue has it."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
