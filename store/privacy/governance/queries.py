"""The desk through which every question to a policy's store goes: purpose, asker, justification, approver, expiry."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from store.privacy.governance.records import (
    PERSONAL_TABLES,
    Row,
    about,
    persons_of_account,
    persons_of_track,
    showing,
    stays,
)
from store.privacy.keeping.kept_store import KeptStore, Record
from store.privacy.policy import JUSTIFICATIONS, Justification, Policy, Purpose

OWN_RECORDS = Purpose(
    purpose="see my own records",
    who="the person",
    justification="that it is them",
    needs="none",
    approver=None,
)
"""What a policy that promises subject access also allows."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom a question is about: the holder of an account, or whoever left a floor track. Exactly one is given."""

    account: str | None = None
    track: int | None = None

    def __post_init__(self) -> None:
        """Refuse nobody and both."""
        if (self.account is None) == (self.track is None):
            raise ValueError(f"subject: found account {self.account!r} and track {self.track!r}, allowed: one of them")

    @property
    def name(self) -> str:
        """As the store's records name them: the account, or `track-N`."""
        return self.account if self.account is not None else f"track-{self.track}"

    def known_as(self, store: KeptStore) -> str:
        """The name under which a question about them is filed: a track's visit where the store knows one."""
        visits = [person for person in self.persons(store) if person != self.name] if self.track is not None else []
        return visits[0] if visits else self.name

    def persons(self, store: KeptStore) -> list[str]:
        """The names under which the store holds records about them."""
        if self.account is not None:
            return persons_of_account(store, self.account)
        return persons_of_track(store, int(self.track or 0))


