"""Opens what a policy's store kept of a run, for questions, subject access and transparency reports."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sim.errors import BadInput
from sim.judge import judge
from sim.run_folder import RunFolder
from store.privacy.catalogue import load_policy
from store.privacy.governance.audit import AuditLog
from store.privacy.keeping.kept_store import KeptStore
from store.privacy.policy import Policy


@contextmanager
def open_policy_store(run: RunFolder, name: str) -> Iterator[tuple[Policy, KeptStore]]:
    """A policy, by name or file, and its store of a run at the time of the last entry in its log.

    A policy under which the run was not yet judged is applied first.

    Raises:
        BadInput: the run is not finished.
        PolicyError: an unknown or invalid policy.
    """
    policy = load_policy(name)
    folder = run.path / "policies" / policy.name
    if not (folder / "kept.sqlite").is_file():
        if not run.has_summary:
            raise BadInput(run.path, "status", run.state, "a finished run")
        judge(run, [name])
    times = [float(str(entry["t"])) for entry in AuditLog(folder / "audit.jsonl").entries()]
    store = KeptStore.open(folder, max(times, default=0.0))
    try:
        yield policy, store
    finally:
        store.close()


def accounts_of(run: RunFolder) -> list[str]:
    """Accounts that have a receipt on any day of the run, sorted."""
    return sorted({receipt.account for day in run.days() for receipt in day.receipts()})


def known_account(run: RunFolder, account: str, field: str = "ACCOUNT") -> str:
    """The account as given; BadInput with the run's accounts where nobody has it."""
    accounts = accounts_of(run)
    if account not in accounts:
        shown = ", ".join(accounts[:20]) + (f" and {len(accounts) - 20} more" if len(accounts) > 20 else "")
        raise BadInput(run.path, field, account, f"one of: {shown or 'none, as nobody was billed'}")
    return account


def judged_policies(run: RunFolder, named: Sequence[str] | None) -> list[str]:
    """The policies named, or those under which the run was judged, in order."""
    if named:
        return list(named)
    return list(run.summary.policies if run.has_summary else run.manifest.policies)
