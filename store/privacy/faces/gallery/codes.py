"""Product-quantised codes of faces: estimates of everybody's score, scanned in shards by threads side by side.

Two dimensions share four bits (32 bytes a person). A code of 16 bytes (four dimensions in four bits) is scanned twice
as fast, but its estimates are so much coarser that a hundred times as many people must be looked at again.
"""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any, Self

import faiss
import numpy as np
import numpy.typing as npt

from store.errors import GalleryError
from store.privacy.faces.matcher import DIMENSION, Vectors

Ids = npt.NDArray[np.int64]

SUBSPACES, BITS = 64, 4
BYTES = SUBSPACES * BITS // 8
"""Bytes of a person's code."""
_PROBES = 64
_RESERVOIR = 13
"""faiss's kernel that gathers candidates in a reservoir: for one probe a quarter faster than what it picks itself."""


def trained(sample: Vectors) -> Any:
    """An empty faiss index whose codebooks fit the sample (N, 128)."""
    codes = faiss.IndexPQFastScan(DIMENSION, SUBSPACES, BITS, faiss.METRIC_INNER_PRODUCT)
    threads = faiss.omp_get_max_threads()
    # The clusterings are so small that threads only wait for each other: for a minute on a busy machine.
    faiss.omp_set_num_threads(1)
    try:
        codes.train(np.ascontiguousarray(sample, np.float32))
    finally:
        faiss.omp_set_num_threads(threads)
    return codes


def correlation(codes: Any, sample: Vectors, rng: np.random.Generator) -> float:
    """Between estimated and true scores of the sample with random directions; from 0 to 1."""
    probes = rng.standard_normal((DIMENSION, _PROBES), dtype=np.float32)
    decoded = codes.pq.decode(codes.pq.compute_codes(np.ascontiguousarray(sample, np.float32)))
    both = np.corrcoef((sample @ probes).ravel(), (decoded @ probes).ravel())
    return float(np.clip(both[0, 1], 1e-3, 1.0))


@dataclass(frozen=True, slots=True)
class Codes:
    """Opened shards of codes: (number of the shard's first person, faiss index)."""

    shards: tuple[tuple[int, Any], ...]
    pool: ThreadPoolExecutor

    @classmethod
    def open(cls, files: Sequence[Path], threads: int) -> Self:
        """Read files of codes into memory. Raises `GalleryError` where faiss cannot."""
        # Every thread scans its own shard, so faiss must not start more threads inside.
        pool = ThreadPoolExecutor(min(threads, len(files)), "codes", partial(faiss.omp_set_num_threads, 1))
        read = list(pool.map(_read, files))
        firsts = accumulate((shard.ntotal for shard in read[:-1]), initial=0)
        return cls(tuple(zip(firsts, read, strict=True)), pool)

    def scan(self, probes: Vectors, count: int) -> Ids:
        """The people with the best `count` estimates of each probe (N, 128): ids (N, count) in no order."""
        total = sum(shard.ntotal for _, shard in self.shards)
        parts = list(
            self.pool.map(
                lambda shard: _scan(shard[0], shard[1], probes, _own_part(count, shard[1].ntotal, total)), self.shards
            )
        )
        estimates = np.concatenate([part[0] for part in parts], axis=1)
        ids = np.concatenate([part[1] for part in parts], axis=1)
        if ids.shape[1] > count:
            ids = np.take_along_axis(ids, np.argpartition(-estimates, count - 1, axis=1)[:, :count], 1)
        return np.asarray(ids, np.int64)


def _own_part(count: int, size: int, total: int) -> int:
    """How many of the best `count` of `total` people a shard of `size` may hold: strangers are dealt out at random, so
    that more than six standard deviations above its share will not lie in it.
    """
    share = count * size / total
    return min(count, size, math.ceil(share + 6 * math.sqrt(share)))


def _read(path: Path) -> Any:
    try:
        shard: Any = faiss.read_index(str(path))
    except RuntimeError as error:
        raise GalleryError(path, "file", str(error).splitlines()[0], "an index that faiss can read") from error
    shard.implem = _RESERVOIR
    return shard


def _scan(first: int, shard: Any, probes: Vectors, count: int) -> tuple[Vectors, Ids]:
    estimates, ids = shard.search(probes, count)
    return estimates, ids + first
