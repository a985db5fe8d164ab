"""Subject access: everything that one policy's store holds about one account, ready to be shown to its holder.

Everything comes from the store's own tables and log. Where the store cannot find a person, the report says what it
holds about people whom it cannot name, as counts and without a record of anybody.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from store.privacy.governance.records import PERSONAL_TABLES, Row, showing, stays
from store.privacy.keeping.kept_store import KeptStore
from store.privacy.policy import Policy

STOOD_M = 1.0
"""Side of the squares of floor in which the longest stop is looked for."""
Rows = Mapping[str, Sequence[Row]]


@dataclass(frozen=True, slots=True)
class Path:
    """One floor track: (t, x, y) of every position, clock seconds and floor metres."""

    track: int
    points: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the person: when (clock seconds), by which camera, whether blurred, and the JPEG if there is one."""

    t: float
    camera: str
    blurred: bool
    jpeg: bytes | None


@dataclass(frozen=True, slots=True)
class Template:
    """Numbers computed from a face, a palm or a body: what of, how many, when, where, with consent or not."""

    of: str
    numbers: int
    t: float
    camera: str
    consent: bool | None


@dataclass(frozen=True, slots=True)
class Bill:
    """A receipt: when it was issued, cents, items by product."""

    t: float
    cents: int
    lines: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Alert:
    """A gallery in which the face was found: whose list, which entry of it, the score, who was told."""

    t: float
    gallery: str
    entry: int
    score: float
    recipient: str


@dataclass(frozen=True, slots=True)
class VisitKnown:
    """What is held about one visit; `start` and `end` are the first and last second of which a record tells."""

    visit: str
    start: float
    end: float
    paths: tuple[Path, ...]
    pictures: tuple[Picture, ...]
    templates: tuple[Template, ...]
    poses: int
    bills: tuple[Bill, ...]
    alerts: tuple[Alert, ...]

    @property
    def records(self) -> int:
        """Records shown."""
        parts = (self.pictures, self.templates, self.bills, self.alerts)
        return sum(map(len, parts)) + self.poses + sum(len(path.points) for path in self.paths)

    @property
    def companions(self) -> int:
        """People beyond one whom the store followed on this visit."""
        return max(0, len(self.paths) - 1)


@dataclass(frozen=True, slots=True)
class Handed:
    """Records of one kind about the person that went to one recipient for one purpose."""

    recipient: str
    kind: str
    purpose: str
    records: int
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A question about the person: who asked when and what for, what was shown, and what came of it."""

    t: float
    who: str
    purpose: str
    justification: str
    reference: str
    approver: str
    refusal: str
    answered: int | None


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of record about the person: how many are held and until when (clock seconds) the last one is.

    `made`: whether any was made about anybody. A kind with none left was deleted or never written down.
    """

    kind: str
    held: int
    keep_seconds: float
    until: float | None
    made: bool


@dataclass(frozen=True, slots=True)
class AccessReport:
    """The answer to "what do you know about me": see the fields' own types. Times are clock seconds.

    `shown_in`: stretches of recording of the whole store while the person was there. `unnamed`: records by table about
    people whom the store cannot name. `others`: accounts with a visit that overlaps one of theirs.
    """

    policy: Policy
    account: str
    clock: float
    visits: tuple[VisitKnown, ...]
    kinds: tuple[Kind, ...]
    shown_in: int
    unnamed: Mapping[str, int]
    handed: tuple[Handed, ...]
    asked: tuple[Asked, ...]
    others: int

    @property
    def records(self) -> int:
        """Records about the person, without pictures of the whole store."""
        return sum(visit.records for visit in self.visits)

    @property
    def handed_records(self) -> int:
        """Records about the person that were handed on."""
        return sum(row.records for row in self.handed)


def access_report(policy: Policy, store: KeptStore, account: str) -> AccessReport:
    """Everything that the store holds about an account, as it stands; the request itself is logged without a name."""
    asked = tuple(_asked(store, account))
    known = store.knows(account)
    persons = sorted({str(row["person"]) for table in PERSONAL_TABLES for row in known[table]})
    spans = stays(store, persons)
    visits = sorted((_visit(person, known, spans[person]) for person in persons), key=lambda visit: visit.start)
    return AccessReport(
        policy=policy,
        account=account,
        clock=store.clock,
        visits=tuple(visits),
        kinds=tuple(_kinds(policy, store, known)),
        shown_in=len(showing(store, spans.values())),
        unnamed=_unnamed(store),
        handed=tuple(_handed(known["disclosures"])),
        asked=asked,
        others=_others(store, account, list(spans.values())),
    )


def _visit(person: str, known: Rows, span: tuple[float, float]) -> VisitKnown:
    own = {table: [row for row in known[table] if row["person"] == person] for table in PERSONAL_TABLES}
    return VisitKnown(
        visit=person,
        start=span[0],
        end=span[1],
        paths=tuple(_paths(own["tracks"])),
        pictures=tuple(
            Picture(_number(row["t"]), str(row["camera"]), bool(row["blurred"]), _bytes(row["picture"]))
            for row in own["crops"]
        ),
        templates=tuple(_templates(own)),
        poses=len(own["poses"]),
        bills=tuple(map(_bill, own["receipts"])),
        alerts=tuple(map(_alert, own["alerts"])),
    )


