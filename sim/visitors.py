"""Who comes: people with looks, tokens and parties, when they arrive, and what they are going to do."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.appearance import Appearance
from sim.bodies import load_body
from sim.demand import RandomShoppers
from sim.people import WHEELCHAIR_SPEED, Mobility, Person
from sim.randomness import day_seed, generator
from sim.regulars import Member, Party, bodies_of, households, usual_looks, who_comes
from sim.scenario import Scenario
from sim.script import Action, ScriptedShopper
from sim.shopping_list import Stop, Taste, shopping_stops, with_change
from sim.stock import Shelves
from sim.store_plan import StorePlan
from sim.truth import TruthSubject
from sim.walking import Walkers
from sim.wardrobe import clothes_of_day, in_uniform, jacket_on_and_off, uniform

BAG_IN_LEFT_HAND = ("tote", "basket")

TROT = 1.5
"""How much faster than the adult at whose hand they are children can go, to keep up; our choice."""

WHEELCHAIR_SPEED_SD = 0.19
"""m/s (Spaeth)."""

CHANGE_SECONDS = (4.0, 9.0)
"""Shortest and longest time to take off a jacket and put it away; our choice."""


@dataclass(frozen=True, slots=True)
class Manners:
    """How somebody passes the gate: with a token, behind whom, turning round where, or not at all; and the basket."""

    scans: bool = True
    follows: str = ""
    turns_round: str = ""
    stays_outside: bool = False
    leaves_basket: bool = False


@dataclass(frozen=True, slots=True)
class Visitor:
    """One person who will come. `cruise` is the speed between shelves, m/s; `party` names those on one token.

    `way_in` is the id of the gate to come in by; empty: any. An empty party has no token and no account: nobody pays
    for them.

    A child at hand names in `hand_of` the adult, and in `hand_side` the side, L or R; the adult names the `children`.
    `takes` is the child's chance to take something itself at a stop.

    Scripted people have `actions` and their whole `script`, random ones `stops`; the stops of a party are the same for
    all its members.
    """

    person: Person
    party: str
    arrive: float
    cruise: float
    actions: tuple[Action, ...] = ()
    script: ScriptedShopper | None = None
    labels: tuple[str, ...] = ()
    manners: Manners = Manners()
    stops: tuple[Stop, ...] = ()
    way_in: str = ""
    hand_of: str = ""
    hand_side: str = ""
    takes: float = 0.0
    children: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """Who makes one tour: the party, or somebody without one alone."""
        return self.party or self.person.name

    @property
    def token(self) -> str:
        """What the person shows at the gate."""
        return f"token-{self.party}"

    @property
    def account(self) -> str:
        """Whose bill it is."""
        return f"account-{self.party}" if self.party else ""


@dataclass(frozen=True, slots=True)
class _Kind:
    """How many a party has, and whether all but the first are children at hand."""

    size: int
    at_hand: bool = False


@dataclass(frozen=True, slots=True)
class _Day:
    """Whose day it is: the scenario, the run's seed (who people are) and the day's number and seed (what they do)."""

    scenario: Scenario
    seed: int
    day: int
    today: int

    def mobility(self, name: str, looks: Appearance) -> tuple[Mobility, Appearance]:
        """How somebody who comes once and leads no child gets about, and the looks that fit."""
        settings = self.scenario.shoppers.random
        if load_body(looks.body).age_group == "child":
            return "walks", looks
        if generator(self.seed, "wheelchair", name).random() < settings.wheelchairs:
            return "wheelchair", replace(looks, bag="none") if looks.bag in BAG_IN_LEFT_HAND else looks
        if looks.bag not in BAG_IN_LEFT_HAND and generator(self.seed, "pram", name).random() < settings.prams:
            return "pram", looks
        return "walks", looks

    def person(self, member: Member, leads: bool = False) -> Person:
        """Somebody who comes, in the day's clothes where the person may come on other days too.

        leads: whether children are at hand, for which both hands are needed.
        """
        looks = member.looks
        if member.returns and self.scenario.days > 1:
            rng = generator(self.seed, "clothes", member.name, str(self.day))
            looks = clothes_of_day(looks, self.scenario.shoppers.regulars, rng)
        random = self.scenario.shoppers.random
        if member.returns:
            return Person(member.name, looks)
        if random.clothes == "uniform":
            looks = in_uniform(looks, uniform(generator(self.seed, "uniform")))
        rng = generator(self.today, "jacket", member.name)
        if rng.random() < random.changes_clothes:
            first, second = jacket_on_and_off(looks, rng)
            return Person(member.name, first, (second,))
        if leads:
            return Person(member.name, looks)
        mobility, looks = self.mobility(member.name, looks)
        return Person(member.name, looks, mobility=mobility)

    def cruise(self, person: Person, members: int) -> float:
        """Between shelves; groups slow down by 0.04 m/s a member (PLoS ONE 0010047)."""
        settings = self.scenario.walking
        if person.mobility == "wheelchair":
            pace = generator(self.seed, "speed", person.name).normal(WHEELCHAIR_SPEED, WHEELCHAIR_SPEED_SD)
            return float(min(1.2, max(0.4, pace)))
        own = 1 + settings.speed_sd * float(generator(self.seed, "speed", person.name).standard_normal())
        own = min(1 + 2 * settings.speed_sd, max(1 - 2 * settings.speed_sd, own))
        return max(0.35, person.walking_speed * settings.speed_factor * own - 0.04 * (members - 1))


def visitors_of(
    scenario: Scenario, plan: StorePlan, shelves: Shelves, walkers: Walkers, seed: int, day: int = 1
) -> list[Visitor]:
    """Everybody who comes on a day (from 1) of a scenario, in order of arrival; `seed` is that of the whole run."""
    of = _Day(scenario, seed, day, day_seed(seed, day, scenario.days))
    scripted = [_scripted(shopper, of) for shopper in scenario.shoppers.scripted]
    taken = {visitor.person.name for visitor in scripted}
    random = _random_visitors(of, plan, shelves, walkers, taken)
    return sorted([*scripted, *random], key=lambda visitor: visitor.arrive)


def _scripted(shopper: ScriptedShopper, of: _Day) -> Visitor:
    party = shopper.party or shopper.id
    members = sum((other.party or other.id) == party for other in of.scenario.shoppers.scripted)
    looks = _scripted_looks(shopper, of)
    person = of.person(Member(shopper.id, looks, returns=True))
    if shopper.jacket:
        first, second = jacket_on_and_off(person.appearance, generator(of.today, "jacket", shopper.id))
        person = Person(shopper.id, first, (second,))
    late = float(generator(of.today, "late", shopper.id).uniform(0, shopper.arrive_within))
    paying = party if shopper.pays and not shopper.stays_outside else ""
    return Visitor(
        person, paying, shopper.arrive + late, of.cruise(person, members), actions=shopper.actions, script=shopper,
        manners=Manners(
            shopper.scans, shopper.follows or "", shopper.turns_round or "", shopper.stays_outside,
        ),
    )  # fmt: skip


def _scripted_looks(shopper: ScriptedShopper, of: _Day) -> Appearance:
    """Usual looks, with the bag that the script wants and the clothes of whom it names."""
    looks = usual_looks(shopper.id, shopper.age_group, of.seed)
    others = {other.id: other for other in of.scenario.shoppers.scripted}
    if shopper.dressed_as is not None:
        other = others[shopper.dressed_as]
        worn = usual_looks(other.id, other.age_group, of.seed)
        looks = replace(in_uniform(looks, worn), bag=looks.bag)
    return looks if shopper.bag is None else replace(looks, bag=shopper.bag)


def _random_visitors(of: _Day, plan: StorePlan, shelves: Shelves, walkers: Walkers, taken: set[str]) -> list[Visitor]:
    """Regulars who come on that day, and strangers who come once."""
    settings = of.scenario.shoppers.random
    rng = generator(of.today, "arrivals")
    everybody = households(of.scenario, [p.id for p in plan.products], of.seed)
    regulars = who_comes(of.scenario, everybody, of.today)
    kinds = _party_kinds(settings, rng)
    count = len(kinds) + len(regulars)
    gaps = settings.arrive_within * _profiled(np.sort(rng.uniform(0, 1, max(0, count - 1))), settings.arrival_profile)
    times = settings.arrive_from + np.concatenate([[0.0], gaps])[:count]
    parties = [*_strangers(of, kinds, rng, taken, bodies_of(everybody)), *regulars]
    if regulars:
        parties = [parties[i] for i in generator(of.today, "order").permutation(count)]
    visitors = []
    for party, arrive in zip(parties, times, strict=True):
        people = [of.person(member, party.at_hand) for member in party.members]
        changing = [person.name for person in people if len(person.outfits) > 1]
        speed = min(of.cruise(person, len(people)) for person in people)
        lists = generator(of.today, "list", people[0].name)
        gate = _way_in(plan, generator(of.today, "gate", people[0].name))
        stops = shopping_stops(
            people[:1] if party.at_hand else people, plan, shelves, walkers.router, settings, lists, party.taste, gate
        )
        for name in changing:
            stops = with_change(stops, name, float(generator(of.today, "change", name).uniform(*CHANGE_SECONDS)))
        own = [Visitor(person, party.name, float(arrive), speed, stops=stops, way_in=gate) for person in people]
        visitors += _hand_in_hand(own, settings.child_takes) if party.at_hand else own
    from sim.incidents import with_incidents  # it works on the visitors of this file

    return with_incidents(visitors, settings, of.today)


def _profiled(shares: NDArray[np.float64], profile: Sequence[float]) -> NDArray[np.float64]:
    """Even shares of the time, 0 ... 1, as those at which people arrive with the profile's rates."""
    if not profile:
        return shares
    edges = np.concatenate([[0.0], np.cumsum(profile)]) / sum(profile)
    return np.interp(shares, edges, np.linspace(0, 1, len(edges)))


