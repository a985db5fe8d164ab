"""Erases a shopper from the store of one policy of a finished run, and checks the audit logs of a run."""

from dataclasses import dataclass
from pathlib import Path

from sim.errors import BadInput
from sim.run_folder import RunFolder, read_object, write_json
from store.privacy.catalogue import load_policy
from store.privacy.governance.audit import Witness, verify
from store.privacy.keeping.erasure import Erasure, erase_person
from store.privacy.policy import Policy

WITNESS = "witness.json"
"""Heads of the audit logs of a run's policies, outside the folders of their stores."""
RECORD = (
    "The run's own files (truth/, tracks/, events, store.sqlite, video/) are the simulation's record of the day, not "
    "this policy's store, and stay as they are."
)


@dataclass(frozen=True, slots=True)
class AuditCheck:
    """One policy's log: how many entries were witnessed when the policy was applied (0: none), and what is wrong."""

    policy: str
    entries: int
    witnessed: int
    problems: tuple[str, ...]


def erase(run: RunFolder, account: str, policy: str) -> Erasure:
    """Erase an account (or one visit) from the store of a policy.

    Raises:
        BadInput: the policy was not applied to the run, promises no erasure, or knows no such account.
    """
    promised = load_policy(_as_named(run, policy))
    if not promised.promises.erasure_reports:
        raise BadInput("command line", "--policy", policy, f"one that promises erasure: {_promising(run)}")
    return erase_person(run.path / "policies" / promised.name, account)


def write_witness(run: Path, policies: list[str]) -> None:
    """Write down, outside the stores, how the audit logs of these policies stand."""
    path = run / WITNESS
    known = read_object(path) if path.is_file() else {}
    heads = {}
    for name in policies:
        head = run / "policies" / name / "audit.head"
        if head.is_file():
            count, digest = head.read_text(encoding="ascii").split()
            heads[name] = str(Witness(int(count), digest))
    write_json(path, known | heads)


def audit(run: RunFolder, policy: str | None = None) -> list[AuditCheck]:
    """Verify the audit logs of a run's policies, each against its witness.

    Raises:
        BadInput: no such policy was applied to the run, or the witness file is corrupt.
    """
    folders = {path.parent.name: path for path in sorted((run.path / "policies").glob("*/kept.sqlite"))}
    if policy is not None and policy not in folders:
        raise BadInput("command line", "--policy", policy, f"one of: {', '.join(folders) or 'none was applied'}")
    seen = _witnesses(run.path / WITNESS)
    return [_check(run, name, seen.get(name)) for name in ([policy] if policy else folders)]


def _check(run: RunFolder, name: str, witnessed: Witness | None) -> AuditCheck:
    path = run.path / "policies" / name / "audit.jsonl"
    entries = path.read_bytes().count(b"\n") if path.is_file() else 0
    return AuditCheck(name, entries, witnessed.count if witnessed else 0, tuple(verify(path, witnessed)))


def _witnesses(path: Path) -> dict[str, Witness]:
    seen = {}
    for name, text in (read_object(path) if path.is_file() else {}).items():
        try:
            seen[name] = Witness.parse(str(text))
        except ValueError as error:
            raise BadInput(path, name, text, "COUNT:HASH, as applying the policy wrote it") from error
    return seen


def _as_named(run: RunFolder, policy: str) -> str:
    """The name or file by which a policy of the run is loaded."""
    files = {Path(name).stem: name for name in run.manifest.policies}
    return files.get(policy, policy)


def _promising(run: RunFolder) -> str:
    applied = (path.parent.name for path in (run.path / "policies").glob("*/kept.sqlite"))
    policies: list[Policy] = [load_policy(_as_named(run, name)) for name in applied]
    return ", ".join(sorted(row.name for row in policies if row.promises.erasure_reports)) or "none of this run"
