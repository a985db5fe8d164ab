"""A process killed at any instant leaves a folder whose reopening keeps every promise."""

import os
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from store.errors import AuditError, BadInput
from store.privacy.governance.audit import verify
from store.privacy.keeping.kept_store import KeptStore, Record
from store.privacy.keeping.residue import Traces, residue

PEOPLE = 4
KEEP_S = 100.0


def picture(person: int, number: int, size: int = 3000) -> bytes:
    return np.random.default_rng([person, number]).bytes(size)


def filled(folder: Path) -> KeptStore:
    """Four people with pictures of several pages, positions and a link; the first one's records expire first."""
    store = KeptStore.create(folder)
    for person in range(PEOPLE):
        name, t = f"visit-{person:04d}", 10.0 * person
        store.link(name, f"account-{person:04d}", t + KEEP_S, t, t + 5)
        rows = [Record(name, t, 1.0, (person, "cam", 0, picture(person, number))) for number in range(6)]
        store.collect("crops", rows, KEEP_S)
        store.collect("tracks", [Record(name, t + n / 10, 0.1, (person, 1.0, 2.0, 0.1)) for n in range(30)], KEEP_S)
        store.collect("frames", [Record(None, t, 5.0, ("cam", t + 5, 50, 0))], KEEP_S)
    return store


