"""What should lie where: products, load-cell plates, slots, and the gates through which people come and go.

Lengths are metres in the floor frame (x right, y up on the plan, z up), weights grams, prices integer cents.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from store.errors import BadInput

GateDirection = Literal["in", "out", "both"]


@dataclass(frozen=True, slots=True)
class Product:
    """A product: weight of one item with its packing in grams, price of one item in cents.

    `colour` is the main colour of its packing, red, green, blue from 0 to 255, None where nobody knows.
    """

    id: str
    name: str
    weight_g: float
    price_cents: int
    colour: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        if not self.weight_g > 0:
            raise BadInput("planogram", f"products.{self.id}.weight_g", self.weight_g, "more than 0 g")
        if self.price_cents < 0:
            raise BadInput("planogram", f"products.{self.id}.price_cents", self.price_cents, "0 or more cents")


@dataclass(frozen=True, slots=True)
class Plate:
    """A load-cell plate, `<gondola>-<shelf>-<index>`, all 1-based, shelf 1 on top.

    `position` is the centre of its surface, `size` its width along the shelf and its depth, `front` the unit normal
    (x, y) towards the aisle.
    """

    id: str
    gondola: str
    shelf: int
    index: int
    position: tuple[float, float, float]
    size: tuple[float, float]
    front: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Slot:
    """A product's place; an item of a slot of two plates loads both, about half each."""

    product_id: str
    plates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gate:
    """A gate in the wall: middle of its passage on the floor, and the way it lets people through."""

    id: str
    x: float
    y: float
    direction: GateDirection


class Planogram:
    """Products, plates in the order of the weight samples' columns, and slots.

    Raises BadInput where an id comes twice, or a slot names a product or a plate that there is not.
    """

    def __init__(self, products: Sequence[Product], plates: Sequence[Plate], slots: Sequence[Slot]) -> None:
        self.products = {product.id: product for product in products}
        self.plates = tuple(plates)
        self.plate = {plate.id: plate for plate in plates}
        self.slots = tuple(slots)
        if len(self.products) != len(products):
            raise BadInput("planogram", "products", _first_double([p.id for p in products]), "each product id once")
        if len(self.plate) != len(plates):
            raise BadInput("planogram", "plates", _first_double([p.id for p in plates]), "each plate id once")
        for number, slot in enumerate(self.slots):
            if slot.product_id not in self.products:
                raise BadInput("planogram", f"slots.{number}.product_id", slot.product_id, "a product of the planogram")
            unknown = [plate for plate in slot.plates if plate not in self.plate]
            if unknown or not slot.plates:
                found = unknown[0] if unknown else "no plate"
                raise BadInput("planogram", f"slots.{number}.plates", found, "one plate or more of the planogram")

    @cached_property
    def column(self) -> dict[str, int]:
        """Column of each plate in the weight samples."""
        return {plate.id: column for column, plate in enumerate(self.plates)}

    @cached_property
    def slots_on(self) -> dict[str, tuple[Slot, ...]]:
        """Slots that use a plate, by plate id."""
        found: dict[str, list[Slot]] = defaultdict(list)
        for slot in self.slots:
            for plate in slot.plates:
                found[plate].append(slot)
        return {plate: tuple(slots) for plate, slots in found.items()}

    @cached_property
    def neighbours(self) -> dict[str, tuple[str, ...]]:
        """Plates directly left and right on the same shelf, by plate id."""
        at = {(plate.gondola, plate.shelf, plate.index): plate.id for plate in self.plates}
        return {
            plate.id: tuple(
                at[key] for key in ((plate.gondola, plate.shelf, plate.index + step) for step in (-1, 1)) if key in at
            )
            for plate in self.plates
        }

    def price(self, product_id: str) -> int:
        """Price of one item in cents."""
        return self.products[product_id].price_cents


def _first_double(ids: list[str]) -> str:
    return next(name for number, name in enumerate(ids) if name in ids[:number])
