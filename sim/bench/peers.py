"""The indexes that `aisle bench gallery` measures side by side: the project's own and its peers, under one roof."""

import importlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import faiss
import numpy as np

from sim.errors import MissingLibrary
from store.privacy.faces.gallery import Searchable
from store.privacy.faces.gallery.building import build_index
from store.privacy.faces.gallery.codes import Ids
from store.privacy.faces.gallery.face_index import FaceIndex
from store.privacy.faces.matcher import DIMENSION, Vectors

LINKS, EF_CONSTRUCTION, EF_SEARCH = 32, 128, 512
"""Links a vector, and vectors looked at when building and searching, of both graphs."""
_BLOCK = 256


class Peer(Protocol):
    """An index that can be built from a stream of vectors, kept in a folder, and opened again."""

    @property
    def name(self) -> str:
        """The name in tables."""

    def build(self, chunks: Iterable[Vectors], size: int, folder: Path) -> None:
        """Build from chunks (N, 128), `size` in all, into files in `folder`, which is not there yet."""

    def open(self, folder: Path) -> Searchable:
        """The index in a folder."""


@dataclass(frozen=True, slots=True)
class Ours:
    """The project's own index."""

    name: str = "glass-aisle"

    def build(self, chunks: Iterable[Vectors], size: int, folder: Path) -> None:
        """Build a compressed index."""
        build_index(folder, chunks, size, "compressed")

    def open(self, folder: Path) -> FaceIndex:
        """Open it."""
        return FaceIndex.open(folder)


@dataclass(frozen=True, slots=True)
class Faiss:
    """A faiss index."""

    name: str
    make: Callable[[], Any]

    def build(self, chunks: Iterable[Vectors], size: int, folder: Path) -> None:
        """Add every chunk, then write one file."""
        folder.mkdir(parents=True)
        index = self.make()
        for rows in chunks:
            index.add(rows)
        faiss.write_index(index, str(folder / "index.faiss"))

    def open(self, folder: Path) -> Searchable:
        """Memory-map the file."""
        index: Searchable = faiss.read_index(str(folder / "index.faiss"), faiss.IO_FLAG_MMAP_IFC)
        return index


def _hnsw() -> Any:
    index = faiss.IndexHNSWFlat(DIMENSION, LINKS, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction, index.hnsw.efSearch = EF_CONSTRUCTION, EF_SEARCH
    return index


@dataclass(frozen=True, slots=True)
class _USearched:
    index: Any

    def search(self, probes: Vectors, k: int) -> tuple[Vectors, Ids]:
        matches = self.index.search(probes, k)
        shape = (len(probes), k)
        return 1 - np.reshape(matches.distances, shape), np.reshape(matches.keys, shape).astype(np.int64)


@dataclass(frozen=True, slots=True)
class USearch:
    """A usearch graph in half precision."""

    name: str = "usearch"

    def build(self, chunks: Iterable[Vectors], size: int, folder: Path) -> None:
        """Add every chunk, then write one file."""
        folder.mkdir(parents=True)
        index, first = self._empty(), 0
        for rows in chunks:
            index.add(np.arange(first, first + len(rows)), rows)
            first += len(rows)
        index.save(str(folder / "index.usearch"))

    def open(self, folder: Path) -> Searchable:
        """Memory-map the file."""
        index = self._empty()
        index.view(str(folder / "index.usearch"))
        return _USearched(index)

    def _empty(self) -> Any:
        return usearch_module().Index(
            ndim=DIMENSION, metric="ip", dtype="f16", connectivity=LINKS, expansion_add=EF_CONSTRUCTION,
            expansion_search=EF_SEARCH,
        )  # fmt: skip


def usearch_module() -> Any:
    """The optional library usearch. Raises `MissingLibrary`."""
    try:
        return importlib.import_module("usearch.index")
    except ImportError as error:
        raise MissingLibrary("usearch is not installed; the extra `bench` brings it") from error


FLAT = Faiss("faiss flat", lambda: faiss.IndexFlatIP(DIMENSION))
HNSW = Faiss("faiss HNSW", _hnsw)
PEERS: dict[str, Peer] = {peer.name: peer for peer in (Ours(), FLAT, HNSW, USearch())}


def parameters() -> str:
    """The peers' parameters, for the table's foot."""
    return json.dumps({"links": LINKS, "ef_construction": EF_CONSTRUCTION, "ef_search": EF_SEARCH})
