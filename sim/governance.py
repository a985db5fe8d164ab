"""Questions to a policy's store, the subject access page and the transparency report, from the files of a run."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

from sim.errors import BadInput
from sim.policy_store import judged_policies, known_account, open_policy_store
from sim.report.access_page import access_html
from sim.report.wording import count
from sim.run_folder import RunFolder
from store.privacy.governance.access import AccessReport, access_report
from store.privacy.governance.disclosures import DisclosureReport, disclosure_report
from store.privacy.governance.queries import Answer, QueryDesk, Request, Subject, Ticket
from store.privacy.policy import JUSTIFICATIONS, Justification


def ask(
    run: Path,
    policy: str,
    purpose: str,
    who: str,
    person: str | None,
    track: int | None,
    justification: str,
    approver: str | None,
) -> tuple[str, bool]:
    """Asks and runs one query; one line with the answer or the refusal, and whether it was granted.

    Raises:
        BadInput: no such account, nobody or two people named, or a run that is not finished.
    """
    folder = RunFolder(run)
    if (person is None) == (track is None):
        found = "neither" if person is None else f"--person {person} and --track {track}"
        raise BadInput("command line", "--person", found, "either --person ACCOUNT or --track N")
    if person is not None:
        known_account(folder, person, "--person")
    subject = Subject(account=person, track=track)
    kind, reference = parsed_justification(justification)
    with open_policy_store(folder, policy) as (rules, store):
        desk = QueryDesk(rules, store)
        ticket = desk.ask(Request(purpose, who, subject, kind, reference, approver))
        answer = desk.run(ticket.number) if ticket.granted else None
        return _line(subject, who, purpose, ticket, answer), ticket.granted


def parsed_justification(text: str) -> tuple[Justification, str]:
    """`warrant: 26-1042` as its kind and its words; words without a kind are `stated`, no words are `none`."""
    before, colon, after = text.partition(":")
    for kind in JUSTIFICATIONS:
        if colon and before.strip().casefold() == kind:
            return kind, after.strip()
    return ("stated", text.strip()) if text.strip() else ("none", "")


def _line(subject: Subject, who: str, purpose: str, ticket: Ticket, answer: Answer | None) -> str:
    if answer is None:
        return f"refused (request {ticket.number}): {ticket.refusal}"
    kinds = ((table.replace("_", " ").removesuffix("s"), number) for table, number in answer.counts.items())
    listed = ", ".join(count(number, kind) for kind, number in kinds)
    total = count(sum(answer.counts.values()), "record")
    held = f"{total} about {subject.name}: {listed}" if listed else f"no records about {subject.name}"
    return f"granted (request {ticket.number}): {held}; to {who} for {purpose!r}"


def access_reports(run: RunFolder, account: str, policies: Sequence[str] | None) -> list[AccessReport]:
    """What the store of each policy would show the account's holder."""
    known_account(run, account)
    reports = []
    for name in judged_policies(run, policies):
        with open_policy_store(run, name) as (policy, store):
            reports.append(access_report(policy, store, account))
    return reports


def write_access(run: Path, account: str, policies: Sequence[str] | None, out: Path | None) -> Path:
    """Writes the subject access page and returns where it is."""
    folder = RunFolder(run)
    page = access_html(folder, account, access_reports(folder, account, policies))
    path = out or folder.path / f"access-{re.sub(r'[^A-Za-z0-9._-]+', '_', account)}.html"
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise BadInput("command line", "--out", str(path), f"a file that can be written ({error.strerror})") from error
    return path


def print_disclosures(run: Path, policies: Sequence[str] | None) -> None:
    """Prints the transparency report of each policy, and the totals of the log beside it."""
    folder = RunFolder(run)
    reports = []
    for name in judged_policies(folder, policies):
        with open_policy_store(folder, name) as (policy, store):
            reports.append(disclosure_report(policy.name, store))
    console = Console()
    table = disclosure_table(reports)
    if table.row_count:
        console.print(table)
    for report in reports:
        console.print(_closing(report), highlight=False)


def disclosure_table(reports: Sequence[DisclosureReport]) -> Table:
    """One row for each policy, month, recipient, kind and purpose."""
    table = Table(title="Records that left the store", title_style="bold", title_justify="left")
    for column in ("policy", "month", "recipient", "kind", "purpose", "records", "people"):
        justify: Literal["left", "right"] = "right" if column in ("month", "records", "people") else "left"
        table.add_column(column, justify=justify, overflow="fold")
    for report in reports:
        for line in report.lines:
            kind = line.kind.replace("_", " ")
            counted = (f"{line.records:,}", f"{line.people:,}")
            table.add_row(report.policy, str(line.month), line.recipient, kind, line.purpose or "-", *counted)
    return table


def _closing(report: DisclosureReport) -> str:
    if not report.logged:
        return f"{report.policy}: nothing left the store."
    told = ", ".join(f"{number:,} to {recipient}" for recipient, number in sorted(report.logged.items()))
    gone = f"; the list of {report.deleted:,} of them is deleted" if report.deleted > 0 else ""
    return f"{report.policy}: by its log {told}{gone}."
