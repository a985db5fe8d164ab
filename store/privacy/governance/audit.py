"""An append-only log in which every entry carries the hash of the one before: tampering shows.

Any change, deletion, insertion or reordering breaks the chain; a cut at the end disagrees with the head kept beside
it. Who can rewrite both files wholly cannot be caught from within: that takes a `Witness`, a head that somebody else
wrote down earlier, and then everything up to that entry is bound. Entries hold counts and random request numbers,
never a person's id: so erasing people leaves the log whole.

A process that dies while it writes leaves a torn last line, or a whole line that the head does not count yet.
`AuditLog.recover` mends exactly these two, and adds an entry that says so. Anything else is tampering.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn, Self

from store.errors import AuditError

GENESIS = "0" * 64
FIELDS = frozenset({"n", "t", "action", "detail", "previous", "hash"})


@dataclass(frozen=True, slots=True)
class Witness:
    """A log as somebody outside saw it: how many entries, and the hash of the last of them."""

    count: int
    head: str

    def __str__(self) -> str:
        """COUNT:HASH, as it is printed and handed back."""
        return f"{self.count}:{self.head}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The reverse of `str`. Raises ValueError."""
        count, _, head = text.partition(":")
        if not count.isdecimal() or len(head) != len(GENESIS) or set(head) - set("0123456789abcdef"):
            raise ValueError(f"witness: found {text!r}, allowed: COUNT:HASH with 64 hexadecimal digits")
        return cls(int(count), head)


@dataclass(slots=True)
class AuditLog:
    """The log at `path` (JSON lines); an existing one is continued after its last whole line."""

    path: Path
    _count: int = field(init=False, default=0)
    _head: str = field(init=False, default=GENESIS)

    def __post_init__(self) -> None:
        """Continue after the last entry of an existing log."""
        lines, _ = _lines(self.path)
        if lines:
            self._count, self._head = len(lines), _hash_of(lines[-1])

    @property
    def head(self) -> str:
        """Hash of the newest entry."""
        return self._head

    @property
    def witness(self) -> Witness:
        """The log as it stands now, to be written down elsewhere."""
        return Witness(self._count, self._head)

    def append(self, t: float, action: str, **detail: object) -> None:
        """Add one entry: time in seconds from opening, what was done, and how much of what."""
        self.write(self.next_line(t, action, **detail))

    def next_line(self, t: float, action: str, **detail: object) -> str:
        """The line that the next entry would be; who keeps it can write it after a crash."""
        row: dict[str, object] = {"n": self._count, "t": t, "action": action, "detail": detail, "previous": self._head}
        return _canonical({**row, "hash": digest(row)})

    def write(self, line: str) -> None:
        """Write a line that `next_line` gave, then the head: a process killed in between leaves the head one behind."""
        _write(self.path, os.O_APPEND, f"{line}\n".encode())
        self._count, self._head = self._count + 1, _hash_of(line.encode())
        _write(_head_file(self.path), 0, _head_line(self._count, self._head))

    def sync(self) -> None:
        """Wait until log and head are on the disk; `write` leaves that to the operating system, for speed.

        A power cut (not the death of a process) may cost what was written since. Where it costs the log more than
        the head, that is called tampering rather than passed over.
        """
        for path in (self.path, _head_file(self.path)):
            if path.is_file():
                _sync(path)

    def entries(self) -> list[dict[str, object]]:
        """All whole entries, oldest first."""
        return [json.loads(line) for line in _lines(self.path)[0]]

    def recover(self, pending: str | None = None) -> None:
        """Mend what a crash left, and add an entry that says what was mended.

        `pending`: the line of the change that the store made last; it is written where the crash came before it.

        Raises:
            AuditError: the log was changed by somebody else than a crash.
        """
        lines, torn = _lines(self.path)
        if torn:
            os.truncate(self.path, self.path.stat().st_size - torn)
        counted = _counted(_head_file(self.path))
        behind = counted == len(lines) - 1
        if behind:
            _write(_head_file(self.path), 0, _head_line(len(lines), _hash_of(lines[-1])))
        if (lines or counted) and (problems := verify(self.path)):
            raise AuditError(self.path, problems[0])
        if pending is not None:
            self._catch_up(pending, lines)
        if torn or behind:
            last = self.entries()[-1]["t"] if self._count else 0.0
            self.append(float(str(last)), "recovered", torn_bytes=torn, entries_not_counted=int(behind))

    def _catch_up(self, pending: str, lines: list[bytes]) -> None:
        number = int(json.loads(pending)["n"])
        if number == len(lines):
            self.write(pending)
        elif number > len(lines) or lines[number] != pending.encode():
            raise AuditError(self.path, f"entry {number} is not the one that the store's own tables know of")


