"""What happens in a day beside plain shopping: theft, tailgaters, people who turn round, forget baskets, meet and talk.

Every chance has a generator of its own by name, so that a day without incidents is the same day as before, and one
incident does not move another.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sim.demand import RandomShoppers
from sim.people import Person
from sim.randomness import generator
from sim.regulars import usual_looks
from sim.shopping_list import Chat, Stop, Take
from sim.visitors import BAG_IN_LEFT_HAND, Manners, Visitor
from sim.wardrobe import in_uniform

CHAT_SECONDS = (5.0, 25.0)
"""Shortest and longest talk of two who meet; our choice."""


@dataclass(frozen=True, slots=True)
class _Chances:
    """The settings and the day's seed, by which each visitor's lot is drawn."""

    settings: RandomShoppers
    today: int

    def falls_on(self, what: str, share: float, name: str) -> bool:
        """Whether an incident of that kind happens to somebody."""
        return share > 0 and bool(self.rng(what, name).random() < share)

    def rng(self, what: str, name: str) -> np.random.Generator:
        """The generator of one kind of incident and one person."""
        return generator(self.today, "incident", what, name)


def with_incidents(visitors: Sequence[Visitor], settings: RandomShoppers, today: int) -> list[Visitor]:
    """Random visitors of one day with what else happens to them; `today` is the day's seed.

    At most one incident befalls a person, and only those who come alone turn round, forget baskets or are followed in.
    """
    chances = _Chances(settings, today)
    alone = {v.person.name for v in visitors if sum(other.party == v.party for other in visitors) == 1}
    found: list[Visitor] = []
    for visitor in visitors:
        found.append(_one(visitor, visitor.person.name in alone, chances))
        if visitor.person.name in alone and chances.falls_on("tailgater", settings.tailgaters, visitor.person.name):
            found.append(_tailgater(visitor, chances))
    return _dressed_alike(found, chances)


def _one(visitor: Visitor, alone: bool, chances: _Chances) -> Visitor:
    settings, name = chances.settings, visitor.person.name
    grown = visitor.person.age_group != "child"
    if alone and chances.falls_on("turns-round", settings.turns_round, name):
        where = "behind" if chances.rng("turns-round-where", name).random() < 0.5 else "before"
        return replace(visitor, stops=(), manners=Manners(turns_round=where))
    carried = visitor.person.appearance.bag in BAG_IN_LEFT_HAND
    if alone and carried and chances.falls_on("leaves-basket", settings.leaves_basket, name):
        return replace(visitor, manners=Manners(leaves_basket=True))
    if grown and chances.falls_on("theft", settings.theft, name):
        return _thief(visitor, chances.rng("theft-what", name))
    if grown and visitor.stops and chances.falls_on("meets", settings.meets, name):
        return _talker(visitor, chances.rng("meets-when", name))
    return visitor


def _thief(visitor: Visitor, rng: np.random.Generator) -> Visitor:
    """One of the things taken goes under the clothes."""
    own = [i for i, stop in enumerate(visitor.stops) if stop.member == visitor.person.name and _take(stop)]
    if not own:
        return visitor
    index = own[int(rng.integers(len(own)))]
    stops = list(visitor.stops)
    first = stops[index].errands[0]
    if isinstance(first, Take):
        stops[index] = replace(stops[index], errands=(replace(first, into="clothes", quantity=1),))
    return replace(visitor, stops=tuple(stops), labels=(*visitor.labels, "theft"))


def _take(stop: Stop) -> bool:
    return isinstance(stop.errands[0], Take)


def _talker(visitor: Visitor, rng: np.random.Generator) -> Visitor:
    """Talks with whoever of another party is near, at one of the stops."""
    own = [i for i, stop in enumerate(visitor.stops) if stop.member == visitor.person.name]
    if not own:
        return visitor
    index = own[int(rng.integers(len(own)))]
    stops = list(visitor.stops)
    chat = Chat(float(rng.uniform(*CHAT_SECONDS)))
    stops[index] = replace(stops[index], errands=(*stops[index].errands, chat))
    return replace(visitor, stops=tuple(stops), labels=(*visitor.labels, "meets"))


def _tailgater(ahead: Visitor, chances: _Chances) -> Visitor:
    """Somebody without an account who slips in behind one who scans, and wants something from the same shelves."""
    name = f"{ahead.person.name}t"
    person = Person(name, usual_looks(name, "adult", chances.today))
    stops = tuple(replace(stop, member=name) for stop in ahead.stops if _take(stop))[:2]
    stops = tuple(replace(stop, errands=stop.errands[:1]) for stop in stops)
    manners = Manners(scans=False, follows=ahead.person.name)
    return Visitor(
        person, "", ahead.arrive, ahead.cruise, stops=stops, way_in=ahead.way_in, manners=manners,
        labels=("tailgater",),
    )  # fmt: skip


def _dressed_alike(visitors: list[Visitor], chances: _Chances) -> list[Visitor]:
    """Some wear what the one who came before them wears."""
    out: list[Visitor] = []
    for visitor in visitors:
        looks, name = visitor.person.appearance, visitor.person.name
        if out and chances.falls_on("similar", chances.settings.similar_clothing, name):
            worn = replace(in_uniform(looks, out[-1].person.appearance), bag=looks.bag)
            others = visitor.person.outfits[1:]
            person = Person(name, worn, others, visitor.person.mobility) if not others else visitor.person
            visitor = replace(visitor, person=person)
        out.append(visitor)
    return out
