"""Following one person through a day by the records that are kept: from the first sighting on, track after track."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from store.privacy.case import Case
from store.privacy.figures import Figure
from store.privacy.uses.presence import Presence, Span, Stay, group_name, ratio_interval, true_stays
from store.privacy.uses.result import Estimate, UseResult

GAP_S = 10
"""A nameless track that begins so long after another ended may be its continuation."""
REACH_M, PACE_M_S = 1.0, 1.5
"""How far from a track's end its continuation may begin: at once, and more for each second of the gap."""

_BASIS = (
    "Somebody who holds the kept records follows each visitor from the first kept track on; where the store files "
    "tracks under a visit, later tracks of the same visit that do not overlap are added, else the nearest track that "
    "begins soon after. Pictures of whole rooms, which a person would have to watch, are not counted. Truth: the "
    "person whose rendered face was in the track's box, second by second, else who was there most of the time."
)
_NO_TRUTH = "this run does not say who its visitors are"


@dataclass(frozen=True, slots=True)
class Followed:
    """One visit followed: true seconds, seconds rightly attributed, and others' seconds attributed, by subject."""

    stay: Stay
    right: int
    wrong: dict[str, int]


def follow(spans: Sequence[Span], stays: Sequence[Stay]) -> list[Followed]:
    """Every visit as its follower would have it."""
    own, filed = defaultdict(list), defaultdict(list)
    for span in spans:
        own[span.subject].append(span)
        filed[_file(span)].append(span)
    return [_followed(stay, filed, own[stay.subject]) for stay in stays]


def _file(span: Span) -> str:
    """Tracks of one visit lie in one file, all nameless ones together."""
    return span.person if span.named else ""


def _followed(stay: Stay, filed: Mapping[str, Sequence[Span]], own: Sequence[Span]) -> Followed:
    first = next((s for s in own if s.last >= int(stay.opened) and s.first <= stay.closed), None)
    if first is None:
        return Followed(stay, 0, {})
    right: set[int] = set()
    wrong: dict[str, int] = defaultdict(int)
    for span in thread(first, filed[_file(first)]):
        for second in span.seconds.tolist():
            owner = span.owner(second)
            if owner == stay.subject and int(stay.opened) <= second <= stay.closed:
                right.add(second)
            elif owner is not None and owner != stay.subject:
                wrong[owner] += 1
    return Followed(stay, len(right), dict(wrong))


def thread(first: Span, spans: Sequence[Span]) -> list[Span]:
    """The tracks that a follower strings together from `first` on; `spans`: all of one visit, or all nameless ones."""
    strung = [first]
    while (following := _next(strung[-1], spans)) is not None:
        strung.append(following)
    return strung


def _next(span: Span, spans: Sequence[Span]) -> Span | None:
    later = [other for other in spans if other.first > span.last and _may_follow(span, other)]
    return min(later, key=lambda other: (other.first - span.last, _distance(span, other)), default=None)


def _may_follow(span: Span, other: Span) -> bool:
    if span.named:
        return True
    gap = other.first - span.last
    return gap <= GAP_S and _distance(span, other) <= REACH_M + PACE_M_S * gap


def _distance(span: Span, other: Span) -> float:
    """Metres from where one track ended to where another begins; infinite where places are not kept."""
    apart = float(np.hypot(*(other.places[0] - span.places[-1])))
    return apart if np.isfinite(apart) else np.inf


def following_figures(case: Case, presence: Presence) -> tuple[dict[str, Figure], UseResult]:
    """`followed_day` and `followed_wrong`, and the result for `uses.json`."""
    began, use, stays = perf_counter(), "following one person through a day", true_stays(case)
    if not stays:
        figures = {name: Figure(None, _NO_TRUTH) for name in ("followed_day", "followed_wrong")}
        return figures, UseResult(use, "impossible", _BASIS, _NO_TRUTH)
    if presence.kind is None:
        reason = "no record that is kept tells one visitor from another"
        figures = {"followed_day": Figure(0.0, None, 0.0, 0.0, reason), "followed_wrong": Figure(None, reason)}
        return figures, UseResult(use, "impossible", _BASIS, reason)
    followed = follow(presence.spans, stays)
    right, wrong = [row.right for row in followed], [sum(row.wrong.values()) for row in followed]
    share = ratio_interval(right, [row.stay.seconds for row in followed], case.rng)
    note = f"from kept {presence.kind.replace('_', ' ')}; {len(followed)} visits of people"
    figures = {"followed_day": Figure(share[0], None, *share[1:], note)}
    attributed = [a + b for a, b in zip(right, wrong, strict=True)]
    lost = ratio_interval(wrong, attributed, case.rng) if sum(attributed) else None
    figures["followed_wrong"] = Figure(lost[0], None, *lost[1:]) if lost else Figure(None, "nobody could be followed")
    found = {"share of a visitor's time that is attributed rightly": Estimate(*share)}
    if lost:
        found["share of the attributed time that is other people's"] = Estimate(*lost)
    result = UseResult(
        use,
        "done" if case.policy.identification.where == "everywhere" else "possible",
        _BASIS,
        found=found,
        wronged_unit="minutes of other people's visits that are attributed to people of the group, per 1,000 visits",
        wronged=_wronged(case, followed),
        cost={"USD": Estimate.exactly(0.0), "seconds of computing": Estimate.exactly(perf_counter() - began)},
        remains={presence.kind: case.store.count(presence.kind)},
    )
    return figures, result


def _wronged(case: Case, followed: Sequence[Followed]) -> dict[str, Estimate]:
    """Minutes of others' time, by the group of those to whom it is attributed: they are blamed for it."""
    truth = case.period.truth
    groups = [group_name(truth, row.stay.subject) for row in followed]
    minutes = [sum(row.wrong.values()) / 60 for row in followed]
    scale = 1000 / len(case.period.visits) * len(followed)
    wronged = {}
    for group in sorted(set(groups)):
        own = [spent if name == group else 0.0 for spent, name in zip(minutes, groups, strict=True)]
        wronged[group] = Estimate(*(scale * end for end in ratio_interval(own, [1.0] * len(own), case.rng)))
    return wronged
