"""An index of faces on disk: built once from a stream of vectors, memory-mapped, searched almost exactly.

Three tiers, each asked about fewer people than the one before:

1. Codes (32 bytes a person, in memory) estimate everybody's score.
2. The high bytes of the vectors (128 bytes a person, memory-mapped) rank the best estimates again.
3. The low bytes (128 bytes a person, memory-mapped) settle those few that the high bytes leave within their error;
   both together are 16-bit numbers, whose scores err by about 1e-5.

A `flat` index has no codes: every vector is compared, at 16 bits. How many estimates tier 2 takes follows from the
measured correlation between estimates and scores (`FaceIndex.candidates`); what is missed after all is measured by
`exactness`.
"""

import math
import mmap
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from scipy.special import ndtr

from store.errors import GalleryError
from store.privacy.faces.gallery.checksum import Fingerprint, fingerprint
from store.privacy.faces.gallery.codes import Codes, Ids
from store.privacy.faces.matcher import DIMENSION, Vectors, impostor_quantile

Kind = Literal["flat", "compressed"]

DESCRIPTION, HIGH, LOW = "index.json", "high.i8", "low.u8"
SAFETY = 2.8
"""Standard errors of an estimate by which a true best match may fall short and still be looked at."""
FEWEST = 256
"""Least number of people looked at again."""
HIGH_BYTE_ERRORS = 8.0
"""Standard errors of the high bytes' scores within which the low bytes decide."""
_AT_ONCE = 2_000_000
"""Estimates held at once; bounds the memory of a batch."""
_PAGE = 4096


