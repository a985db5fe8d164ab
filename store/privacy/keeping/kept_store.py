"""What a policy's store holds: one SQLite file with a deadline on every record, and the audit log beside it."""

import json
import secrets
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from store.privacy.governance.audit import AuditLog

COLUMNS: dict[str, tuple[str, ...]] = {
    "frames": ("camera TEXT", "until REAL", "frames INTEGER", "blurred INTEGER"),
    "crops": ("track INTEGER", "camera TEXT", "blurred INTEGER", "picture BLOB"),
    "body_embeddings": ("track INTEGER", "vector BLOB"),
    "face_templates": ("track INTEGER", "camera TEXT", "consent INTEGER", "vector BLOB"),
    "poses": ("track INTEGER", "camera TEXT", "points BLOB"),
    "tracks": ("track INTEGER", "x REAL", "y REAL", "sd REAL"),
    "receipts": ("cents INTEGER", "lines TEXT"),
    "counts": ("inside REAL",),
    "alerts": ("gallery TEXT", "entry INTEGER", "score REAL", "recipient TEXT"),
    "disclosures": ("recipient TEXT", "kind TEXT", "purpose TEXT"),
    "queries": (
        "track INTEGER",
        "number TEXT",
        "purpose TEXT",
        "who TEXT",
        "justification TEXT",
        "reference TEXT",
        "approver TEXT",
        "refusal TEXT",
        "valid_until REAL",
    ),
}
"""Own columns of each table. Every table also has id, person, t, seconds (of presence described) and expires."""

Value = str | int | float | bytes | None


@dataclass(frozen=True, slots=True)
class Record:
    """One record about a person (None: nobody in particular): when, seconds of presence described, own columns."""

    person: str | None
    t: float
    seconds: float
    values: tuple[Value, ...]