def digest(row: Mapping[str, object]) -> str:
    """SHA-256 over an entry without its own hash, as canonical JSON."""
    return hashlib.sha256(_canonical({name: row[name] for name in row if name != "hash"}).encode()).hexdigest()


def verify(path: Path, witnessed: Witness | None = None) -> list[str]:
    """What is wrong with a log, one line each; an empty list means that the chain holds.

    `witnessed`: what somebody outside saw of it earlier; then a log rewritten as a whole is found out too.
    """
    if not path.is_file():
        return ["there is no log"]
    head = _head_file(path)
    return check(path.read_bytes(), head.read_bytes() if head.is_file() else None, witnessed)


def check(log: bytes, head: bytes | None, witnessed: Witness | None = None) -> list[str]:
    """As `verify`, of a log's and a head's bytes (None: there is no head)."""
    *lines, rest = log.split(b"\n")
    problems, hashes = [], [GENESIS]
    for number, line in enumerate(lines):
        found, own = _checked(line, number, hashes[-1])
        problems += found
        hashes.append(own)
    if rest:
        problems.append(f"the last line, after entry {len(lines) - 1}, is torn: {len(rest)} bytes without an end")
    if head != _head_line(len(lines), hashes[-1]):
        problems.append(f"the log ends after {len(lines)} entries, but its head says otherwise")
    if witnessed is not None and (witnessed.count >= len(hashes) or hashes[witnessed.count] != witnessed.head):
        problems.append(f"the first {witnessed.count} entries are not those that the witness saw")
    return problems


def _checked(line: bytes, number: int, previous: str) -> tuple[list[str], str]:
    """Problems of one line, and the hash that the next one must carry."""
    try:
        row = json.loads(line, parse_constant=_refuse)
        if not isinstance(row, dict) or row.keys() != FIELDS or _canonical(row).encode() != line:
            raise ValueError
    except ValueError:
        return [f"entry {number}: not a log entry"], ""
    problems = []
    if row["n"] != number:
        problems.append(f"entry {number}: numbered {row['n']}")
    if row["previous"] != previous:
        problems.append(f"entry {number}: does not follow the entry before it")
    if row["hash"] != digest(row):
        problems.append(f"entry {number}: content does not fit its hash")
    return problems, str(row["hash"])


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _canonical(row: Mapping[str, object]) -> str:
    return json.dumps(row, sort_keys=True, allow_nan=False)


def _hash_of(line: bytes) -> str:
    try:
        return str(json.loads(line)["hash"])
    except (ValueError, KeyError, TypeError):
        # Nothing can follow this line: the chain is broken here, as `verify` will say.
        return ""


def _lines(path: Path) -> tuple[list[bytes], int]:
    """Whole lines of a log, and the number of bytes after the last of them."""
    if not path.is_file():
        return [], 0
    *lines, rest = path.read_bytes().split(b"\n")
    return lines, len(rest)


def _head_file(path: Path) -> Path:
    return path.with_suffix(".head")


def _head_line(count: int, head: str) -> bytes:
    """Always of the same length, so that writing it anew never passes through an empty file."""
    return f"{count:010d} {head}\n".encode()


def _counted(head: Path) -> int:
    """How many entries a head file counts; 0 without one."""
    words = head.read_bytes().split() if head.is_file() else [b"0"]
    return int(words[0]) if words and words[0].isdigit() else -2


def _write(path: Path, flags: int, content: bytes) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o644)
    try:
        os.write(file, content)
    finally:
        os.close(file)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