def _way_in(plan: StorePlan, rng: np.random.Generator) -> str:
    """Id of the gate by which a party comes in."""
    gates = [gate.id for gate in plan.gates if gate.direction in ("in", "both")]
    return gates[int(rng.integers(len(gates)))]


def _hand_in_hand(family: Sequence[Visitor], takes: float) -> list[Visitor]:
    """An adult and the children at hand, the first of them at the hand without a bag; children trot to keep up."""
    adult, *children = family
    sides = ("R", "L") if adult.person.appearance.bag in BAG_IN_LEFT_HAND else ("L", "R")
    led = [
        replace(child, cruise=TROT * adult.cruise, stops=(), hand_of=adult.person.name, hand_side=side, takes=takes)
        for child, side in zip(children, sides, strict=False)
    ]
    return [replace(adult, children=tuple(child.person.name for child in children)), *led]


def _strangers(
    of: _Day, kinds: Sequence[_Kind], rng: np.random.Generator, names: Set[str], bodies: Set[int]
) -> list[Party]:
    """Parties of people who come on that day only, with names that no other day has and that are not taken."""
    settings, prefix = of.scenario.shoppers.random, "p" if of.scenario.days == 1 else f"d{of.day}p"
    free = (name for number in range(1, 10_000) if (name := f"{prefix}{number}") not in names)
    parties = []
    for kind in kinds:
        ages = [_age_group(settings, rng, companion=i > 0) for i in range(kind.size)]
        if kind.at_hand:
            ages = ["adult", *["child"] * (kind.size - 1)]
        own = [(name, usual_looks(name, age, of.seed, bodies)) for age, name in zip(ages, free, strict=False)]
        members = tuple(Member(*one, returns=False) for one in own)
        parties.append(Party(own[0][0], members, Taste(), kind.at_hand))
    return parties


