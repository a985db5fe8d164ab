import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store.errors import AuditError
from store.privacy.governance.audit import AuditLog, Witness, check, digest, verify

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


THREE = [(0.0, "collect", 5), (1.5, "query", 2), (2.0, "erase", 1)]


def test_every_single_byte_changed_deleted_or_added_is_detected(tmp_path: Path) -> None:
    path = written(tmp_path, THREE)
    log, head = path.read_bytes(), path.with_suffix(".head").read_bytes()
    assert check(log, head) == []
    for place, byte in enumerate(log):
        for tampered in _mutations(log, place, byte):
            assert check(tampered, head), (place, tampered)
    for place, byte in enumerate(head):
        for tampered in _mutations(head, place, byte):
            assert check(log, tampered), (place, tampered)


def _mutations(content: bytes, place: int, byte: int) -> list[bytes]:
    """Every bit flipped, the byte left out, the byte twice, a space and a line's end before it."""
    kept = [content[:place] + bytes([byte ^ 1 << bit]) + content[place + 1 :] for bit in range(8)]
    kept += [content[:place] + content[place + 1 :]]
    return kept + [content[:place] + bytes([extra]) + content[place:] for extra in (byte, ord(" "), ord("\n"))]


def test_every_cut_at_the_end_and_a_missing_head_are_detected(tmp_path: Path) -> None:
    path = written(tmp_path, THREE)
    log, head = path.read_bytes(), path.with_suffix(".head").read_bytes()
    assert all(check(log[:end], head) for end in range(len(log)))
    assert check(log, None)


@settings(max_examples=20, deadline=None)
@given(entries=ENTRIES, choice=st.randoms(use_true_random=False))
def test_any_stretch_of_bytes_moved_or_replaced_is_detected(tmp_path_factory, entries, choice) -> None:
    path = written(tmp_path_factory.mktemp("log"), entries)
    log, head = path.read_bytes(), path.with_suffix(".head").read_bytes()
    for _ in range(20):
        first, second, third = sorted(choice.sample(range(len(log) + 1), 3))
        moved = log[:first] + log[second:third] + log[first:second] + log[third:]
        for tampered in (moved, log[:first] + log[third:], log[:second] + log[first:]):
            assert tampered == log or check(tampered, head)


def test_a_log_rewritten_as_a_whole_contradicts_its_witness(tmp_path: Path) -> None:
    path = written(tmp_path, THREE)
    seen = AuditLog(path).witness
    AuditLog(path).append(3.0, "expire")
    assert verify(path, Witness.parse(str(seen))) == []
    written(tmp_path, [*THREE[:1], (1.5, "query", 3), *THREE[2:]])
    assert verify(path) == []
    assert verify(path, seen) == ["the first 3 entries are not those that the witness saw"]
    written(tmp_path, THREE[:2])
    assert verify(path) == []
    assert verify(path, seen)


@pytest.mark.parametrize("text", ["", "3", "3:abc", "-1:" + "0" * 64, "x:" + "0" * 64, "3:" + "g" * 64])
def test_a_witness_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="witness"):
        Witness.parse(text)


def test_an_entry_torn_anywhere_by_a_crash_is_cut_off_and_noted(tmp_path: Path) -> None:
    path = written(tmp_path, THREE)
    content, head = path.read_bytes(), path.with_suffix(".head").read_bytes()
    line = AuditLog(path).next_line(3.0, "expire", records={"tracks": 4}).encode() + b"\n"
    for written_bytes in range(len(line) + 1):
        path.write_bytes(content + line[:written_bytes])
        path.with_suffix(".head").write_bytes(head)
        AuditLog(path).recover()
        assert verify(path) == []
        entries = AuditLog(path).entries()
        whole = written_bytes == len(line)
        assert [row["action"] for row in entries[3:]] == ["expire"] * whole + ["recovered"] * (written_bytes > 0)
        if written_bytes:
            torn = 0 if whole else written_bytes
            assert entries[-1]["detail"] == {"torn_bytes": torn, "entries_not_counted": int(whole)}


def test_a_cut_entry_is_no_crash(tmp_path: Path) -> None:
    path = written(tmp_path, THREE)
    content = path.read_bytes()
    for end in (len(content) - 1, len(content) - 40, content.rindex(b"\n", 0, -1) + 1):
        path.write_bytes(content[:end])
        with pytest.raises(AuditError, match="tampered"):
            AuditLog(path).recover()


def test_a_change_that_the_store_committed_is_entered_after_a_crash(tmp_path: Path) -> None:
    path = written(tmp_path, THREE)
    pending = AuditLog(path).next_line(3.0, "erase", request="ab")
    for _ in range(2):
        AuditLog(path).recover(pending)
        assert verify(path) == []
        assert [row["action"] for row in AuditLog(path).entries()] == ["collect", "query", "erase", "erase"]
    written(tmp_path, [*THREE, (4.0, "query", 1)])
    with pytest.raises(AuditError, match="entry 3"):
        AuditLog(path).recover(pending)
