"""Receipts on the terminal: where the money went wrong, by label of visit, and whether probabilities hold."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from sim.evaluate import visits_of
from sim.run_folder import RunFolder
from sim.statements import calibration_of
from store.scoring import UNLABELLED, ScoredVisit, figures_by_label, receipt_figures

CAUSES = {
    "wrong_person": "on another's bill",
    "wrong_item": "another product",
    "phantom_item": "nobody took it",
    "missed_item": "on no bill",
}
"""Causes of wrong money in words; what was charged too much is on another's bill, what too little is of another."""

STATED = {"attribution": "who moved something", "lines": "who moved what, as billed", "receipts": "every line is right"}
"""What the store states probabilities of."""


def print_receipt_figures(runs: Sequence[RunFolder]) -> None:
    """Prints money by cause, figures by label where visits have any, and the calibration, over all runs together."""
    console = Console()
    visits = visits_of(runs)
    console.print(money_table(visits))
    labels = figures_by_label(visits)
    if set(labels) - {UNLABELLED}:
        console.print(label_table(labels))
    console.print(calibration_table(calibration_of(runs)))


def money_table(visits: Sequence[ScoredVisit]) -> Table:
    """Money charged too much and too little by cause, and per 1,000 visits with 95 % intervals."""
    figures = receipt_figures(visits)
    rates = figures["per_1000_visits"]
    table = _table(f"Money over {figures['count']} visits", "", "cents", "per 1,000 visits", "95 % interval")
    for side, words, total in (("over", "too much", "overcharged"), ("under", "too little", "undercharged")):
        table.add_row(f"charged {words}", str(figures[f"{total}_cents"]), *_rate(rates[f"{total}_cents"]))
        for cause, cents in figures["money"][side].items():
            table.add_row(f"  {CAUSES[cause]}", str(cents), *_rate(rates[f"{side}_{cause}_cents"]))
        table.add_row(f"  visits charged {words}", "", *_rate(rates[total]))
    table.add_row("visits with an inexact receipt", "", *_rate(rates["inexact"]))
    return table


def label_table(labels: Mapping[str, Mapping[str, Any]]) -> Table:
    """Receipt figures of the visits of each label."""
    columns = ("visits", "exact", "95 % interval", "item F1", "reviewed", "over c per 1,000", "under c per 1,000")
    table = _table("Receipts by label of visit", "label", *columns)
    for label, figures in labels.items():
        rates = figures["per_1000_visits"]
        low, high = (
            None if rates["inexact"][end] is None else 1 - rates["inexact"][end] / 1000 for end in ("high", "low")
        )
        table.add_row(
            label, str(figures["count"]), f"{figures['exact_rate']:.3f}",
            "" if low is None or high is None else f"{low:.3f} to {high:.3f}",
            f"{figures['item_f1']:.3f}", str(figures["reviewed"]),
            _rate(rates["overcharged_cents"])[0], _rate(rates["undercharged_cents"])[0],
        )  # fmt: skip
    return table


def calibration_table(calibration: Mapping[str, Any]) -> Table:
    """The expected calibration error of each kind of statement, and the bins of its reliability diagram."""
    table = _table("Do probabilities hold? (bins: stated, right, number)", "that", "n", "ECE", "by chance", "bins")
    for name, words in STATED.items():
        block = calibration[name]
        if not block["n"]:
            table.add_row(words, "0", "", "", "")
            continue
        bins = (f"{one['mean_stated']:.2f}: {one['share_right']:.2f} ({one['n']})" for one in block["bins"])
        chance = f"{block['ece_if_right']:.3f}, 95 % up to {block['ece_if_right_95']:.3f}"
        table.add_row(words, str(block["n"]), f"{block['ece']:.3f}", chance, "  ".join(bins))
    if calibration["fitted_on"]:
        table.caption = "temperatures were fitted on " + ", ".join(calibration["fitted_on"])
    return table


def _table(title: str, first: str, *columns: str) -> Table:
    table = Table(title=title, title_style="bold", title_justify="left")
    table.add_column(first)
    for column in columns:
        table.add_column(column, justify="left" if column == "bins" else "right")
    return table


def _rate(rate: Mapping[str, float | None]) -> tuple[str, str]:
    value, low, high = rate["value"], rate["low"], rate["high"]
    return (
        "" if value is None else f"{value:.0f}",
        "" if low is None or high is None else f"{low:.0f} to {high:.0f}",
    )
