"""Linking by pictures: what networks and a face matcher read in crops and frames that were kept."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from store.privacy.attacks.by_head import by_head
from store.privacy.attacks.by_template import BODIES, FACES, centred, means_of
from store.privacy.attacks.kept_frames import BLURRED, GONE, KeptFrames
from store.privacy.attacks.person_visits import PersonVisits
from store.privacy.attacks.scores import Channel, Nothing, Scores, added, by_similarity, cosines
from store.privacy.case import Case, PictureReader
from store.privacy.faces.matcher import DIMENSION, Matcher
from store.privacy.faces.sensor import best_captures, embed
from store.privacy.keeping.collect import DEFAULT_PRESET

PICTURES_A_ROW = 8
"""Pictures read of each person and visit, spread over it: more say little more, and reading takes time."""
SAME_INSTANT_S = 0.05


@dataclass(frozen=True, slots=True)
class Picture:
    """One kept picture of a row: when, by which camera, its JPEG, and whether the head is blurred in it."""

    row: int
    t: float
    camera: str
    jpeg: bytes
    blurred: bool


def by_picture(case: Case, people: PersonVisits, rng: np.random.Generator) -> Channel | Nothing:
    """Rows whose pictures are alike: whole, in the colours of the head, and in the faces where one can be read."""
    kept = _kept_pictures(case, people)
    if isinstance(kept, Nothing):
        return kept
    if case.reader is None:
        return Nothing("crops", "pictures are kept, but nobody was asked to read them")
    read = [picture for own in _by_row(kept).values() for picture in _spread(own)]
    looks = centred(_described(case.reader, read, len(people)), people)
    scores = by_similarity(cosines(looks), people.day, BODIES)
    heads = by_head(_head_colours(case.reader, read), people.day)
    faces = _faces(case, people, kept, rng)
    sharp = "no face in them is large and sharp enough"
    scores = added(added(scores, heads), faces)
    if faces is not None:
        sharp = f"faces of {int((~np.isnan(faces)).any(axis=1).sum())} of {len(people)} can be read"
    what = "heads blurred" if all(picture.blurred for picture in kept) else sharp
    return Channel("crops", scores, f"{len(read)} of {len(kept)} pictures read; {what}")


def _kept_pictures(case: Case, people: PersonVisits) -> list[Picture] | Nothing:
    if case.store.count("crops"):
        found = list(_crops(case, people))
    elif case.store.count("frames"):
        found = list(_in_frames(case, people))
    else:
        return Nothing("crops", "not kept: no picture is left")
    if not found:
        return Nothing("crops", "pictures are kept, but this run recorded none of them to attack")
    return found


def _crops(case: Case, people: PersonVisits) -> Iterator[Picture]:
    row_of = people.by_track()
    query = "SELECT track, t, camera, blurred, picture FROM crops WHERE picture IS NOT NULL ORDER BY t, id"
    for track, t, camera, blurred, jpeg in case.store.rows(query):
        if isinstance(track, int) and track in row_of and isinstance(jpeg, bytes):
            yield Picture(row_of[track], float(t or 0), str(camera), jpeg, bool(blurred))


def _in_frames(case: Case, people: PersonVisits) -> Iterator[Picture]:
    """Who holds whole frames can cut people out of them, as tracking did."""
    row_of, frames = people.by_track(), KeptFrames.of(case.store)
    for day in case.period.days:
        if day.crops is None or day.crops.empty:
            continue
        states = frames.state(day.crops["camera"].tolist(), day.crops["t"].to_numpy())
        columns = (day.crops[name].tolist() for name in ("t", "camera", "track", "jpeg", "blurred"))
        for state, t, camera, track, plain, blurred in zip(states.tolist(), *columns, strict=True):
            if state != GONE and track in row_of:
                jpeg = blurred if state == BLURRED else plain
                yield Picture(row_of[track], float(t), str(camera), jpeg, state == BLURRED)


def _by_row(pictures: list[Picture]) -> dict[int, list[Picture]]:
    rows: dict[int, list[Picture]] = defaultdict(list)
    for picture in pictures:
        rows[picture.row].append(picture)
    return rows


def _spread(pictures: list[Picture]) -> list[Picture]:
    picks = np.unique(np.linspace(0, len(pictures) - 1, PICTURES_A_ROW).round().astype(int))
    return [pictures[pick] for pick in picks]


def _described(reader: PictureReader, pictures: list[Picture], size: int) -> npt.NDArray[np.float64]:
    vectors = reader.describe([picture.jpeg for picture in pictures])
    found: dict[int, list[npt.NDArray[np.float32]]] = defaultdict(list)
    for picture, vector in zip(pictures, vectors, strict=True):
        if not np.isnan(vector).any():
            found[picture.row].append(vector)
    means = means_of(found, size)
    return np.full((size, 1), np.nan) if means is None else means


def _head_colours(reader: PictureReader, pictures: list[Picture]) -> dict[int, npt.NDArray[np.floating]]:
    colours = reader.head_colours([picture.jpeg for picture in pictures])
    rows = np.array([picture.row for picture in pictures])
    return {int(row): colours[rows == row] for row in np.unique(rows)}


def _faces(case: Case, people: PersonVisits, pictures: list[Picture], rng: np.random.Generator) -> Scores | None:
    """Scores of the faces that the pictures show sharply; None where they show none.

    The simulated face sensor says what a matcher would measure, at the resolution of the policy's own cameras.
    """
    seen = _views_in(case, people, [picture for picture in pictures if not picture.blurred])
    matcher = Matcher.of(case.policy.identification.preset or DEFAULT_PRESET)
    day = replace(case.period.days[0], faces=seen)
    captures = best_captures(day, matcher, case.policy.camera_width_px)
    if not captures:
        return None
    row_of = people.by_track()
    vectors = np.full((len(people), DIMENSION), np.nan)
    for capture, vector in zip(captures, embed(captures, matcher, case.seed, rng), strict=True):
        vectors[row_of[capture.track]] = vector
    return by_similarity(cosines(vectors), people.day, FACES)


def _views_in(case: Case, people: PersonVisits, pictures: list[Picture]) -> pd.DataFrame:
    """The face views that were rendered at the instant, camera and track of the pictures."""
    faces = case.period.faces
    shown = {(people.tracks[picture.row], picture.camera, round(picture.t / SAME_INSTANT_S)) for picture in pictures}
    instants = (faces["t"] / SAME_INSTANT_S).round().astype(int)
    keys = zip(faces["track"].tolist(), faces["camera"].tolist(), instants.tolist(), strict=True)
    return faces[[key in shown for key in keys]]
