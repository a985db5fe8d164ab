"""Where people were, second by second, as far as the records say that a store still holds; truth only scores it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from store.privacy.case import Case
from store.privacy.day import Period, Truth
from store.privacy.keeping.kept_store import KeptStore

_BY_SECOND = "SELECT min(person), track, CAST(t AS INTEGER) AS s, {} FROM {} WHERE track IS NOT NULL GROUP BY track, s"
_PLACES = {"tracks": "avg(x), avg(y)", "poses": "NULL, NULL", "crops": "NULL, NULL"}
_SPANS = "SELECT person, track, t, seconds FROM body_embeddings WHERE track IS NOT NULL"
UNSTATED = "group not stated"
SWAP_VIEWS = 5
"""Views of somebody else in one second that show that a track has gone over to them."""


@dataclass(frozen=True, slots=True)
class Span:
    """One kept track: the name under which it is filed, its seconds, and its floor place (metres) in each, or NaN.

    `named`: the name is a visit's, so that other tracks of the same visit can be told to be so. `subject`: who was
    under the track most of the time; `strays`: who else was there in which second. Only the scoring reads these two.
    """

    person: str
    track: int
    seconds: npt.NDArray[np.int64]
    places: npt.NDArray[np.float64]
    subject: str | None
    strays: Mapping[int, str] = field(default_factory=dict)

    def owner(self, second: int) -> str | None:
        """Who was really under the track in one of its seconds."""
        return self.strays.get(second, self.subject)

    @property
    def named(self) -> bool:
        """Whether the store knows more than a track's number."""
        return self.person != f"track-{self.track}"

    @property
    def first(self) -> int:
        """First second."""
        return int(self.seconds[0])

    @property
    def last(self) -> int:
        """Last second."""
        return int(self.seconds[-1])


@dataclass(frozen=True, slots=True)
class Presence:
    """All kept tracks by first second, and the kind of record that they were read from (None: there is none)."""

    kind: str | None
    spans: tuple[Span, ...]


def kept_presence(store: KeptStore, period: Period) -> Presence:
    """Presence from the most telling kind of record that the store still holds."""
    for kind in (*_PLACES, "body_embeddings", "face_templates"):
        rows = _rows(store, kind)
        if not rows.empty:
            return Presence(kind, tuple(_spans(rows, period.truth, strays_of(period))))
    return Presence(None, ())


def _rows(store: KeptStore, kind: str) -> pd.DataFrame:
    columns = ["person", "track", "second", "x", "y"]
    if kind in _PLACES:
        return pd.DataFrame(store.rows(_BY_SECOND.format(_PLACES[kind], kind)), columns=columns)
    if kind == "face_templates":
        return pd.DataFrame(store.rows(_BY_SECOND.format("NULL, NULL", kind)), columns=columns)
    seen = [
        (person, track, second, None, None)
        for person, track, t, seconds in store.rows(_SPANS)
        for second in range(int(float(t or 0)), int(float(t or 0) + float(seconds or 0)) + 1)
    ]
    return pd.DataFrame(seen, columns=columns)


def strays_of(period: Period) -> dict[int, dict[int, str]]:
    """By track and second, whose face was in the track's box, where it was not the track's own person's.

    A swap of two people shows in many views at once; fewer than `SWAP_VIEWS`, or less than half of all views in that
    second, are somebody who walks past.
    """
    faces, owner = period.faces, period.truth.subject_of_track
    faces = faces[faces["track"].isin(list(owner))]
    views = faces.assign(second=faces["t"].astype(int)).groupby(["track", "second"])["subject"].value_counts()
    share = views / views.groupby(["track", "second"]).transform("sum")
    strays: dict[int, dict[int, str]] = defaultdict(dict)
    for track, second, subject in views[(views >= SWAP_VIEWS) & (share > 0.5)].index:
        if owner[int(track)] != subject:
            strays[int(track)][int(second)] = str(subject)
    return strays


def _spans(rows: pd.DataFrame, truth: Truth, strays: Mapping[int, Mapping[int, str]]) -> list[Span]:
    spans = []
    for track, own in rows.sort_values(["track", "second"]).groupby("track"):
        number = int(str(track))
        spans.append(
            Span(
                str(own["person"].iloc[0]),
                number,
                own["second"].to_numpy(np.int64),
                own[["x", "y"]].to_numpy(float),
                truth.subject_of_track.get(number),
                strays.get(number, {}),
            )
        )
    return sorted(spans, key=lambda span: (span.first, span.track))


@dataclass(frozen=True, slots=True)
class Stay:
    """One person's visit as it truly was: who, on which day (from 0), which visit, from when to when (seconds)."""

    subject: str
    day: int
    visit: str
    opened: float
    closed: float

    @property
    def seconds(self) -> int:
        """Whole seconds in the store."""
        return max(1, int(self.closed) - int(self.opened) + 1)


def true_stays(case: Case) -> list[Stay]:
    """Every person's visits, by day and time; empty where the run does not say who people are."""
    return [
        Stay(subject, number, visit.visit, visit.opened, visit.closed)
        for number, day in enumerate(case.period.days)
        for visit in day.visits
        for subject in day.truth.subjects_of_visit.get(visit.visit, ())
    ]


def group_name(truth: Truth, subject: str) -> str:
    """The group by which harm to somebody is counted: as the scenario states it, else the age group."""
    return truth.group_of.get(subject) or truth.age_group_of.get(subject) or UNSTATED


def ratio_interval(
    parts: Sequence[float], wholes: Sequence[float], rng: np.random.Generator, draws: int = 500
) -> tuple[float, float, float]:
    """Sum of parts over sum of wholes, with its 95 % interval from `draws` bootstrap samples of the pairs."""
    part, whole = np.asarray(parts, float), np.asarray(wholes, float)
    picks = rng.multinomial(len(part), np.full(len(part), 1 / len(part)), size=draws)
    drawn = (picks @ part) / np.maximum(picks @ whole, 1e-9)
    value = float(part.sum() / max(whole.sum(), 1e-9))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return value, min(value, float(low)), max(value, float(high))
