"""Following people over days: visits strung together from kept records, by account, else by face, else by body."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import numpy.typing as npt

from store.privacy.case import Case
from store.privacy.faces.matcher import DIMENSION, faces_of, impostor_quantile
from store.privacy.figures import Figure
from store.privacy.intervals import wilson
from store.privacy.uses.presence import Stay, group_name, true_stays
from store.privacy.uses.result import Estimate, Status, UseResult

FALSE_LINK = 0.01
"""A face links two visits where a stranger would score as high in at most this share of such comparisons with all."""

_BASIS = (
    "Each visit of a person after the first day is linked to an earlier one: by the account of its kept records (to "
    "the latest visit of that account; right if the person was in that party), else by the most similar earlier face "
    "template, else by the most similar earlier body embedding, else by guessing. Truth only scores the links. Faces "
    "are simulated."
)

Rows = npt.NDArray[np.float32]
PersonDay = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is kept of each person on each day: accounts by visit; face and body vectors (N, D) by person and day."""

    accounts: dict[str, str]
    faces: dict[PersonDay, Rows]
    bodies: dict[PersonDay, Rows]


@dataclass(frozen=True, slots=True)
class Link:
    """One later visit: by what it was linked (`guess`: by nothing), to whom, and the chance of a guess being right."""

    stay: Stay
    by: str
    to: str | None
    chance: float
    right: bool


def kept_evidence(case: Case) -> Evidence:
    """The evidence in the store, one day after the last closing."""
    linked = case.store.rows("SELECT person, account FROM people")
    return Evidence({str(visit): str(account) for visit, account in linked}, _kept_faces(case), _kept_bodies(case))


def _day_of(case: Case, t: float) -> int:
    return max((number for number, day in enumerate(case.period.days) if day.opens <= t + 1e-6), default=0)


def _kept_faces(case: Case) -> dict[PersonDay, Rows]:
    subjects = sorted({stay.subject for stay in true_stays(case)})
    rows = case.store.rows("SELECT t, vector FROM face_templates WHERE vector IS NOT NULL ORDER BY id")
    if not rows or not subjects or case.policy.identification.method == "palm":
        return {}
    vectors = np.array([np.frombuffer(v, np.float32) for _, v in rows if isinstance(v, bytes)]).reshape(-1, DIMENSION)
    # Whose face a template shows is read off the face itself: a template has no true name in the store.
    owners = np.argmax(vectors @ faces_of(subjects, case.seed).T, axis=1)
    times = [float(t or 0) for t, _ in rows]
    return _gathered(
        (subjects[owner], _day_of(case, t), vector)
        for owner, t, vector in zip(owners.tolist(), times, vectors, strict=True)
    )


def _kept_bodies(case: Case) -> dict[PersonDay, Rows]:
    owner = case.period.truth.subject_of_track
    rows = case.store.rows("SELECT track, t, vector FROM body_embeddings WHERE vector IS NOT NULL ORDER BY id")
    return _gathered(
        (owner[int(track or 0)], _day_of(case, float(t or 0)), _unit(np.frombuffer(vector, np.float32)))
        for track, t, vector in rows
        if int(track or 0) in owner and isinstance(vector, bytes)
    )


def _unit(row: Rows) -> Rows:
    return np.asarray(row / max(float(np.linalg.norm(row)), 1e-9), np.float32)


def _gathered(rows: Iterable[tuple[str, int, Rows]]) -> dict[PersonDay, Rows]:
    gathered: dict[PersonDay, list[Rows]] = defaultdict(list)
    for subject, day, vector in rows:
        gathered[subject, day].append(vector)
    return {key: np.array(vectors, np.float32) for key, vectors in gathered.items()}


def links(stays: Sequence[Stay], evidence: Evidence) -> list[Link]:
    """Every later visit of somebody who came on several days, linked as well as the evidence allows."""
    first: dict[str, int] = {}
    for stay in stays:
        first.setdefault(stay.subject, stay.day)
    return [
        _link(stay, [other for other in stays if other.day < stay.day], evidence)
        for stay in stays
        if stay.day > first[stay.subject]
    ]


