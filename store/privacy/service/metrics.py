"""Metrics of what a policy does for customers and owner."""

from store.privacy.metric import Metric

METRICS = (
    Metric(
        "exact_receipts",
        "Receipts that are exact",
        "share",
        "Share of receipts in which account, items and counts all match the truth.",
        "usage",
        "higher",
    ),
    Metric(
        "money_error",
        "Money wrongly billed",
        "cents per visit",
        "Overcharged plus undercharged cents of the day, divided by its visits.",
        "usage",
    ),
    Metric(
        "track_continuity",
        "Track continuity (IDF1)",
        "share",
        "Identity F1 of the floor tracks that billing rests on.",
        "usage",
        "higher",
    ),
    Metric(
        "entry_seconds",
        "Time to get in",
        "s",
        "Mean seconds that a party spends at the entrance identifying itself, repeats after a refusal included.",
        "usage",
    ),
    Metric(
        "entry_refused",
        "Refused at the entrance",
        "share",
        "Share of parties whose identification failed (no match, or no usable capture) and who needed another way in.",
        "usage",
    ),
    Metric(
        "wrong_accounts",
        "Let in on somebody else's account",
        "per 1,000 visits",
        "Parties matched at the entrance to another customer's account, per 1,000 visits.",
        "usage",
    ),
    Metric(
        "paying_seconds",
        "Time to pay",
        "s",
        "Mean seconds that a party spends queueing and being served at the cash desk; 0 where nobody stops to pay.",
        "usage",
    ),
    Metric(
        "reviews",
        "Receipts reviewed by people",
        "per 1,000 receipts",
        "Receipts that a person checked before or after the charge, per 1,000 receipts.",
        "usage",
    ),
    Metric(
        "receipt_delay",
        "Delay of the receipt",
        "s",
        "Median seconds from leaving to the receipt, the wait for a human review included.",
        "usage",
    ),
    Metric(
        "compute_seconds",
        "Computing",
        "s per 1,000 visits",
        "Wall seconds of this machine for what the policy needs (tracking, billing, searches), per 1,000 visits.",
        "usage",
    ),
    Metric(
        "cost",
        "Running cost",
        "USD per 1,000 visits",
        "Labour at desk, reviews and alert checks, search calls, subscriptions and storage by the unit costs of "
        "costs.yaml; no hardware, no fines, no margin. The note shows the parts.",
        "usage",
    ),
    Metric(
        "search_ms",
        "Time of one search",
        "ms (median)",
        "Median wall time of one probe searched alone in the policy's largest gallery on this machine.",
        "usage",
    ),
)
