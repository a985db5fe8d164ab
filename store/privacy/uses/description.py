"""A missing child looked for without faces: how many visitors fit the description "small", by kept key points."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np

from store.privacy.case import Case
from store.privacy.figures import Figure
from store.privacy.intervals import wilson
from store.privacy.uses.presence import Stay, group_name
from store.privacy.uses.result import Estimate, UseResult

CHILD_BELOW_M = 1.40
"""Stature below which somebody fits the description of a child; our choice."""
EYES_OF_STATURE = 0.93
"""Height of the eyes, over stature."""
LEAST_CONFIDENCE = 0.3
HEAD = slice(0, 5)
"""Nose, eyes and ears among the 17 COCO key points."""

_METRICS = ("child_found", "child_seconds", "child_false_alarms", "child_usd")
USE = "a missing child looked for by height"
_BASIS = (
    f"Of each kept track, the middle height of the head's key points gives a stature; below {CHILD_BELOW_M:g} m fits a "
    "child. No face is known: whoever fits must be looked at by people."
)


def statures(case: Case) -> dict[int, tuple[float, float]]:
    """Stature in metres and first time in seconds of each track with kept key points."""
    heights: dict[int, list[float]] = {}
    began: dict[int, float] = {}
    for track, t, points in case.store.rows("SELECT track, t, points FROM poses ORDER BY t"):
        if isinstance(points, bytes) and track is not None:
            head = np.frombuffer(points, np.float16).reshape(17, 3)[HEAD]
            sure = head[:, 2] >= LEAST_CONFIDENCE
            began.setdefault(int(track), float(t or 0))
            heights.setdefault(int(track), []).extend(head[sure, 1].astype(float).tolist())
    return {
        track: (float(np.median(own)) / EYES_OF_STATURE, began[track]) for track, own in heights.items() if len(own)
    }


@dataclass(frozen=True, slots=True)
class Small:
    """Kept tracks of people who fit the description, with their first second: of children, and of everybody else."""

    children: dict[int, float]
    others: dict[int, float]
    measured: int


def small_people(case: Case) -> Small | None:
    """Who fits; None where no key points are kept."""
    known, truth = statures(case), case.period.truth
    fits = {track: began for track, (height, began) in known.items() if height < CHILD_BELOW_M}
    ages = {track: truth.age_group_of.get(truth.subject_of_track.get(track, "")) for track in fits}
    children = {track: began for track, began in fits.items() if ages[track] == "child"}
    others = {track: began for track, began in fits.items() if ages[track] != "child"}
    return Small(children, others, len(known)) if known else None


def by_height(case: Case, children: Sequence[Stay], faceless: str) -> tuple[dict[str, Figure], UseResult]:
    """The figures of a search by height, `faceless` being why there is none by face."""
    started, small = perf_counter(), small_people(case)
    if small is None:
        reason = f"{faceless}, and no key points that would tell a child by height"
        return dict.fromkeys(_METRICS, Figure(None, reason)), UseResult(USE, "impossible", _BASIS, reason)
    scale = case.costs.visits_a_day.value / len(case.period.visits)
    found = sum(_fits(case, small, child) for child in children)
    share = Estimate(found / len(children), *wilson(found, len(children)))
    others, measured = len(small.others), small.measured
    alarms = Estimate(scale * others, *(scale * measured * end for end in wilson(others, measured)))
    looked_at = scale * (len(small.children) + others)
    usd = looked_at * case.costs.review_seconds.value * case.costs.wage.value / 3600
    result = UseResult(
        USE,
        "possible",
        _BASIS,
        faceless,
        found={
            "share of children who fit": share,
            "people who fit a day": Estimate.exactly(looked_at),
            "false alarms a day": alarms,
        },
        wronged_unit="people a day who fit the description and are no children",
        wronged=_wronged(case, small, scale),
        cost={"USD a day": Estimate.exactly(usd), "seconds of computing": Estimate.exactly(perf_counter() - started)},
        remains={"poses": case.store.count("poses")},
    )
    return _figures(share, alarms, usd, len(children)), result


def _figures(share: Estimate, alarms: Estimate, usd: float, children: int) -> dict[str, Figure]:
    note = f"by height below {CHILD_BELOW_M:g} m in kept key points, not by face; {children} visits of children"
    return {
        "child_found": Figure(share.value, None, share.low, share.high, note),
        "child_seconds": Figure(None, "not while the child is there: only afterwards, in the key points that are kept"),
        "child_false_alarms": Figure(
            alarms.value, None, alarms.low, alarms.high, "people who fit the description and are no children"
        ),
        "child_usd": Figure(usd, note="the time of people who look at everybody who fits"),
    }


def _fits(case: Case, small: Small, child: Stay) -> bool:
    owner = case.period.truth.subject_of_track
    return any(owner.get(track) == child.subject and _within(began, child) for track, began in small.children.items())


def _wronged(case: Case, small: Small, scale: float) -> dict[str, Estimate]:
    truth = case.period.truth
    groups = {group_name(truth, subject) for subject in truth.subject_of_track.values()}
    hit = Counter(group_name(truth, truth.subject_of_track.get(track, "")) for track in small.others)
    return {group: Estimate.exactly(scale * hit[group]) for group in sorted(groups | hit.keys())}


def _within(t: float, child: Stay) -> bool:
    return child.opened - 1 <= t <= child.closed + 1