def _link(stay: Stay, earlier: Sequence[Stay], evidence: Evidence) -> Link:
    chance = sum(other.subject == stay.subject for other in earlier) / len(earlier)
    account = evidence.accounts.get(stay.visit)
    same = [other for other in earlier if account is not None and evidence.accounts.get(other.visit) == account]
    if same:
        latest = [other.subject for other in same if other.visit == same[-1].visit]
        right = stay.subject in latest
        return Link(stay, "account", stay.subject if right else latest[0], chance, right)
    for by, kept, least in (("face", evidence.faces, FALSE_LINK), ("body", evidence.bodies, None)):
        found = _nearest(stay, kept, least)
        if found is not None:
            return Link(stay, by, found, chance, found == stay.subject)
    return Link(stay, "guess", None, chance, False)


def _nearest(stay: Stay, kept: dict[PersonDay, Rows], false_link: float | None) -> str | None:
    """Whose earlier record is most similar; None without any, or where a stranger could easily be as similar."""
    own = kept.get((stay.subject, stay.day))
    pool = [(subject, rows) for (subject, day), rows in kept.items() if day < stay.day]
    if own is None or not pool:
        return None
    score, subject = max((float(np.max(rows @ own.T)), subject) for subject, rows in pool)
    comparisons = len(own) * sum(len(rows) for _, rows in pool)
    if false_link is not None and score < impostor_quantile(false_link / comparisons):
        return None
    return subject


def returning_figures(case: Case) -> tuple[dict[str, Figure], UseResult]:
    """`followed_days`, and the result for `uses.json`."""
    began, use, stays = perf_counter(), "following one person over days", true_stays(case)
    evidence = kept_evidence(case)
    linked = links(stays, evidence)
    if not linked:
        reason = "nobody came on two days" if stays else "this run does not say who its visitors are"
        return {"followed_days": Figure(None, reason)}, UseResult(use, "impossible", _BASIS, reason)
    guesses = [link for link in linked if link.by == "guess"]
    bonus = sum(link.chance for link in guesses) / len(linked)
    right, chance = sum(link.right for link in linked), sum(link.chance for link in linked) / len(linked)
    low, high = (min(1.0, end + bonus) for end in wilson(right, len(linked)))
    share, ways = right / len(linked) + bonus, Counter(link.by for link in linked)
    ways_text = ", ".join(f"{count} by {by}" for by, count in sorted(ways.items()))
    if len(guesses) == len(linked):
        low, high, ways_text = share, share, "nothing that is kept leads from one visit to another: guessed"
    figure = Figure(share, None, low, high, f"{ways_text}; guessing alone: {chance:.3g}")
    result = UseResult(
        use,
        _status(case, len(guesses) == len(linked)),
        _BASIS,
        None if len(guesses) < len(linked) else ways_text,
        found={
            "share of later visits that are strung to the right person": Estimate(share, low, high),
            "the same by guessing": Estimate.exactly(chance),
            **{f"later visits linked by {by}": Estimate.exactly(float(count)) for by, count in sorted(ways.items())},
        },
        wronged_unit="visits of other people that are attributed to people of the group, per 1,000 later visits",
        wronged=_wronged(case, linked),
        cost={"USD": Estimate.exactly(0.0), "seconds of computing": Estimate.exactly(perf_counter() - began)},
        remains={
            "accounts of visits": len(evidence.accounts),
            **{kind: case.store.count(kind) for kind in ("face_templates", "body_embeddings")},
        },
    )
    return {"followed_days": figure}, result


def _status(case: Case, guessed: bool) -> Status:
    if guessed:
        return "impossible"
    return "done" if case.policy.identification.where == "everywhere" else "possible"


def _wronged(case: Case, linked: Sequence[Link]) -> dict[str, Estimate]:
    truth = case.period.truth
    groups = sorted({group_name(truth, link.stay.subject) for link in linked})
    wronged = Counter(group_name(truth, link.to) for link in linked if link.to is not None and not link.right)
    return {group: _per_1000(wronged[group], len(linked)) for group in groups}


def _per_1000(count: int, of: int) -> Estimate:
    return Estimate(1000 * count / of, *(1000 * end for end in wilson(count, of)))
