"""The store as MuJoCo XML: floor, walls, door frames, gates, gondolas, price strips and every item."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from sim.store_items import item_places
from sim.store_places import BACK_PANEL_M, GatePlace, front_and_right, plate_centre, slot_places

if TYPE_CHECKING:
    from sim.store_plan import GondolaSpec, ProductSpec, StorePlan

WALL_M = 0.1
DOOR_M = 2.15  # height of the passage in a wall
SPARE_ITEMS = 24  # geoms kept for items that stand on a foreign plate
GROUP_SHOWN, GROUP_HIDDEN = 1, 5

RGB = tuple[float, float, float]


def item_geom(gondola: str, shelf: int, slot: int, item: int) -> str:
    """Name of an item's geom; its label is the same with `+` behind (shelf and slot from 0)."""
    return f"item:{gondola}:{shelf}:{slot}:{item}"


def rgb(colour: str) -> RGB:
    """`#rrggbb` as three fractions."""
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def shade(colour: RGB, factor: float) -> RGB:
    """The colour made darker (factor under 1) or lighter."""
    return tuple(float(np.clip(c * factor, 0, 1)) for c in colour)  # type: ignore[return-value]


def label_colour(colour: RGB) -> RGB:
    """A colour that stands out on a packing of `colour`."""
    hue, saturation, value = colorsys.rgb_to_hsv(*colour)
    if saturation < 0.25:
        return (0.15, 0.3, 0.6) if value > 0.5 else (0.95, 0.8, 0.2)
    return (0.96, 0.95, 0.9) if value < 0.75 or not 0.1 < hue < 0.2 else (0.75, 0.1, 0.12)


def geom(kind: str, size: Sequence[float], pos: Iterable[float], colour: RGB, *extra: str) -> str:
    """One geom's XML; `extra` are further attributes."""
    return f'<geom type="{kind}" size="{_text(size)}" pos="{_text(pos)}" rgba="{_text(colour)} 1" {" ".join(extra)}/>'


def store_xml(plan: StorePlan) -> str:
    """The whole store as an XML document without people; items are named by `item_geom`."""
    gondolas = "".join(_gondola(plan, gondola) for gondola in plan.gondolas)
    return (
        "<mujoco><compiler angle='radian'/><option gravity='0 0 0'/>"
        "<visual><quality numslices='10' numstacks='6' numquads='2' offsamples='0' shadowsize='2048'/>"
        "<global offwidth='4000' offheight='4000'/><map znear='0.005' zfar='20' shadowclip='1'/>"
        f"{_headlight(plan)}</visual>"
        "<default><geom contype='0' conaffinity='0' group='1'/></default>"
        f"<asset>{_floor_assets(plan)}</asset><worldbody>{_lamps(plan)}{_floor(plan)}{_walls(plan)}"
        f"{''.join(_gate(gate, plan) for gate in plan.gate_places())}{gondolas}{_spare_items()}"
        "</worldbody></mujoco>"
    )


def _text(values: Iterable[float]) -> str:
    return " ".join(f"{float(v):.4g}" for v in values)


def _tint(plan: StorePlan, level: float) -> RGB:
    warmth = plan.lighting.warmth
    return level * (1 + 0.1 * warmth), level, level * (1 - 0.15 * warmth)


def _headlight(plan: StorePlan) -> str:
    light = plan.lighting
    ambient = _text(_tint(plan, 1.25 * light.ambient * light.brightness))
    diffuse = _text(_tint(plan, 0.12 * light.brightness))
    return f"<headlight ambient='{ambient}' diffuse='{diffuse}' specular='0 0 0'/>"


def _lamps(plan: StorePlan) -> str:
    room, light = plan.room, plan.lighting
    across = 2 if room.width_m > 6 else 1
    even = [(room.width_m * (i + 0.5) / across, room.depth_m / 2, room.height_m - 0.1) for i in range(across)]
    lamps = light.lamps or tuple(even)
    level = light.brightness * (1 - light.ambient) * 1.15 / len(lamps)
    return "".join(
        f"<light pos='{_text(lamp)}' dir='0 0 -1' castshadow='false' cutoff='90' exponent='0.3' "
        f"attenuation='1 0 0' diffuse='{_text(_tint(plan, level))}' specular='.05 .05 .05'/>"
        for lamp in lamps
    )


def _floor_assets(plan: StorePlan) -> str:
    base = rgb(plan.room.floor_colour)
    if plan.room.floor == "plain":
        texture = f"builtin='flat' rgb1='{_text(base)}' mark='random' random='0.02' markrgb='{_text(shade(base, 0.9))}'"
    elif plan.room.floor == "tiles":
        texture = (
            f"builtin='checker' rgb1='{_text(base)}' rgb2='{_text(shade(base, 0.95))}' "
            f"mark='edge' markrgb='{_text(shade(base, 0.8))}'"
        )
    else:
        texture = f"builtin='gradient' rgb1='{_text(shade(base, 1.06))}' rgb2='{_text(shade(base, 0.8))}'"
    repeat = "1 4" if plan.room.floor == "planks" else "1.6 1.6"
    return (
        f"<texture name='floor' type='2d' {texture} width='256' height='256'/>"
        f"<material name='floor' texture='floor' texuniform='true' texrepeat='{repeat}' specular='0.1'/>"
    )


