"""Linking by templates: face or palm templates, and descriptions of bodies."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from store.privacy.attacks.person_visits import PersonVisits
from store.privacy.attacks.scores import Belief, Channel, Nothing, by_similarity, cosines
from store.privacy.keeping.kept_store import KeptStore
from store.privacy.policy import Policy

FACES: Belief = ((1.0, 4.0),)
"""About the 2025 median's genuine mean, 0.4, over the strangers' spread, 0.09."""
BODIES: Belief = ((0.2, 3.3), (0.8, 1.1))
"""In the same clothes one time in five (an assumption), else in others; d' as `sim.attack_crowd` measured it on people
of whom no figure is made."""


def by_face(store: KeptStore, people: PersonVisits, policy: Policy) -> Channel | Nothing:
    """Rows whose kept templates are alike."""
    rows = store.rows("SELECT person, track, vector FROM face_templates WHERE vector IS NOT NULL ORDER BY id")
    means = _row_vectors(rows, people)
    if means is None:
        return Nothing("face", "not kept: no template is left")
    what = "palm templates" if policy.identification.method == "palm" else "face templates"
    return Channel("face", by_similarity(cosines(means), people.day, FACES), what)


def by_body(store: KeptStore, people: PersonVisits) -> Channel | Nothing:
    """Rows whose kept body descriptions are alike, once what all people of a day have in common is taken off."""
    rows = store.rows("SELECT person, track, vector FROM body_embeddings WHERE vector IS NOT NULL ORDER BY id")
    means = _row_vectors(rows, people)
    if means is None:
        return Nothing("body", "not kept: no description of a body is left")
    return Channel("body", by_similarity(cosines(centred(means, people)), people.day, BODIES))


def centred(vectors: npt.NDArray[np.float64], people: PersonVisits) -> npt.NDArray[np.float64]:
    """(U, D) vectors less the mean of their day: light and cameras are the same for all."""
    out = vectors.copy()
    for number in np.unique(people.day):
        own = (people.day == number) & ~np.isnan(vectors).any(axis=1)
        # With so few people the mean is mostly the person.
        if own.sum() >= 4:
            out[own] -= vectors[own].mean(axis=0)
    return out


def _row_vectors(rows: Sequence[tuple[object, ...]], people: PersonVisits) -> npt.NDArray[np.float64] | None:
    """(U, D) mean unit vector of each row, nan where there is none; None where no row has any."""
    by_track, by_visit = people.by_track(), people.by_visit()
    found: dict[int, list[npt.NDArray[np.float32]]] = defaultdict(list)
    for person, track, vector in rows:
        row = by_track.get(track) if isinstance(track, int) else next(iter(by_visit.get(str(person), [])), None)
        if row is not None and isinstance(vector, bytes):
            found[row].append(np.frombuffer(vector, np.float32))
    return means_of(found, len(people))


def means_of(found: dict[int, list[npt.NDArray[np.float32]]], size: int) -> npt.NDArray[np.float64] | None:
    """(U, D) mean of the vectors of each row, nan where there is none; None where no row has any."""
    if not found:
        return None
    out = np.full((size, len(next(iter(found.values()))[0])), np.nan)
    for row, vectors in found.items():
        out[row] = np.mean(vectors, axis=0)
    return out
