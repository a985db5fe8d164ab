"""What random shoppers will do: a list from the shelves, in an order near the best tour, with changes of mind."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.demand import RandomShoppers
from sim.people import Person
from sim.routing import Router, Spot
from sim.stock import ShelfPlace, Shelves
from sim.store_plan import StorePlan

LOOKS = 2
"""Shelves that somebody looks at who buys nothing."""

WANDER = 0.15
"""Chance that two neighbouring stops are visited in the other order: people walk near the best tour, not on it."""


@dataclass(frozen=True, slots=True)
class Look:
    """Stand before a place for a while."""

    place: ShelfPlace
    dwell: float


@dataclass(frozen=True, slots=True)
class Take:
    """Take `quantity` items of a product from a place (None: from wherever is near), after `dwell` seconds there.

    `at`: not before this time; `insist`: wait for the item to be there, where others give up; `aside`: stand so many
    metres to the right of the middle; `sync`: common instant of several hands; `into`: bag or clothes; `decoy_g`: of
    what the other hand leaves there.
    """

    product: str
    quantity: int
    dwell: float
    place: ShelfPlace | None = None
    plates: tuple[str, ...] = ()
    together: bool = False
    at: float | None = None
    insist: bool = False
    aside: float | None = None
    sync: str | None = None
    into: str = "bag"
    decoy_g: float | None = None


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Put items back at a place (None: the product's own), perhaps `behind` what stands there; else as `Take`."""

    product: str
    quantity: int
    dwell: float
    place: ShelfPlace | None = None
    at: float | None = None
    aside: float | None = None
    sync: str | None = None
    behind: bool = False


@dataclass(frozen=True, slots=True)
class ChangeClothes:
    """Go into a fitting room and come out in the next outfit."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Chat:
    """Talk with the nearest who stands there and is of another party, if anybody is near."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Stop:
    """A stop of a party's tour: what its `member` does there while the others stand by at `place`."""

    member: str
    place: ShelfPlace
    errands: tuple[Look | Take | GiveBack | ChangeClothes | Chat, ...]


@dataclass(frozen=True, slots=True)
class Taste:
    """Products that a household buys again and again; `habit`: chance that an item wanted is one of them."""

    favourites: frozenset[str] = frozenset()
    habit: float = 0.0


def shopping_stops(
    people: Sequence[Person],
    plan: StorePlan,
    shelves: Shelves,
    router: Router,
    settings: RandomShoppers,
    rng: np.random.Generator,
    taste: Taste = Taste(),
    way_in: str = "",
) -> tuple[Stop, ...]:
    """The tour of a party: who takes what where, in order; `way_in` is the id of its gate (empty: the first)."""
    wanted = _units(settings, rng) if rng.random() >= settings.buys_nothing else 0
    slots = list(shelves.slots.values())
    picked: list[Stop] = []
    used: set[str] = set()
    while wanted > 0 and len(used) < len(slots):
        member = people[int(rng.integers(len(people)))]
        liked = [slot for slot in slots if slot.slot not in used and shelves.product_at(slot) in taste.favourites]
        pool = liked if liked and rng.random() < taste.habit else slots
        place = pool[int(rng.integers(len(pool)))]
        product = shelves.product_at(place)
        used.add(place.slot or "")
        low, high = member.reach_m
        if not low <= place.centre[2] <= high or any(_product(stop) == product for stop in picked):
            continue
        quantity = 2 if wanted >= 2 and rng.random() < settings.double_probability else 1
        take = Take(product, quantity, _dwell(settings, rng), place, together=bool(rng.random() < 0.5))
        picked.append(Stop(member.name, place, (take,)))
        wanted -= quantity
    if not picked:
        chosen = [slots[int(i)] for i in rng.integers(len(slots), size=LOOKS)]
        picked = [Stop(people[0].name, place, (Look(place, _dwell(settings, rng)),)) for place in chosen]
    picked += _looks(people, slots, settings, rng)
    ordered = _wandering(_tour(picked, plan, router, way_in), rng)
    return tuple(_second_thoughts(ordered, shelves, settings, rng))


