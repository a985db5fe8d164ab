"""A face gallery: a faiss index of strangers, built once and memory-mapped, and the people added or removed since.

Up to a million people the index is exact (half-precision scalar quantiser, every vector compared). Above that,
product-quantised fast scan with refinement bounds memory; its exactness depends on the refinement and is measured.
"""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
import numpy.typing as npt

from store.privacy.faces.matcher import DIMENSION, Vectors, strangers

EXACT = "SQfp16"
COMPRESSED = "PQ32x4fs,Refine(SQ8)"
EXACT_LIMIT = 1_000_000
REFINEMENT = 200
_CHUNK = 100_000
_TRAINING = 65_536

Ids = npt.NDArray[np.int64]


def cache_folder() -> Path:
    """Where built galleries are kept between runs: $XDG_CACHE_HOME/glass-aisle, else ~/.cache/glass-aisle."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "glass-aisle"


def build_strangers(size: int, seed: int, folder: Path | None = None, factory: str | None = None) -> Path:
    """The index file of `size` strangers; built on first use (in a temporary file, then renamed), then reused.

    `factory`: faiss factory string; None picks exact up to `EXACT_LIMIT` people, else compressed.
    """
    factory = factory or (EXACT if size <= EXACT_LIMIT else COMPRESSED)
    folder = folder or cache_folder()
    path = folder / f"strangers-{size}-{seed}-{_plain(factory)}.faiss"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=folder, suffix=".building")
        os.close(handle)
        try:
            faiss.write_index(_index(size, seed, factory), draft)
            os.replace(draft, path)
        finally:
            Path(draft).unlink(missing_ok=True)
    return path


def _plain(factory: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in factory)


def _index(size: int, seed: int, factory: str) -> Any:
    rng = np.random.default_rng([seed, size])
    index = faiss.index_factory(DIMENSION, factory, faiss.METRIC_INNER_PRODUCT)
    for start in range(0, size, _CHUNK):
        rows = strangers(min(_CHUNK, size - start), rng)
        if not index.is_trained:
            index.train(rows[:_TRAINING])
        index.add(rows)
    return index


@dataclass(slots=True)
class Gallery:
    """Strangers 0 .. size - 1, and people added under their own ids (from `size` upwards)."""

    strangers: Any
    size: int
    _added: dict[int, Vectors] = field(default_factory=dict)
    _hidden: set[int] = field(default_factory=set)
    _enrolled: int = 0

    @classmethod
    def open(cls, size: int, seed: int, folder: Path | None = None, factory: str | None = None) -> Self:
        """A gallery of `size` strangers, memory-mapped from the file that `build_strangers` keeps."""
        path = build_strangers(size, seed, folder, factory)
        index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
        if isinstance(index, faiss.IndexRefine):
            index.k_factor = REFINEMENT
        return cls(index, size)

    def __len__(self) -> int:
        """People who can be found."""
        return self.size - len(self._hidden) + len(self._added)

    def add(self, faces: Vectors) -> list[int]:
        """Enrol faces (N, 128); returns their new ids."""
        first = self.size + self._enrolled
        ids = list(range(first, first + len(faces)))
        self._enrolled += len(faces)
        self._added.update(zip(ids, np.asarray(faces, np.float32), strict=True))
        return ids

    def remove(self, ids: Sequence[int]) -> None:
        """Remove people: added ones are forgotten, strangers in the shared file are never returned again."""
        for person in ids:
            self._added.pop(int(person), None)
            if person < self.size:
                self._hidden.add(int(person))

    def search(self, probes: Vectors, k: int, threshold: float = -1.0) -> tuple[Vectors, Ids]:
        """The best `k` people of each probe (N, 128) at or above the cosine `threshold`.

        Returns scores and ids, both (N, k), best first; -1 is the id, and -inf the score, where there are fewer.
        """
        scores, ids = self.strangers.search(
            np.ascontiguousarray(probes, np.float32), min(k + len(self._hidden), self.size)
        )
        scores, ids = self._with_added(probes, scores, ids)
        hidden = np.isin(ids, list(self._hidden)) | (scores < threshold) | (ids < 0)
        scores, ids = np.where(hidden, -np.inf, scores), np.where(hidden, -1, ids)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
        best = np.take_along_axis(scores, order, 1).astype(np.float32), np.take_along_axis(ids, order, 1)
        return _padded(best[0], k, -np.inf), _padded(best[1].astype(np.int64), k, -1)

    def _with_added(self, probes: Vectors, scores: Vectors, ids: Ids) -> tuple[Vectors, Ids]:
        if not self._added:
            return scores, ids
        own = np.asarray(probes @ np.stack(list(self._added.values())).T, np.float32)
        own_ids = np.broadcast_to(np.fromiter(self._added, np.int64), own.shape)
        return np.concatenate([scores, own], axis=1), np.concatenate([ids, own_ids], axis=1)


def _padded(rows: npt.NDArray[Any], k: int, value: float) -> npt.NDArray[Any]:
    return np.pad(rows, ((0, 0), (0, k - rows.shape[1])), constant_values=value)
