"""A face gallery: an index of strangers, built once for everybody, and the people that one store added or took out."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from store.errors import GalleryError
from store.privacy.faces.gallery.building import build_index
from store.privacy.faces.gallery.codes import Ids
from store.privacy.faces.gallery.face_index import FaceIndex, Kind, best
from store.privacy.faces.gallery.overlay import Overlay
from store.privacy.faces.matcher import Vectors, strangers

FLAT_LIMIT = 20_000
"""Strangers up to whom every vector is compared; beyond, codes are faster and use less memory."""
SMALLEST_COMPRESSED = 1000
"""Codebooks cannot be trained on fewer people."""
_CHUNK = 100_000
_PROBES = 256
_MORE = 4


def cache_folder() -> Path:
    """Where built indexes are kept between runs: $XDG_CACHE_HOME/glass-aisle, else ~/.cache/glass-aisle."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "glass-aisle"


def stranger_chunks(size: int, seed: int) -> Iterator[Vectors]:
    """The faces of the strangers of a size and seed, (N, 128) at a time, always the same."""
    rng = np.random.default_rng([seed, size])
    for start in range(0, size, _CHUNK):
        yield strangers(min(_CHUNK, size - start), rng)


def build_strangers(
    size: int, seed: int, folder: Path | None = None, kind: Kind | None = None, rebuild: bool = False
) -> Path:
    """The folder with the index of `size` strangers; built on first use, then reused.

    `kind` None: flat up to `FLAT_LIMIT` people, else compressed. `rebuild` deletes what is there, for damaged files.
    Raises `GalleryError`.
    """
    kind = kind or ("flat" if size <= FLAT_LIMIT else "compressed")
    if kind == "compressed" and size < SMALLEST_COMPRESSED:
        raise GalleryError("gallery", "size", size, f"{SMALLEST_COMPRESSED} or more when compressed")
    path = (folder or cache_folder()) / f"strangers-{size}-{seed}-{kind}"
    if rebuild or not path.exists():
        build_index(path, stranger_chunks(size, seed), size, kind, rebuild)
    return path


@dataclass(frozen=True, slots=True)
class Gallery:
    """Strangers 0 .. size - 1, and people added under their own ids (from `size` upwards)."""

    strangers: FaceIndex | None
    own: Overlay
    size: int

    @classmethod
    def open(
        cls, size: int, seed: int, folder: Path | None = None, kind: Kind | None = None, kept_in: Path | None = None
    ) -> Self:
        """A gallery of `size` strangers (0: none), from the index that `build_strangers` keeps.

        `kept_in`: the store's own folder for this gallery, such as `policies/NAME/galleries/GALLERY`: people added and
        removed are written there at once, and are there when it is opened again. None: they live in memory.
        Raises `GalleryError` where a file is damaged.
        """
        if size < 0:
            raise GalleryError("gallery", "size", size, "0 or more people")
        index = FaceIndex.open(build_strangers(size, seed, folder, kind)) if size else None
        return cls(index, Overlay.open(f"strangers-{size}-{seed}", size, kept_in), size)

    def __len__(self) -> int:
        """People who can be found."""
        return self.size - len(self.own.hidden) + len(self.own)

    def save(self, folder: Path) -> None:
        """Write the people added and removed into a folder, which is kept up to date from now on."""
        self.own.save(folder)

    def add(self, faces: Vectors, names: Sequence[str | None] | None = None) -> list[int]:
        """Enrol faces (N, 128), under names or tokens if given; returns their new ids."""
        return self.own.add(faces, names if names is not None else [None] * len(faces))

    @property
    def name(self) -> str:
        """Name of the gallery in reports: its folder's, or that of its strangers when it lives in memory."""
        return self.own.base if self.own.folder is None else f"galleries/{self.own.folder.name}"

    def name_of(self, person: int) -> str | None:
        """The name or token that a person was enrolled under; None for strangers and the unnamed."""
        return self.own.name(person)

    def remove(self, ids: Sequence[int]) -> None:
        """Remove people: added ones are forgotten, strangers in the shared index are never returned again."""
        people = [int(person) for person in ids]
        self.own.remove(people, [person for person in people if 0 <= person < self.size])

    def forget(self, identities: Sequence[str]) -> int:
        """Remove everybody who was enrolled under these names or tokens; returns how many."""
        ids = [person for identity in identities for person in self.own.under(identity)]
        if ids:
            self.remove(ids)
        return len(ids)

    def search(self, probes: Vectors, k: int, threshold: float = -1.0) -> tuple[Vectors, Ids]:
        """The best `k` people of each probe (N, 128) at or above the cosine `threshold`.

        Returns scores and ids, both (N, k), best first; -1 is the id, and -inf the score, where there are fewer.
        Exact up to what `exactness` measures; any `k` works, and time grows with it.
        """
        if k < 1:
            raise GalleryError("gallery", "k", k, "1 or more people")
        scores = np.full((len(probes), k), -np.inf, np.float32)
        ids = np.full((len(probes), k), -1, np.int64)
        for start in range(0, len(probes), _PROBES):
            rows = slice(start, start + _PROBES)
            found, people = self._best(np.ascontiguousarray(probes[rows], np.float32), k)
            kept = (people >= 0) & (found >= threshold)
            scores[rows, : found.shape[1]] = np.where(kept, found, -np.inf)
            ids[rows, : found.shape[1]] = np.where(kept, people, -1)
        return scores, ids

    def _best(self, probes: Vectors, k: int) -> tuple[Vectors, Ids]:
        scores, ids = self._best_strangers(probes, k)
        if len(self.own):
            own = np.asarray(probes @ self.own.vectors.T, np.float32)
            scores = np.concatenate([scores, own], axis=1)
            ids = np.concatenate([ids, np.broadcast_to(self.own.ids, own.shape)], axis=1)
        return best(scores, ids, k)

    def _best_strangers(self, probes: Vectors, k: int) -> tuple[Vectors, Ids]:
        """The best strangers of each probe, at least `k` of those not hidden where there are as many."""
        if self.strangers is None:
            return np.empty((len(probes), 0), np.float32), np.empty((len(probes), 0), np.int64)
        asked = min(k, self.size)
        while True:
            scores, ids = self.strangers.search(probes, asked)
            hidden = np.isin(ids, list(self.own.hidden))
            if asked == self.size or np.all(np.sum(~hidden, axis=1) >= k):
                return np.where(hidden, -np.inf, scores), np.where(hidden, -1, ids)
            asked = min(self.size, asked * _MORE)
