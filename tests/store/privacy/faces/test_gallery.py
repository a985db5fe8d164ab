from pathlib import Path

import faiss
import numpy as np
import pytest

from store.privacy.faces.gallery import COMPRESSED, EXACT, Gallery, build_strangers
from store.privacy.faces.matcher import Matcher, strangers

SIZE = 5000


def everybody(gallery: Gallery) -> np.ndarray:
    return np.asarray(gallery.strangers.reconstruct_n(0, gallery.size))


@pytest.mark.parametrize("factory", [EXACT, COMPRESSED])
def test_search_finds_what_brute_force_finds(tmp_path: Path, factory: str) -> None:
    rng = np.random.default_rng(1)
    exact = everybody(Gallery.open(SIZE, 7, tmp_path, EXACT))
    mates = rng.choice(SIZE, 100, replace=False)
    probes = Matcher.of("2025-median").capture(exact[mates].astype(np.float32), 0.0, rng)
    scores, ids = Gallery.open(SIZE, 7, tmp_path, factory).search(probes, 3)
    brute = probes @ exact.T
    assert np.array_equal(ids[:, 0], np.argmax(brute, axis=1))
    assert scores[:, 0] == pytest.approx(brute.max(axis=1), abs=0.01)
    if factory == EXACT:
        assert np.array_equal(ids, np.argsort(-brute, axis=1)[:, :3])


def test_only_scores_at_or_above_the_threshold_are_returned(tmp_path: Path) -> None:
    gallery, rng = Gallery.open(SIZE, 7, tmp_path), np.random.default_rng(2)
    probes = strangers(50, rng)
    scores, ids = gallery.search(probes, 5, threshold=0.3)
    assert np.all((ids == -1) == (scores < 0.3))
    assert np.sum(ids >= 0) == np.sum(np.sort(probes @ everybody(gallery).T, axis=1)[:, -5:] >= 0.3)


def test_people_added_are_found_and_people_removed_are_not(tmp_path: Path) -> None:
    gallery, rng = Gallery.open(SIZE, 7, tmp_path), np.random.default_rng(3)
    faces = strangers(4, rng)
    ids = gallery.add(faces)
    assert gallery.search(faces, 1)[1][:, 0].tolist() == ids
    gallery.remove(ids[:2])
    assert len(gallery) == SIZE + 2
    found = gallery.search(faces, 1)[1][:, 0].tolist()
    assert found[2:] == ids[2:]
    assert not set(found[:2]) & set(ids)
    assert min(gallery.add(faces[:1])) > max(ids)


def test_a_removed_stranger_is_never_returned_again(tmp_path: Path) -> None:
    gallery = Gallery.open(SIZE, 7, tmp_path)
    probe = everybody(gallery)[42:43].astype(np.float32)
    assert gallery.search(probe, 1)[1][0, 0] == 42
    gallery.remove([42])
    assert 42 not in gallery.search(probe, 10)[1]


def test_a_gallery_is_built_once_and_then_reused(tmp_path: Path) -> None:
    path = build_strangers(SIZE, 7, tmp_path)
    written = path.stat().st_mtime_ns
    assert build_strangers(SIZE, 7, tmp_path) == path
    assert path.stat().st_mtime_ns == written
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert build_strangers(SIZE, 8, tmp_path) != path


def test_asking_for_more_than_there_are_pads_with_nobody(tmp_path: Path) -> None:
    gallery = Gallery.open(3, 7, tmp_path)
    scores, ids = gallery.search(strangers(2, np.random.default_rng(4)), 5)
    assert ids.shape == scores.shape == (2, 5)
    assert np.all(ids[:, 3:] == -1)
    assert gallery.strangers.metric_type == faiss.METRIC_INNER_PRODUCT
