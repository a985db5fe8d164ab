"""Who comes: people with looks, tokens and parties, when they arrive, and what they are going to do."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sim.people import Person, sample_appearance
from sim.randomness import generator
from sim.scenario import Action, RandomShoppers, Scenario, ScriptedShopper
from sim.shopping_list import Stop, shopping_stops
from sim.stock import Shelves
from sim.store_plan import StorePlan
from sim.walking import Walkers


@dataclass(frozen=True, slots=True)
class Visitor:
    """One person who will come. `cruise` is the speed between shelves, m/s; `party` names those on one token.

    Scripted people have `actions`, random ones `stops`; the stops of a party are the same for all its members.
    """

    person: Person
    party: str
    arrive: float
    cruise: float
    actions: tuple[Action, ...] = ()
    stops: tuple[Stop, ...] = ()

    @property
    def token(self) -> str:
        """What the person shows at the gate."""
        return f"token-{self.party}"

    @property
    def account(self) -> str:
        """Whose bill it is."""
        return f"account-{self.party}"


def visitors_of(scenario: Scenario, plan: StorePlan, shelves: Shelves, walkers: Walkers, seed: int) -> list[Visitor]:
    """Everybody of a scenario, in order of arrival."""
    scripted = [_scripted(shopper, scenario, seed) for shopper in scenario.shoppers.scripted]
    taken = {visitor.person.name for visitor in scripted}
    random = _random_visitors(scenario, plan, shelves, walkers, seed, taken)
    return sorted([*scripted, *random], key=lambda visitor: visitor.arrive)


def _person(name: str, age_group: str | None, seed: int) -> Person:
    return Person(name, sample_appearance(generator(seed, "appearance", name), age_group=age_group))


def _cruise(person: Person, scenario: Scenario, seed: int, members: int) -> float:
    """Between shelves; groups slow down by 0.04 m/s a member (PLoS ONE 0010047)."""
    settings = scenario.walking
    own = 1 + settings.speed_sd * float(generator(seed, "speed", person.name).standard_normal())
    own = min(1 + 2 * settings.speed_sd, max(1 - 2 * settings.speed_sd, own))
    return max(0.35, person.walking_speed * settings.speed_factor * own - 0.04 * (members - 1))


def _scripted(shopper: ScriptedShopper, scenario: Scenario, seed: int) -> Visitor:
    party = shopper.party or shopper.id
    members = sum((other.party or other.id) == party for other in scenario.shoppers.scripted)
    person = _person(shopper.id, shopper.age_group, seed)
    cruise = _cruise(person, scenario, seed, members)
    return Visitor(person, party, shopper.arrive, cruise, actions=shopper.actions)


def _random_visitors(
    scenario: Scenario, plan: StorePlan, shelves: Shelves, walkers: Walkers, seed: int, taken: set[str]
) -> list[Visitor]:
    settings = scenario.shoppers.random
    rng = generator(seed, "arrivals")
    sizes = _party_sizes(settings, rng)
    gaps = np.sort(rng.uniform(0, settings.arrive_within, max(0, len(sizes) - 1)))
    times = settings.arrive_from + np.concatenate([[0.0], gaps])[: len(sizes)]
    names = (name for number in range(1, 10_000) if (name := f"p{number}") not in taken)
    visitors = []
    for size, arrive in zip(sizes, times, strict=True):
        party = [next(names) for _ in range(size)]
        people = [_person(name, _age_group(settings, rng, companion=i > 0), seed) for i, name in enumerate(party)]
        speed = min(_cruise(person, scenario, seed, size) for person in people)
        stops = shopping_stops(people, plan, shelves, walkers.router, settings, generator(seed, "list", party[0]))
        visitors += [Visitor(person, party[0], float(arrive), speed, stops=stops) for person in people]
    return visitors


def _party_sizes(settings: RandomShoppers, rng: np.random.Generator) -> list[int]:
    """Sizes of the parties in random order, adding up to the count."""
    sizes, left = [2] * settings.couples, settings.count - 2 * settings.couples
    while left > 0:
        size = 2 if left >= 2 and rng.random() < settings.companion_probability else 1
        sizes.append(size)
        left -= size
    return [sizes[i] for i in rng.permutation(len(sizes))]


def _age_group(settings: RandomShoppers, rng: np.random.Generator, companion: bool) -> str:
    if companion and rng.random() < settings.child_share:
        return "child"
    return "elder" if rng.random() < settings.elder_share else "adult"


def accounts_of(visitors: Sequence[Visitor]) -> dict[str, str]:
    """Accounts by token."""
    return {visitor.token: visitor.account for visitor in visitors}
