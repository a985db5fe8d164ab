"""The people a store adds to a gallery, and those it takes out: in memory, and in a file of the policy's own folder.

The file is one line of JSON (ids, names, hidden people), then the vectors as 32-bit floats. It is rewritten whole at
every change: somebody removed is in no file afterwards, and the old file's bytes are overwritten before they go.
"""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from store.errors import GalleryError
from store.privacy.faces.gallery.codes import Ids
from store.privacy.faces.matcher import DIMENSION, Vectors

FILE = "people.gallery"
_DRAFT = "people.gallery.writing"


class _Header(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    base: str = Field(description="the index of strangers that this belongs to")
    ids: tuple[int, ...]
    names: tuple[str | None, ...] = Field(description="name or token of each, as given")
    hidden: tuple[int, ...] = Field(description="strangers taken out")
    next_id: int = Field(ge=0, description="the id that the next person gets; none is given twice")
    checksum: str = Field(description="BLAKE2b of the vectors")


@dataclass(slots=True)
class Overlay:
    """People added (vector, name) by id, and hidden strangers; `folder` None keeps them in memory only."""

    base: str
    next_id: int
    folder: Path | None = None
    hidden: set[int] = field(default_factory=set)
    _names: dict[int, str | None] = field(default_factory=dict)
    _vectors: dict[int, Vectors] = field(default_factory=dict)
    _matrix: Vectors | None = None

    @classmethod
    def open(cls, base: str, first_id: int, folder: Path | None) -> Self:
        """The overlay in a folder, or a new one. Raises `GalleryError` where the file is damaged or another base's."""
        overlay = cls(base, first_id, folder)
        if folder is not None and (folder / FILE).exists():
            overlay._load(folder / FILE)
        if folder is not None:
            (folder / _DRAFT).unlink(missing_ok=True)
        return overlay

    def __len__(self) -> int:
        """People added."""
        return len(self._vectors)

    @property
    def ids(self) -> Ids:
        """Ids of the people added, in the order of `vectors`."""
        return np.fromiter(self._vectors, np.int64, len(self._vectors))

    @property
    def vectors(self) -> Vectors:
        """Vectors of the people added, (N, 128)."""
        if self._matrix is None:
            self._matrix = np.array(list(self._vectors.values()), np.float32).reshape(-1, DIMENSION)
        return self._matrix

    def name(self, person: int) -> str | None:
        """The name or token that a person was added under."""
        return self._names.get(person)

    def under(self, name: str) -> list[int]:
        """Ids of everybody added under a name."""
        return [person for person, given in self._names.items() if given == name]

    def add(self, faces: Vectors, names: Sequence[str | None]) -> list[int]:
        """Add faces (N, 128) under names; returns their new ids."""
        ids = list(range(self.next_id, self.next_id + len(faces)))
        self.next_id += len(faces)
        self._vectors.update(zip(ids, np.array(faces, np.float32), strict=True))
        self._names.update(zip(ids, names, strict=True))
        self._changed()
        return ids

    def remove(self, people: Iterable[int], hidden: Iterable[int]) -> None:
        """Forget added people, and hide strangers of the base."""
        for person in people:
            self._vectors.pop(person, None)
            self._names.pop(person, None)
        self.hidden.update(hidden)
        self._changed()

    def _changed(self) -> None:
        self._matrix = None
        if self.folder is not None:
            self.save(self.folder)

    def save(self, folder: Path) -> None:
        """Write the file in a folder, and keep it up to date from now on."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        content = self.vectors.tobytes()
        header = _Header(
            base=self.base,
            ids=tuple(self._vectors),
            names=tuple(self._names.values()),
            hidden=tuple(sorted(self.hidden)),
            next_id=self.next_id,
            checksum=_checksum(content),
        )
        with (folder / _DRAFT).open("wb") as file:
            file.write(header.model_dump_json().encode() + b"\n" + content)
            file.flush()
            os.fsync(file.fileno())
        _replace(folder / _DRAFT, folder / FILE)

    def _load(self, path: Path) -> None:
        line, _, content = path.read_bytes().partition(b"\n")
        try:
            header = _Header.model_validate_json(line)
        except ValidationError as error:
            raise GalleryError(path, "first line", error.errors(include_url=False)[0]["msg"], "a whole file") from error
        if header.base != self.base:
            raise GalleryError(path, "base", header.base, self.base)
        expected = len(header.ids) * DIMENSION * np.dtype(np.float32).itemsize
        if len(content) != expected or len(header.names) != len(header.ids):
            raise GalleryError(path, "bytes", len(content), f"{expected}, as the first line says")
        if _checksum(content) != header.checksum:
            raise GalleryError(path, "checksum", _checksum(content), header.checksum)
        vectors = np.frombuffer(content, np.float32).reshape(-1, DIMENSION)
        self._vectors = dict(zip(header.ids, vectors.copy(), strict=True))
        self._names = dict(zip(header.ids, header.names, strict=True))
        self.hidden, self.next_id = set(header.hidden), header.next_id


def _checksum(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _replace(draft: Path, path: Path) -> None:
    """Put the draft in the file's place, then overwrite the old file's bytes: unlinking alone leaves them on disk."""
    try:
        old = path.open("r+b")
    except FileNotFoundError:
        draft.replace(path)
        return
    with old:
        draft.replace(path)
        old.write(b"\0" * os.fstat(old.fileno()).st_size)
        old.flush()
        os.fsync(old.fileno())
