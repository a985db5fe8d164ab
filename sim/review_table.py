"""`aisle review`: the curve of accuracy against review rate and receipt delay on the terminal, and as JSON."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sim.errors import BadInput
from sim.people_after import ReviewDesk
from sim.review_curve import Point, as_row, best_within, desk_of, review_curve
from sim.run_folder import RunFolder, write_json

SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0)
"""Shares of visits reviewed, at most, that the table shows; the JSON file has every point."""

BAR = 24


def print_review(folders: Sequence[Path], json: Path | None, reviewers: int | None) -> None:
    """Prints the curve over all these runs; with `reviewers`, as if so many worked at once.

    Raises:
        BadInput: no runs.
    """
    if not folders:
        raise BadInput("command line", "RUNS", "nothing", "run folders")
    runs = [RunFolder(folder) for folder in folders]
    desk = desk_of(runs[0])
    if reviewers is not None:
        desk = ReviewDesk.model_validate(desk.model_dump() | {"reviewers": reviewers})
    curve = review_curve(runs, desk)
    console = Console()
    console.print(review_table(curve, desk, len(runs)))
    if json is not None:
        content = {
            "runs": [str(folder) for folder in folders],
            "desk": desk.model_dump(mode="json"),
            "curve": [as_row(point) for point in curve],
        }
        write_json(json, content)
        console.print(f"JSON: {json}", highlight=False)


def review_table(curve: Sequence[Point], desk: ReviewDesk, runs: int) -> Table:
    """The curve's points that review at most the shares of SHARES, each point once."""
    title = (
        f"Review: {desk.reviewers} at once, {desk.work_s:g} s a receipt (median), misses {desk.misses:.0%}, "
        f"spoils {desk.spoils:.0%}; {runs} run{'s' if runs > 1 else ''}"
    )
    table = Table(title=title, title_style="bold", title_justify="left")
    for column in (
        "reviewed", "below", "exact", "95 % interval", "", "over c", "under c", "mean delay s", "95 % within", "cost c",
    ):  # fmt: skip
        table.add_column(column, justify="left" if column == "" else "right")
    shown = dict.fromkeys(best_within(curve, share) for share in SHARES)
    worst = min(point.exact_rate for point in shown)
    for point in shown:
        table.add_row(
            f"{point.reviewed:.1%}", f"{point.threshold:.3f}", f"{point.exact_rate:.4f}",
            f"{point.exact_low:.3f} to {point.exact_high:.3f}", _bar(point.exact_rate, worst),
            f"{point.overcharged_cents:.0f}", f"{point.undercharged_cents:.0f}",
            f"{point.delay_mean_s:.1f}", f"{point.delay_95_s:.1f}", f"{point.cost_cents:.0f}",
        )  # fmt: skip
    table.caption = "over, under and cost in cents per 1,000 visits; delay from leaving to the final receipt"
    return table


def _bar(value: float, worst: float) -> str:
    span = 1 - worst
    filled = round(BAR * (value - worst) / span) if span > 0 else BAR
    return "█" * filled + "░" * (BAR - filled)