@dataclass(frozen=True, slots=True)
class Request:
    """A question as it is asked: what for, by whom, about whom, what is shown for it and who has approved it."""

    purpose: str
    who: str
    subject: Subject
    justification: Justification = "none"
    reference: str = ""
    approver: str | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the desk said: a random number, and until when (clock seconds) it may be run, or why it is refused."""

    number: str
    valid_until: float | None
    refusal: str | None

    @property
    def granted(self) -> bool:
        """Whether the question may be run."""
        return self.refusal is None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a granted question brought: rows by table, or why it was refused after all."""

    number: str
    rows: Mapping[str, Sequence[Row]]
    refusal: str | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Records by table, without empty tables."""
        return {table: len(rows) for table, rows in self.rows.items() if rows}


def purposes_of(policy: Policy) -> tuple[Purpose, ...]:
    """The policy's purposes, and people's access to their own records where it is promised."""
    return (*policy.purposes, *((OWN_RECORDS,) if policy.promises.subject_access else ()))


def find_purpose(policy: Policy, purpose: str, who: str) -> Purpose | None:
    """The purpose of that name that is open to that asker."""
    fits = (row for row in purposes_of(policy) if _same(row.purpose, purpose) and _same(row.who, who))
    return next(fits, None)


def refusal(policy: Policy, request: Request) -> str | None:
    """Why a policy refuses a question, in words; None where it grants it. Touches no record."""
    rule = find_purpose(policy, request.purpose, request.who)
    if rule is None:
        return _unknown(policy, request)
    if JUSTIFICATIONS.index(request.justification) < JUSTIFICATIONS.index(rule.needs):
        return f"{rule.purpose!r} needs {rule.justification} ({rule.needs}); shown: {request.justification}"
    if rule.needs != "none" and not request.reference.strip():
        return f"{rule.purpose!r} needs {rule.justification} in writing; nothing was written"
    if rule.approver is not None and not _same(request.approver or "", rule.approver):
        return f"{rule.purpose!r} needs the approval of {rule.approver}; approved by: {request.approver or 'nobody'}"
    if not readable(rule):
        return f"{rule.purpose!r} reads no records about people"
    return None


def readable(rule: Purpose) -> tuple[str, ...]:
    """Tables about people from which a purpose is answered, recordings of the whole store among them."""
    return tuple(table for table in ("frames", *PERSONAL_TABLES) if rule.reads is None or table in rule.reads)


def _unknown(policy: Policy, request: Request) -> str:
    open_to = sorted({row.who for row in purposes_of(policy) if _same(row.purpose, request.purpose)})
    if open_to:
        return f"{request.purpose!r} is open to {', '.join(open_to)}, not to {request.who}"
    own = sorted({row.purpose for row in purposes_of(policy) if _same(row.who, request.who)})
    may = ", ".join(map(repr, own)) or "nothing"
    return f"{request.purpose!r} is no purpose of {policy.name}; {request.who} may ask for: {may}"


def _same(one: str, other: str) -> bool:
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()


@dataclass(frozen=True, slots=True)
class QueryDesk:
    """Asks and answers under one policy; every step is in the audit log, under random numbers and without names."""

    policy: Policy
    store: KeptStore

    def ask(self, request: Request) -> Ticket:
        """Grant or refuse a question. Its text goes to the table `queries`, which has a deadline; the log gets none."""
        rule = find_purpose(self.policy, request.purpose, request.who)
        reason = refusal(self.policy, request)
        number = secrets.token_hex(8)
        until = self.store.clock + rule.expires_seconds if rule is not None and reason is None else None
        asked = (rule.purpose, rule.who) if rule is not None else (request.purpose, request.who)
        shown = (request.justification, request.reference, request.approver or "", reason or "", until)
        values = (request.subject.track, number, *asked, *shown)
        record = Record(request.subject.known_as(self.store), self.store.clock, 0.0, values)
        self.store.collect("queries", [record], self.policy.keep_queries_seconds)
        # Only what the policy file itself says may stand in the log: an asker's own words could name a person.
        detail = {"purpose": rule.purpose, "who": rule.who} if rule is not None else {}
        action = "ask" if reason is None else "refuse"
        self.store.audit.append(self.store.clock, action, request=number, justification=request.justification, **detail)
        return Ticket(number, until, reason)

    def run(self, number: str) -> Answer:
        """Answer a granted question from the tables that its purpose reads; once expired it is refused."""
        found = self.store.rows(
            "SELECT person, track, purpose, who, refusal, valid_until FROM queries WHERE number = ?", (number,)
        )
        if not found:
            return self._refused(number, "no such request, or its text has been deleted")
        name, track, purpose, who, refused, until = found[0]
        if refused:
            return self._refused(number, str(refused))
        if not isinstance(until, float) or self.store.clock > until:
            return self._refused(number, f"expired: it could be run until {until!r} s, it is {self.store.clock!r} s")
        rule = find_purpose(self.policy, str(purpose), str(who))
        if rule is None:
            return self._refused(number, "the policy no longer has this purpose")
        subject = Subject(track=track) if isinstance(track, int) else Subject(account=str(name))
        answer = Answer(number, self._rows(subject, readable(rule)))
        self.store.audit.append(self.store.clock, "answer", request=number, records=answer.counts)
        if rule.leaves:
            self._disclose(rule, subject, answer)
        return answer

    def _rows(self, subject: Subject, tables: Sequence[str]) -> dict[str, list[Row]]:
        persons = subject.persons(self.store)
        found = about(self.store, persons, [table for table in tables if table != "frames"])
        if "frames" in tables:
            # No name is on a recording: it is found by when the other records say that somebody was there.
            found["frames"] = showing(self.store, stays(self.store, persons).values())
        return found

    def _refused(self, number: str, reason: str) -> Answer:
        self.store.audit.append(self.store.clock, "refuse", request=number)
        return Answer(number, {}, reason)

    def _disclose(self, rule: Purpose, subject: Subject, answer: Answer) -> None:
        """One record for each row that left, about its person; of recordings, about the person asked for."""
        asked_for = subject.known_as(self.store)
        told = [
            Record(str(row["person"] or asked_for), self.store.clock, 0.0, (rule.who, table, rule.purpose))
            for table, rows in answer.rows.items()
            for row in rows
        ]
        if told:
            self.store.collect("disclosures", told, self.policy.keep_queries_seconds)
