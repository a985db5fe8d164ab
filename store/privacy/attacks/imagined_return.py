"""Linkage where a run has one day only: everybody is imagined to come back once, in other clothes."""

import numpy as np

from store.privacy.attacks.linkage import CHANNELS
from store.privacy.case import Case
from store.privacy.faces.matcher import DIMENSION, Matcher, Vectors, faces_of
from store.privacy.faces.sensor import best_captures
from store.privacy.figures import Figure
from store.privacy.intervals import wilson
from store.privacy.keeping.collect import DEFAULT_PRESET, known_persons, person_of

ONE_DAY = "one day: nobody comes back; run several days"
IMAGINED = "one day: everybody is imagined to come back once"


def imagined_figures(case: Case, rng: np.random.Generator) -> dict[str, Figure]:
    """`linkability`, `link_account` and `link_face` of an imagined return; a reason for all other linkage."""
    visits = len(case.period.visits)
    names = (*(f"link_{name}" for name in CHANNELS), "link_unnamed", "link_control", "creep")
    figures = {name: Figure(None, ONE_DAY) for name in names}
    if visits < 2:
        return figures | {"linkability": Figure(None, "one visit alone cannot be mistaken for another")}
    accounts = {str(person) for person, _ in case.store.rows("SELECT person, account FROM people")}
    named = [visit.visit in accounts for visit in case.period.visits]
    by_face = _face_guesses(case, rng)
    persons = known_persons(case.policy, case.period)
    seen = [_any_right(by_face, {person_of(persons, track) for track in visit.tracks}) for visit in case.period.visits]
    if any(named):
        figures["link_account"] = _share([name or None for name in named], visits, "by account")
    if by_face:
        figures["link_face"] = _share(seen, visits, "a new capture against the kept templates")
    best = [True if name else guess for name, guess in zip(named, seen, strict=True)]
    return figures | {"linkability": _share(best, visits, "by account" if any(named) else "by face template")}


def _any_right(guesses: dict[str, bool], names: set[str]) -> bool | None:
    """Whether a face of a visit was linked rightly; None where it left no template."""
    own = [guesses[name] for name in names if name in guesses]
    return any(own) if own else None


def _share(linked: list[bool | None], visits: int, how: str) -> Figure:
    """Share linked rightly above chance. None, nothing to compare, is a guess, worth that chance."""
    guessed, hits = sum(one is None for one in linked), sum(one is True for one in linked)
    if guessed == visits:
        return Figure(0.0, None, 0.0, 0.0, "nothing kept links visits: the attacker guesses")
    chance = 1 / visits
    low, high = (share + guessed / visits * chance - chance for share in wilson(hits, visits))
    return Figure((hits + guessed * chance) / visits - chance, None, low, high, f"{how}; {IMAGINED}")


def _face_guesses(case: Case, rng: np.random.Generator) -> dict[str, bool]:
    """Whether each person's new capture is nearest to a template of the same person; only people with templates."""
    policy = case.policy
    rows = case.store.rows("SELECT person, vector FROM face_templates ORDER BY id")
    kept = [str(person) for person, _ in rows]
    vectors = np.frombuffer(b"".join(v for _, v in rows if isinstance(v, bytes)), np.float32).reshape(-1, DIMENSION)
    if not kept or policy.identification.method == "palm":
        return {}
    names = [policy.identification.preset, *(search.preset for search in policy.searches), DEFAULT_PRESET]
    matcher = Matcher.of(next(name for name in names if name))
    captures = best_captures(case.period, matcher, policy.camera_width_px)
    if not captures:
        return {}
    faces: Vectors = faces_of([capture.subject for capture in captures], case.seed)
    again = matcher.capture(faces, np.array([capture.loss for capture in captures]), rng)
    persons = known_persons(policy, case.period)
    owners = [person_of(persons, capture.track) for capture in captures]
    nearest = np.argmax(again @ vectors.T, axis=1)
    return {owner: kept[pick] == owner for owner, pick in zip(owners, nearest, strict=True) if owner in kept}
