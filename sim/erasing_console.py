"""What `aisle erase` and `aisle audit` print."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from sim.erasing import RECORD, AuditCheck
from store.privacy.keeping.erasure import Erasure


def print_erasure(account: str, policy: str, erasure: Erasure) -> None:
    """What was deleted, what the byte search found, and what nobody here can reach."""
    console = Console(highlight=False)
    console.print(f"[bold]{account} erased from {policy}[/bold]")
    table = Table()
    table.add_column("records of")
    table.add_column("deleted", justify="right")
    for kind, count in erasure.deleted.items():
        table.add_row(kind.replace("_", " "), str(count))
    console.print(table)
    files = f"{erasure.files} files for {erasure.searched} names and pieces of pictures and vectors"
    console.print(f"Byte search of {files}: {'nothing left' if not erasure.left else 'FOUND'}")
    for line in erasure.left:
        console.print(f"  {line}", markup=False)
    for (recipient, kind), count in erasure.outside.items():
        copies = f"{count} {kind.replace('_', ' ')} sent earlier"
        console.print(f"Out of reach: {recipient} holds copies ({copies}); tell them", markup=False)
    for recipient in erasure.others_outside:
        console.print(f"Perhaps out of reach: {recipient} was sent records; no list by person is left", markup=False)
    if not erasure.outside and not erasure.others_outside:
        console.print("Out of reach: nothing; no record left this store")
    console.print(RECORD)
    console.print(f"Audit log now: {erasure.log}", soft_wrap=True)


def print_audit(checks: Sequence[AuditCheck]) -> None:
    """One line a policy."""
    table = Table(title="Audit logs", title_justify="left", title_style="bold")
    for column in ("policy", "entries", "witnessed", "verdict"):
        table.add_column(column, justify="right" if column in ("entries", "witnessed") else "left")
    for check in checks:
        verdict = f"[red]tampered with: {len(check.problems)}[/red]" if check.problems else "chain holds"
        table.add_row(check.policy, str(check.entries), str(check.witnessed), verdict)
    Console().print(table)