class Snapshots:
    """Copies a folder's bytes before and after every statement, between SQLite's own steps, and at each file write."""

    def __init__(self, store: KeptStore, where: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.store, self.where, self.taken = store, where, list[Path]()
        import store.privacy.governance.audit as audit

        write = audit._write

        def torn(path: Path, flags: int, content: bytes) -> None:
            self.take()
            for size in (1, len(content) // 2, len(content)) if flags else (len(content),):
                before = path.read_bytes() if path.exists() else b""
                write(path, flags, content[:size])
                self.take()
                if flags:
                    path.write_bytes(before)
            if flags:
                write(path, flags, content)

        monkeypatch.setattr(audit, "_write", torn)
        # A cache of a few pages makes SQLite write to the file, and its journal, in the middle of a transaction.
        store._database.execute("PRAGMA cache_size = 4")
        store._database.set_progress_handler(self.step, 60)
        store._database.set_trace_callback(lambda _: self.take())

    def step(self) -> int:
        self.take()
        return 0

    def take(self) -> None:
        target = self.where / f"{len(self.taken):05d}"
        shutil.copytree(self.store.folder, target)
        if self.taken and _content(self.taken[-1]) == _content(target):
            shutil.rmtree(target)
        else:
            self.taken.append(target)


def _content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("action", ["erase", "advance"])
def test_a_folder_copied_at_any_step_reopens_with_the_change_made_or_not_begun(
    action: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = filled(tmp_path / "policy")
    (tmp_path / "policy" / "access").mkdir()
    (tmp_path / "policy" / "access" / "account-0001.html").write_text("what this store knows about account-0001")
    person = {"erase": 1, "advance": 0}[action]
    traces = store.traces(f"account-{person:04d}")
    assert residue(tmp_path / "policy", traces)
    snapshots = Snapshots(store, tmp_path / "taken", monkeypatch)
    if action == "erase":
        store.erase("account-0001")
    else:
        store.advance(KEEP_S + 5)
    store._database.set_progress_handler(None, 0)
    store.close()
    monkeypatch.undo()
    assert len(snapshots.taken) > 8
    assert any((folder / "kept.sqlite-journal").exists() for folder in snapshots.taken)
    states = [_reopened(folder, traces, person) for folder in snapshots.taken]
    assert set(states) == {True, False}
    assert states == sorted(states)


def _reopened(folder: Path, traces: Traces, person: int) -> bool:
    """Whether the person is gone after reopening; then without a trace, and without harm to anybody else."""
    store = KeptStore.open(folder)
    left = [count for (count,) in store.rows("SELECT count(*) FROM crops GROUP BY person ORDER BY person")]
    gone = store.rows("SELECT count(*) FROM crops WHERE person = ?", (f"visit-{person:04d}",)) == [(0,)]
    assert left == [6] * (PEOPLE - gone)
    assert store.rows("SELECT count(*) FROM tracks WHERE expires <= ?", (store.clock,)) == [(0,)]
    if gone:
        for table in ("tracks", "people"):
            query = f"SELECT count(*) FROM {table} WHERE person = ?"
            assert store.rows(query, (f"visit-{person:04d}",)) == [(0,)]
        assert store.rows("SELECT count(*) FROM frames") == [(PEOPLE - 1,)]
    assert store.rows("SELECT * FROM erasures") == []
    # No page is left over, in which copies of what was deleted could lie.
    assert not gone or store.rows("PRAGMA freelist_count") == [(0,)]
    actions = [row["action"] for row in store.audit.entries()]
    assert gone == bool({"erase", "expire"} & set(actions))
    store.close()
    assert verify(folder / "audit.jsonl") == []
    assert not (folder / "kept.sqlite-journal").exists()
    if gone:
        found = residue(folder, traces)
        # An expired person's page is not the clock's to delete: only what the tables hold has a deadline.
        assert [line for line in found if not line.startswith("access/")] == []
        assert person == 0 or found == []
    return gone


def test_a_holder_that_a_crash_kept_an_erasure_from_is_reached_after_reopening(tmp_path: Path) -> None:
    class Gallery:
        name = "gallery"

        def __init__(self, fails: bool) -> None:
            self.fails, self.asked = fails, list[str]()

        def forget(self, identities: list[str]) -> int:
            if self.fails:
                raise KeyboardInterrupt
            self.asked += identities
            return 1

    store = filled(tmp_path / "policy")
    store.register(Gallery(fails=True))
    with pytest.raises(KeyboardInterrupt):
        store.erase("account-0001")
    store.close()
    KeptStore.open(tmp_path / "policy").close()
    working = Gallery(fails=False)
    reopened = KeptStore.open(tmp_path / "policy", holders=[working])
    assert working.asked == ["account-0001", "visit-0001"]
    assert reopened.rows("SELECT * FROM erasures") == []
    assert reopened.erase("account-0002")["gallery"] == 1
    reopened.close()


def test_a_log_that_was_cut_is_not_gone_on_with(tmp_path: Path) -> None:
    filled(tmp_path / "policy").close()
    log = tmp_path / "policy" / "audit.jsonl"
    log.write_bytes(log.read_bytes()[:-200])
    with pytest.raises(AuditError, match="tampered"):
        KeptStore.open(tmp_path / "policy")


def test_the_clock_is_where_it_stood(tmp_path: Path) -> None:
    store = filled(tmp_path / "policy")
    store.advance(42.0)
    store.close()
    for clock, expected in ((None, 42.0), (7.0, 42.0), (KEEP_S + 15, KEEP_S + 15)):
        store = KeptStore.open(tmp_path / "policy", clock)
        assert store.clock == expected
        store.close()
    store = KeptStore.open(tmp_path / "policy")
    assert store.count("crops") == 6 * (PEOPLE - 2)
    store.close()


def test_a_new_store_clears_its_folder_but_never_a_strangers(tmp_path: Path) -> None:
    filled(tmp_path / "policy").close()
    for name in ("galleries/list/people.gallery", "access/page.html", "uses.json"):
        (tmp_path / "policy" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "policy" / name).write_text("old")
    KeptStore.create(tmp_path / "policy").close()
    assert sorted(path.name for path in (tmp_path / "policy").rglob("*")) == ["kept.sqlite"]
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("mine")
    with pytest.raises(BadInput, match=r"letter\.txt"):
        KeptStore.create(tmp_path / "home")
    assert (tmp_path / "home" / "letter.txt").read_text() == "mine"


def test_a_process_killed_while_it_erases_is_made_up_for(tmp_path: Path) -> None:
    store = filled(tmp_path / "policy")
    traces = store.traces("account-0001")
    store.close()
    for number in range(6):
        folder = tmp_path / f"killed-{number}"
        shutil.copytree(tmp_path / "policy", folder)
        process = os.fork()
        if process == 0:
            try:
                erasing = KeptStore.open(folder)
                erasing.erase("account-0001")
                erasing.advance(KEEP_S + 5)
            finally:
                os._exit(0)
        time.sleep(0.004 * number)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        reopened = KeptStore.open(folder)
        gone = reopened.rows("SELECT count(*) FROM crops WHERE person = 'visit-0001'") == [(0,)]
        assert reopened.rows("SELECT * FROM erasures") == []
        reopened.close()
        assert verify(folder / "audit.jsonl") == []
        assert not gone or residue(folder, traces) == []
