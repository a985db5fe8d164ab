"""The byte search that proves an erasure: what of a person is left in any file of a policy's folder."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

PIECE = 64
"""Bytes of a picture or vector that are searched together: a rest of 127 bytes or more holds a whole piece."""
_ANCHOR = 8
_VARIED = 6
_BATCH = 8_000_000


@dataclass(frozen=True, slots=True)
class Traces:
    """What would give a person away in a file: names (visits, account) and pieces of pictures and vectors.

    `pieces`: each with the kind of record that it comes from; none of them occurs in the records of anybody else
    (pictures share their headers). `longer`: names of others that contain one of the person's ("visit-12" beside
    "visit-1").
    """

    names: tuple[str, ...]
    pieces: Mapping[bytes, str]
    longer: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        names: Iterable[str],
        blobs: Iterable[tuple[str, bytes]],
        other_names: Iterable[str] = (),
        other_blobs: Iterable[bytes] = (),
    ) -> Self:
        """Traces of somebody by names and (kind, bytes), against what a store holds of others."""
        own = tuple(sorted(set(names)))
        longer = {name for name in other_names if name not in own and any(short in name for short in own)}
        pieces = {piece: kind for kind, blob in blobs for piece in _cut(blob)}
        for batch in _batches(other_blobs) if pieces else ():
            for piece in _found(batch, pieces):
                del pieces[piece]
        return cls(own, pieces, tuple(sorted(longer, key=len, reverse=True)))

    def found_in(self, content: bytes) -> list[str]:
        """What of the person is in some bytes, one line each: names, and how many pieces of which kind of record."""
        bare = content
        for name in self.longer:
            bare = bare.replace(name.encode(), b"\0" * len(name.encode()))
        lines = [f"name {name}" for name in self.names if name.encode() in bare]
        kinds = [self.pieces[piece] for piece in _found(content, self.pieces)]
        return lines + [f"{kinds.count(kind)} pieces of {kind}" for kind in sorted(set(kinds))]


def residue(folder: Path, traces: Traces) -> list[str]:
    """What is left of a person in all bytes of a folder, one line a finding; file names are searched too.

    `traces` are taken before the erasure (`KeptStore.traces`). An empty list proves that neither id, account, vector
    nor picture, nor `PIECE` bytes of one, is in any file.
    """
    found: list[str] = []
    for path in _files(folder):
        name = str(path.relative_to(folder))
        found += [f"{name}: {line} in the file's name" for line in traces.found_in(name.encode())]
        found += [f"{name}: {line}" for line in traces.found_in(path.read_bytes())]
    return found


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def forget_in_files(folder: Path, traces: Traces, spared: Sequence[str]) -> list[str]:
    """Delete every file in which a trace is, but for those `spared` (by name); returns the names of what went.

    Nobody knows how to take one person out of such a file: it goes whole, its bytes overwritten first.
    """
    gone = []
    for path in _files(folder):
        name = str(path.relative_to(folder))
        if name not in spared and (traces.found_in(name.encode()) or traces.found_in(path.read_bytes())):
            with path.open("r+b") as file:
                file.write(b"\0" * path.stat().st_size)
            path.unlink()
            gone.append(name)
    return gone


def _cut(blob: bytes) -> Iterator[bytes]:
    """Pieces of a blob that say something: a run of few different bytes may be anybody's."""
    starts = [*range(0, max(1, len(blob) - PIECE + 1), PIECE), max(0, len(blob) - PIECE)]
    for start in dict.fromkeys(starts):
        piece = blob[start : start + PIECE]
        if len(piece) >= _ANCHOR and len(set(piece)) >= _VARIED:
            yield piece


def _batches(blobs: Iterable[bytes]) -> Iterator[bytes]:
    batch: list[bytes] = []
    size = 0
    for blob in blobs:
        batch.append(blob)
        size += len(blob)
        if size > _BATCH:
            yield b"".join(batch)
            batch, size = [], 0
    yield b"".join(batch)


def _anchor(piece: bytes) -> int:
    """Where in a piece the most telling eight bytes stand."""
    return max(range(0, len(piece) - _ANCHOR + 1, _ANCHOR), key=lambda start: len(set(piece[start : start + _ANCHOR])))


def _found(content: bytes, pieces: Iterable[bytes]) -> set[bytes]:
    """The pieces that are somewhere in some bytes: by eight bytes of each at every offset, then in full."""
    by_word: dict[int, list[tuple[int, bytes]]] = {}
    for piece in pieces:
        at = _anchor(piece)
        by_word.setdefault(int.from_bytes(piece[at : at + _ANCHOR], "little"), []).append((at, piece))
    if not by_word:
        return set()
    words = np.fromiter(by_word, np.uint64, len(by_word))
    sieve = np.zeros(1 << 16, bool)
    sieve[(words & np.uint64(0xFFFF)).astype(np.int64)] = True
    found: set[bytes] = set()
    for offset in range(min(_ANCHOR, max(0, len(content) - _ANCHOR + 1))):
        row = np.frombuffer(content, "<u8", (len(content) - offset) // _ANCHOR, offset)
        some = np.flatnonzero(sieve[(row & np.uint64(0xFFFF)).astype(np.uint16)])
        for place in some[np.isin(row[some], words)].tolist():
            position = offset + _ANCHOR * place
            for at, piece in by_word[int(row[place])]:
                if position >= at and content[position - at : position - at + len(piece)] == piece:
                    found.add(piece)
    return found
