"""Requests that any store may get, and what a policy's desk would say to each."""

from collections.abc import Callable
from dataclasses import dataclass

from store.privacy.governance.queries import Request, Subject, purposes_of, readable, refusal
from store.privacy.policy import Justification, Policy, Purpose

OTHERS = ("police", "marketing", "researcher", "the person", "billing")
"""Askers with a request of their own below, and the program that bills; all others whom a policy names work there."""
SOMEBODY = Subject(account="somebody")


@dataclass(frozen=True, slots=True)
class TypicalRequest:
    """Somebody who wants one named visitor's records: who, what they can show, and whether a second person agrees."""

    title: str
    fits: Callable[[str], bool]
    justification: Justification
    reference: str = ""
    seconded: bool = False


def _is(who: str) -> Callable[[str], bool]:
    return lambda asker: asker.casefold() == who


BATTERY = (
    TypicalRequest("marketing, for advertising", _is("marketing"), "none"),
    TypicalRequest("police without suspicion", _is("police"), "none"),
    TypicalRequest("police with suspicion", _is("police"), "suspicion", "noted beforehand", seconded=True),
    TypicalRequest("police with a warrant", _is("police"), "warrant", "a judge's order", seconded=True),
    TypicalRequest(
        "an employee who stalks, with an invented reason",
        lambda asker: asker.casefold() not in OTHERS,
        "stated",
        "invented",
    ),
    TypicalRequest("a researcher", _is("researcher"), "stated", "a study", seconded=True),
)
"""Requests of others about one visitor."""
OWN = TypicalRequest("the person themself", _is("the person"), "stated", "an identity card")


def granting(policy: Policy, typical: TypicalRequest) -> Purpose | None:
    """A purpose under which the policy's desk grants a typical request, the one that reads most; None: refused."""
    open_to = [rule for rule in purposes_of(policy) if typical.fits(rule.who) and _grants(policy, rule, typical)]
    return max(open_to, key=lambda rule: len(readable(rule)), default=None)


def _grants(policy: Policy, rule: Purpose, typical: TypicalRequest) -> bool:
    approver = rule.approver if typical.seconded else None
    request = Request(rule.purpose, rule.who, SOMEBODY, typical.justification, typical.reference, approver)
    return refusal(policy, request) is None
