"""The people who live near a store: households with a taste of their own, and who of them comes on which day."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.randomness import generator
from sim.scenario import Scenario
from sim.shopping_list import Taste


@dataclass(frozen=True, slots=True)
class Party:
    """People who come together on one token: names with their age groups; `name` is that of the household."""

    name: str
    members: tuple[tuple[str, str], ...]
    taste: Taste


def households(scenario: Scenario, products: Sequence[str], seed: int) -> list[Party]:
    """The scenario's regulars r1, r2 ... in their households, the same on every day of a run.

    products: ids of the store's products, from which each household has its favourites.
    """
    settings, random = scenario.shoppers.regulars, scenario.shoppers.random
    sizes = [2] * settings.couples + [1] * (settings.people - 2 * settings.couples)
    names = iter(f"r{number}" for number in range(1, settings.people + 1))
    found = []
    for size in sizes:
        members = [next(names) for _ in range(size)]
        rng = generator(seed, "household", members[0])
        ages = ["elder" if rng.random() < random.elder_share else "adult" for _ in members]
        liked = rng.permutation(len(products))[: settings.favourites]
        taste = Taste(frozenset(products[int(i)] for i in liked), settings.habit)
        found.append(Party(members[0], tuple(zip(members, ages, strict=True)), taste))
    return found


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
