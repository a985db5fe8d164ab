"""Random stores for training data: the same scene code as the built-in stores, everything else drawn by chance."""

from __future__ import annotations

import colorsys
from collections.abc import Callable
from typing import Any

import numpy as np
from shapely.affinity import translate
from shapely.geometry import box
from shapely.geometry.polygon import Polygon

from sim.configuration import FieldError
from sim.errors import BadInput
from sim.store_places import footprint
from sim.store_plan import GondolaSpec, StorePlan, load_store, plan_from

UNSEEN = ("corner-shop", "nanostore", "retail")
"""Named, so that a new built-in store does not change the frames on which networks are compared."""

UNSEEN_HALL = "hall"
"""The built-in store in whose pictures crowds are compared."""

HALL_PIXELS = (1920, 1080)
"""Width and height of the picture of a hall's camera."""

MOST_TRIES = 60
MOST_RACKS = 16


def random_plan(rng: np.random.Generator, cameras: int = 4) -> StorePlan:
    """A store whose room, racks, products, colours, light and cameras are random.

    Raises:
        BadInput: no valid store was found in many tries, which does not happen with sane bounds.
    """

    def content() -> dict[str, Any]:
        # Corner shops and supermarkets of up to 200 square metres.
        return _content(rng, cameras, (rng.uniform(4.5, 17), rng.uniform(4.5, 12), rng.uniform(2.6, 4.2)))

    return _first_valid(content)


def random_hall(rng: np.random.Generator) -> StorePlan:
    """A large room with few racks before one wide camera of `HALL_PIXELS`, with floor for a crowd.

    Raises:
        BadInput: as `random_plan`.
    """

    def content() -> dict[str, Any]:
        size = (rng.uniform(9, 18), rng.uniform(9, 16), rng.uniform(3.2, 5.4))
        hall = _content(rng, 1, size)
        hall["gondolas"] = hall["gondolas"][: int(rng.integers(1, 5))]
        hall["cameras"] = [_hall_camera(rng, *size)]
        return hall

    return _first_valid(content)


def unseen_hall(rng: np.random.Generator) -> StorePlan:
    """The built-in hall, kept out of all training data, under random light and often with another wide camera."""
    plan = load_store(UNSEEN_HALL)
    content = relit(plan, rng).model_dump()
    if rng.uniform() < 0.4:
        room = plan.room
        content["cameras"] = [_hall_camera(rng, room.width_m, room.depth_m, room.height_m)]
    return plan_from(content, plan.name)


def _first_valid(content: Callable[[], dict[str, Any]]) -> StorePlan:
    for _ in range(MOST_TRIES):
        try:
            return plan_from(content(), "random plan")
        except (BadInput, FieldError):
            continue
    raise BadInput("random plan", "seed", "none of many tries gave a valid store", "another seed")


def random_cameras(plan: StorePlan, rng: np.random.Generator, count: int) -> list[dict[str, Any]]:
    """Camera entries for `plan`: heights of 2.2 to 3.9 m, mostly near walls, lenses from 50 to 95 degrees."""
    room = plan.room
    return _cameras(rng, count, room.width_m, room.depth_m, room.height_m)


def relit(plan: StorePlan, rng: np.random.Generator, cameras: int | None = None) -> StorePlan:
    """The same layout under another light, and with `cameras` random cameras if that is given."""
    content = plan.model_dump()
    content["lighting"] = _lighting(rng)
    if cameras is not None:
        content["cameras"] = random_cameras(plan, rng, cameras)
    return plan_from(content, plan.name)


def unseen_plan(rng: np.random.Generator) -> StorePlan:
    """A built-in store, kept out of all training data, under random light and often with random cameras."""
    plan = load_store(UNSEEN[int(rng.integers(len(UNSEEN)))])
    return relit(plan, rng, 4 if rng.uniform() < 0.4 else None)


def _content(rng: np.random.Generator, cameras: int, size: tuple[float, float, float]) -> dict[str, Any]:
    """Everything random in a room of this width, depth and height (metres)."""
    width, depth, height = size
    products = [_product(rng, i) for i in range(int(rng.integers(8, 28)))]
    return {
        "name": "random",
        "title": "A random store",
        "room": {
            "width_m": width,
            "depth_m": depth,
            "height_m": height,
            "floor": str(rng.choice(["tiles", "planks", "plain"])),
            "floor_colour": _colour(rng, (0.0, 0.45), (0.3, 0.92)),
            "wall_colour": _colour(rng, (0.0, 0.45), (0.4, 1.0)),
        },
        "lighting": _lighting(rng),
        "products": products,
        "gondolas": _gondolas(rng, width, depth, height, products),
        "gates": _gates(rng, width),
        "cameras": _cameras(rng, cameras, width, depth, height),
    }


