"""The few figures that say how a run went, each with the definition that a reader gets on hover."""

from dataclasses import dataclass
from typing import Any

from sim.report.wording import count, money, plain, share
from sim.run_folder import RunSummary

DEFINITIONS = {
    "exact_rate": "Share of receipts that are exact: account, items and counts all match what really left the store.",
    "money_error": "Money billed too much plus money billed too little, over all receipts.",
    "item_f1": "Harmonic mean of item precision and item recall over all pairs of account and product, with counts.",
    "hota": "Higher Order Tracking Accuracy (TrackEval) on the floor at every camera tick, over all people inside; "
    "two places match the better the closer they are, by half at 1 m. 1 is perfect.",
    "idf1": "How long each person kept one and the same track: F1 of identity matches (TrackEval). 1 is perfect.",
    "id_switches": "How often a person's track changed its identity (CLEAR MOT).",
    "reviewed": "Receipts whose weakest attribution was under the threshold, and which a person should check.",
    "real_time_factor": "Simulated seconds per second of wall clock of the whole run, start-up excluded; "
    "above 1 is faster than real time.",
    "wrong_person_cents": "Value of items that stand on somebody else's bill.",
    "wrong_item_cents": "Value of items where the person is right and the product is not.",
    "phantom_item_cents": "Value of items billed that nobody took and is missing on the bill.",
    "missed_item_cents": "Value of items that stand on no bill at all.",
    "peak_memory_mb": "Largest memory of the run's process.",
}


@dataclass(frozen=True, slots=True)
class Headline:
    """One figure: a title, the value in words, one line beside it, and what it means exactly."""

    title: str
    value: str
    detail: str
    definition: str


def headlines(summary: RunSummary) -> list[Headline]:
    """Headline figures in the order in which a stranger asks; what a run did not measure says so."""
    receipts, tracking, speed = summary.receipts, summary.tracking, summary.speed
    exact, total = _number(receipts, "exact"), _number(receipts, "count")
    over, under = _number(receipts, "overcharged_cents"), _number(receipts, "undercharged_cents")
    rate = _number(receipts, "exact_rate")
    lost = None if over is None or under is None else over + under
    return [
        Headline(
            "Exact receipts",
            _or_none(rate, share),
            "not measured" if exact is None or total is None else f"{exact:.0f} of {total:.0f} match in every item",
            DEFINITIONS["exact_rate"],
        ),
        Headline(
            "Money error",
            _or_none(lost, money),
            "not measured" if over is None or under is None else f"{money(over)} too much, {money(under)} too little",
            DEFINITIONS["money_error"],
        ),
        Headline(
            "People kept apart",
            _or_none(_number(tracking, "idf1"), _two_digits),
            _switches(_number(tracking, "id_switches")),
            "IDF1. " + DEFINITIONS["idf1"],
        ),
        Headline(
            "People placed",
            _or_none(_number(tracking, "hota"), _two_digits),
            "HOTA on the floor, 1 is perfect",
            DEFINITIONS["hota"],
        ),
        Headline(
            "Speed",
            _or_none(_number(speed, "real_time_factor"), lambda value: f"{plain(value)} x"),
            f"real time, {count(summary.people, 'person', 'people')} in {summary.store_seconds:.0f}\u00a0s",
            DEFINITIONS["real_time_factor"],
        ),
    ]


def money_rows(summary: RunSummary) -> list[Headline]:
    """Where the money went wrong, and what people had to check."""
    receipts = summary.receipts
    rows = [
        ("Charged too much", "overcharged_cents", DEFINITIONS["money_error"]),
        ("Charged too little", "undercharged_cents", DEFINITIONS["money_error"]),
        ("On the wrong person's bill", "wrong_person_cents", DEFINITIONS["wrong_person_cents"]),
        ("Wrong product", "wrong_item_cents", DEFINITIONS["wrong_item_cents"]),
        ("Phantom items", "phantom_item_cents", DEFINITIONS["phantom_item_cents"]),
        ("Missed items", "missed_item_cents", DEFINITIONS["missed_item_cents"]),
    ]
    found = [Headline(title, _or_none(_number(receipts, key), money), "", text) for title, key, text in rows]
    reviewed = Headline(
        "Flagged for review", _or_none(_number(receipts, "reviewed"), plain), "", DEFINITIONS["reviewed"]
    )
    f1 = Headline("Item F1", _or_none(_number(receipts, "item_f1"), _two_digits), "", DEFINITIONS["item_f1"])
    return [*found, reviewed, f1]


def _number(block: dict[str, Any], key: str) -> float | None:
    value = block.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _or_none(value: float | None, write: Any) -> str:
    return "n/a" if value is None else str(write(value))


def _two_digits(value: float) -> str:
    return f"{value:.2f}"


def _switches(number: float | None) -> str:
    return (
        "IDF1, 1 is perfect"
        if number is None
        else f"IDF1; {count(int(number), 'identity switch', 'identity switches')}"
    )
