"""What lies on the shelves: every single item, on which plates, and who takes it away or puts it somewhere."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.errors import BadInput
from sim.scales import PlateScales
from sim.scenario import Scenario
from sim.scene import MisplacedItem
from sim.store_items import item_places
from sim.store_places import STANDING_M, PlatePlace, SlotPlace, plate_id
from sim.store_plan import StorePlan

Point3 = tuple[float, float, float]

BEHIND_SHARE = 0.35
"""Of a plate's depth, how much further in a hand goes that puts something behind what stands there."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item with its own weight; `number` is unique in the store."""

    number: int
    product: str
    weight_g: float


@dataclass(frozen=True, slots=True)
class ShelfPlace:
    """A stretch of shelf: its plates, and where and facing whither a shopper stands for it.

    `slot` is the key of the slot there whose product belongs there; None for a place described by plates alone.
    """

    gondola: str
    plates: tuple[str, ...]
    centre: Point3
    access: tuple[float, float]
    heading: float
    slot: str | None = None


@dataclass(frozen=True, slots=True)
class Lying:
    """An item on plates, and what each of them carries of it."""

    item: Item
    place: ShelfPlace
    shares: tuple[float, ...]
    behind: bool = False


class Shelves:
    """Every item of the store that is on a shelf, with its weight on the scales.

    Args:
        plan: the store.
        scenario: for items that lie elsewhere at opening, and the spread of weights.
        scales: feel what is taken and put.
        rng: weights of the items and their balance over two plates.
    """

    def __init__(self, plan: StorePlan, scenario: Scenario, scales: PlateScales, rng: np.random.Generator) -> None:
        self._plan, self._scales, self._rng = plan, scales, rng
        self._spread = scenario.scales.item_sd
        self._plates = {place.id: place for place in plan.plates()}
        self._order = {place: index for index, place in enumerate(self._plates)}
        self._items = 0
        self.slots: dict[str, ShelfPlace] = {}
        self._product_of: dict[str, str] = {}
        self._own: dict[str, list[Lying]] = {}
        self._spots: dict[str, list[Point3]] = _item_spots(plan)
        self._misplaced: list[Lying] = []
        self._decoys: list[MisplacedItem] = []
        for slot in plan.slot_places():
            self._fill(slot)
        for entry in scenario.misplaced:
            place = self.place([plate_id(entry.gondola, entry.shelf, index) for index in entry.plates])
            for _ in range(entry.quantity):
                self._lay(self.new_item(entry.product), place, self._misplaced)
        scales.settle()

    def _fill(self, slot: SlotPlace) -> None:
        self.slots[slot.key] = ShelfPlace(
            slot.gondola, slot.plates, slot.centre, slot.access, slot.heading, slot=slot.key
        )
        self._product_of[slot.key] = slot.product
        self._own[slot.key] = []
        for _ in range(slot.stock):
            self._lay(self.new_item(slot.product), self.slots[slot.key], self._own[slot.key])

    def new_item(self, product: str) -> Item:
        """An item with a weight of its own, not anywhere yet."""
        self._items += 1
        weight = self._plan.product_of[product].weight_g * (1 + self._spread * float(self._rng.standard_normal()))
        return Item(self._items, product, max(0.5, weight))

    def place(self, plates: Sequence[str]) -> ShelfPlace:
        """The place on these plates of one shelf.

        Raises:
            BadInput: no plates, or one that the store does not have.
        """
        unknown = [plate for plate in plates if plate not in self._plates]
        if unknown or not plates:
            raise BadInput("shelves", "plates", unknown or "none", "plates of the store")
        chosen = [self._plates[plate] for plate in plates]
        return _place(chosen)

    def slots_of(self, product: str) -> list[ShelfPlace]:
        """The places where a product belongs."""
        return [self.slots[key] for key, owner in self._product_of.items() if owner == product]

    def product_at(self, place: ShelfPlace) -> str:
        """The product that belongs at a slot's place.

        Raises:
            BadInput: the place is no slot's.
        """
        if place.slot not in self._product_of:
            raise BadInput("shelves", "place", place.plates, "the place of a slot")
        return self._product_of[place.slot]

    def own_place(self, product: str, plates: Sequence[str]) -> ShelfPlace | None:
        """The place of the product that shares a plate with `plates`, if there is one."""
        return next((slot for slot in self.slots_of(product) if set(slot.plates) & set(plates)), None)

    def offers(self, product: str) -> list[Lying]:
        """One item from each place where the product lies, the one that a hand would take there."""
        own = [self._own[slot.slot][-1] for slot in self.slots_of(product) if slot.slot and self._own[slot.slot]]
        return own + [lying for lying in self._misplaced if lying.item.product == product]

    def offer_at(self, product: str, plates: Sequence[str]) -> Lying | None:
        """The item of the product that a hand takes from these plates: a misplaced one first, as it lies in front."""
        there = [lying for lying in self.offers(product) if set(lying.place.plates) & set(plates)]
        return next((lying for lying in reversed(there) if lying in self._misplaced), there[-1] if there else None)

    def take(self, lying: Lying) -> Item:
        """Takes an item off its plates.

        Raises:
            BadInput: it is not there any more.
        """
        pile = self._pile(lying)
        if lying not in pile:
            raise BadInput("shelves", "item", lying.item.number, "an item that lies there")
        pile.remove(lying)
        self._weigh(lying, -1)
        return lying.item

    def put(self, item: Item, place: ShelfPlace, behind: bool = False) -> Lying:
        """Lays an item down: into its product's slot where the place is its own, else beside what belongs there.

        behind: whether a misplaced item stands at the back of the plate, out of sight.
        """
        own = self.own_place(item.product, place.plates)
        if own is not None and own.slot is not None and len(self._own[own.slot]) < len(self._spots[own.slot]):
            return self._lay(item, own, self._own[own.slot])
        return self._lay(item, _place([self._plates[plate] for plate in place.plates]), self._misplaced, behind)

    def decoy(self, product: str, place: ShelfPlace) -> None:
        """Notes a thing on the front of a place that looks like a product and is none of the store's."""
        self._decoys.append(MisplacedItem(product, place.plates[len(place.plates) // 2]))

    def stock(self) -> dict[str, int]:
        """Items at their own place, by slot key."""
        return {key: len(pile) for key, pile in self._own.items()}

    def misplaced(self) -> tuple[MisplacedItem, ...]:
        """Items elsewhere and decoys, each with the plate on which its middle stands."""
        return tuple(
            MisplacedItem(lying.item.product, lying.place.plates[len(lying.place.plates) // 2], lying.behind)
            for lying in self._misplaced
        ) + tuple(self._decoys)

    def strays(self) -> list[Lying]:
        """Items at other products' places that a hand can take: not those behind what stands there."""
        return [
            lying
            for lying in self._misplaced
            if not lying.behind and self.own_place(lying.item.product, lying.place.plates) is None
        ]

    def count(self) -> int:
        """Items on all shelves."""
        return sum(map(len, self._own.values())) + len(self._misplaced)

    def plate_index(self, plate: str) -> int:
        """Where a plate stands in the order of the scales."""
        return self._order[plate]

    def hand_target(self, product: str, place: ShelfPlace, putting: bool = False, behind: bool = False) -> Point3:
        """Where the palm goes to take the product's front item from a place, or to put one there (metres).

        behind: to put it at the back of the plate.
        """
        _, depth, height = self._plan.product_of[product].size_m
        front = self._plates[place.plates[0]].front
        if place.slot is not None and self._product_of[place.slot] == product:
            spots = self._spots[place.slot]
            index = len(self._own[place.slot]) - (0 if putting else 1)
            x, y, z = spots[max(0, min(index, len(spots) - 1))]
        else:
            x, y = (place.centre[k] + front[k] * 0.05 for k in range(2))
            z = place.centre[2] + height / 2
        out = depth / 2 - (BEHIND_SHARE * self._plates[place.plates[0]].size[1] if behind else 0.0)
        return x + front[0] * out, y + front[1] * out, z

    def _pile(self, lying: Lying) -> list[Lying]:
        return self._own[lying.place.slot] if lying.place.slot is not None else self._misplaced

    def _lay(self, item: Item, place: ShelfPlace, pile: list[Lying], behind: bool = False) -> Lying:
        """Items stand a little off the middle of their plates."""
        weights = 1 + self._rng.uniform(-0.15, 0.15, len(place.plates))
        lying = Lying(item, place, tuple((weights / weights.sum()).tolist()), behind)
        pile.append(lying)
        self._weigh(lying, 1)
        return lying

    def _weigh(self, lying: Lying, sign: int) -> None:
        for plate, share in zip(lying.place.plates, lying.shares, strict=True):
            self._scales.load(self._order[plate], sign * share * lying.item.weight_g)


def _place(plates: Sequence[PlatePlace]) -> ShelfPlace:
    centre = np.mean([plate.centre for plate in plates], axis=0)
    front = np.array(plates[0].front)
    x, y = (centre[:2] + front * (plates[0].size[1] / 2 + STANDING_M)).tolist()
    return ShelfPlace(
        plates[0].gondola,
        tuple(plate.id for plate in plates),
        (float(centre[0]), float(centre[1]), float(centre[2])),
        (x, y),
        float(np.arctan2(-front[1], -front[0])),
    )


def _item_spots(plan: StorePlan) -> dict[str, list[Point3]]:
    spots = {}
    keys = iter(plan.slot_places())
    for gondola in plan.gondolas:
        for s, shelf in enumerate(gondola.shelves):
            for i, slot in enumerate(shelf.slots):
                places = item_places(gondola, s, i, plan.product_of[slot.product])
                spots[next(keys).key] = [(float(x), float(y), float(z)) for x, y, z in places]
    return spots
