"""`aisle erase` and `aisle audit` on a run's folders."""

import sys
from pathlib import Path

import numpy as np
import pytest

from sim.cli import main
from sim.erasing import audit, write_witness
from sim.errors import BadInput
from sim.run_folder import RunFolder
from store.privacy.governance.audit import AuditLog
from store.privacy.keeping.kept_store import KeptStore, Record


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of two policies, one of which promises erasure; only the files that erasing and auditing read."""
    folder = tmp_path / "run"
    for policy in ("app-entry", "checkout"):
        store = KeptStore.create(folder / "policies" / policy)
        for number in (1, 2):
            name = f"visit-{number}"
            store.link(name, f"account-{number}", 1000.0, 5.0, 9.0)
            picture = np.random.default_rng(number).bytes(500)
            store.collect("crops", [Record(name, 5.0, 1.0, (number, "cam", 0, picture))], 900.0)
        store.close()
    (folder / "run.json").write_text(
        '{"scenario": "made-up", "seed": 1, "status": "finished", "policies": ["app-entry", "checkout"]}'
    )
    write_witness(folder, ["app-entry", "checkout"])
    return folder


def call(monkeypatch: pytest.MonkeyPatch, *words: object) -> int:
    monkeypatch.setattr(sys, "argv", ["aisle", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def test_erasing_prints_what_went_and_what_stays_and_the_log_still_holds(run, monkeypatch, capsys) -> None:
    assert call(monkeypatch, "erase", run, "account-1", "--policy", "app-entry") == 0
    printed = " ".join(capsys.readouterr().out.split())
    for words in ("nothing left", "the simulation's record", "Out of reach: nothing"):
        assert words in printed
    content = (run / "policies" / "app-entry" / "kept.sqlite").read_bytes()
    assert b"account-1" not in content
    assert b"account-2" in content
    assert call(monkeypatch, "audit", run) == 0
    assert call(monkeypatch, "erase", run, "account-1", "--policy", "app-entry") == 2
    error = capsys.readouterr().err
    assert "account-2" in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(("policy", "allowed"), [("checkout", "app-entry"), ("no-such-policy", "one of")])
def test_only_a_policy_that_promises_erasure_erases(policy, allowed, run, monkeypatch, capsys) -> None:
    assert call(monkeypatch, "erase", run, "account-1", "--policy", policy) == 2
    assert allowed in capsys.readouterr().err


def test_a_changed_log_ends_the_audit_with_one_line_and_exit_code_1(run, monkeypatch, capsys) -> None:
    log = run / "policies" / "checkout" / "audit.jsonl"
    log.write_text(log.read_text().replace('"records": 1', '"records": 0', 1))
    assert call(monkeypatch, "audit", run) == 1
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert "checkout" in captured.err
    assert "chain holds" in captured.out
    assert call(monkeypatch, "audit", run, "--policy", "app-entry") == 0


def test_a_log_that_was_written_anew_is_found_out_by_the_runs_witness(run) -> None:
    folder = run / "policies" / "checkout"
    for name in ("audit.jsonl", "audit.head"):
        (folder / name).unlink()
    for number in range(5):
        AuditLog(folder / "audit.jsonl").append(0.0, "collect", kind="crops", records=number)
    checks = {check.policy: check for check in audit(RunFolder(run))}
    assert checks["app-entry"].problems == ()
    assert checks["checkout"].problems == ("the first 2 entries are not those that the witness saw",)


def test_a_policy_that_was_not_applied_and_a_corrupt_witness_are_bad_input(run) -> None:
    with pytest.raises(BadInput, match="app-entry, checkout"):
        audit(RunFolder(run), "blurred")
    (run / "witness.json").write_text('{"checkout": "no witness"}')
    with pytest.raises(BadInput, match="COUNT:HASH"):
        audit(RunFolder(run))