def _party_kinds(settings: RandomShoppers, rng: np.random.Generator) -> list[_Kind]:
    """The parties in random order, their sizes adding up to the count."""
    kinds = [_Kind(2)] * settings.couples
    kinds += [_Kind(3 if k < settings.second_children else 2, at_hand=True) for k in range(settings.families)]
    left = settings.count - sum(kind.size for kind in kinds)
    while left > 0:
        kinds.append(_Kind(2 if left >= 2 and rng.random() < settings.companion_probability else 1))
        left -= kinds[-1].size
    return [kinds[i] for i in rng.permutation(len(kinds))]


def _age_group(settings: RandomShoppers, rng: np.random.Generator, companion: bool) -> str:
    if companion and rng.random() < settings.child_share:
        return "child"
    return "elder" if rng.random() < settings.elder_share else "adult"


def accounts_of(visitors: Sequence[Visitor]) -> dict[str, str]:
    """Accounts by token."""
    return {visitor.token: visitor.account for visitor in visitors}


def subjects_of(
    visitors: Sequence[Visitor], scenario: Scenario, seed: int, labels: Mapping[str, Sequence[str]]
) -> list[TruthSubject]:
    """Who the visitors of a day really are; groups are drawn by name, so that they are the same on every day."""
    return [
        {
            "subject": visitor.person.name,
            "household": visitor.group,
            "account": visitor.account,
            "group": _group(scenario.groups, generator(seed, "group", visitor.person.name)),
            "age_group": visitor.person.age_group,
            "body": visitor.person.appearance.body,
            "labels": list(labels.get(visitor.person.name, ())),
            "height_m": round(visitor.person.height_m, 4),
            "appearance": visitor.person.appearance.to_dict(),
        }
        for visitor in visitors
    ]


def _group(shares: Mapping[str, float], rng: np.random.Generator) -> str:
    if not shares:
        return ""
    weights = np.array(list(shares.values()))
    return list(shares)[int(rng.choice(len(shares), p=weights / weights.sum()))]
