"""The floor plan of a store as validated configuration: room, gondolas, plates, products, gates, cameras, light.

Floor frame: metres, x right, y up on the plan, z up; the room reaches from (0, 0) to (width_m, depth_m).
"""

import difflib
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator
from shapely.geometry import Point
from shapely.geometry.polygon import Polygon

from sim.configuration import FieldError, read_yaml, validated
from sim.errors import BadInput
from sim.store_places import GatePlace, PlatePlace, SlotPlace, footprint, gate_place, plate_places, slot_places
from sim.store_places import walkable as walkable_area
from tracking.camera import Camera

STORES = Path(__file__).parent / "stores"

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.]*$", max_length=40, description="no spaces, no dashes")]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", description="#rrggbb")]
Point3 = tuple[float, float, float]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Room(_Model):
    """Inner size of the room."""

    width_m: float = Field(ge=2, le=200, description="along x, metres")
    depth_m: float = Field(ge=2, le=200, description="along y, metres")
    height_m: float = Field(default=3.2, ge=2.2, le=12, description="floor to ceiling, metres")
    floor: Literal["tiles", "planks", "plain"] = Field(default="tiles", description="pattern of the floor")
    floor_colour: Colour = "#b9b4aa"
    wall_colour: Colour = "#d9d6cc"


class ProductSpec(_Model):
    """A product as the store knows it, and what one item looks like."""

    id: str = Field(min_length=1, max_length=40, description="unique, for example a bar code")
    name: str = Field(min_length=1, max_length=120)
    weight_g: float = Field(ge=1, le=20_000, description="one item with its packing, grams")
    price_cents: int = Field(ge=0, le=1_000_000, description="integer cents")
    size_m: tuple[float, float, float] = Field(description="width, depth, height of one item, metres")
    shape: Literal["box", "can", "bottle", "bag"] = "box"
    colour: Colour = "#808080"

    @model_validator(mode="after")
    def _plausible_size(self) -> Self:
        if not all(0.01 <= side <= 0.6 for side in self.size_m):
            raise FieldError("size_m", self.size_m, "each side from 0.01 to 0.6 m")
        return self


class SlotSpec(_Model):
    """One product's place on a shelf: the plates that its items stand on."""

    product: str = Field(description="id of a product of this plan")
    plates: tuple[int, ...] = Field(min_length=1, description="plates of the shelf, 1 is the leftmost to a shopper")
    stock: int = Field(default=8, ge=0, le=200, description="items at opening")


class ShelfSpec(_Model):
    """One shelf board of a gondola with its row of load-cell plates."""

    height_m: float = Field(ge=0.05, le=2.2, description="top of the plates above the floor, metres")
    plates_per_shelf: int = Field(ge=1, le=40, description="load-cell plates side by side, all as wide")
    slots: tuple[SlotSpec, ...] = ()


class GondolaSpec(_Model):
    """A one-sided rack; two back to back make an island."""

    id: Name
    x: float = Field(ge=0, le=200, description="centre of the footprint, metres")
    y: float = Field(ge=0, le=200, description="centre of the footprint, metres")
    heading_deg: float = Field(ge=-360, le=360, description="the way its front faces, from x counter-clockwise")
    length_m: float = Field(ge=0.4, le=12, description="along its shelves, metres")
    depth_m: float = Field(default=0.45, ge=0.2, le=1.5, description="from front to back, metres")
    height_m: float = Field(ge=0.4, le=2.6, description="metres")
    colour: Colour = "#c8ccd0"
    shelves: tuple[ShelfSpec, ...] = Field(min_length=1, description="from the top shelf down")

    @model_validator(mode="after")
    def _shelves_in_order(self) -> Self:
        heights = [shelf.height_m for shelf in self.shelves]
        for i, height in enumerate(heights):
            if height > self.height_m:
                raise FieldError(f"shelves.{i}.height_m", height, f"at most the gondola's height, {self.height_m} m")
            if i and height >= heights[i - 1]:
                raise FieldError(f"shelves.{i}.height_m", height, f"below the shelf above it, {heights[i - 1]} m")
        for i, shelf in enumerate(self.shelves):
            for j, slot in enumerate(shelf.slots):
                wrong = [p for p in slot.plates if not 1 <= p <= shelf.plates_per_shelf]
                if wrong:
                    raise FieldError(f"shelves.{i}.slots.{j}.plates", wrong[0], f"1 to {shelf.plates_per_shelf}")
        return self


class GateSpec(_Model):
    """A gate in a wall: the passage between street and store."""

    id: Name
    x: float = Field(ge=0, le=200, description="middle of the passage, on a wall, metres")
    y: float = Field(ge=0, le=200, description="middle of the passage, on a wall, metres")
    width_m: float = Field(default=1.0, ge=0.6, le=4, description="of the passage, metres")
    direction: Literal["in", "out", "both"]


