"""Metrics of uses beyond billing: whom they find, whom they wrong."""

from store.privacy.metric import Metric

_FRESH = (
    "The day's captures are searched again with newly drawn faces until there are enough searches; each is a real "
    "search in the real index."
)

METRICS = (
    Metric(
        "wrong_alerts",
        "Wrong alerts",
        "per 1,000 visits",
        "Visits in which the best gallery match at or above the threshold was somebody else, per 1,000 visits. "
        + _FRESH
        + " Where fewer than 10 occur, the value is the one that the matcher's error rate implies, and the note says "
        "so.",
        "uses",
    ),
    Metric(
        "alert_precision",
        "Alerts that are right",
        "share",
        "Share of all alerts that name the right person, given the share of visitors who really are in the gallery.",
        "uses",
        "higher",
    ),
    Metric(
        "wrong_alert_year",
        "Chance of a wrong alert within a year",
        "probability, one weekly visitor",
        "Probability that a person who is not in the gallery and comes once a week is wrongly matched at least once "
        "in 52 visits: 1 - (1 - w)^52.",
        "uses",
    ),
    Metric(
        "missed_targets",
        "People in the gallery who are missed",
        "share",
        "Share of visitors who are in the gallery and pass without an alert that names them: no usable capture, or "
        "a score under the threshold.",
        "uses",
    ),
    Metric(
        "fairness",
        "Wrong alerts, most hit group over mean",
        "ratio",
        "Wrong-match rate of the group hit most, over the geometric mean of all groups, at the policy's gallery and "
        "threshold, from the published differentials of the matcher's preset. 1 is even.",
        "uses",
    ),
)