def _looks(
    people: Sequence[Person], slots: Sequence[ShelfPlace], settings: RandomShoppers, rng: np.random.Generator
) -> list[Stop]:
    """Stops at which somebody only looks."""
    if not settings.looks_mean:
        return []
    found = []
    rate = settings.looks_mean * math.exp(rng.normal(0, settings.looks_sigma) - settings.looks_sigma**2 / 2)
    for _ in range(int(rng.poisson(rate))):
        member, place = people[int(rng.integers(len(people)))], slots[int(rng.integers(len(slots)))]
        seconds = settings.looks_median * math.exp(rng.normal(0, settings.dwell_sigma))
        found.append(Stop(member.name, place, (Look(place, float(min(settings.dwell_most, seconds))),)))
    return found


def with_change(stops: Sequence[Stop], member: str, seconds: float) -> tuple[Stop, ...]:
    """The stops with a change of clothes of one member, after the first third of that member's own."""
    own = [i for i, stop in enumerate(stops) if stop.member == member]
    if not own:
        return tuple(stops)
    middle = own[len(own) // 3]
    changed = replace(stops[middle], errands=(*stops[middle].errands, ChangeClothes(seconds)))
    return (*stops[:middle], changed, *stops[middle + 1 :])


def _product(stop: Stop) -> str:
    return stop.errands[0].product if isinstance(stop.errands[0], Take) else ""


def _units(settings: RandomShoppers, rng: np.random.Generator) -> int:
    """Poisson-lognormal with the given mean, at least one."""
    rate = settings.items_mean * math.exp(rng.normal(0, settings.items_sigma) - settings.items_sigma**2 / 2)
    return max(1, int(rng.poisson(rate)))


def _dwell(settings: RandomShoppers, rng: np.random.Generator) -> float:
    seconds = settings.dwell_median * math.exp(rng.normal(0, settings.dwell_sigma))
    return float(min(settings.dwell_most, seconds))


def _tour(stops: list[Stop], plan: StorePlan, router: Router, way_in: str) -> list[Stop]:
    """The order of stops with the shortest way from the way in to the way out: greedy, then improved by reversals."""
    gates = plan.gate_places()
    start = next(gate.inside for gate in gates if gate.direction in ("in", "both") and way_in in ("", gate.id))
    end = next(gate.inside for gate in gates if gate.direction in ("out", "both"))
    points = [start, *(stop.place.access for stop in stops), end]
    metres = {(i, j): _length(router, points[i], points[j]) for i, j in itertools.permutations(range(len(points)), 2)}
    order, rest = [0], set(range(1, len(stops) + 1))
    while rest:
        order.append(min(rest, key=lambda i: metres[order[-1], i]))
        rest.remove(order[-1])
    order.append(len(points) - 1)
    improved = True
    while improved:
        improved = False
        for i, j in itertools.combinations(range(1, len(order) - 1), 2):
            turned = [*order[:i], *reversed(order[i : j + 1]), *order[j + 1 :]]
            if _total(turned, metres) < _total(order, metres) - 1e-9:
                order, improved = turned, True
    return [stops[i - 1] for i in order[1:-1]]


def _total(order: Sequence[int], metres: dict[tuple[int, int], float]) -> float:
    return sum(metres[pair] for pair in itertools.pairwise(order))


def _length(router: Router, start: Spot, end: Spot) -> float:
    start, end = router.nearest(start), router.nearest(end)
    return sum(math.dist(a, b) for a, b in itertools.pairwise([start, *router.way(start, end)]))


def _wandering(stops: list[Stop], rng: np.random.Generator) -> list[Stop]:
    for i in range(len(stops) - 1):
        if rng.random() < WANDER:
            stops[i], stops[i + 1] = stops[i + 1], stops[i]
    return stops


def _second_thoughts(
    stops: list[Stop], shelves: Shelves, settings: RandomShoppers, rng: np.random.Generator
) -> list[Stop]:
    """Put-backs: at once where the item came from, or at a later stop beside what belongs there."""
    out = list(stops)
    for i, stop in enumerate(stops):
        taken = stop.errands[0]
        if not isinstance(taken, Take) or rng.random() >= settings.put_back_probability:
            continue
        dwell = _dwell(settings, rng) / 2
        later = [k for k in range(i + 1, len(stops)) if stops[k].member == stop.member]
        if later and rng.random() < settings.misplace_probability:
            back = GiveBack(taken.product, 1, dwell, shelves.place(stops[later[0]].place.plates))
            out[later[0]] = replace(out[later[0]], errands=(*out[later[0]].errands, back))
        else:
            out[i] = replace(out[i], errands=(*out[i].errands, GiveBack(taken.product, 1, dwell, taken.place)))
    return out
