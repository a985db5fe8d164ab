"""How an index comes to be on disk: once, whole or not at all, in bounded memory, and visibly damaged if damaged."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from store.errors import GalleryError
from store.privacy.faces.gallery import Gallery, build_strangers, stranger_chunks
from store.privacy.faces.gallery.building import build_index
from store.privacy.faces.gallery.face_index import FaceIndex, Kind
from store.privacy.faces.matcher import Vectors, strangers
from tests.store.privacy.faces.gallery.conftest import SEED, SIZE

SMALL = 3000


def visible(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir() if not file.name.startswith("."))


@pytest.mark.parametrize("kind", ["flat", "compressed"])
def test_an_index_is_built_once_and_then_reused(tmp_path: Path, kind: Kind) -> None:
    path = build_strangers(SMALL, SEED, tmp_path, kind)
    written = {file.name: file.stat().st_mtime_ns for file in path.iterdir()}
    assert build_strangers(SMALL, SEED, tmp_path, kind) == path
    assert {file.name: file.stat().st_mtime_ns for file in path.iterdir()} == written
    assert visible(tmp_path) == [path.name]
    assert build_strangers(SMALL, SEED + 1, tmp_path, kind) != path


def test_the_vectors_on_disk_are_the_strangers_at_16_bits(cache: Path, originals: Vectors) -> None:
    path = build_strangers(SIZE, SEED, cache, "compressed")
    kept = FaceIndex.open(path).vectors(np.arange(SIZE))
    assert np.abs(kept - originals).max() < 1.5 / 65535
    assert sum(file.stat().st_size for file in path.iterdir()) < SIZE * (256 + 32) + 200_000


def test_what_was_reopened_answers_as_before(cache: Path) -> None:
    probes = strangers(50, np.random.default_rng(1))
    first = Gallery.open(SIZE, SEED, cache, "compressed").search(probes, 20)
    again = Gallery.open(SIZE, SEED, cache, "compressed").search(probes, 20)
    assert np.array_equal(first[1], again[1])
    assert np.array_equal(first[0], again[0])


def test_chunks_of_any_length_give_the_same_index(tmp_path: Path) -> None:
    rows = np.concatenate(list(stranger_chunks(SMALL, SEED)))
    build_index(tmp_path / "whole", [rows], SMALL, "flat")
    build_index(tmp_path / "pieces", [rows[:1000], rows[1000:1001], rows[1001:]], SMALL, "flat")
    ids = np.arange(SMALL)
    whole, pieces = FaceIndex.open(tmp_path / "whole"), FaceIndex.open(tmp_path / "pieces")
    assert np.abs(whole.vectors(ids) - pieces.vectors(ids)).max() < 1e-4


def test_a_build_that_fails_leaves_nothing_and_can_be_repeated(tmp_path: Path) -> None:
    def breaks() -> Iterator[Vectors]:
        yield strangers(1000, np.random.default_rng(1))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        build_index(tmp_path / "index", breaks(), SMALL, "compressed")
    assert visible(tmp_path) == []
    with pytest.raises(GalleryError, match=f"people: found 1000, allowed: {SMALL}"):
        build_index(tmp_path / "index", [strangers(1000, np.random.default_rng(1))], SMALL, "compressed")
    assert visible(tmp_path) == []
    build_index(tmp_path / "index", stranger_chunks(SMALL, SEED), SMALL, "compressed")
    assert FaceIndex.open(tmp_path / "index").size == SMALL


STUCK = """
import sys, time
from pathlib import Path
import numpy as np
from store.privacy.faces.gallery.building import build_index
from store.privacy.faces.matcher import strangers
def chunks():
    yield strangers(2000, np.random.default_rng(1))
    yield strangers(1, np.random.default_rng(1))
    print("writing", flush=True)
    time.sleep(600)
build_index(Path(sys.argv[1]), chunks(), 3000, "compressed")
"""


def test_what_a_killed_builder_left_behind_is_no_index_and_goes_at_the_next_build(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STUCK, str(tmp_path / "index")], stdout=subprocess.PIPE, text=True
    ) as builder:
        assert builder.stdout is not None
        assert builder.stdout.readline() == "writing\n"
        builder.kill()
    assert visible(tmp_path) == ["index.building"]
    build_index(tmp_path / "index", stranger_chunks(SMALL, SEED), SMALL, "compressed")
    assert visible(tmp_path) == ["index"]


BUILD = """
import sys
from pathlib import Path
import numpy as np
from store.privacy.faces.gallery import Gallery
from store.privacy.faces.matcher import strangers
gallery = Gallery.open(30_000, 7, Path(sys.argv[1]), "compressed")
print(gallery.search(strangers(20, np.random.default_rng(1)), 3)[1].tolist())
"""


def test_two_processes_that_build_at_once_both_get_the_one_index(tmp_path: Path) -> None:
    both = [
        subprocess.Popen([sys.executable, "-c", BUILD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=120)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert answers[0] == answers[1]
    assert len(answers[0]) > 100
    assert visible(tmp_path) == ["strangers-30000-7-compressed"]


@pytest.mark.parametrize("name", ["high.i8", "low.u8", "codes-2.faiss", "index.json"])
@pytest.mark.parametrize("harm", ["truncated", "missing", "overwritten"])
def test_damage_is_named_in_one_line_and_a_rebuild_mends_it(cache: Path, tmp_path: Path, name: str, harm: str) -> None:
    whole = build_strangers(SIZE, SEED, cache, "compressed")
    path = Path(shutil.copytree(whole, tmp_path / whole.name))
    content = (path / name).read_bytes()
    if harm == "missing":
        (path / name).unlink()
    else:
        (path / name).write_bytes(content[: len(content) // 2] if harm == "truncated" else b"?" * len(content))
    with pytest.raises(GalleryError) as refused:
        Gallery.open(SIZE, SEED, tmp_path, "compressed")
    assert name in str(refused.value)
    assert "delete the folder" in str(refused.value)
    assert "\n" not in str(refused.value)
    build_strangers(SIZE, SEED, tmp_path, "compressed", rebuild=True)
    probes = strangers(20, np.random.default_rng(1))
    mended = Gallery.open(SIZE, SEED, tmp_path, "compressed").search(probes, 3)
    assert np.array_equal(mended[1], Gallery.open(SIZE, SEED, cache, "compressed").search(probes, 3)[1])


@pytest.mark.parametrize("name", ["high.i8", "low.u8", "codes-0.faiss"])
def test_reading_every_byte_finds_a_single_flipped_bit(cache: Path, tmp_path: Path, name: str) -> None:
    path = Path(shutil.copytree(build_strangers(SIZE, SEED, cache, "compressed"), tmp_path / "index"))
    FaceIndex.open(path).verify()
    index = FaceIndex.open(path)
    content = bytearray((path / name).read_bytes())
    content[len(content) // 3] ^= 1
    (path / name).write_bytes(content)
    with pytest.raises(GalleryError, match=name):
        index.verify()


def test_a_disk_without_room_is_said_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9 - 1000, 1000))
    began = time.monotonic()
    with pytest.raises(GalleryError, match="free disk space"):
        build_strangers(50_000_000, SEED, tmp_path)
    assert visible(tmp_path) == []
    assert time.monotonic() - began < 60
