from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.errors import BadInput
from store.privacy import load_policy
from store.privacy.day import DayRecords, Period
from store.privacy.keeping.collect import collect_day
from store.privacy.keeping.erasure import erase_person
from store.privacy.keeping.kept_store import KeptStore, Record
from store.privacy.keeping.residue import PIECE, Traces, residue


@settings(max_examples=40, deadline=None)
@given(
    place=st.integers(0, 200), start=st.integers(0, 800), length=st.integers(2 * PIECE - 1, 1000), seed=st.integers()
)
def test_any_127_bytes_of_a_picture_are_found_wherever_they_lie(tmp_path_factory, place, start, length, seed) -> None:
    rng = np.random.default_rng(abs(seed))
    picture = rng.bytes(start + length)
    traces = Traces.of(["visit-9"], [("crops.picture", picture)], other_blobs=[rng.bytes(5000)])
    folder = tmp_path_factory.mktemp("folder")
    (folder / "sub").mkdir()
    (folder / "sub" / "file").write_bytes(rng.bytes(place) + picture[start : start + length] + rng.bytes(50))
    found = residue(folder, traces)
    assert len(found) == 1
    assert found[0].startswith("sub/file:")
    assert found[0].endswith("pieces of crops.picture")


def test_what_pictures_of_others_share_gives_nobody_away() -> None:
    header = np.random.default_rng(1).bytes(3 * PIECE)
    own, other = (header + np.random.default_rng(seed).bytes(200) for seed in (2, 3))
    traces = Traces.of([], [("crops.picture", own)], other_blobs=[other])
    assert traces.found_in(other) == []
    assert traces.found_in(own)
    assert traces.found_in(b"\0" * 5000) == []


def test_a_name_inside_a_longer_name_of_somebody_else_is_not_found() -> None:
    traces = Traces.of(["visit-1"], [], other_names=["visit-12", "visit-2"])
    assert traces.found_in(b"..visit-12..") == []
    assert traces.found_in(b"..visit-12..visit-1..") == ["name visit-1"]
    assert traces.found_in(b"visit-13") == ["name visit-1"]


def test_names_of_files_are_searched_too(tmp_path: Path) -> None:
    (tmp_path / "account-7.html").write_text("nothing")
    assert residue(tmp_path, Traces.of(["account-7"], [])) == [
        "account-7.html: name account-7 in the file's name",
    ]


@pytest.mark.parametrize("name", ["app-entry", "blurred", "edge-only", "face-entry", "face-everywhere", "palm-entry"])
def test_the_search_finds_every_kind_before_and_nothing_after(name: str, period: Period, tmp_path: Path) -> None:
    policy, visit = load_policy(name), period.days[0].visits[2]
    store = KeptStore.create(tmp_path / "policy")
    for day in period.days:
        store.advance(day.opens)
        collect_day(policy, day, store, 1, np.random.default_rng(1))
    traces = store.traces(str(visit.account))
    kinds = {kind for kind in ("crops", "poses", "body_embeddings", "face_templates") if store.count(kind)}
    store.close()
    (tmp_path / "policy" / "uses.json").write_text(f'{{"longest stay": "{visit.visit}"}}')
    before = residue(tmp_path / "policy", traces)
    for kind in kinds:
        assert any(f"pieces of {kind}" in line for line in before), kind
    erased = erase_person(tmp_path / "policy", str(visit.account))
    assert erased.left == ()
    assert residue(tmp_path / "policy", traces) == []
    assert erased.deleted["files"] == 1
    assert kinds - {"face_templates"} <= erased.deleted.keys()
    assert erased.deleted["people"] == sum(row.account == visit.account for row in period.visits)
    assert (tmp_path / "policy" / "kept.sqlite").read_bytes().count(period.days[0].visits[0].visit.encode())


@pytest.fixture(scope="module")
def period() -> Period:
    return made_up(days=2, people=6, comes=1.0)


def made_up(**how: object) -> Period:
    from made_up import made_up_period

    return made_up_period(**how)


def test_copies_that_others_hold_are_named_and_not_claimed_to_be_gone(day: DayRecords, folder: Path) -> None:
    store = KeptStore.create(folder)
    collect_day(load_policy("face-everywhere"), day, store, 1, np.random.default_rng(1))
    store.collect("disclosures", [Record("visit-0001", 1.0, 0.0, ("police", "alerts", "list"))], 1000.0)
    store.collect("disclosures", [Record("visit-0005", 1.0, 0.0, ("neighbour", "alerts", "list"))], 1000.0)
    sent = store.rows("SELECT count(*) FROM disclosures WHERE person = 'visit-0001' AND kind = 'face_templates'")[0][0]
    store.close()
    erased = erase_person(folder, "account-0001")
    expected = {("police", "alerts"): 1, ("cloud recognition service", "face_templates"): sent}
    assert erased.outside == {key: count for key, count in expected.items() if count}
    assert "neighbour" in erased.others_outside
    assert erased.deleted["frames"] > 0


def test_an_account_that_the_store_does_not_know_is_refused(day: DayRecords, folder: Path) -> None:
    with pytest.raises(BadInput, match=r"no kept\.sqlite"):
        erase_person(folder, "account-0001")
    store = KeptStore.create(folder)
    collect_day(load_policy("app-entry"), day, store, 1, np.random.default_rng(1))
    store.close()
    with pytest.raises(BadInput, match="account-0011"):
        erase_person(folder, "nobody")
