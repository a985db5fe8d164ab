"""The receipt: what a visit is billed, and the evidence behind every line."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Evidence:
    """One weight change behind a receipt: time (seconds), plates, product, quantity (+ taken, - put back).

    `probability` is the belief at billing that this visit did exactly this.
    """

    change: str
    t: float
    plates: tuple[str, ...]
    product: str
    quantity: int
    probability: float


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one visit was billed.

    Args:
        visit: id of the visit; one receipt a visit.
        account: who pays.
        lines: product id to number of items, none of them 0.
        cents: total in integer cents at the prices of the day.
        confidence: probability that every line is right, by the store's own model.
        flagged: whether a person should review it.
        opened, closed: first scan in and last member out, seconds from opening.
        people: members of the party.
        evidence: weight changes that led to it, in order of time.
        issued: when the receipt was written, seconds from opening.
    """

    visit: str
    account: str
    lines: Mapping[str, int]
    cents: int
    confidence: float
    flagged: bool
    opened: float
    closed: float
    people: int = 1
    evidence: tuple[Evidence, ...] = field(default=())
    issued: float = 0.0