class CameraSpec(_Model):
    """A fixed camera."""

    name: Name
    position: Point3 = Field(description="floor frame, metres")
    look_at: Point3 = Field(description="a point in the middle of its picture, floor frame, metres")
    fov_deg: float = Field(default=85, ge=20, le=120, description="horizontal field of view, degrees")
    width: int = Field(default=640, ge=160, le=3840, description="pixels")
    height: int = Field(default=360, ge=90, le=2160, description="pixels")
    distortion: tuple[float, float, float, float, float] = Field(
        default=(-0.08, 0.01, 0.0, 0.0, 0.0), description="OpenCV's k1 k2 p1 p2 k3"
    )

    @model_validator(mode="after")
    def _sees_something(self) -> Self:
        if np.hypot(self.look_at[0] - self.position[0], self.look_at[1] - self.position[1]) < 1e-3:
            raise FieldError("look_at", self.look_at, "a point that is not straight above or below the camera")
        return self


class FittingRoom(_Model):
    """A spot where people change what they wear; no camera may see it."""

    id: Name
    x: float = Field(ge=0, le=200, description="metres")
    y: float = Field(ge=0, le=200, description="metres")


class Lighting(_Model):
    """Light of the room."""

    brightness: float = Field(default=1.0, ge=0.1, le=2, description="1 is a well-lit shop")
    ambient: float = Field(default=0.38, ge=0, le=1, description="share of light without direction")
    warmth: float = Field(default=0.0, ge=-1, le=1, description="-1 bluish, 1 yellowish")
    lamps: tuple[Point3, ...] = Field(default=(), description="ceiling lamps; none: placed evenly")


class OpeningHours(_Model):
    """When the doors open, for shop simulations over days; a run's time counts from opening."""

    opens: str = Field(default="08:00", pattern=r"^\d\d:\d\d$")
    closes: str = Field(default="20:00", pattern=r"^\d\d:\d\d$")


class StorePlan(_Model):
    """A whole store; refuses plans in which something stands where it cannot."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    room: Room
    opening_hours: OpeningHours = OpeningHours()
    lighting: Lighting = Lighting()
    products: tuple[ProductSpec, ...] = Field(min_length=1)
    gondolas: tuple[GondolaSpec, ...] = Field(min_length=1)
    gates: tuple[GateSpec, ...] = Field(min_length=1)
    cameras: tuple[CameraSpec, ...] = Field(min_length=1)
    fitting_rooms: tuple[FittingRoom, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        from sim.store_checks import check_plan  # the checks need the models of this file

        check_plan(self)
        return self

    @cached_property
    def product_of(self) -> dict[str, ProductSpec]:
        """Products by id."""
        return {product.id: product for product in self.products}

    def plates(self) -> list[PlatePlace]:
        """Every plate, gondola by gondola, from the top shelf down, left to right as a shopper sees it."""
        return [place for gondola in self.gondolas for place in plate_places(gondola)]

    def slot_places(self) -> list[SlotPlace]:
        """Every slot with its key, its centre and the spot on the floor where a shopper stands to reach it."""
        return [place for gondola in self.gondolas for place in slot_places(gondola)]

    def gate_places(self) -> list[GatePlace]:
        """Every gate with its inward direction and the spot on the street before it."""
        return [gate_place(gate, self.room.width_m, self.room.depth_m) for gate in self.gates]

    def walkable(self, clearance_m: float = 0.0, vestibules: bool = True) -> Polygon:
        """The floor on which people can walk, less `clearance_m` around walls and gondolas (shapely polygon, metres).

        With `vestibules` it includes the strip of street behind each gate.
        """
        gates = self.gate_places() if vestibules else []
        footprints = [footprint(gondola) for gondola in self.gondolas]
        return walkable_area(self.room.width_m, self.room.depth_m, footprints, gates, clearance_m)

    def obstacles(self) -> list[Polygon]:
        """Footprints of the gondolas (metres)."""
        return [footprint(gondola) for gondola in self.gondolas]

    def reachable(self, x: float, y: float) -> bool:
        """Whether a standing person's centre can be at (x, y) and get there from a gate."""
        return bool(self.walkable(clearance_m=0.2).covers(Point(x, y)))


def list_stores() -> dict[str, Path]:
    """Built-in stores by name."""
    return {path.stem: path for path in sorted(STORES.glob("*.yaml"))}


def load_store(name_or_path: str | Path) -> StorePlan:
    """A built-in store by name, or the plan in a YAML file.

    Raises:
        BadInput: no such store, or the first fault of its file with field, value found and values allowed.
    """
    path = store_path(name_or_path)
    return validated(StorePlan, read_yaml(path), path)


def store_path(name_or_path: str | Path) -> Path:
    """The file of a built-in store's name or of a path.

    Raises:
        BadInput: there is no such store; near names are proposed.
    """
    stores = list_stores()
    path = stores.get(str(name_or_path), Path(name_or_path))
    if not path.is_file():
        near = difflib.get_close_matches(str(name_or_path), stores, n=3, cutoff=0.4) or list(stores)
        raise BadInput("store", "name", str(name_or_path), "a file or one of " + ", ".join(near))
    return path


def plan_from(content: dict[str, Any], source: object = "store plan") -> StorePlan:
    """A plan from plain data, such as a run folder's `plan.json`.

    Raises:
        BadInput: as `load_store`.
    """
    return validated(StorePlan, content, source)


def camera_models(plan: StorePlan) -> dict[str, Camera]:
    """The plan's cameras by name, as tracking knows them."""
    return {
        spec.name: Camera.look_at(
            spec.name, spec.position, spec.look_at, spec.fov_deg, spec.width, spec.height, spec.distortion
        )
        for spec in plan.cameras
    }
