"""An append-only log in which every entry carries the hash of the one before: tampering shows.

Any change, deletion or reordering breaks the chain; a cut at the end disagrees with the head kept beside it. Who
can rewrite both files wholly cannot be caught from within: keep the head, which is printed with the figures, outside.
Entries hold counts and random request numbers, never a person's id: so erasing people leaves the log whole.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

GENESIS = "0" * 64


@dataclass(slots=True)
class AuditLog:
    """The log at `path` (JSON lines); an existing one is continued."""

    path: Path
    _count: int = field(init=False, default=0)
    _head: str = field(init=False, default=GENESIS)

    def __post_init__(self) -> None:
        """Continue after the last entry of an existing log."""
        if self.path.exists():
            rows = self.path.read_text(encoding="utf-8").splitlines()
            if rows:
                self._count, self._head = len(rows), str(json.loads(rows[-1])["hash"])

    @property
    def head(self) -> str:
        """Hash of the newest entry."""
        return self._head

    def append(self, t: float, action: str, **detail: object) -> None:
        """Add one entry: time in seconds from opening, what was done, and how much of what."""
        row: dict[str, object] = {"n": self._count, "t": t, "action": action, "detail": detail, "previous": self._head}
        row["hash"] = digest(row)
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, sort_keys=True) + "\n")
        self._count, self._head = self._count + 1, str(row["hash"])
        _head_file(self.path).write_text(f"{self._count} {self._head}\n", encoding="utf-8")

    def entries(self) -> list[dict[str, object]]:
        """All entries, oldest first."""
        if not self.path.exists():
            return []
        return [json.loads(row) for row in self.path.read_text(encoding="utf-8").splitlines()]


def digest(row: Mapping[str, object]) -> str:
    """SHA-256 over an entry without its own hash, as canonical JSON."""
    bare = {name: value for name, value in row.items() if name != "hash"}
    return hashlib.sha256(json.dumps(bare, sort_keys=True).encode()).hexdigest()


def verify(path: Path) -> list[str]:
    """What is wrong with a log, one line each; an empty list means that the chain holds."""
    problems: list[str] = []
    previous, count = GENESIS, 0
    for count, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(text)
            problems += _row_problems(row, count - 1, previous)
            previous = str(row["hash"])
        except (ValueError, KeyError, TypeError, AttributeError):
            problems.append(f"entry {count - 1}: not a log entry")
    head = _head_file(path)
    if not head.exists() or head.read_text(encoding="utf-8").split() != [str(count), previous]:
        problems.append(f"the log ends after {count} entries, but its head says otherwise")
    return problems


def _row_problems(row: Mapping[str, object], number: int, previous: str) -> list[str]:
    problems = []
    if row["n"] != number:
        problems.append(f"entry {number}: numbered {row['n']}")
    if row["previous"] != previous:
        problems.append(f"entry {number}: does not follow the entry before it")
    if row["hash"] != digest(row):
        problems.append(f"entry {number}: content does not fit its hash")
    return problems


def _head_file(path: Path) -> Path:
    return path.with_suffix(".head")
