"""Building an index of faces: a stream of vectors goes to disk in bounded memory, and appears whole or not at all.

One process builds; others that want the same index wait for its lock and then find it. What a killed builder left
behind is deleted by the next one.
"""

import fcntl
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import faiss
import numpy as np

from store.errors import GalleryError
from store.privacy.faces.gallery import codes
from store.privacy.faces.gallery.checksum import fingerprint
from store.privacy.faces.gallery.face_index import DESCRIPTION, HIGH, LOW, Description, Kind, split
from store.privacy.faces.matcher import DIMENSION, Vectors

SHARDS = 4
"""Files of codes, so that as many processors can scan side by side."""
TRAINING = 65_536
"""People on whom the codebooks are trained, and the range of the components is measured."""
_ROOM = 1.5
"""Range of the components over the largest one in the sample: later ones may be larger."""


def build_index(path: Path, chunks: Iterable[Vectors], size: int, kind: Kind, rebuild: bool = False) -> None:
    """Build the index of `size` unit vectors, handed over in chunks (N, 128), in the folder `path`.

    Nothing happens where the folder is there, unless `rebuild` says that it is to be replaced. The first chunk must
    be a fair sample of all (`TRAINING` rows or all of them). Memory: one chunk and a quarter of the codes. Raises
    `GalleryError` where the disk has too little room or the chunks do not add up to `size`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _only_builder(path):
        if path.exists() and not rebuild:
            return
        draft = path.with_name(f"{path.name}.building")
        shutil.rmtree(draft, ignore_errors=True)
        if path.exists():
            path.rename(draft)
            shutil.rmtree(draft)
        _has_room(path, size, kind)
        draft.mkdir()
        try:
            _write(draft, chunks, size, kind)
            draft.rename(path)
            _synced(path.parent)
        finally:
            shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def _only_builder(path: Path) -> Iterator[None]:
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _has_room(path: Path, size: int, kind: Kind) -> None:
    needed = size * (2 * DIMENSION + (codes.BYTES if kind == "compressed" else 0))
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise GalleryError(path, "free disk space", f"{free / 1e9:.1f} GB", f"at least {needed / 1e9:.1f} GB")


def _write(draft: Path, chunks: Iterable[Vectors], size: int, kind: Kind) -> None:
    chunks = iter(chunks)
    first = np.asarray(next(chunks, np.empty((0, DIMENSION))), np.float32)
    sample = first[:TRAINING]
    step = min(1.0, _ROOM * float(np.abs(sample).max(initial=1e-6))) / 32767
    shards = _Shards(draft, sample, size) if kind == "compressed" else None
    written = 0
    with (draft / HIGH).open("wb") as high, (draft / LOW).open("wb") as low:
        for rows in chain([first], chunks):
            for file, part in zip((high, low), split(rows, step), strict=True):
                file.write(part.tobytes())
            if shards is not None:
                shards.add(rows)
            written += len(rows)
    if written != size:
        raise GalleryError(draft, "people", written, str(size))
    names = shards.close() if shards is not None else ()
    description = Description(
        kind=kind,
        size=size,
        step=step,
        correlation=shards.correlation if shards is not None else 1.0,
        codes=names,
        files={name: fingerprint(draft / name, whole=True) for name in (HIGH, LOW, *names)},
    )
    (draft / DESCRIPTION).write_text(description.model_dump_json(indent=1), encoding="utf-8")
    for name in (HIGH, LOW, *names, DESCRIPTION, ""):
        _synced(draft / name)


class _Shards:
    """Codes on their way to disk, a shard at a time."""

    def __init__(self, draft: Path, sample: Vectors, size: int) -> None:
        self._empty = codes.trained(sample)
        self.correlation = codes.correlation(self._empty, sample, np.random.default_rng(size))
        self._draft, self._names = draft, list[str]()
        self._limit = -(-size // SHARDS)
        self._shard: Any = faiss.clone_index(self._empty)

    def add(self, rows: Vectors) -> None:
        """Encode rows (N, 128); a full shard is written."""
        while len(rows):
            room = self._limit - self._shard.ntotal
            self._shard.add(np.ascontiguousarray(rows[:room], np.float32))
            rows = rows[room:]
            if self._shard.ntotal == self._limit:
                self._flush()

    def close(self) -> tuple[str, ...]:
        """Write what is left; the names of the files in order."""
        if self._shard.ntotal:
            self._flush()
        return tuple(self._names)

    def _flush(self) -> None:
        name = f"codes-{len(self._names)}.faiss"
        faiss.write_index(self._shard, str(self._draft / name))
        self._names.append(name)
        self._shard = faiss.clone_index(self._empty)


def _synced(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
