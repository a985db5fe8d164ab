"""What a policy's store holds: one SQLite file with a deadline on every record, and the audit log beside it."""

import json
import secrets
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from store.privacy.governance.audit import AuditLog
from store.privacy.keeping.residue import Traces, forget_in_files
from store.privacy.keeping.tables import DATABASE, blob_columns, clear_store, open_tables

COLUMNS: dict[str, tuple[str, ...]] = {
    "frames": ("camera TEXT", "until REAL", "frames INTEGER", "blurred INTEGER"),
    "crops": ("track INTEGER", "camera TEXT", "blurred INTEGER", "picture BLOB"),
    "body_embeddings": ("track INTEGER", "vector BLOB"),
    "face_templates": ("track INTEGER", "camera TEXT", "consent INTEGER", "vector BLOB"),
    "poses": ("track INTEGER", "camera TEXT", "points BLOB"),
    "tracks": ("track INTEGER", "x REAL", "y REAL", "sd REAL"),
    "receipts": ("cents INTEGER", "lines TEXT"),
    "counts": ("inside REAL",),
    "heat_maps": ("x INTEGER", "y INTEGER", "tenths INTEGER"),
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

PRESENCE = ("crops", "body_embeddings", "face_templates", "poses", "tracks")
"""Tables whose records begin when a person is there and last for as long as `seconds` says."""
TABLES = ""
"""In the list of erasures: the store's own tables and loose files, beside the named holders."""

Value = str | int | float | bytes | None


@dataclass(frozen=True, slots=True)
class Record:
    """One record about a person (None: nobody in particular): when, seconds of presence described, own columns."""

    person: str | None
    t: float
    seconds: float
    values: tuple[Value, ...]


class Forgets(Protocol):
    """A holder of records beside the store's tables, such as a gallery: an erasure reaches it too.

    `forget` may be called again for the same people, after a crash.
    """

    @property
    def name(self) -> str:
        """Name of the holder in reports, the same after reopening."""
        ...

    def forget(self, identities: Sequence[str]) -> int:
        """Delete every record of these visits and accounts; returns how many there were."""
        ...


@dataclass(slots=True)
class KeptStore:
    """The records of one policy in `folder`, under a clock that only moves forward (seconds from opening).

    A process may die at any instant: every change is one transaction with its deadline, its clock and its line of
    the audit log, and `open` finishes what had begun. What the disk's free blocks hold after a file was shortened is
    the file system's matter, not the store's.
    """

    folder: Path
    audit: AuditLog
    _holders: dict[str, Forgets] = field(default_factory=dict, repr=False)
    clock: float = field(init=False, default=0.0)
    _database: sqlite3.Connection = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Open the database, lay its tables where they are missing, and finish what a crash left undone."""
        self._database = open_tables(self.folder / DATABASE, COLUMNS)
        try:
            standing = dict(self._database.execute("SELECT name, value FROM standing"))
            self.clock = float(standing.get("clock", 0.0))
            self.audit.recover(standing.get("entry"))
            if "unswept" in standing:
                self._sweep()
            for holder in self._holders.values():
                self.register(holder)
            self._finish_erasure()
        except BaseException:
            self._database.close()
            raise

    @classmethod
    def create(cls, folder: Path) -> Self:
        """An empty store; what an earlier application left in the folder is deleted, sub-folders included.

        Raises:
            BadInput: the folder holds files and is no store.
        """
        clear_store(folder)
        return cls.open(folder)

    @classmethod
    def open(cls, folder: Path, clock: float | None = None, holders: Sequence[Forgets] = ()) -> Self:
        """The store in a folder, at the clock where it stood, or at a later one; an erasure that began is finished.

        Raises:
            AuditError: the audit log was tampered with.
            BadInput: the tables are those of another version.
        """
        store = cls(folder, AuditLog(folder / "audit.jsonl"), {holder.name: holder for holder in holders})
        if clock is not None and clock > store.clock:
            store.advance(clock)
        return store

    def register(self, holder: Forgets) -> None:
        """From now on erasures reach this holder; one that a crash kept from it reaches it now."""
        self._holders[holder.name] = holder
        if missed := self._awaited(holder.name):
            holder.forget(missed)
            self._done(holder.name)
            self._database.commit()

    def close(self) -> None:
        """Close the database; what was linked and never followed by a record is dropped."""
        self._database.close()

    def link(
        self, person: str, account: str, expires: float, came: float | None = None, left: float | None = None
    ) -> None:
        """Note whose visit it is, until `expires`, and from when to when it lasted; written with the next records."""
        self._database.execute("INSERT OR REPLACE INTO people VALUES (?, ?, ?, ?, ?)",
                               (person, account, expires, came, left))  # fmt: skip

    def collect(self, table: str, records: Sequence[Record], keep_seconds: float, **stated: object) -> None:
        """Write records that expire `keep_seconds` after their time (0: none); either way the log counts them.

        Of templates the log also counts those made with consent, of disclosures it names the recipients; `stated` is
        logged as it is. A record whose time is up already is counted and never written.
        """
        own = [column.split()[0] for column in COLUMNS[table]]
        if keep_seconds > 0:
            names = ", ".join(("person", "t", "seconds", "expires", *own))
            self._database.executemany(
                f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * (4 + len(own)))})",
                (
                    (row.person, row.t, row.seconds, row.t + keep_seconds, *row.values)
                    for row in records
                    if row.t + keep_seconds > self.clock
                ),
            )
        detail: dict[str, object] = dict(stated)
        if "consent" in own:
            detail["consented"] = sum(row.values[own.index("consent")] == 1 for row in records)
        if table == "disclosures":
            detail["recipients"] = sorted({str(row.values[own.index("recipient")]) for row in records})
        self._commit("collect", kind=table, records=len(records), keep_seconds=keep_seconds, **detail)

    def advance(self, clock: float) -> None:
        """Move the clock forward and delete what has expired. Raises ValueError when asked to go back."""
        if clock < self.clock:
            raise ValueError(f"clock: found {clock}, allowed: {self.clock} or later")
        self._stand("clock", clock)
        gone = {table: self._delete(table, "expires <= ?", (clock,)) for table in (*COLUMNS, "people")}
        self.clock = clock
        self._finish("expire", gone)

    def erase(self, identity: str) -> dict[str, int]:
        """Delete everything about an account or a visit, pictures that show it included; returns counts by table.

        Registered holders are reached first, under their names where they held anything; a file of the folder in
        which a trace is left goes whole, counted under "files". A crash in between is made up for on opening.
        """
        persons = sorted({identity, *self._persons_of(identity)})
        self._database.executemany(
            "INSERT INTO erasures VALUES (?, ?)", [(p, holder) for holder in (TABLES, *self._holders) for p in persons]
        )
        self._database.commit()
        reached = {}
        for name, holder in self._holders.items():
            reached[name] = holder.forget(persons)
            self._done(name)
            self._database.commit()
        return self._finish_erasure() | {name: count for name, count in reached.items() if count}

    def _finish_erasure(self) -> dict[str, int]:
        persons = self._awaited(TABLES)
        if not persons:
            return {}
        gone = dict.fromkeys((*COLUMNS, "people"), 0)
        files = forget_in_files(self.folder, self._traces(persons), (DATABASE, "audit.jsonl", "audit.head"))
        for person in persons:
            for start, end in self._times_of(person):
                # Pictures show whoever was there: no person's name is on them, only a time.
                gone["frames"] += self._delete("frames", "t <= ? AND until >= ?", (end, start))
        for person in persons:
            for table in COLUMNS:
                gone[table] += self._delete(table, "person = ?", (person,))
            gone["people"] += self._delete("people", "person = ?", (person,))
        self._done(TABLES)
        other = {"files": len(files)} if files else {}
        self._finish("erase", gone | other, always=True, request=secrets.token_hex(8))
        return gone | other

    def traces(self, identity: str) -> Traces:
        """What would give an account or a visit away in the folder's files, as held now."""
        return self._traces(sorted({identity, *self._persons_of(identity)}))

    def _traces(self, persons: Sequence[str]) -> Traces:
        names = {str(row[0]) for row in self.rows("SELECT person FROM people UNION SELECT account FROM people")}
        for table in COLUMNS:
            names |= {str(row[0]) for row in self.rows(f"SELECT DISTINCT person FROM {table}")}
        mine: list[tuple[str, bytes]] = []
        others: list[tuple[str, bytes]] = []
        for table, column in blob_columns(COLUMNS):
            for person, blob in self._database.execute(f"SELECT person, {column} FROM {table}"):
                if blob is not None:
                    (mine if person in persons else others).append((f"{table}.{column}", bytes(blob)))
        return Traces.of(persons, mine, names, (blob for _, blob in others))

    def _awaited(self, holder: str) -> list[str]:
        return [str(row[0]) for row in self.rows("SELECT DISTINCT person FROM erasures WHERE holder = ?", (holder,))]

    def _done(self, holder: str) -> None:
        self._database.execute("DELETE FROM erasures WHERE holder = ?", (holder,))

    def _persons_of(self, account: str) -> list[str]:
        return [
            str(row[0]) for row in self._database.execute("SELECT person FROM people WHERE account = ?", (account,))
        ]

    def _times_of(self, person: str) -> list[tuple[float, float]]:
        known = "SELECT came, left FROM people WHERE person = ? AND came IS NOT NULL"
        spans = [(float(start or 0), float(end or 0)) for start, end in self.rows(known, (person,))]
        for table in PRESENCE if not spans else ():
            query = f"SELECT min(t), max(t + seconds) FROM {table} WHERE person = ?"
            spans += [(start, end) for start, end in self._database.execute(query, (person,)) if start is not None]
        return [(min(s for s, _ in spans), max(e for _, e in spans))] if spans else []

    def _delete(self, table: str, condition: str, values: tuple[Value, ...]) -> int:
        return self._database.execute(f"DELETE FROM {table} WHERE {condition}", values).rowcount

    def _stand(self, name: str, value: Value) -> None:
        self._database.execute("INSERT OR REPLACE INTO standing VALUES (?, ?)", (name, value))

    def _finish(self, action: str, gone: Mapping[str, int], always: bool = False, **detail: object) -> None:
        sweep = always or any(gone.values())
        if sweep:
            self._stand("unswept", 1)
        self._commit(action, records={table: count for table, count in gone.items() if count}, **detail)
        if sweep:
            self._sweep()

    def _commit(self, action: str, **detail: object) -> None:
        """One transaction with its line of the log, which is written right after, or else on reopening."""
        line = self.audit.next_line(self.clock, action, **detail)
        self._stand("entry", line)
        self._database.commit()
        self.audit.write(line)

    def _sweep(self) -> None:
        """Rewrite the file without free pages: deleting zeroes cells, but copies may lie where pages were balanced."""
        self._database.execute("VACUUM")
        self._database.execute("DELETE FROM standing WHERE name = 'unswept'")
        self._database.commit()
        self.audit.sync()

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
