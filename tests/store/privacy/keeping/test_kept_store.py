import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.privacy import load_policy
from store.privacy.day import DayRecords
from store.privacy.governance.audit import verify
from store.privacy.keeping.collect import collect_day
from store.privacy.keeping.kept_store import COLUMNS, KeptStore, Record

VISITS = st.lists(st.tuples(st.integers(0, 5), st.floats(0, 1000), st.floats(0.1, 500)), min_size=1, max_size=12)


def holding(folder, visits) -> KeptStore:
    store = KeptStore.create(folder)
    for person, t, keep in visits:
        name = f"visit-{person:05d}-x"
        store.link(name, f"token-{person:05d}-y", t + 10_000)
        store.collect("tracks", [Record(name, t, 0.1, (person, 1.0, 2.0, 0.1))], keep)
        store.collect("face_templates", [Record(name, t, 1.0, (person, "cam", 0, _vector(person)))], keep)
    return store


def _vector(person: int) -> bytes:
    return np.random.default_rng(person).standard_normal(128).astype(np.float32).tobytes()


@settings(max_examples=15, deadline=None)
@given(visits=VISITS, steps=st.lists(st.floats(0, 600), min_size=1, max_size=4))
def test_records_are_there_until_they_expire_and_gone_from_then_on(tmp_path_factory, visits, steps) -> None:
    store = holding(tmp_path_factory.mktemp("kept"), visits)
    for step in steps:
        store.advance(store.clock + step)
        alive = sorted(t for _, t, keep in visits if t + keep > store.clock)
        for table in ("tracks", "face_templates"):
            assert sorted(row[0] for row in store.rows(f"SELECT t FROM {table}")) == alive
    store.close()


@settings(max_examples=15, deadline=None)
@given(visits=VISITS, step=st.floats(0, 600))
def test_after_erasure_no_byte_of_the_folder_names_the_person(tmp_path_factory, visits, step) -> None:
    folder = tmp_path_factory.mktemp("kept")
    store = holding(folder, visits)
    store.advance(step)
    victim = visits[0][0]
    others = {person for person, t, keep in visits if person != victim and t + keep > step}
    store.erase(f"token-{victim:05d}-y")
    store.close()
    content = b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())
    for trace in (f"visit-{victim:05d}-x".encode(), f"token-{victim:05d}-y".encode(), _vector(victim)[:32]):
        assert trace not in content
    for person in others:
        assert f"visit-{person:05d}-x".encode() in content
    assert verify(folder / "audit.jsonl") == []


def test_the_clock_never_goes_back(folder) -> None:
    store = KeptStore.create(folder)
    store.advance(10.0)
    with pytest.raises(ValueError, match="clock"):
        store.advance(9.0)
    store.close()


def test_data_kept_for_no_time_is_counted_but_never_written(folder) -> None:
    store = KeptStore.create(folder)
    store.collect("face_templates", [Record("somebody", 0.0, 1.0, (1, "cam", 0, b"secret"))], 0.0)
    assert [row["records"] for row in store.made("face_templates")] == [1]
    assert store.count("face_templates") == 0
    store.close()
    assert b"secret" not in (folder / "kept.sqlite").read_bytes()


@pytest.mark.parametrize("name", ["app-entry", "face-entry", "face-everywhere"])
def test_erasing_a_shopper_reaches_every_table_of_a_real_policy(name: str, day: DayRecords, folder) -> None:
    store = KeptStore.create(folder)
    collect_day(load_policy(name), day, store, 1, np.random.default_rng(1))
    visit = day.visits[3]
    held = store.knows(str(visit.account))
    for table in ("receipts", "tracks", "people"):
        assert held[table]
    gone = store.erase(str(visit.account))
    assert {table: len(rows) for table, rows in held.items() if table != "frames"} == {
        table: count for table, count in gone.items() if table != "frames"
    }
    if "frames" in load_policy(name).keeps:
        shown = store.rows("SELECT count(*) FROM frames WHERE t <= ? AND until >= ?", (visit.closed, visit.opened))
        assert gone["frames"] > 0
        assert shown == [(0,)]
    store.close()
    content = b"".join(file.read_bytes() for file in folder.iterdir())
    assert visit.visit.encode() not in content
    assert str(visit.account).encode() not in content
    assert day.visits[4].visit.encode() in content


def test_every_table_has_a_person_and_a_deadline(folder) -> None:
    store = KeptStore.create(folder)
    for table in COLUMNS:
        assert store.rows(f"SELECT person, t, seconds, expires FROM {table}") == []
    store.close()
