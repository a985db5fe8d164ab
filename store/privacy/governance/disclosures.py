"""The transparency report: what left a store, to whom, for which purpose, about how many people, month by month."""

from dataclasses import dataclass

from store.privacy.keeping.kept_store import KeptStore
from store.privacy.policy import DAY_S

MONTH_S = 30 * DAY_S
"""A month of the simulated clock, which knows no calendar."""


@dataclass(frozen=True, slots=True)
class DisclosureLine:
    """Records of one kind that went to one recipient for one purpose in one month (1 is the first)."""

    month: int
    recipient: str
    kind: str
    purpose: str
    records: int
    people: int


@dataclass(frozen=True, slots=True)
class DisclosureReport:
    """All lines that the store can still list, and what its log says of those whose list has been deleted.

    `logged`: records handed over in the whole period, by recipient; the log outlives the list.
    """

    policy: str
    lines: tuple[DisclosureLine, ...]
    logged: dict[str, int]

    @property
    def records(self) -> int:
        """Records listed."""
        return sum(line.records for line in self.lines)

    @property
    def deleted(self) -> int:
        """Records handed over whose listing has expired or was erased."""
        return sum(self.logged.values()) - self.records


def disclosure_report(policy: str, store: KeptStore) -> DisclosureReport:
    """The report of one policy's store as it stands. `people` counts persons as the store tells them apart."""
    rows = store.rows(
        "SELECT CAST(t / ? AS INTEGER) + 1, recipient, kind, purpose, count(*), count(DISTINCT person)"
        " FROM disclosures GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
        (MONTH_S,),
    )
    lines = tuple(
        DisclosureLine(int(str(month)), str(to), str(kind), str(purpose), int(str(records)), int(str(people)))
        for month, to, kind, purpose, records, people in rows
    )
    logged: dict[str, int] = {}
    for detail in store.made("disclosures"):
        if detail["records"]:
            # One collection goes to one recipient: a search, a sharing rule or an answer has no second one.
            recipient = ", ".join(detail["recipients"])
            logged[recipient] = logged.get(recipient, 0) + int(detail["records"])
    return DisclosureReport(policy, lines, logged)