def _lighting(rng: np.random.Generator) -> dict[str, Any]:
    return {
        "brightness": rng.uniform(0.55, 1.35),
        "ambient": rng.uniform(0.2, 0.65),
        "warmth": rng.uniform(-1, 1),
    }


def _colour(rng: np.random.Generator, saturation: tuple[float, float], value: tuple[float, float]) -> str:
    parts = colorsys.hsv_to_rgb(rng.uniform(), rng.uniform(*saturation), rng.uniform(*value))
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)


def _product(rng: np.random.Generator, number: int) -> dict[str, Any]:
    shape = str(rng.choice(["box", "can", "bottle", "bag"]))
    if shape in ("can", "bottle"):
        across = rng.uniform(0.055, 0.1)
        size = (across, across, rng.uniform(0.1, 0.2) if shape == "can" else rng.uniform(0.17, 0.3))
    else:
        size = (rng.uniform(0.06, 0.24), rng.uniform(0.04, 0.14), rng.uniform(0.06, 0.26))
    return {
        "id": f"p{number}",
        "name": f"Product {number}",
        "weight_g": round(float(rng.uniform(50, 1200))),
        "price_cents": int(rng.integers(50, 600)),
        "size_m": size,
        "shape": shape,
        "colour": _colour(rng, (0.1, 1.0), (0.1, 1.0)),
    }


def _gates(rng: np.random.Generator, width: float) -> list[dict[str, Any]]:
    if rng.uniform() < 0.5:
        return [{"id": "gate", "x": rng.uniform(0.9, width - 0.9), "y": 0.0, "width_m": 1.1, "direction": "both"}]
    left = rng.uniform(0.8, width / 2 - 0.8)
    right = rng.uniform(width / 2 + 0.8, width - 0.8)
    return [
        {"id": "entrance", "x": left, "y": 0.0, "width_m": 1.0, "direction": "in"},
        {"id": "exit", "x": right, "y": 0.0, "width_m": 1.0, "direction": "out"},
    ]


