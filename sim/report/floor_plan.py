"""The floor plan as SVG: room, gondolas, gates, and the cameras with the direction and width of their views."""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.store_places import footprint
from sim.store_plan import StorePlan
from tracking.camera import Camera

SCALE = 100.0
"""Drawing units a metre."""

CONE_M = 1.9
"""Drawn length of a camera's view; the real view goes on."""

MARGIN_M = 0.45
STREET_M = 1.45


@dataclass(frozen=True, slots=True)
class Frame:
    """From floor metres to drawing units: x right, y down, the room's far left corner at (0, 0)."""

    depth_m: float

    def point(self, x: float, y: float) -> str:
        """`x,y` in drawing units of a place on the floor in metres."""
        return f"{x * SCALE:.1f},{(self.depth_m - y) * SCALE:.1f}"

    def points(self, floor: NDArray[np.float64]) -> str:
        """Points attribute of floor places (N, 2) in metres."""
        return " ".join(self.point(float(x), float(y)) for x, y in floor)


def floor_plan_svg(plan: StorePlan, cameras: Mapping[str, Camera]) -> str:
    """The plan as one SVG element with class `plan` and an empty group `moving` on top for people."""
    left, top, width, height = view_box(plan)
    box = f"{left:.1f} {top:.1f} {width:.1f} {height:.1f}"
    label = escape(f"Floor plan of {plan.title}", quote=True)
    return (
        f'<svg class="plan" viewBox="{box}" role="img" aria-label="{label}" xmlns="http://www.w3.org/2000/svg">'
        + floor_shapes(plan, cameras)
        + '<g class="moving"></g></svg>'
    )


def floor_shapes(plan: StorePlan, cameras: Mapping[str, Camera]) -> str:
    """What stands still on the plan, as SVG elements in drawing units."""
    frame = Frame(plan.room.depth_m)
    shapes = [
        _room(plan, frame),
        *(_cone(camera, frame) for camera in cameras.values()),
        *(_gondola(gondola, frame) for gondola in plan.gondolas),
        *(_gate(gate, frame) for gate in plan.gate_places()),
        *(_camera(camera, frame) for camera in cameras.values()),
    ]
    return "".join(shapes)


def view_box(plan: StorePlan) -> tuple[float, float, float, float]:
    """Left, top, width, height in drawing units: the room, a margin, and a strip of street where gates are."""
    margins = {"left": MARGIN_M, "right": MARGIN_M, "top": MARGIN_M, "bottom": MARGIN_M}
    sides = {(1, 0): "left", (-1, 0): "right", (0, 1): "bottom", (0, -1): "top"}
    for gate in plan.gate_places():
        margins[sides[(round(gate.inward[0]), round(gate.inward[1]))]] = STREET_M
    width = plan.room.width_m + margins["left"] + margins["right"]
    height = plan.room.depth_m + margins["top"] + margins["bottom"]
    return -margins["left"] * SCALE, -margins["top"] * SCALE, width * SCALE, height * SCALE


def _room(plan: StorePlan, frame: Frame) -> str:
    corners = np.array([[0, 0], [plan.room.width_m, 0], [plan.room.width_m, plan.room.depth_m], [0, plan.room.depth_m]])
    return f'<polygon class="room" points="{frame.points(corners.astype(np.float64))}"/>'


def _gondola(gondola: Any, frame: Frame) -> str:
    outline = np.asarray(footprint(gondola).exterior.coords)[:4]
    # footprint's third and fourth corners are the front: a darker edge shows where shoppers stand.
    front = f'<polyline class="shelf-front" points="{frame.points(outline[2:4])}"/>'
    shelves = len(gondola.shelves)
    title = f"<title>Gondola {escape(gondola.id)}: {shelves} {'shelf' if shelves == 1 else 'shelves'}</title>"
    x, y = frame.point(gondola.x, gondola.y).split(",")
    upright = abs(np.sin(np.radians(gondola.heading_deg))) < 0.7
    turn = f' transform="rotate(-90 {x} {y})"' if upright else ""
    text = f'<text class="gondola-label" x="{x}" y="{y}" dy="7"{turn}>{escape(gondola.id)}</text>'
    return f'<g>{title}<polygon class="gondola" points="{frame.points(outline)}"/>{front}{text}</g>'


def _gate(gate: Any, frame: Frame) -> str:
    across = np.array([-gate.inward[1], gate.inward[0]]) * gate.width_m / 2
    middle = np.array([gate.x, gate.y])
    opening = f'<polyline class="gate" points="{frame.points(np.array([middle - across, middle + across]))}"/>'
    outside = middle - np.array(gate.inward) * 0.62
    words = {"in": "Entrance", "out": "Exit", "both": "Entrance and exit"}[gate.direction]
    x, y = frame.point(*outside.tolist()).split(",")
    return f'<g>{opening}<text class="gate-label" x="{x}" y="{y}" dy="8">{words}</text></g>'


def _cone(camera: Camera, frame: Frame) -> str:
    return f'<polygon class="cone" points="{frame.points(view_cone(camera))}"/>'


def view_cone(camera: Camera, length_m: float = CONE_M) -> NDArray[np.float64]:
    """(M, 2) metres: the wedge on the floor plan that a camera looks into, cut at `length_m` from the camera."""
    columns = np.linspace(0, camera.width - 1, 9)
    rays = camera.ray(np.stack([columns, np.full(9, (camera.height - 1) / 2)], axis=1))[:, :2]
    rays = rays / np.maximum(np.linalg.norm(rays, axis=1, keepdims=True), 1e-9)
    centre = camera.centre[:2]
    return np.concatenate([centre[None], centre + length_m * rays])


def _camera(camera: Camera, frame: Frame) -> str:
    x, y = camera.centre[:2].tolist()
    cx, cy = frame.point(x, y).split(",")
    name = escape(camera.name)
    return f'<g class="eye"><title>Camera {name}</title><circle cx="{cx}" cy="{cy}" r="10"/></g>'
