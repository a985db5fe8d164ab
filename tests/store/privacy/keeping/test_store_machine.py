"""Any sequence of visits, collections, clock steps, erasures, accesses, crashes and reopenings keeps the promises."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from store.privacy.governance.audit import verify
from store.privacy.keeping.kept_store import COLUMNS, KeptStore, Record
from store.privacy.keeping.residue import Traces, residue

NAMED = tuple(table for table in COLUMNS if table not in ("frames", "counts", "heat_maps"))
ACCOUNTS = st.integers(0, 3)


@dataclass(frozen=True)
class Kept:
    """What the model remembers of one record."""

    table: str
    person: str | None
    t: float
    until: float
    expires: float


def _values(table: str, number: int) -> tuple[object, ...]:
    rng = np.random.default_rng(number)
    fill = {"TEXT": f"text {number % 3}", "INTEGER": number, "REAL": float(number), "BLOB": rng.bytes(300)}
    return tuple(fill[column.split()[1]] for column in COLUMNS[table])


class Store(RuleBasedStateMachine):
    """A store beside a plain model of it: visits by account, and records with their deadlines."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.visits: dict[str, tuple[str, float, float, float]] = {}
        self.records: list[Kept] = []
        self.forgotten: list[Traces] = []
        self.number = 0

    @initialize()
    def opens(self) -> None:
        self.store = KeptStore.create(self.folder / "policy")

    @rule(account=ACCOUNTS, keep=st.floats(1, 500), stay=st.floats(1, 60))
    def comes(self, account: int, keep: float, stay: float) -> None:
        self.number += 1
        visit, now = f"visit-{self.number}-", self.store.clock
        self.store.link(visit, f"account-{account}-", now + keep, now, now + stay)
        self.store.collect("counts", [], 1.0)
        self.visits[visit] = (f"account-{account}-", now + keep, now, now + stay)

    @rule(table=st.sampled_from(NAMED), who=st.integers(0, 20), keep=st.sampled_from([0.0, 5.0, 60.0, 900.0]),
          ago=st.floats(0, 30))  # fmt: skip
    def collects(self, table: str, who: int, keep: float, ago: float) -> None:
        if not self.visits:
            return
        self.number += 1
        visit, t = sorted(self.visits)[who % len(self.visits)], self.store.clock - ago
        self.store.collect(table, [Record(visit, t, 1.0, _values(table, self.number))], keep)
        if keep > 0 and t + keep > self.store.clock:
            self.records.append(Kept(table, visit, t, t + 1.0, t + keep))

    @rule(table=st.sampled_from(["frames", "counts", "heat_maps"]), keep=st.sampled_from([5.0, 60.0, 900.0]))
    def films(self, table: str, keep: float) -> None:
        self.number += 1
        now, values = self.store.clock, _values(table, self.number)
        until = now + 10.0
        if table == "frames":
            values = ("cam", until, 1, 0)
        self.store.collect(table, [Record(None, now, 0.0, values)], keep)
        self.records.append(Kept(table, None, now, until, now + keep))

    @rule(step=st.sampled_from([0.0, 0.5, 5.0, 60.0, 400.0]))
    def time_passes(self, step: float) -> None:
        self.store.advance(self.store.clock + step)
        self._expire()

    @rule(account=ACCOUNTS)
    def asks(self, account: int) -> None:
        name = f"account-{account}-"
        own = {visit for visit, (holder, *_) in self.visits.items() if holder == name}
        held = {table: len(rows) for table, rows in self.store.knows(name).items()}
        expected = {table: sum(row.table == table and row.person in own for row in self.records) for table in COLUMNS}
        assert held == {**expected, "people": len(own)}

    @rule(account=ACCOUNTS, crash=st.booleans())
    def erases(self, account: int, crash: bool) -> None:
        name = f"account-{account}-"
        own = {visit: row for visit, row in self.visits.items() if row[0] == name}
        traces = self.store.traces(name)
        (self.store.folder / "access").mkdir(exist_ok=True)
        (self.store.folder / "access" / "page.html").write_text(f"what we know about {name}")
        if crash:
            # Killed after the erasure was noted, before anything was deleted.
            rows = [(person, "") for person in traces.names]
            self.store._database.executemany("INSERT INTO erasures VALUES (?, ?)", rows)
            self.store._database.commit()
            self.reopens()
        else:
            self.store.erase(name)
        shown = [(came, left) for _, _, came, left in own.values()]
        self.records = [
            row
            for row in self.records
            if row.person not in own
            and not (row.table == "frames" and any(row.t <= end and row.until >= start for start, end in shown))
        ]
        for visit in own:
            del self.visits[visit]
        self.forgotten = [gone for gone in self.forgotten if name not in gone.names] + [traces]

    @rule()
    def reopens(self) -> None:
        """The process dies: whatever was not committed is lost, and the bytes on the disk are all there is."""
        clock = self.store.clock
        copied = self.folder / f"copy-{self.number}"
        shutil.copytree(self.store.folder, copied, dirs_exist_ok=True)
        self.store.close()
        shutil.rmtree(self.store.folder)
        copied.rename(self.folder / "policy")
        self.store = KeptStore.open(self.folder / "policy")
        assert self.store.clock == clock

    def _expire(self) -> None:
        self.records = [row for row in self.records if row.expires > self.store.clock]
        self.visits = {visit: row for visit, row in self.visits.items() if row[1] > self.store.clock}

    @invariant()
    def holds_what_the_model_holds_and_nothing_past_its_deadline(self) -> None:
        if not hasattr(self, "store"):
            return
        for table in COLUMNS:
            found = sorted(self.store.rows(f"SELECT t, expires FROM {table}"))
            assert found == sorted((row.t, row.expires) for row in self.records if row.table == table)
            assert all(float(expires) > self.store.clock for _, expires in found)
        assert {row[0] for row in self.store.rows("SELECT person FROM people")} == set(self.visits)

    @invariant()
    def the_audit_log_verifies(self) -> None:
        if hasattr(self, "store"):
            assert verify(self.store.folder / "audit.jsonl") in ([], ["there is no log"])

    @invariant()
    def nothing_is_left_of_erased_people_who_did_not_come_back(self) -> None:
        here = {name for visit, (account, *_) in self.visits.items() for name in (visit, account)}
        for gone in self.forgotten:
            if not here & set(gone.names):
                assert residue(self.store.folder, gone) == []

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
        shutil.rmtree(self.folder)


Store.TestCase.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)
TestStore = Store.TestCase