def _gondolas(
    rng: np.random.Generator, width: float, depth: float, height: float, products: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Racks along the walls and free-standing ones, as many of a random wish list as stand free of each other."""
    chosen: list[dict[str, Any]] = []
    taken: list[Polygon] = [box(-1, -1, width + 1, 1.3)]  # room before the gates
    colour = _colour(rng, (0.0, 0.4), (0.25, 1.0))
    for x, y, heading, length in _wishes(rng, width, depth):
        entry = _gondola(rng, f"g{len(chosen)}", (x, y), heading, length, min(height - 0.3, 2.2), products)
        entry["colour"] = colour if rng.uniform() < 0.7 else _colour(rng, (0.0, 0.6), (0.2, 1.0))
        outline = footprint(GondolaSpec.model_validate({**entry, "shelves": entry["shelves"][:1]}))
        reach = outline.buffer(0.02)
        island = any(reach.intersects(other) for other in taken)
        aisle = _before(outline, heading)
        inside = box(0, 0, width, depth).covers(outline)
        if not inside or island or any(aisle.intersects(other) for other in taken) or len(chosen) >= MOST_RACKS:
            continue
        chosen.append(entry)
        taken += [outline, aisle.buffer(-0.05)]
    return chosen


def _before(outline: Polygon, heading_deg: float) -> Polygon:
    """The metre of floor before a rack."""
    angle = np.radians(heading_deg)
    moved = translate(outline, 0.9 * np.cos(angle), 0.9 * np.sin(angle))
    return Polygon(moved)


def _wishes(rng: np.random.Generator, width: float, depth: float) -> list[tuple[float, float, float, float]]:
    """Places (x, y, heading in degrees, length) worth trying, in random order; islands as back-to-back pairs."""
    walls = [
        (rng.uniform(1.2, width - 1.2), depth - 0.28, -90.0, rng.uniform(1, 3.2)),
        (0.28, rng.uniform(2, depth - 1), 0.0, rng.uniform(1, 3.2)),
        (width - 0.28, rng.uniform(2, depth - 1), 180.0, rng.uniform(1, 3.2)),
    ]
    free = []
    upright = bool(rng.uniform() < 0.5)
    most = max(10, round(width * depth / 6))
    for _ in range(int(rng.integers(1, most))):
        x, y = rng.uniform(1, width - 1), rng.uniform(2, depth - 1)
        heading = (0.0 if upright else 90.0) if rng.uniform() < 0.85 else float(rng.uniform(0, 360))
        length = rng.uniform(0.9, 3.0)
        angle = np.radians(heading)
        for side in (1, -1) if rng.uniform() < 0.75 else (1,):
            shift = side * 0.26
            free.append(
                (x + shift * np.cos(angle), y + shift * np.sin(angle), heading + (180 if side < 0 else 0), length)
            )
    return free + walls if rng.uniform() < 0.5 else walls + free


def _gondola(
    rng: np.random.Generator,
    name: str,
    place: tuple[float, float],
    heading: float,
    length: float,
    most_high: float,
    products: list[dict[str, Any]],
) -> dict[str, Any]:
    high = rng.uniform(1.1, most_high)
    boards = int(rng.integers(3, 7))
    levels = np.linspace(high - rng.uniform(0.25, 0.45), 0.16, boards)
    plates = int(rng.integers(3, 9))
    shelves = [
        {
            "height_m": float(level),
            "plates_per_shelf": plates,
            "slots": _slots(rng, plates, length / plates, gap, products),
        }
        for level, gap in zip(levels, (0.3, *-np.diff(levels)), strict=True)
    ]
    return {
        "id": name,
        "x": place[0],
        "y": place[1],
        "heading_deg": (heading + 180) % 360 - 180,
        "length_m": length,
        "depth_m": 0.48,
        "height_m": high,
        "shelves": shelves,
    }


def _slots(
    rng: np.random.Generator, plates: int, plate_m: float, gap_m: float, products: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Slots whose items fit between the boards; some plates stay empty."""
    fitting = [
        product
        for product in products
        if product["size_m"][0] < plate_m - 0.015 and product["size_m"][2] < gap_m - 0.05
    ]
    slots = []
    for plate in range(1, plates + 1):
        if fitting and rng.uniform() < 0.88:
            product = fitting[int(rng.integers(len(fitting)))]
            columns = int(plate_m // (product["size_m"][0] + 0.012))
            rows = int(0.44 // (product["size_m"][1] + 0.012))
            stock = int(rng.integers(1, max(2, min(columns * rows, 9) + 1)))
            slots.append({"product": product["id"], "plates": [plate], "stock": min(stock, columns * rows)})
    return slots


def _cameras(rng: np.random.Generator, count: int, width: float, depth: float, height: float) -> list[dict[str, Any]]:
    cameras = []
    for number in range(count):
        near_wall = rng.uniform() < 0.8
        x, y = rng.uniform(0.1, width - 0.1), rng.uniform(0.1, depth - 0.1)
        if near_wall and rng.uniform() < 0.5:
            x = float(rng.choice([0.12, width - 0.12]))
        elif near_wall:
            y = float(rng.choice([0.12, depth - 0.12]))
        target = (rng.uniform(0.2, 0.8) * width, rng.uniform(0.25, 0.8) * depth, rng.uniform(0, 1.1))
        k1 = rng.uniform(-0.22, 0.04)
        cameras.append(
            {
                "name": f"c{number}",
                "position": (x, y, min(rng.uniform(2.25, 3.9), height - 0.05)),
                "look_at": target,
                "fov_deg": rng.uniform(50, 95),
                "distortion": (k1, 0.12 * k1 * k1 + rng.uniform(0, 0.02), *rng.uniform(-0.002, 0.002, 2), 0.0),
            }
        )
    return cameras


def _hall_camera(rng: np.random.Generator, width: float, depth: float, height: float) -> dict[str, Any]:
    """In the middle part of a wall, high enough to look over a crowd."""
    along, near = rng.uniform(0.2, 0.8), 0.15 if rng.uniform() < 0.5 else -0.15
    x, y = (along * width, near % depth) if rng.uniform() < 0.5 else (near % width, along * depth)
    return {
        "name": "hall",
        "position": (x, y, rng.uniform(2.7, height - 0.3)),
        "look_at": (rng.uniform(0.35, 0.65) * width, rng.uniform(0.35, 0.65) * depth, rng.uniform(0.2, 1.0)),
        "fov_deg": rng.uniform(65, 95),
        "width": HALL_PIXELS[0],
        "height": HALL_PIXELS[1],
        "distortion": (rng.uniform(-0.16, 0.02), 0.01, 0.0, 0.0, 0.0),
    }