def _bill(row: Row) -> Bill:
    return Bill(_number(row["t"]), int(_number(row["cents"])), json.loads(str(row["lines"])))


def _alert(row: Row) -> Alert:
    entry, score = int(_number(row["entry"])), _number(row["score"])
    return Alert(_number(row["t"]), str(row["gallery"]), entry, score, str(row["recipient"]))


def _paths(rows: Sequence[Row]) -> Iterator[Path]:
    by_track: dict[int, list[tuple[float, float, float]]] = {}
    for row in rows:
        place = (_number(row["t"]), _number(row["x"]), _number(row["y"]))
        by_track.setdefault(int(_number(row["track"])), []).append(place)
    for track, points in by_track.items():
        yield Path(track, tuple(sorted(points)))


def _templates(own: Rows) -> Iterator[Template]:
    for row in own["face_templates"]:
        numbers = len(_bytes(row["vector"]) or b"") // 4
        yield Template("face", numbers, _number(row["t"]), str(row["camera"]), bool(row["consent"]))
    for row in own["body_embeddings"]:
        numbers = len(_bytes(row["vector"]) or b"") // 4
        yield Template("body", numbers, _number(row["t"]), "all cameras", None)


def _kinds(policy: Policy, store: KeptStore, known: Rows) -> Iterator[Kind]:
    alerts = max((search.keep_alert_seconds for search in policy.searches), default=0.0)
    for kind in PERSONAL_TABLES:
        rule = next((rule for name, rule in policy.collects.items() if name == kind), None)
        if rule is None and kind != "alerts":
            continue
        held = [_number(row["expires"]) for row in known[kind]]
        made = any(int(detail["records"]) for detail in store.made(kind))
        yield Kind(kind, len(held), rule.keep_seconds if rule else alerts, max(held, default=None), made)


def _unnamed(store: KeptStore) -> dict[str, int]:
    """Records about people without a name: of a track that leads to no account, or of a time."""
    counted = Counter({"frames": store.count("frames")})
    for table in PERSONAL_TABLES:
        nameless = "person IS NULL OR person NOT IN (SELECT person FROM people)"
        counted[table] += int(_number(store.rows(f"SELECT count(*) FROM {table} WHERE {nameless}")[0][0]))
    return {table: count for table, count in counted.items() if count}


def _handed(rows: Sequence[Row]) -> Iterator[Handed]:
    groups: dict[tuple[str, str, str], list[float]] = {}
    for row in rows:
        groups.setdefault((str(row["recipient"]), str(row["kind"]), str(row["purpose"])), []).append(_number(row["t"]))
    for (recipient, kind, purpose), times in sorted(groups.items()):
        yield Handed(recipient, kind, purpose, len(times), min(times), max(times))


def _asked(store: KeptStore, account: str) -> Iterator[Asked]:
    """Questions about the account or one of its visits, with the size of the answer from the log."""
    answers: dict[str, int] = {}
    for entry in store.audit.entries():
        detail = entry["detail"]
        if entry["action"] == "answer" and isinstance(detail, dict):
            answers[str(detail["request"])] = sum(int(count) for count in detail["records"].values())
    rows = store.rows(
        "SELECT t, who, purpose, justification, reference, approver, refusal, number FROM queries"
        " WHERE person = ? OR person IN (SELECT person FROM people WHERE account = ?) ORDER BY t, id",
        (account, account),
    )
    for t, *words, number in rows:
        who, purpose, justification, reference, approver, refused = map(str, words)
        answered = answers.get(str(number))
        yield Asked(_number(t), who, purpose, justification, reference, approver, refused, answered)


def _others(store: KeptStore, account: str, spans: Sequence[tuple[float, float]]) -> int:
    """Other accounts with a record while this one was inside."""
    found: set[str] = set()
    for table in ("tracks", "crops", "poses", "body_embeddings"):
        for start, end in spans:
            rows = store.rows(
                f"SELECT DISTINCT account FROM people JOIN {table} USING (person)"
                " WHERE account <> ? AND t <= ? AND t + seconds >= ?",
                (account, end, start),
            )
            found |= {str(other) for (other,) in rows}
    return len(found)


def longest_stop(visits: Sequence[VisitKnown]) -> tuple[float, float, float] | None:
    """Where the person spent the longest in all visits: (x, y) floor metres, the mean within a square, and seconds."""
    spent: dict[tuple[int, int], list[tuple[float, float, float]]] = {}
    for path in (path for visit in visits for path in visit.paths[:1]):
        for (t, x, y), (later, _, _) in zip(path.points, path.points[1:], strict=False):
            spent.setdefault((int(x // STOOD_M), int(y // STOOD_M)), []).append((x, y, later - t))
    if not spent:
        return None
    longest = max(spent.values(), key=lambda steps: sum(step[2] for step in steps))
    x, y = (sum(step[axis] for step in longest) / len(longest) for axis in (0, 1))
    return x, y, sum(step[2] for step in longest)


def bought(visits: Sequence[VisitKnown]) -> Counter[str]:
    """Items by product over all receipts."""
    total: Counter[str] = Counter()
    for visit in visits:
        for bill in visit.bills:
            total.update(bill.lines)
    return total


def _number(value: object) -> float:
    if isinstance(value, int | float):
        return float(value)
    raise TypeError(f"a number was expected in a record, found {type(value).__name__}")


def _bytes(value: object) -> bytes | None:
    return value if isinstance(value, bytes) else None