def _floor(plan: StorePlan) -> str:
    room = plan.room
    half = (room.width_m / 2, room.depth_m / 2)
    street = geom("plane", (half[0] + 8, half[1] + 8, 0.1), (*half, -0.02), (0.42, 0.42, 0.43))
    inside = geom("box", (*half, 0.005), (*half, -0.005), (1, 1, 1), "material='floor'")
    ceiling = geom("box", (*half, 0.02), (*half, room.height_m + 0.03), (0.93, 0.93, 0.92))
    far = "".join(
        geom("box", (12, 0.05, 3), (half[0], half[1] + side * (half[1] + 5), 3), (0.62, 0.68, 0.74))
        + geom("box", (0.05, 12, 3), (half[0] + side * (half[0] + 5), half[1], 3), (0.6, 0.66, 0.72))
        for side in (-1, 1)
    )
    return street + inside + ceiling + far


def _walls(plan: StorePlan) -> str:
    width, depth = plan.room.width_m, plan.room.depth_m
    sides = [((0, 0), (1, 0), width), ((0, depth), (1, 0), width), ((0, 0), (0, 1), depth), ((width, 0), (0, 1), depth)]
    return "".join(
        _wall(plan, np.array(start, float), np.array(along, float), length) for start, along, length in sides
    )


def _wall(plan: StorePlan, start: np.ndarray, along: np.ndarray, length: float) -> str:
    """One wall with its door openings, a skirting board and a poster in the middle of long free pieces."""
    doors = []
    for gate in plan.gates:
        offset = np.array([gate.x, gate.y]) - start
        if abs(offset @ along[::-1]) < 0.06:
            doors.append((offset @ along - gate.width_m / 2 - 0.1, offset @ along + gate.width_m / 2 + 0.1))
    colour, height = rgb(plan.room.wall_colour), plan.room.height_m
    pieces, at = [], -WALL_M
    for left, right in sorted(doors):
        pieces.append(_panel(start, along, at, left, 0, height, colour, plan))
        pieces.append(_panel(start, along, left, right, DOOR_M, height, colour, plan))
        at = right
    pieces.append(_panel(start, along, at, length + WALL_M, 0, height, colour, plan))
    return "".join(pieces)


def _panel(
    start: np.ndarray,
    along: np.ndarray,
    left: float,
    right: float,
    low: float,
    high: float,
    colour: RGB,
    plan: StorePlan,
) -> str:
    if right - left < 1e-3 or high - low < 1e-3:
        return ""
    middle_of_room = np.array([plan.room.width_m / 2, plan.room.depth_m / 2])
    middle = start + along * (left + right) / 2
    inward = along[::-1] * np.sign((middle_of_room - middle) @ along[::-1])
    centre = middle - inward * WALL_M / 2
    half = np.abs(along) * (right - left) / 2 + np.abs(inward) * WALL_M / 2
    wall = geom("box", (*half, (high - low) / 2), (*centre, (low + high) / 2), colour)
    if low > 0:
        return wall
    skirting_half = np.abs(along) * (right - left) / 2 + np.abs(inward) * 0.008
    return wall + geom("box", (*skirting_half, 0.05), (*(middle + inward * 0.006), 0.05), shade(colour, 0.6))


def _gate(gate: GatePlace, plan: StorePlan) -> str:
    """Door frame, mat, and two waist-high posts with a light: green leads in, red leads out, amber both."""
    inward = np.array(gate.inward)
    across = np.array([-inward[1], inward[0]])
    middle = np.array([gate.x, gate.y])
    light = {"in": (0.1, 0.75, 0.25), "out": (0.85, 0.15, 0.1), "both": (0.95, 0.65, 0.1)}[gate.direction]
    parts = []
    for side in (-1, 1):
        post = middle + across * side * (gate.width_m / 2 + 0.03) + inward * 0.35
        half = np.abs(across) * 0.03 + np.abs(inward) * 0.3
        parts.append(geom("box", (*half, 0.48), (*post, 0.48), (0.55, 0.57, 0.6)))
        parts.append(geom("box", (*(half * 0.9), 0.02), (*post, 0.98), light))
        frame = middle + across * side * (gate.width_m / 2 + 0.1)
        parts.append(
            geom(
                "box",
                (*(np.abs(across) * 0.03 + np.abs(inward) * 0.07), DOOR_M / 2),
                (*frame, DOOR_M / 2),
                (0.2, 0.21, 0.22),
            )
        )
    mat_half = np.abs(across) * gate.width_m / 2 + np.abs(inward) * 0.5
    parts.append(geom("box", (*mat_half, 0.004), (*(middle + inward * 0.6), 0.003), (0.22, 0.23, 0.26)))
    return "".join(parts)


