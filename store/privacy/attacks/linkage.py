"""An attack on what a policy keeps: link a person's second visit to the first."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from store.privacy.day import Period, VisitRecord
from store.privacy.faces.matcher import DIMENSION, Matcher, Vectors, faces_of
from store.privacy.faces.sensor import best_captures
from store.privacy.figures import Figure
from store.privacy.intervals import wilson
from store.privacy.keeping.collect import DEFAULT_PRESET, known_persons, person_of
from store.privacy.keeping.kept_store import KeptStore
from store.privacy.policy import Policy


@dataclass(frozen=True, slots=True)
class Templates:
    """Kept face templates, (N, 128), and whose record each is."""

    persons: tuple[str, ...]
    vectors: Vectors


def kept_templates(store: KeptStore) -> Templates:
    """The face templates that a store still holds."""
    rows = store.rows("SELECT person, vector FROM face_templates ORDER BY id")
    vectors = [np.frombuffer(vector, np.float32) for _, vector in rows if isinstance(vector, bytes)]
    return Templates(tuple(str(person) for person, _ in rows), np.array(vectors, np.float32).reshape(-1, DIMENSION))


def linkability(policy: Policy, period: Period, store: KeptStore, seed: int, rng: np.random.Generator) -> Figure:
    """Share of second visits linked to the right first one, minus the chance of guessing; see `METRICS`."""
    visits = len(period.visits)
    if visits < 2:
        return Figure(None, "one visit alone cannot be mistaken for another")
    accounts = {str(person) for person, _ in store.rows("SELECT person, account FROM people")}
    by_face = _face_guesses(policy, period, store, seed, rng)
    persons = known_persons(policy, period)
    linked, guessed = 0, 0
    for visit in period.visits:
        if visit.visit in accounts:
            linked += 1
        elif guesses := [by_face[name] for name in _names(persons, visit) if name in by_face]:
            linked += any(guesses)
        else:
            guessed += 1
    if guessed == visits:
        return Figure(0.0, None, 0.0, 0.0, "nothing kept links visits: the attacker guesses")
    chance = 1 / visits
    # Who left nothing to compare is guessed at, and a guess is worth exactly the chance that is taken off again.
    low, high = (share + guessed / visits * chance - chance for share in wilson(linked, visits))
    note = "by account" if accounts else "by face template"
    return Figure((linked + guessed * chance) / visits - chance, None, low, high, note)


def _names(persons: Mapping[int, str], visit: VisitRecord) -> set[str]:
    return {person_of(persons, track) for track in visit.tracks}


def _face_guesses(
    policy: Policy, period: Period, store: KeptStore, seed: int, rng: np.random.Generator
) -> dict[str, bool]:
    """Whether each person's new capture is nearest to a template of the same person; only people with templates."""
    kept = kept_templates(store)
    if not kept.persons or policy.identification.method == "palm":
        return {}
    names = [policy.identification.preset, *(search.preset for search in policy.searches), DEFAULT_PRESET]
    matcher = Matcher.of(next(name for name in names if name))
    captures = best_captures(period, matcher, policy.camera_width_px)
    if not captures:
        return {}
    again = matcher.capture(
        faces_of([capture.subject for capture in captures], seed), np.array([c.loss for c in captures]), rng
    )
    nearest = np.argmax(again @ kept.vectors.T, axis=1)
    persons = known_persons(policy, period)
    return {
        person_of(persons, capture.track): kept.persons[pick] == person_of(persons, capture.track)
        for capture, pick in zip(captures, nearest, strict=True)
        if person_of(persons, capture.track) in kept.persons
    }
