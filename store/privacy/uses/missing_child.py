"""A missing child searched for: found or not, how fast, at what cost in false alarms, and how many others it takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import numpy.typing as npt

from store.privacy.case import Case
from store.privacy.faces.matcher import GENUINE_SD, Matcher, faces_of, impostor_tail
from store.privacy.faces.sensor import Capture, looks
from store.privacy.figures import Figure
from store.privacy.intervals import wilson
from store.privacy.keeping.collect import DEFAULT_PRESET
from store.privacy.policy import Policy
from store.privacy.uses.description import by_height
from store.privacy.uses.presence import Stay, true_stays
from store.privacy.uses.result import Estimate, Status, UseResult

DRAWS = 200
"""Times that each child's day is drawn anew."""
IMPOSTOR_COMPARISONS = 100_000
"""Comparisons of others' looks with a child that are drawn, at least one of each pair."""
FEW = 10
"""Fewer false alarms than this in all draws say little: the matcher's rate gives the number instead."""
NINE_IN_TEN = 0.9
CHILD_METRICS = ("child_found", "child_seconds", "child_false_alarms", "child_usd")
USE = "a missing child searched for among all visitors"
BASIS = (
    "Every child who came is searched for in turn, by one photograph among all looks at visitors (the best view of "
    "each person on each camera). Photograph and looks are simulated embeddings at published error rates; which faces "
    "could be used, and when, comes from the rendered views at the policy's resolution. Looks by several cameras are "
    "taken to err independently, which flatters the search. Not modelled: that a child's face changes, and that "
    "children look more alike than other strangers."
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Hunt:
    """A search for each child in turn, `DRAWS` times: (children, draws) seconds from entering to the first alarm.

    Infinite where the child passed unfound. `others`: looks at other people that one search takes, a day of the
    period. `false_alarms`: of these, a day; with its interval. `expected`: too few happened to be counted. `patient`:
    false alarms a day if the threshold were so low that nine in ten of the children who were seen are found.
    """

    seconds: Floats
    others: float
    false_alarms: Estimate
    expected: bool
    patient: float | None


def route(case: Case) -> tuple[Status, str | None]:
    """How faces could be searched under this policy: the status, and why it is impossible or only afterwards."""
    policy = case.policy
    if any(search.gallery == 1 for search in policy.searches):
        return "done", None
    if policy.identification.where == "everywhere" or any(search.camera == "fixed" for search in policy.searches):
        return "possible", None
    pictures = [kind for kind in ("crops", "frames") if _holds_faces(case, kind)]
    if pictures:
        return "possible", f"only afterwards, in the {' and '.join(pictures)} that are kept"
    return "impossible", "no faces are searched, and no pictures with faces are kept"


def _holds_faces(case: Case, kind: str) -> bool:
    return bool(case.store.rows(f"SELECT 1 FROM {kind} WHERE blurred = 0 LIMIT 1"))


def hunt(case: Case, matcher: Matcher, percent: float | None, children: Sequence[Stay]) -> Hunt:
    """Search for every child in turn."""
    seen = looks(case.period, matcher, case.policy.camera_width_px)
    limit = matcher.threshold(percent)
    seconds, best = np.full((len(children), DRAWS), np.inf), []
    for row, child in enumerate(children):
        own = [c for c in seen if c.subject == child.subject and child.opened - 1 <= c.t <= child.closed + 1]
        if own:
            scores = case.rng.normal(matcher.genuine_mean([c.loss for c in own]), GENUINE_SD, (DRAWS, len(own)))
            waits = np.array([max(0.0, c.t - child.opened) for c in own])
            seconds[row] = np.min(np.where(scores >= limit, waits, np.inf), axis=1)
            best.append(scores.max(axis=1))
    others, alarms, expected = _false_alarms(case, matcher, percent, children, seen)
    patient = impostor_tail(float(np.quantile(np.concatenate(best), 1 - NINE_IN_TEN))) if best else None
    return Hunt(seconds, others, alarms, expected, None if patient is None else others * patient)


def _false_alarms(
    case: Case, matcher: Matcher, percent: float | None, children: Sequence[Stay], seen: Sequence[Capture]
) -> tuple[float, Estimate, bool]:
    """Looks at others and false alarms a day of one search, and whether the matcher's rate stands in for a count."""
    names = sorted({child.subject for child in children})
    other = np.array([[look.subject != name for name in names] for look in seen]).reshape(len(seen), len(names))
    others = float(other.sum()) / len(names) / len(case.period.days)
    if not other.any():
        return others, Estimate.exactly(0.0), False
    faces, targets = faces_of([look.subject for look in seen], case.seed), faces_of(names, case.seed)
    losses, limit = np.array([look.loss for look in seen]), matcher.threshold(percent)
    draws = -(-IMPOSTOR_COMPARISONS // int(other.sum()))
    hits = sum(
        int(np.sum(other & (matcher.capture(faces, losses, case.rng) @ targets.T >= limit))) for _ in range(draws)
    )
    trials = draws * int(other.sum())
    low, high = wilson(hits, trials)
    if hits >= FEW:
        return others, Estimate(others * hits / trials, others * low, others * high), False
    rate = matcher.wrong_rate(1, percent)
    return others, Estimate(others * rate, 0.0, others * max(high, rate)), True


def child_figures(case: Case) -> tuple[dict[str, Figure], UseResult]:
    """The figures of the search for a child, and the result for `uses.json`."""
    stays, ages = true_stays(case), case.period.truth.age_group_of
    if not stays:
        reason = "this run does not say who its visitors are"
        return dict.fromkeys(CHILD_METRICS, Figure(None, reason)), UseResult(USE, "impossible", BASIS, reason)
    children = [stay for stay in stays if ages.get(stay.subject) == "child"]
    status, late = route(case)
    if status != "impossible":
        return _by_face(case, children or stays, status, _Manner(late, not children))
    if children:
        return by_height(case, children, str(late))
    reason = f"{late}, and no child came whom a height would give away"
    return dict.fromkeys(CHILD_METRICS, Figure(None, reason)), UseResult(USE, "impossible", BASIS, reason)


@dataclass(frozen=True, slots=True)
class _Manner:
    """How the search goes: `late`, why it is not live; `grown`: no child came, and other visitors stand in."""

    late: str | None
    grown: bool

    def note(self, visits: int) -> str:
        """What a reader must know of the searches for so many visits."""
        who = (
            "visits of adults, as no child came: taller than a child, so seen better"
            if self.grown
            else "visits of children"
        )
        return f"{visits} {who}; each drawn {DRAWS} times; {self.late or 'while the child is there'}"


def _matcher_of(policy: Policy) -> tuple[Matcher, float | None, int]:
    """The policy's matcher, threshold and checkers, else those of the median algorithm of 2025."""
    search = next((search for search in policy.searches), None)
    if search is not None:
        return Matcher.of(search.preset), search.threshold_percent, search.checkers
    return Matcher.of(policy.identification.preset or DEFAULT_PRESET), None, 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What a search for one child comes to, scaled to a day of the cost sheet's visits."""

    found: Estimate
    speed: Figure
    looks: float
    alarms: Estimate
    expected: bool
    patient: float | None
    usd: float


def _by_face(
    case: Case, children: Sequence[Stay], status: Status, manner: _Manner
) -> tuple[dict[str, Figure], UseResult]:
    began = perf_counter()
    matcher, percent, checkers = _matcher_of(case.policy)
    answer = _answer(case, hunt(case, matcher, percent, children), max(1, checkers), manner.late)
    result = UseResult(
        USE,
        status,
        BASIS,
        manner.note(len(children)),
        found=_found(answer),
        wronged_unit="false alarms a day about other visitors",
        wronged=_by_group(matcher, percent, answer.looks),
        cost={
            "USD a day": Estimate.exactly(answer.usd),
            "seconds of computing": Estimate.exactly(perf_counter() - began),
        },
        remains={kind: case.store.count(kind) for kind in ("face_templates", "alerts", "disclosures", "crops")},
    )
    return _figures(answer, manner.note(len(children))), result


def _answer(case: Case, hunted: Hunt, checkers: int, late: str | None) -> Answer:
    reached = np.isfinite(hunted.seconds)
    share, children = float(reached.mean()), len(reached)
    scale = case.costs.visits_a_day.value * len(case.period.days) / len(case.period.visits)
    alarms = hunted.false_alarms
    checking = scale * alarms.value * checkers * case.costs.review_seconds.value * case.costs.wage.value / 3600
    return Answer(
        Estimate(share, *wilson(share * children, children)),
        _speed(hunted.seconds[reached], late),
        scale * hunted.others,
        Estimate(scale * alarms.value, scale * alarms.low, scale * alarms.high),
        hunted.expected,
        None if hunted.patient is None else scale * hunted.patient,
        scale * hunted.others * case.costs.search_call.value + checking,
    )


def _figures(answer: Answer, note: str) -> dict[str, Figure]:
    share, alarms = answer.found, answer.alarms
    expected = "; expected from the matcher's error rate, as too few happened" if answer.expected else ""
    looks_note = f"{answer.looks:,.0f} looks at other people a day{expected}"
    return {
        "child_found": Figure(share.value, None, share.low, share.high, note),
        "child_seconds": answer.speed,
        "child_false_alarms": Figure(alarms.value, None, alarms.low, alarms.high, looks_note),
        "child_usd": Figure(answer.usd, note="search calls, and the time of people who check alarms"),
    }


def _found(answer: Answer) -> dict[str, Estimate]:
    found = {
        "share of children found": answer.found,
        "looks at other people a day": Estimate.exactly(answer.looks),
        "false alarms a day": answer.alarms,
    }
    if answer.speed.value is not None:
        found["seconds after entering"] = _estimate(answer.speed)
    if answer.patient is not None:
        found["false alarms a day to find nine in ten of the children seen"] = Estimate.exactly(answer.patient)
    return found


def _speed(seconds: Floats, late: str | None) -> Figure:
    if late:
        return Figure(None, f"not while the child is there: {late}")
    if not len(seconds):
        return Figure(None, "no child was found")
    low, value, high = np.quantile(seconds, [0.025, 0.5, 0.975])
    return Figure(float(value), None, float(low), float(high), "median; from the second in 40 to all but one in 40")


def _estimate(figure: Figure) -> Estimate:
    value = float(figure.value or 0.0)
    return Estimate(value, value if figure.low is None else figure.low, value if figure.high is None else figure.high)


def _by_group(matcher: Matcher, percent: float | None, looks_a_day: float) -> dict[str, Estimate]:
    return {
        row.name: Estimate.exactly(looks_a_day * row.share * matcher.wrong_rate(1, percent, row.name))
        for row in matcher.preset.groups
    }