def _gondola(plan: StorePlan, gondola: GondolaSpec) -> str:
    """Back panel, side panels, base, boards with price strips, plates' seams and the items."""
    front, right = front_and_right(gondola.heading_deg)
    angle = float(np.arctan2(right[1], right[0]))
    turned = f"euler='0 0 {angle:.6g}'"
    middle = np.array([gondola.x, gondola.y])
    colour = rgb(gondola.colour)
    half_length, half_depth = gondola.length_m / 2, gondola.depth_m / 2

    def part(along: float, out: float, z: float, size: Sequence[float], tone: RGB) -> str:
        return geom("box", size, (*(middle + right * along + front * out), z), tone, turned)

    body = [
        part(
            0,
            -half_depth + BACK_PANEL_M / 2,
            gondola.height_m / 2,
            (half_length, BACK_PANEL_M / 2, gondola.height_m / 2),
            colour,
        ),
        part(0, 0, 0.06, (half_length - 0.022, half_depth - 0.03, 0.06), shade(colour, 0.5)),
        part(0, -half_depth + 0.1, gondola.height_m - 0.018, (half_length - 0.001, 0.1, 0.02), shade(colour, 0.8)),
    ]
    for side in (-1, 1):
        body.append(
            part(
                side * (half_length - 0.01),
                -0.02,
                gondola.height_m / 2,
                (0.01, half_depth - 0.03, gondola.height_m / 2),
                shade(colour, 0.85),
            )
        )
    for s, shelf in enumerate(gondola.shelves):
        body.append(
            part(0, 0, shelf.height_m - 0.012, (half_length - 0.02, half_depth - 0.01, 0.01), shade(colour, 0.93))
        )
        body.append(
            part(0, half_depth - 0.004, shelf.height_m - 0.022, (half_length - 0.02, 0.004, 0.02), (0.93, 0.93, 0.9))
        )
        body.extend(_price_tags(gondola, s, turned))
        for i, slot in enumerate(shelf.slots):
            product = plan.product_of[slot.product]
            for n, place in enumerate(item_places(gondola, s, i, product)):
                body.append(_item(item_geom(gondola.id, s, i, n), product, place, front, turned))
    return "".join(body)


def _price_tags(gondola: GondolaSpec, shelf: int, turned: str) -> list[str]:
    front, _ = front_and_right(gondola.heading_deg)
    board = gondola.shelves[shelf]
    tags = []
    for slot in board.slots:
        centre = plate_centre(gondola, board, float(np.mean(slot.plates)))
        tag = centre[:2] + front * (gondola.depth_m / 2 - BACK_PANEL_M / 2 + 0.002)
        tone = (0.95, 0.82, 0.15) if hash_of(slot.product) % 3 == 0 else (0.98, 0.98, 0.98)
        tags.append(geom("box", (0.03, 0.004, 0.014), (*tag, board.height_m - 0.022), shade(tone, 1), turned))
    return tags


def hash_of(text: str) -> int:
    """A number that depends only on the text, on every machine and in every process."""
    return sum((i + 1) * ord(c) for i, c in enumerate(text))


def item_shape(product: ProductSpec) -> tuple[str, tuple[float, float, float]]:
    """MuJoCo geom type and sizes of one item."""
    width, depth, height = product.size_m
    if product.shape in ("can", "bottle"):
        return "cylinder", (width / 2, height / 2 * (0.78 if product.shape == "bottle" else 1.0), 0.0)
    return "box", (width / 2, depth / 2, height / 2)


def _item(name: str, product: ProductSpec, place: np.ndarray, front: np.ndarray, turned: str) -> str:
    kind, size = item_shape(product)
    _, depth, height = product.size_m
    colour = rgb(product.colour)
    label = label_colour(colour)
    where = place.copy()
    if kind == "cylinder":
        where[2] += size[1] - height / 2
        main = geom(kind, size[:2], where, colour, f"name='{name}'")
        if product.shape == "bottle":
            top = np.append(place[:2], place[2] + height / 2 - height * 0.11)
            return main + geom(kind, (size[0] * 0.45, height * 0.11), top, shade(label, 0.9), f"name='{name}+'")
        return main + geom(kind, (size[0] * 1.03, size[1] * 0.35), where, label, f"name='{name}+'")
    main = geom(kind, size, where, colour, turned, f"name='{name}'")
    face = np.append(place[:2] + front * (depth / 2 + 0.001), place[2] + height * 0.08)
    badge = "ellipsoid" if product.shape == "bag" else "box"
    return main + geom(badge, (size[0] * 0.7, 0.004, height * 0.2), face, label, turned, f"name='{name}+'")


def _spare_items() -> str:
    return "".join(
        geom("box", (0.05, 0.05, 0.05), (0, 0, -5), (0.5, 0.5, 0.5), f"name='spare:{i}'", f"group='{GROUP_HIDDEN}'")
        for i in range(SPARE_ITEMS)
    )


def slot_items(plan: StorePlan) -> dict[str, list[str]]:
    """Geom names of each slot's items by slot key, in the order in which they are filled up."""
    names = {}
    for gondola in plan.gondolas:
        keys = iter(slot_places(gondola))
        for s, shelf in enumerate(gondola.shelves):
            for i, slot in enumerate(shelf.slots):
                names[next(keys).key] = [item_geom(gondola.id, s, i, n) for n in range(slot.stock)]
    return names
