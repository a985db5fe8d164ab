"""What a gallery answers: as brute force would, whoever was added or removed, at every threshold and k."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.errors import GalleryError
from store.privacy.faces.gallery import Gallery, brute_force, exactness, stranger_chunks
from store.privacy.faces.gallery.face_index import Kind
from store.privacy.faces.matcher import Vectors, impostor_tail, strangers
from tests.store.privacy.faces.gallery.conftest import SEED, SIZE

KINDS: tuple[Kind, ...] = ("flat", "compressed")
ERROR = 1e-4
"""Score error allowed to 16-bit vectors; five to ten times their standard error."""


def gallery_of(cache: Path, kind: Kind, kept_in: Path | None = None) -> Gallery:
    return Gallery.open(SIZE, SEED, cache, kind, kept_in)


def captures(faces: Vectors, cosine: float, rng: np.random.Generator) -> Vectors:
    aside = strangers(len(faces), rng)
    aside -= np.sum(aside * faces, axis=1, keepdims=True) * faces
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    return np.asarray(cosine * faces + np.sqrt(1 - cosine**2) * aside, np.float32)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cosine", [0.9, 0.6, 0.45, 0.3])
def test_the_best_match_of_a_capture_is_the_exact_one(
    cache: Path, originals: Vectors, kind: Kind, cosine: float
) -> None:
    rng = np.random.default_rng(1)
    probes = captures(originals[rng.choice(SIZE, 400, replace=False)], cosine, rng)
    measured = exactness(gallery_of(cache, kind), probes, [originals])
    assert measured.searches == 400
    assert measured.best_match >= 0.995
    if kind == "flat":
        assert measured.best_match == 1.0
        assert measured.score_error < ERROR


@pytest.mark.parametrize("kind", KINDS)
def test_the_best_match_of_somebody_unknown_is_the_exact_one(cache: Path, originals: Vectors, kind: Kind) -> None:
    measured = exactness(gallery_of(cache, kind), strangers(1000, np.random.default_rng(2)), [originals])
    assert measured.best_match >= 0.995
    low, high = measured.interval
    assert low < measured.best_match <= high <= 1.0


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("k", [1, 2, 50, 4096])
def test_search_is_as_good_at_every_k(cache: Path, originals: Vectors, kind: Kind, k: int) -> None:
    probes = strangers(12, np.random.default_rng(3))
    gallery = gallery_of(cache, kind)
    scores, ids = gallery.search(probes, k)
    assert scores.shape == ids.shape == (12, k)
    assert np.all(np.diff(scores, axis=1) <= 0)
    assert all(len(set(row)) == k for row in ids.tolist())
    assert np.einsum("nkd,nd->nk", originals[ids], probes) == pytest.approx(scores, abs=ERROR)
    assert exactness(gallery, probes, [originals], k).neighbours >= 0.998


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("threshold", [-1.0, 0.25, 0.3, 0.35, 0.4, 1.0])
def test_everybody_at_or_above_the_threshold_is_returned(
    cache: Path, originals: Vectors, kind: Kind, threshold: float
) -> None:
    probes = strangers(40, np.random.default_rng(4))
    scores, ids = gallery_of(cache, kind).search(probes, 200, threshold)
    exact, people = brute_force(probes, [originals], 200)
    assert np.all((ids == -1) == (scores == -np.inf))
    assert np.all(scores[ids >= 0] >= threshold)
    sure = np.abs(exact - threshold) > ERROR
    expected, found = exact >= threshold, np.array([np.isin(a, b) for a, b in zip(people, ids, strict=True)])
    assert np.mean((expected == found)[sure]) >= 0.999


def test_impostor_scores_follow_the_law_that_thresholds_are_derived_from(cache: Path) -> None:
    threshold = 0.4
    scores, _ = gallery_of(cache, "compressed").search(strangers(600, np.random.default_rng(5)), 64, threshold)
    hits, expected = int(np.sum(scores >= threshold)), 600 * SIZE * impostor_tail(threshold)
    assert abs(hits - expected) < 4 * np.sqrt(expected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_batch_is_answered_as_one_by_one(cache: Path, kind: Kind) -> None:
    probes = strangers(300, np.random.default_rng(6))
    gallery = gallery_of(cache, kind)
    scores, ids = gallery.search(probes, 3)
    alone = [gallery.search(probe[None], 3) for probe in probes]
    assert np.array_equal(ids, np.concatenate([found for _, found in alone]))
    assert scores == pytest.approx(np.concatenate([found for found, _ in alone]), abs=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_people_added_are_found_and_people_removed_are_not(cache: Path, kind: Kind) -> None:
    gallery, faces = gallery_of(cache, kind), strangers(4, np.random.default_rng(3))
    ids = gallery.add(faces, ["ann", "bob", "ann", None])
    assert gallery.search(faces, 1)[1][:, 0].tolist() == ids
    assert [gallery.name_of(person) for person in ids] == ["ann", "bob", "ann", None]
    assert gallery.forget(["ann", "nobody"]) == 2
    assert gallery.forget(["ann", "nobody"]) == 0
    assert len(gallery) == SIZE + 2
    found = gallery.search(faces, 1)[1][:, 0].tolist()
    assert [found[1], found[3]] == [ids[1], ids[3]]
    assert not {found[0], found[2]} & set(ids)
    assert min(gallery.add(faces[:1])) > max(ids)


@pytest.mark.parametrize("kind", KINDS)
def test_removed_strangers_make_way_for_the_next_best(cache: Path, originals: Vectors, kind: Kind) -> None:
    probe = strangers(1, np.random.default_rng(8))
    gallery, best = gallery_of(cache, kind), brute_force(probe, [originals], 60)[1][0]
    gallery.remove(best[:50].tolist())
    assert gallery.search(probe, 10)[1][0].tolist() == best[50:].tolist()
    gallery.remove(best[:50].tolist())
    assert len(gallery) == SIZE - 50


Change = tuple[str, int]


@given(
    changes=st.lists(st.tuples(st.sampled_from(["add", "remove", "hide", "reopen"]), st.integers(0, 40)), max_size=12),
    k=st.integers(1, 70),
    threshold=st.floats(-1, 1),
)
@settings(max_examples=40, deadline=None)
def test_any_changes_leave_what_brute_force_finds_in_the_people_left(
    tmp_path_factory: pytest.TempPathFactory, changes: list[Change], k: int, threshold: float
) -> None:
    folder, rng = tmp_path_factory.mktemp("changes"), np.random.default_rng(9)
    left = dict(enumerate(np.concatenate(list(stranger_chunks(40, 1)))))
    given_out, kept_in = 40, folder / "own"
    gallery = Gallery.open(40, 1, folder, kept_in=kept_in)
    for what, number in changes:
        if what == "add":
            faces = strangers(number % 4, rng)
            ids = gallery.add(faces)
            assert ids == list(range(given_out, given_out + len(faces)))
            left.update(zip(ids, faces, strict=True))
            given_out += len(ids)
        elif what == "reopen":
            gallery = Gallery.open(40, 1, folder, kept_in=kept_in)
        else:
            gallery.remove([number + (40 if what == "remove" else 0)])
            left.pop(number + (40 if what == "remove" else 0), None)
    assert len(gallery) == len(left)
    probe = strangers(1, rng)
    scores, ids = gallery.search(probe, k, threshold)
    exact = {person: float(probe[0] @ face) for person, face in left.items()}
    best = sorted(exact, key=lambda person: -exact[person])[:k]
    sure = {person for person in best if exact[person] >= threshold + ERROR}
    perhaps = {person for person in best if exact[person] >= threshold - ERROR}
    assert sure <= set(ids[ids >= 0].tolist()) <= perhaps
    assert scores[ids >= 0] == pytest.approx([exact[person] for person in ids[ids >= 0].tolist()], abs=ERROR)


def test_asking_for_more_than_there_are_pads_with_nobody(tmp_path: Path) -> None:
    probes = strangers(2, np.random.default_rng(4))
    scores, ids = Gallery.open(3, SEED, tmp_path).search(probes, 5)
    assert ids.shape == scores.shape == (2, 5)
    assert np.all(ids[:, 3:] == -1)
    assert np.all(ids[:, :3] >= 0)
    empty = Gallery.open(0, SEED, tmp_path)
    assert np.all(empty.search(probes, 2)[1] == -1)
    assert len(empty) == 0
    assert empty.search(probes, 1)[1].tolist() == [[-1], [-1]]
    assert empty.add(probes) == [0, 1]
    assert empty.search(probes, 1)[1].tolist() == [[0], [1]]


@pytest.mark.parametrize(("size", "kind"), [(-1, None), (999, "compressed")])
def test_sizes_that_cannot_be_built_are_refused(tmp_path: Path, size: int, kind: Kind | None) -> None:
    with pytest.raises(GalleryError, match=f"size: found {size}"):
        Gallery.open(size, SEED, tmp_path, kind)


def test_a_search_for_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GalleryError, match="k: found 0"):
        Gallery.open(3, SEED, tmp_path).search(strangers(1, np.random.default_rng(1)), 0)
