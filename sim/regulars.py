"""The people who live near a store: households with a taste of their own, and who of them comes on which day."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

import numpy as np

from sim.appearance import Appearance, sample_appearance
from sim.bodies import body_indices
from sim.randomness import generator
from sim.scenario import Scenario
from sim.shopping_list import Taste


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who comes: `looks` are the usual ones; `returns` says whether other days may see this person too."""

    name: str
    looks: Appearance
    returns: bool


@dataclass(frozen=True, slots=True)
class Party:
    """People who come together on one token; `name` is that of the household.

    at_hand: whether all but the first are children at the first one's hand.
    """

    name: str
    members: tuple[Member, ...]
    taste: Taste
    at_hand: bool = False


def usual_looks(name: str, age_group: str | None, seed: int, taken: Set[int] = frozenset()) -> Appearance:
    """The looks of the person of that name, with a body that is not `taken`, as long as there are others."""
    rng = generator(seed, "appearance", name)
    left = set(body_indices("all", age_group).tolist()) - taken
    while True:
        looks = sample_appearance(rng, age_group=age_group)
        if looks.body in left or not left:
            return looks


def households(scenario: Scenario, products: Sequence[str], seed: int) -> list[Party]:
    """The scenario's regulars r1, r2 ... in their households, the same on every day of a run.

    No two of them have the same body, as long as there are others: twins would look alike to any recognition.

    products: ids of the store's products, from which each household has its favourites.
    """
    settings, random = scenario.shoppers.regulars, scenario.shoppers.random
    sizes = [2] * settings.couples + [1] * (settings.people - 2 * settings.couples)
    names = iter(f"r{number}" for number in range(1, settings.people + 1))
    found: list[Party] = []
    for size in sizes:
        own = [next(names) for _ in range(size)]
        rng = generator(seed, "household", own[0])
        members: list[Member] = []
        for name in own:
            age_group = "elder" if rng.random() < random.elder_share else "adult"
            looks = usual_looks(name, age_group, seed, bodies_of(found) | {other.looks.body for other in members})
            members.append(Member(name, looks, returns=True))
        liked = rng.permutation(len(products))[: settings.favourites]
        taste = Taste(frozenset(products[int(i)] for i in liked), settings.habit)
        found.append(Party(own[0], tuple(members), taste))
    return found


def bodies_of(parties: Sequence[Party]) -> frozenset[int]:
    """Bodies that the members of these parties have."""
    return frozenset(member.looks.body for party in parties for member in party.members)


def who_comes(scenario: Scenario, everybody: Sequence[Party], today: int) -> list[Party]:
    """The households that come on the day with the seed `today`, in random order; of a couple perhaps only one.

    Where chance sends nobody at all and the scenario has nobody else, one household comes: a store is not open for
    nobody.
    """
    settings = scenario.shoppers.regulars
    rng = generator(today, "regulars")
    coming = [_present(party, settings.alone, rng) for party in everybody if rng.random() < settings.return_probability]
    if not coming and everybody and not scenario.shoppers.random.count and not scenario.shoppers.scripted:
        coming = [_present(everybody[int(rng.integers(len(everybody)))], settings.alone, rng)]
    return [coming[i] for i in rng.permutation(len(coming))]


def _present(party: Party, alone: float, rng: np.random.Generator) -> Party:
    if len(party.members) < 2 or rng.random() >= alone:
        return party
    return Party(party.name, (party.members[int(rng.integers(len(party.members)))],), party.taste)
