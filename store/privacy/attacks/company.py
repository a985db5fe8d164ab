"""Who came with whom, and who belongs together over days: from tokens, entrances, ways walked together, and links."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from store.privacy.attacks.kept_walks import Walk, Walks
from store.privacy.attacks.person_visits import PersonVisits, labels_of, same
from store.privacy.attacks.ranking import Ranking, rank
from store.privacy.attacks.scores import STRONGEST, Scores
from store.privacy.case import Case
from store.privacy.figures import Figure
from store.privacy.keeping.kept_store import COLUMNS, KeptStore

Floats = npt.NDArray[np.float64]

NEAR_M = 1.5
ENTRANCE_S = 4.0
"""People of a party enter within seconds of each other, and walk within arm's reach or two. Assumptions."""
LOOSE = 4.0
"""What company all the way is worth beside a shared token, `STRONGEST`."""


def party_scores(store: KeptStore, people: PersonVisits, walks: Walks) -> tuple[Scores, Scores]:
    """(U, U) how likely rows of one day came together: by token, and by entrance and nearness alone."""
    tokens, first = _tokens(store, people)
    by_token = np.where((tokens[:, None] == tokens) & (tokens >= 0)[:, None], STRONGEST, 0.0)
    return by_token, _together(people, walks, first)


def _tokens(store: KeptStore, people: PersonVisits) -> tuple[npt.NDArray[np.int64], Floats]:
    """Number of the token under which the store wrote each row's records (-1: none), and when it was first seen."""
    row_of = people.by_track()
    named: dict[int, str] = {}
    first = np.full(len(people), np.nan)
    for table, own in COLUMNS.items():
        if "track INTEGER" not in own:
            continue
        query = f"SELECT track, person, min(t) FROM {table} WHERE track IS NOT NULL GROUP BY track, person"
        for track, person, t in store.rows(query):
            row_track = int(track or 0)
            row = row_of.get(row_track)
            if row is not None and t is not None:
                first[row] = np.fmin(first[row], float(t))
                if isinstance(person, str) and person != f"track-{row_track}":
                    named[row] = person
    codes = {name: code for code, name in enumerate(sorted(set(named.values())))}
    return np.array([codes[named[row]] if row in named else -1 for row in range(len(people))]), first


def _together(people: PersonVisits, walks: Walks, first: Floats) -> Scores:
    """Entrances seconds apart, and the share of the two visits that was spent near each other."""
    with np.errstate(invalid="ignore"):
        scores: Scores = np.nan_to_num(LOOSE * np.exp(-np.abs(first[:, None] - first) / ENTRANCE_S), nan=0.0)
    for number in np.unique(people.day):
        rows = [row for row in walks.rows if people.day[row] == number]
        if len(rows) > 1:
            scores[np.ix_(rows, rows)] += LOOSE * _beside([walks.rows[row] for row in rows])
    return scores


def _beside(walks: Sequence[Walk]) -> Floats:
    """(N, N) mean nearness of walks of one day over the seconds of either: 1 side by side all the time, 0 apart."""
    seconds = [walk.t.astype(int) for walk in walks]
    start = min(own.min() for own in seconds)
    places = np.full((len(walks), max(own.max() for own in seconds) - start + 1, 2), np.nan)
    for row, (own, walk) in enumerate(zip(seconds, walks, strict=True)):
        places[row, own - start] = walk.places
    here = ~np.isnan(places[..., 0])
    near = [np.nansum(np.exp(-np.linalg.norm(places - own, axis=2) / NEAR_M), axis=1) for own in places]
    either = [np.sum(here | own, axis=1) for own in here]
    return np.asarray(np.array(near) / np.array(either), float)


def company_figures(
    case: Case, people: PersonVisits, walks: Walks, linked: Scores | None, rng: np.random.Generator
) -> dict[str, Figure]:
    """`infer_party` and `infer_household`; `linked` are the linkage attack's scores, None for one day."""
    labels = labels_of(people, case.period)
    by_token, loose = party_scores(case.store, people, walks)
    return {
        "infer_party": _party(case, people, by_token, loose, labels, rng),
        "infer_household": _household(case, people, by_token + loose, linked, labels, rng),
    }


def _party(
    case: Case,
    people: PersonVisits,
    by_token: Scores,
    loose: Scores,
    labels: list[str | None],
    rng: np.random.Generator,
) -> Figure:
    today = (people.day[:, None] == people.day) & ~same(labels)
    np.fill_diagonal(today, False)
    right = same(_parties(case, people, labels))
    found = rank(by_token + loose, today, right, labels, people.day, rng)
    if found is None:
        return Figure(None, "nobody of whom the cameras made a track came in company")
    if not (by_token + loose).any():
        return Figure(0.0, None, 0.0, 0.0, "nothing kept shows who came with whom: the attacker guesses")
    notes = [_control(found)]
    if by_token.any():
        notes.insert(0, "their records carry one token")
    if loose.any() and (alone := rank(loose, today, right, labels, people.day)) is not None:
        notes.insert(-1, f"by entrance and nearness alone {alone.above_chance:+.2f}")
    return found.figure("people in company", "; ".join(notes), rng)


def _parties(case: Case, people: PersonVisits, labels: list[str | None]) -> list[str | None]:
    """The party each row really came with."""
    party_of: dict[tuple[int, str], str] = {}
    for number, day in enumerate(case.period.days):
        for visit in day.visits:
            for subject in day.truth.subjects_of_visit.get(visit.visit, ()):
                party_of[number, subject] = visit.visit
    return [
        party_of.get((int(day), label)) if label is not None else None
        for day, label in zip(people.day, labels, strict=True)
    ]


def _household(
    case: Case,
    people: PersonVisits,
    together: Scores,
    linked: Scores | None,
    labels: list[str | None],
    rng: np.random.Generator,
) -> Figure:
    if linked is None:
        return Figure(None, "one day: who belongs together over days needs several days")
    homes = [case.period.truth.household_of.get(label) if label is not None else None for label in labels]
    others = (people.day[:, None] != people.day) & ~same(labels)
    found = rank(household_scores(people, together, linked), others, same(homes), labels, people.day, rng)
    if found is None:
        return Figure(None, "no two people of one household came on different days")
    if not linked.any() and not together.any():
        return Figure(0.0, None, 0.0, 0.0, "nothing kept shows who belongs together: the attacker guesses")
    return found.figure("visits of people who do not live alone", _control(found), rng)


def household_scores(people: PersonVisits, together: Scores, linked: Scores) -> Scores:
    """(U, U) how likely two rows of different days are of one household.

    Somebody belongs to whom shares an account with them, and to everybody who looks like a companion of theirs: the
    best over companions c of a row of what speaks for c being the companion and for c being the other row.
    """
    company = np.full_like(together, -np.inf)
    for number in np.unique(people.day):
        own = np.flatnonzero(people.day == number)
        company[np.ix_(own, own)] = together[np.ix_(own, own)] - LOOSE
    np.fill_diagonal(company, -np.inf)
    through = np.full_like(linked, -np.inf)
    for companion in range(len(people)):
        np.maximum(through, np.minimum(company[:, companion, None], linked[companion]), out=through)
    return np.asarray(np.maximum(linked, np.maximum(through, through.T)), float)


def _control(found: Ranking) -> str:
    control = found.control_figure()
    return f"control {control.value:+.2f} ({control.low:+.2f} ... {control.high:+.2f})"
