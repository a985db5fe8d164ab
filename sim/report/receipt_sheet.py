"""The report's sheet on receipts: money by cause, by label of visit, whether probabilities hold, what review buys."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from sim.report.receipt_charts import reliability_svg, review_svg
from sim.report.wording import money, plain, share
from sim.run_folder import RunSummary

CAUSES = {
    "over_wrong_person": ("Too much: somebody else's item", "Another visit took it and was not billed for it."),
    "over_wrong_item": ("Too much: another product", "The same visit lacks another product in its place."),
    "over_phantom_item": ("Too much: phantom item", "Nobody took it and is missing it on the bill."),
    "under_wrong_person": ("Too little: on another's bill", "Another visit was billed for it."),
    "under_wrong_item": ("Too little: billed as another product", "Another product stands on the bill in its place."),
    "under_missed_item": ("Too little: missed item", "It stands on no bill at all."),
}
"""Causes of wrong money as `per_1000_visits` names them: title and definition."""

STATEMENTS = {"attribution": "who moved something", "receipts": "every line of a receipt is right"}


@dataclass(frozen=True, slots=True)
class Rate:
    """One figure: title, definition, total, and per 1,000 visits with its 95 % interval in words."""

    title: str
    definition: str
    total: str
    rate: str
    interval: str


@dataclass(frozen=True, slots=True)
class LabelRow:
    """The receipts of the visits of one label, in words."""

    label: str
    visits: str
    exact: str
    interval: str
    over: str
    under: str
    reviewed: str


@dataclass(frozen=True, slots=True)
class ReceiptSheet:
    """What the sheet shows; whatever a run did not measure is empty."""

    money: tuple[Rate, ...] = ()
    labels: tuple[LabelRow, ...] = ()
    calibration: tuple[tuple[str, Markup], ...] = ()
    review: tuple[Markup, ...] = ()
    reviewers: str = ""
    settled: tuple[tuple[str, str], ...] = ()


def receipt_sheet(summary: RunSummary) -> ReceiptSheet:
    """The sheet of a run with figures."""
    receipts = summary.receipts
    labels = receipts.get("by_label", {})
    review = receipts.get("review")
    curve = review["curve"] if review else []
    return ReceiptSheet(
        money=tuple(_rates(receipts)) if "per_1000_visits" in receipts else (),
        labels=tuple(_label(name, figures) for name, figures in labels.items()) if len(labels) > 1 else (),
        calibration=tuple(_reliability(receipts.get("calibration", {}))),
        review=(
            Markup(review_svg(curve, "exact_rate", "exact receipts")),
            Markup(review_svg(curve, "delay_mean_s", "mean delay, seconds")),
        )
        if len(curve) > 1
        else (),
        reviewers=_reviewers(review["desk"]) if review else "",
        settled=tuple(_settled(receipts.get("settled"))),
    )


def _rates(receipts: Mapping[str, Any]) -> list[Rate]:
    rates = receipts["per_1000_visits"]
    found = []
    for name, (title, definition) in CAUSES.items():
        side, cause = name.split("_", 1)
        found.append(
            Rate(title, definition, money(receipts["money"][side][cause]), *_in_words(rates[f"{name}_cents"], True))
        )
    inexact = rates["inexact"]
    count = f"{receipts['count'] - receipts['exact']:.0f}"
    definition = "Visits whose receipt is not exact in account, items and counts, or who were never billed."
    return [*found, Rate("Inexact receipts", definition, count, *_in_words(inexact, False))]


def _in_words(rate: Mapping[str, float | None], cents: bool) -> tuple[str, str]:
    write = money if cents else plain
    value, low, high = rate["value"], rate["low"], rate["high"]
    return (
        "n/a" if value is None else write(value),
        "" if low is None or high is None else f"{write(low)} to {write(high)}",
    )


def _label(name: str, figures: Mapping[str, Any]) -> LabelRow:
    rates = figures["per_1000_visits"]
    low, high = rates["inexact"]["low"], rates["inexact"]["high"]
    return LabelRow(
        name, f"{figures['count']}", share(figures["exact_rate"]),
        "" if low is None or high is None else f"{share(1 - high / 1000)} to {share(1 - low / 1000)}",
        _in_words(rates["overcharged_cents"], True)[0], _in_words(rates["undercharged_cents"], True)[0],
        f"{figures['reviewed']}",
    )  # fmt: skip


def _reliability(calibration: Mapping[str, Any]) -> list[tuple[str, Markup]]:
    found = []
    for name, words in STATEMENTS.items():
        block = calibration.get(name)
        if block and block["n"]:
            line = (
                f"That {words}: expected calibration error {block['ece']:.3f} over {block['n']} statements in ten "
                f"equally wide bins; right probabilities would have got {block['ece_if_right']:.3f} by chance."
            )
            found.append((line, Markup(reliability_svg(block, words))))
    return found


def _reviewers(desk: Mapping[str, Any]) -> str:
    number = int(desk["reviewers"])
    who = "One reviewer works" if number == 1 else f"{number} reviewers work"
    return (
        f"{who} in order of arrival, {desk['work_s']:g} s a receipt in the median, after {desk['pick_up_s']:g} s; "
        f"{share(desk['misses'])} of wrong receipts are upheld and {share(desk['spoils'])} of right ones made wrong."
    )


def _settled(settled: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    if not settled:
        return []
    disputes, reviews = settled["disputes"], settled["reviews"]
    return [
        ("Exact after review and disputes", share(settled["exact_rate"])),
        ("Still charged too much", money(settled["overcharged_cents"])),
        ("Still charged too little", money(settled["undercharged_cents"])),
        ("Disputes", f"{disputes['count']}"),
        ("Paid back", money(disputes["paid_cents"])),
        ("of it for what was taken", money(disputes["paid_wrongly_cents"])),
        ("Looked at by people", f"{reviews['count']}"),
        ("Their wages", money(reviews["cost_cents"])),
    ]
