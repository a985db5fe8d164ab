"""The days of a run of several, one line each."""

from dataclasses import dataclass

from sim.report.wording import count, money, share
from sim.run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class DayLine:
    """One day: a link to its own report, and in words who came, how they were billed and how they were followed."""

    title: str
    link: str
    people: str
    exact: str
    money: str
    idf1: str


def day_lines(run: RunFolder) -> list[DayLine]:
    """Lines of the days that have figures; none for a run of one day."""
    return [_line(day) for day in run.days() if day.has_summary] if run.manifest.days > 1 else []


def _line(day: RunFolder) -> DayLine:
    summary = day.summary
    receipts = summary.receipts
    return DayLine(
        title=f"Day {day.manifest.day}",
        link=f"days/{day.path.name}/report.html",
        people=count(summary.people, "person", "people"),
        exact=share(receipts["exact_rate"]),
        money=money(receipts["overcharged_cents"] + receipts["undercharged_cents"]),
        idf1=f"{summary.tracking['idf1']:.2f}",
    )