class Description(BaseModel):
    """What an index's folder holds: `index.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal[1] = 1
    kind: Kind
    size: int = Field(ge=1, description="people")
    step: float = Field(gt=0, description="value of the lowest bit of a component")
    correlation: float = Field(gt=0, le=1, description="between estimated and true scores of strangers")
    codes: tuple[str, ...] = Field(description="files of codes, in order; none when flat")
    files: dict[str, Fingerprint] = Field(description="by file name")


@dataclass(frozen=True, slots=True)
class FaceIndex:
    """An opened index of people 0 .. size - 1, read-only; several threads may search it."""

    path: Path
    description: Description
    high: npt.NDArray[np.int8] = field(repr=False)
    low: npt.NDArray[np.uint8] = field(repr=False)
    codes: Codes | None
    everybody: Vectors | None = field(repr=False)

    @classmethod
    def open(cls, path: Path) -> Self:
        """The index in a folder. Raises `GalleryError` where a file is missing, truncated or visibly damaged.

        Codes are read into memory, vectors are mapped. Damage between the sampled blocks is found by `verify`.
        """
        description = _described(path)
        for name, expected in description.files.items():
            _compare(path / name, expected.model_copy(update={"whole": ""}), whole=False)
        shape = (description.size, DIMENSION)
        high = np.asarray(np.memmap(path / HIGH, np.int8, "r", shape=shape))
        low = np.asarray(np.memmap(path / LOW, np.uint8, "r", shape=shape))
        if description.kind == "flat":
            return cls(path, description, high, low, None, _joined(high, low, description.step))
        codes = Codes.open([path / name for name in description.codes], processors())
        return cls(path, description, high, low, codes, None)

    @property
    def size(self) -> int:
        """People in the index."""
        return self.description.size

    def verify(self) -> None:
        """Read every byte and compare checksums. Raises `GalleryError` at the first file that differs."""
        for name, expected in self.description.files.items():
            _compare(self.path / name, expected, whole=True)

    def warm(self) -> None:
        """Touch every page of the high bytes, so that the first searches do not wait for the disk."""
        pages = self.high.reshape(-1)[::_PAGE]
        for start in range(0, len(pages), _PAGE):
            pages[start : start + _PAGE].max()

    def vectors(self, ids: Ids) -> Vectors:
        """The vectors (N, 128) of people (N,), at 16 bits a component."""
        return _joined(self.high[ids], self.low[ids], self.description.step)

    def candidates(self, k: int) -> int:
        """People to look at again so that the best `k` are nearly always among them.

        The k-th best of N strangers scores about the quantile k / N of their known distribution. An estimate of
        correlation r with the score lies around r times the score, sd sqrt(1 - r^2), in units of its own sd. Everybody
        estimated at or above r z - SAFETY sqrt(1 - r^2) is looked at, z being a k-th best that is low by chance.
        """
        low_by_chance = (k + 2 * math.sqrt(k)) / self.size
        if self.codes is None or low_by_chance >= 0.5:
            return self.size
        r = self.description.correlation
        z = impostor_quantile(low_by_chance) * math.sqrt(DIMENSION)
        cut = r * z - SAFETY * math.sqrt(1 - r * r)
        return min(self.size, max(FEWEST, 4 * k, math.ceil(self.size * float(ndtr(-cut)))))

    def search(self, probes: Vectors, k: int) -> tuple[Vectors, Ids]:
        """Scores and ids, both (N, k), of the best `k` <= size people of each probe (N, 128), best first."""
        try:
            return self._search(probes, k)
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Unmap the low bytes: few are ever read, but the pages around them would add up to gigabytes in memory."""
        mapping = getattr(self.low.base, "_mmap", None)
        if self.codes is not None and mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
            mapping.madvise(mmap.MADV_DONTNEED)

    def _search(self, probes: Vectors, k: int) -> tuple[Vectors, Ids]:
        probes = np.ascontiguousarray(probes, np.float32)
        scores, ids = np.empty((len(probes), k), np.float32), np.empty((len(probes), k), np.int64)
        block = max(1, _AT_ONCE // self.candidates(k))
        for start in range(0, len(probes), block):
            rows = slice(start, start + block)
            scores[rows], ids[rows] = self._best(probes[rows], k)
        return scores, ids

    def _best(self, probes: Vectors, k: int) -> tuple[Vectors, Ids]:
        if self.everybody is not None:
            scores = np.asarray(probes @ self.everybody.T, np.float32)
            return best(scores, np.broadcast_to(np.arange(self.size), scores.shape), k)
        if self.codes is None:
            raise GalleryError(self.path, "kind", self.description.kind, "an index with vectors or codes in memory")
        people = np.sort(self.codes.scan(probes, self.candidates(k)), axis=1)
        found = [self._ranked(probe, ids, k) for probe, ids in zip(probes, people, strict=True)]
        return np.stack([scores for scores, _ in found]), np.stack([ids for _, ids in found])

    def _ranked(self, probe: Vectors, ids: Ids, k: int) -> tuple[Vectors, Ids]:
        step = np.float32(self.description.step)
        high = self.high[ids].astype(np.float32) @ probe * (256 * step)
        error = 256 * float(step) / math.sqrt(12) * float(np.linalg.norm(probe))
        near = high >= np.partition(high, len(high) - k)[len(high) - k] - HIGH_BYTE_ERRORS * error
        ids = ids[near]
        scores = high[near] + self.low[ids].astype(np.float32) @ probe * step
        order = np.argsort(-scores, kind="stable")[:k]
        return scores[order], ids[order]


def best(scores: Vectors, ids: Ids, k: int) -> tuple[Vectors, Ids]:
    """The best `k` columns of each row, best first; rows with fewer stay as they are."""
    if scores.shape[1] > 4 * k:
        keep = np.sort(np.argpartition(-scores, k - 1, axis=1)[:, :k], axis=1)
        scores, ids = np.take_along_axis(scores, keep, 1), np.take_along_axis(ids, keep, 1)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(scores, order, 1), np.take_along_axis(ids, order, 1)


def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def split(rows: Vectors, step: float) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.uint8]]:
    """High and low bytes of vectors (N, 128) as 16-bit multiples of `step`; components beyond the range saturate."""
    whole = np.clip(np.rint(rows / np.float32(step)), -32768, 32767).astype(np.int16)
    return (whole >> 8).astype(np.int8), (whole & 255).astype(np.uint8)


def _joined(high: npt.NDArray[np.int8], low: npt.NDArray[np.uint8], step: float) -> Vectors:
    vectors = high.astype(np.float32)
    vectors *= 256
    vectors += low
    vectors *= np.float32(step)
    return vectors


def _described(path: Path) -> Description:
    file = path / DESCRIPTION
    try:
        return Description.model_validate_json(file.read_bytes())
    except OSError as error:
        raise GalleryError(file, "file", error.strerror, _rebuild(path)) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field_name = ".".join(str(part) for part in first["loc"]) or "file"
        raise GalleryError(file, field_name, first["msg"], _rebuild(path)) from error


def _compare(path: Path, expected: Fingerprint, whole: bool) -> None:
    try:
        found = fingerprint(path, whole)
    except OSError as error:
        raise GalleryError(path, "file", error.strerror, _rebuild(path.parent)) from error
    if found.bytes != expected.bytes:
        raise GalleryError(path, "bytes", found.bytes, f"{expected.bytes}; {_rebuild(path.parent)}")
    if found != expected:
        raise GalleryError(path, "checksum", found.sampled, f"{expected.sampled}; {_rebuild(path.parent)}")


def _rebuild(path: Path) -> str:
    return f"a whole index (delete the folder {path.name} to have it built again)"


def stored_bytes(path: Path) -> int:
    """Bytes on disk of an index's folder."""
    return sum(file.stat().st_size for file in path.iterdir())