@dataclass(slots=True)
class KeptStore:
    """The records of one policy in `folder`, under a clock that only moves forward (seconds from opening)."""

    folder: Path
    audit: AuditLog
    clock: float = 0.0
    _database: sqlite3.Connection = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Open the database, and lay its tables where they are missing."""
        self._database = sqlite3.connect(self.folder / "kept.sqlite")
        # Without secure_delete SQLite leaves erased bytes in free pages, and an erasure would be none.
        self._database.execute("PRAGMA secure_delete = ON")
        self._database.execute("PRAGMA journal_mode = MEMORY")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS people (person TEXT PRIMARY KEY, account TEXT, expires REAL)"
        )
        for table, own in COLUMNS.items():
            columns = ", ".join(("person TEXT", "t REAL", "seconds REAL", "expires REAL", *own))
            self._database.execute(f"CREATE TABLE IF NOT EXISTS {table} (id INTEGER PRIMARY KEY, {columns})")
        self._database.commit()

    @classmethod
    def create(cls, folder: Path) -> Self:
        """An empty store; what an earlier application left in the folder is deleted."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("kept.sqlite", "audit.jsonl", "audit.head"):
            (folder / name).unlink(missing_ok=True)
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path, clock: float = 0.0) -> Self:
        """The store in a folder."""
        return cls(folder, AuditLog(folder / "audit.jsonl"), clock)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def link(self, person: str, account: str, expires: float) -> None:
        """Note whose visit it is, until `expires`."""
        self._database.execute("INSERT OR REPLACE INTO people VALUES (?, ?, ?)", (person, account, expires))

    def collect(self, table: str, records: Sequence[Record], keep_seconds: float) -> None:
        """Write records that expire `keep_seconds` after their time (0: none); either way the log counts them.

        Of templates the log also counts those made with consent, of disclosures it names the recipients.
        """
        if keep_seconds > 0:
            marks = ", ".join("?" * (4 + len(COLUMNS[table])))
            names = ", ".join(("person", "t", "seconds", "expires", *(own.split()[0] for own in COLUMNS[table])))
            self._database.executemany(
                f"INSERT INTO {table} ({names}) VALUES ({marks})",
                ((row.person, row.t, row.seconds, row.t + keep_seconds, *row.values) for row in records),
            )
            self._database.commit()
        own = [column.split()[0] for column in COLUMNS[table]]
        detail: dict[str, object] = {}
        if "consent" in own:
            detail["consented"] = sum(row.values[own.index("consent")] == 1 for row in records)
        if table == "disclosures":
            detail["recipients"] = sorted({str(row.values[own.index("recipient")]) for row in records})
        self.audit.append(self.clock, "collect", kind=table, records=len(records), keep_seconds=keep_seconds, **detail)

    def advance(self, clock: float) -> None:
        """Move the clock forward and delete what has expired. Raises ValueError when asked to go back."""
        if clock < self.clock:
            raise ValueError(f"clock: found {clock}, allowed: {self.clock} or later")
        self.clock = clock
        gone = {table: self._delete(table, "expires <= ?", (clock,)) for table in (*COLUMNS, "people")}
        self._finish("expire", gone)

    def erase(self, identity: str) -> dict[str, int]:
        """Delete everything about an account or a visit, pictures that show it included; returns counts by table."""
        persons = {identity, *self._persons_of(identity)}
        gone = dict.fromkeys((*COLUMNS, "people"), 0)
        for person in persons:
            for start, end in self._times_of(person):
                # Pictures show whoever was there: no person's name is on them, only a time.
                gone["frames"] += self._delete("frames", "t <= ? AND until >= ?", (end, start))
            for table in COLUMNS:
                gone[table] += self._delete(table, "person = ?", (person,))
            gone["people"] += self._delete("people", "person = ?", (person,))
        self._finish("erase", gone, request=secrets.token_hex(8))
        return gone

    def _persons_of(self, account: str) -> list[str]:
        return [
            str(row[0]) for row in self._database.execute("SELECT person FROM people WHERE account = ?", (account,))
        ]

    def _times_of(self, person: str) -> list[tuple[float, float]]:
        spans = []
        for table in COLUMNS:
            query = f"SELECT min(t), max(t + seconds) FROM {table} WHERE person = ?"
            spans += [(start, end) for start, end in self._database.execute(query, (person,)) if start is not None]
        return [(min(s for s, _ in spans), max(e for _, e in spans))] if spans else []

    def _delete(self, table: str, condition: str, values: tuple[Value, ...]) -> int:
        return self._database.execute(f"DELETE FROM {table} WHERE {condition}", values).rowcount

    def _finish(self, action: str, gone: Mapping[str, int], **detail: object) -> None:
        self._database.commit()
        if any(gone.values()):
            self._database.execute("VACUUM")
        self.audit.append(
            self.clock, action, records={table: count for table, count in gone.items() if count}, **detail
        )

    def rows(self, query: str, values: Iterable[Value] = ()) -> list[tuple[Value, ...]]:
        """Rows of a query over the tables, for figures and attacks."""
        return list(self._database.execute(query, tuple(values)))

    def count(self, table: str) -> int:
        """Records in a table."""
        return int(self._database.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def hours(self, table: str) -> float:
        """Hours of people's presence that a table's records describe."""
        return float(self._database.execute(f"SELECT coalesce(sum(seconds), 0) FROM {table}").fetchone()[0]) / 3600

    def made(self, table: str) -> list[dict[str, Any]]:
        """What the audit log says of every collection of this kind, kept or not: `records`, and what else it counts."""
        details = (entry["detail"] for entry in self.audit.entries() if entry["action"] == "collect")
        return [detail for detail in details if isinstance(detail, dict) and detail["kind"] == table]

    def knows(self, identity: str) -> dict[str, list[dict[str, Value]]]:
        """Everything held about an account or a visit, by table: what a subject-access request is answered with."""
        persons = sorted({identity, *self._persons_of(identity)})
        marks = ", ".join("?" * len(persons))
        answer: dict[str, list[dict[str, Value]]] = {}
        for table in (*COLUMNS, "people"):
            cursor = self._database.execute(f"SELECT * FROM {table} WHERE person IN ({marks})", persons)
            names = [column[0] for column in cursor.description]
            answer[table] = [dict(zip(names, row, strict=True)) for row in cursor]
        self.audit.append(self.clock, "access", request=secrets.token_hex(8))
        return answer


def lines_text(lines: Mapping[str, int]) -> str:
    """Receipt lines as canonical JSON."""
    return json.dumps(dict(sorted(lines.items())))
