"""What kind of visit each one is, so that every figure can be split by it."""

from collections.abc import Sequence

from sim.script import AtOther, ChangeClothes, LeaveBasket, PassOver
from sim.visitors import Visitor

LABELS = {
    "single": "one person on the token",
    "couple": "two people on the token, no child among them",
    "family": "grown-ups and children on one token",
    "group": "three people or more on one token, no child among them",
    "child": "a child",
    "elder": "somebody over 65",
    "changes-clothes": "takes off or puts on a jacket inside",
    "similar-clothing": "dressed like somebody else who comes that day",
    "unscanned": "somebody of the party passed the gate without a token",
    "tailgater": "slips in behind somebody else and has no account",
    "turns-round": "turns round at the gate",
    "meets": "meets, talks or exchanges things with somebody of another party",
    "leaves-basket": "leaves a basket behind",
    "staff": "works in the store",
    "staff-restock": "fills shelves and brings stray items back",
    "staff-clean": "cleans",
    "staff-help": "talks with shoppers",
    "staff-attend": "watches the gate",
    "theft": "hides something under the clothes",
    "wheelchair": "in a wheelchair",
    "pram": "pushes a pram",
    "takes-itself": "a child at hand takes something itself",
    "accomplice": "waits outside the gate",
}
"""Every label that follows from who comes and what they do; scripts and roles add their own."""


def labels_of(visitors: Sequence[Visitor]) -> dict[str, tuple[str, ...]]:
    """Labels of every person by name, in order of the alphabet; those of the party are among them."""
    parties: dict[str, list[Visitor]] = {}
    for visitor in visitors:
        parties.setdefault(visitor.party or visitor.person.name, []).append(visitor)
    uniform = _dressed_alike(visitors)
    found = {}
    for party in parties.values():
        shared = {_size(party), *(label for one in party for label in _of_party(one))}
        for one in party:
            own = _own(one) | ({"similar-clothing"} if one.person.name in uniform else set())
            found[one.person.name] = tuple(sorted(shared | own))
    return found


def labels_by_account(visitors: Sequence[Visitor]) -> dict[str, list[str]]:
    """Labels of every account: all those of its people."""
    own = labels_of(visitors)
    found: dict[str, set[str]] = {}
    for visitor in visitors:
        if visitor.account:
            found.setdefault(visitor.account, set()).update(own[visitor.person.name])
    return {account: sorted(labels) for account, labels in found.items()}


def _size(party: Sequence[Visitor]) -> str:
    if len(party) == 1:
        return "single"
    if any(one.person.age_group == "child" for one in party):
        return "family"
    return "couple" if len(party) == 2 else "group"


def _of_party(visitor: Visitor) -> set[str]:
    """What one member makes the whole visit."""
    manners, actions = visitor.manners, visitor.actions
    found = set(visitor.script.labels) if visitor.script is not None else set()
    found |= {"unscanned"} if not manners.scans and visitor.party else set()
    if manners.leaves_basket or any(isinstance(action, LeaveBasket) for action in actions):
        found.add("leaves-basket")
    found |= {"turns-round"} if manners.turns_round else set()
    if any(isinstance(action, AtOther) and not isinstance(action, PassOver) for action in actions):
        found.add("meets")
    return found


def _own(visitor: Visitor) -> set[str]:
    script, found, mobility = visitor.script, set(visitor.labels), visitor.person.mobility
    found |= {mobility} if mobility != "walks" else set()
    if visitor.person.age_group in ("child", "elder"):
        found.add(visitor.person.age_group)
    if len(visitor.person.outfits) > 1 and (
        script is None or any(isinstance(a, ChangeClothes) for a in script.actions)
    ):
        found.add("changes-clothes")
    if script is not None and not visitor.party:
        found.add("accomplice" if visitor.manners.stays_outside else "tailgater")
    return found


def _dressed_alike(visitors: Sequence[Visitor]) -> set[str]:
    """Names of those whose upper and lower garments have the colours and cuts of somebody else's."""
    worn: dict[tuple[object, ...], list[str]] = {}
    for visitor in visitors:
        looks = visitor.person.appearance
        key = (looks.upper_colour, looks.upper_print, looks.lower, looks.lower_colour)
        worn.setdefault(key, []).append(visitor.person.name)
    return {name for names in worn.values() if len(names) > 1 for name in names}
