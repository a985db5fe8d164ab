import json
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from store.privacy.governance.audit import AuditLog, digest, verify

ENTRIES = st.lists(
    st.tuples(st.floats(0, 1e6), st.sampled_from(["collect", "query", "erase"]), st.integers(0, 99)),
    min_size=2,
    max_size=8,
)


def written(folder: Path, entries: list[tuple[float, str, int]]) -> Path:
    path = folder / "audit.jsonl"
    path.unlink(missing_ok=True)
    log = AuditLog(path)
    for t, action, count in entries:
        log.append(t, action, records=count)
    return path


@settings(max_examples=20, deadline=None)
@given(entries=ENTRIES)
def test_an_untouched_log_verifies(tmp_path_factory, entries) -> None:
    assert verify(written(tmp_path_factory.mktemp("log"), entries)) == []


@settings(max_examples=20, deadline=None)
@given(entries=ENTRIES, choice=st.randoms(use_true_random=False))
def test_any_changed_byte_is_detected(tmp_path_factory, entries, choice) -> None:
    path = written(tmp_path_factory.mktemp("log"), entries)
    content = bytearray(path.read_bytes())
    place = choice.randrange(len(content))
    content[place] ^= 1
    path.write_bytes(bytes(content))
    try:
        assert verify(path)
    except UnicodeDecodeError as error:
        raise AssertionError("one flipped bit of ASCII stays ASCII") from error


@settings(max_examples=20, deadline=None)
@given(entries=ENTRIES, choice=st.randoms(use_true_random=False))
def test_any_deletion_reordering_or_repetition_is_detected(tmp_path_factory, entries, choice) -> None:
    path = written(tmp_path_factory.mktemp("log"), entries)
    rows = path.read_text().splitlines(keepends=True)
    first, second = choice.sample(range(len(rows)), 2)
    swapped = list(rows)
    swapped[first], swapped[second] = rows[second], rows[first]
    for tampered in (rows[:first] + rows[first + 1 :], swapped, rows[: first + 1] + rows[first:]):
        path.write_text("".join(tampered))
        assert verify(path)


@settings(max_examples=20, deadline=None)
@given(entries=ENTRIES, choice=st.randoms(use_true_random=False))
def test_a_changed_entry_with_a_new_hash_of_its_own_is_detected(tmp_path_factory, entries, choice) -> None:
    path = written(tmp_path_factory.mktemp("log"), entries)
    rows = [json.loads(row) for row in path.read_text().splitlines()]
    row = rows[choice.randrange(len(rows))]
    row["detail"] = {"records": -1}
    row["hash"] = digest(row)
    path.write_text("".join(json.dumps(row, sort_keys=True) + "\n" for row in rows))
    assert verify(path)


def test_a_log_is_continued_where_it_ended(tmp_path: Path) -> None:
    path = written(tmp_path, [(0.0, "collect", 1)])
    AuditLog(path).append(1.0, "query", probes=2)
    assert verify(path) == []
    assert [row["n"] for row in AuditLog(path).entries()] == [0, 1]
