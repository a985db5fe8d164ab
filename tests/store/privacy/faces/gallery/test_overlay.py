"""What a store keeps of the people in its own gallery, and that nothing of anybody removed is left on disk."""

from pathlib import Path

import numpy as np
import pytest

from store.errors import GalleryError
from store.privacy.faces.gallery import Gallery
from store.privacy.faces.gallery.overlay import FILE
from store.privacy.faces.matcher import strangers
from store.privacy.keeping.kept_store import KeptStore

SIZE, SEED = 500, 3


def everything(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def opened(tmp_path: Path) -> Gallery:
    return Gallery.open(SIZE, SEED, tmp_path / "cache", kept_in=tmp_path / "policy/galleries/accounts")


def test_people_and_removals_are_there_after_reopening(tmp_path: Path) -> None:
    gallery, faces = opened(tmp_path), strangers(3, np.random.default_rng(1))
    ids = gallery.add(faces, ["token-zoë", "token-2", None])
    gallery.remove([ids[1], 42])
    again = opened(tmp_path)
    assert len(again) == len(gallery) == SIZE + 1
    assert again.search(faces[[0, 2]], 1)[1][:, 0].tolist() == [ids[0], ids[2]]
    assert [again.name_of(person) for person in ids] == ["token-zoë", None, None]
    assert np.array_equal(again.search(faces, 9)[1], gallery.search(faces, 9)[1])
    assert again.add(faces[:1]) == [ids[-1] + 1]


def test_no_byte_of_somebody_erased_is_left_in_any_file(tmp_path: Path) -> None:
    gallery, faces = opened(tmp_path), strangers(3, np.random.default_rng(2))
    gallery.add(faces, ["token-ann", "token-bob", "token-cid"])
    old = (tmp_path / "policy/galleries/accounts" / FILE).open("rb")
    with old:
        assert faces[1].tobytes() in everything(tmp_path)
        assert gallery.forget(["token-bob"]) == 1
        after = everything(tmp_path)
        assert b"token-bob" not in after
        assert not any(faces[1, start : start + 2].tobytes() in after for start in range(0, 128, 2))
        assert b"token-ann" in after
        assert faces[0].tobytes() in after
        # The file's former bytes, still reachable through the handle, are blank too.
        assert set(old.read()) == {0}


def test_a_stores_erasure_reaches_its_gallery(tmp_path: Path) -> None:
    gallery, faces = opened(tmp_path), strangers(2, np.random.default_rng(6))
    gallery.add(faces, ["account-1", "account-2"])
    store = KeptStore.open(tmp_path / "policy", holders=[gallery])
    store.erase("account-1")
    store.close()
    after = everything(tmp_path)
    assert faces[0].tobytes() not in after
    assert faces[1].tobytes() in after
    assert gallery.name == "galleries/accounts"


def test_a_gallery_in_memory_writes_nothing_until_it_is_saved(tmp_path: Path) -> None:
    gallery, face = Gallery.open(0, SEED, tmp_path), strangers(1, np.random.default_rng(3))
    ids = gallery.add(face, ["watch-1"])
    assert list(tmp_path.iterdir()) == []
    gallery.save(tmp_path / "list")
    assert Gallery.open(0, SEED, tmp_path, kept_in=tmp_path / "list").search(face, 1)[1].tolist() == [ids]
    gallery.remove(ids)
    assert face.tobytes() not in everything(tmp_path)


def test_a_draft_that_a_crash_left_is_deleted_at_opening(tmp_path: Path) -> None:
    gallery, faces = opened(tmp_path), strangers(2, np.random.default_rng(4))
    gallery.add(faces[:1])
    draft = tmp_path / "policy/galleries/accounts" / f"{FILE}.writing"
    draft.write_bytes(faces[1].tobytes())
    assert opened(tmp_path).search(faces[:1], 1)[1].tolist() == [[SIZE]]
    assert faces[1].tobytes() not in everything(tmp_path)


@pytest.mark.parametrize(
    ("field", "harm"),
    [
        ("bytes", lambda content: content[:-5]),
        ("checksum", lambda content: content[:-5] + b"?????"),
        ("first line", lambda content: content[20:]),
        ("first line", lambda content: b""),
        ("base", lambda content: content.replace(b"strangers-500", b"strangers-501", 1)),
    ],
)
def test_a_damaged_file_is_named_in_one_line(tmp_path: Path, field: str, harm) -> None:  # type: ignore[no-untyped-def]
    opened(tmp_path).add(strangers(2, np.random.default_rng(5)), ["a", "b"])
    path = tmp_path / "policy/galleries/accounts" / FILE
    path.write_bytes(harm(path.read_bytes()))
    with pytest.raises(GalleryError, match=f"{FILE}: {field}: found") as refused:
        opened(tmp_path)
    assert "\n" not in str(refused.value)
