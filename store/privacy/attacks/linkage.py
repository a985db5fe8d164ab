"""The linkage attack: whose visits of several days are one person's, from each kind of kept record and from all.

For every visit of a person who came on an earlier day, the attacker ranks all persons' visits of earlier days.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from store.privacy.attacks.by_account import by_account
from store.privacy.attacks.by_gait import by_gait
from store.privacy.attacks.by_habit import by_basket, by_route
from store.privacy.attacks.by_picture import by_picture
from store.privacy.attacks.by_template import by_body, by_face
from store.privacy.attacks.kept_walks import Walks
from store.privacy.attacks.person_visits import PersonVisits, labels_of, same
from store.privacy.attacks.ranking import Pairs, Ranking, Values, bootstrap, likeliest, rank
from store.privacy.attacks.scores import Channel, Nothing, Scores, fused
from store.privacy.case import Case
from store.privacy.figures import Figure

ACCOUNT = "account"
CHANNELS = (ACCOUNT, "face", "body", "crops", "gait", "basket", "route")
NAMELESS = "basket"
RETURNS = "returns"


@dataclass(frozen=True, slots=True)
class Linkage:
    """What the attacker made of a store, without the truth: each kind of record alone, all, and all but accounts.

    `tied` are the kinds of record by which a person, and not only a purchase, is linked.
    """

    channels: tuple[Channel | Nothing, ...]
    tied: tuple[str, ...]
    everything: Scores
    unnamed: Scores

    def found(self) -> list[Channel]:
        """The kinds of record that say something."""
        return [channel for channel in self.channels if isinstance(channel, Channel)]


def attack(case: Case, people: PersonVisits, walks: Walks, rng: np.random.Generator) -> Linkage:
    """Score all pairs of rows by every kind of record; reads the store, never the truth."""
    channels = (
        by_account(case.store, people),
        by_face(case.store, people, case.policy),
        by_body(case.store, people),
        by_picture(case, people, rng),
        by_gait(case, people, walks),
        by_basket(case, people),
        by_route(walks, people),
    )
    # Receipts without a name lead from purchase to purchase: they are judged alone, as no person hangs on them.
    tied = [
        channel
        for channel in channels
        if isinstance(channel, Channel) and (channel.name != NAMELESS or case.policy.billing == "tracked")
    ]
    unnamed = [channel for channel in tied if channel.name != ACCOUNT]
    names = tuple(channel.name for channel in tied)
    return Linkage(channels, names, fused(tied, len(people)), fused(unnamed, len(people)))


def linkage_figures(case: Case, people: PersonVisits, linkage: Linkage, rng: np.random.Generator) -> dict[str, Figure]:
    """`linkability`, `link_...` and `creep`: the attack's guesses scored against who people really are."""
    labels = labels_of(people, case.period)
    earlier = people.day[:, None] > people.day
    right = same(labels)

    def ranked(scores: Scores) -> Ranking | None:
        return rank(scores, earlier, right, labels, people.day)

    whole = rank(linkage.everything, earlier, right, labels, people.day, rng)
    if whole is None:
        return without_returns("nobody who came on one day came again on a later one")
    alone = {channel.name: ranked(fused([channel], len(people))) for channel in linkage.found()}
    figures = {f"link_{channel.name}": _alone(channel, alone.get(channel.name), rng) for channel in linkage.channels}
    shares = {name: found.above_chance for name, found in alone.items() if found is not None and name in linkage.tied}
    unnamed = ranked(linkage.unnamed)
    return figures | {
        "linkability": _whole(whole, linkage.everything, shares, rng),
        "link_unnamed": _whole(
            unnamed or whole, linkage.unnamed, {name: share for name, share in shares.items() if name != ACCOUNT}, rng
        ),
        "link_control": whole.control_figure() if linkage.everything.any() else Figure(None, "nothing kept to attack"),
        "creep": _creep(linkage.everything, people, labels, right, rng),
    }


def without_returns(reason: str) -> dict[str, Figure]:
    """All figures of linkage, where nobody could be linked."""
    names = [f"link_{name}" for name in CHANNELS] + ["linkability", "link_unnamed", "link_control", "creep"]
    return {name: Figure(None, reason) for name in names}


def _alone(channel: Channel | Nothing, found: Ranking | None, rng: np.random.Generator) -> Figure:
    if isinstance(channel, Nothing) or found is None:
        return Figure(None, channel.reason if isinstance(channel, Nothing) else "nobody came again")
    return found.figure(RETURNS, channel.note, rng)


def _whole(found: Ranking, scores: Scores, shares: dict[str, float], rng: np.random.Generator) -> Figure:
    if not scores.any():
        return Figure(0.0, None, 0.0, 0.0, "nothing kept leads to a person: the attacker guesses")
    best = sorted(shares.items(), key=lambda item: -item[1])
    return found.figure(RETURNS, "alone: " + ", ".join(f"{name} {share:+.2f}" for name, share in best), rng)


def _creep(
    scores: Scores, people: PersonVisits, labels: Sequence[str | None], right: Pairs, rng: np.random.Generator
) -> Figure:
    """Earlier days rightly joined to a visit of the last day that anybody returned on; the note has all days."""
    gained = _joined(scores, people, right)
    returned = (right & (people.day[:, None] > people.day)).any(axis=1)
    by_day = {int(day): np.flatnonzero(returned & (people.day == day)) for day in np.unique(people.day[returned])}
    last = by_day[max(by_day)]
    people_seen = [labels[int(row)] for row in last]
    names = list(dict.fromkeys(people_seen))
    member = np.array([names.index(name) for name in people_seen])
    value = float(gained[last].mean())
    sums = np.bincount(member, gained[last]).astype(np.float64)
    bounds = (min(value, 0.0), max(value, float(max(by_day))))
    low, high = bootstrap(sums, np.bincount(member), value, bounds, rng)
    note = "by day " + ", ".join(f"{day + 1}: {gained[rows].mean():.2f}" for day, rows in by_day.items())
    return Figure(value, None, low, high, note)


def _joined(scores: Scores, people: PersonVisits, right: Pairs) -> Values:
    """(U,) earlier days of which the attacker names the right visit, above guessing."""
    gained = np.zeros(len(people))
    for day in np.unique(people.day):
        allowed = (people.day[:, None] > day) & (people.day == day)
        hits = (likeliest(scores, allowed) * right).sum(axis=1)
        chance = (allowed & right).sum(axis=1) / np.maximum(allowed.sum(axis=1), 1)
        gained += hits - chance
    return gained
