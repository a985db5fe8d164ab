"""Metrics of uses beyond billing: whom they find, whom they wrong."""

from store.privacy.metric import Metric

_FRESH = (
    "The error rate comes from searches of newly drawn faces in the real index, until there are enough of them; how "
    "many visitors are searched comes from the days' captures."
)
_MONTH = (
    "A month in which 8,000 visitors show the cameras a usable face (as many as Pinellas County searches); where "
    "suspicion is required, only the suspected share of them is searched. "
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
        "searches_month_wrong",
        "Wrong hits of a police month",
        "hits a month",
        _MONTH + "Searches in which somebody is named who it is not; the interval holds 95 of 100 months. The note "
        "gives the groups.",
        "uses",
    ),
    Metric(
        "searches_month_right",
        "Right hits of a police month",
        "hits a month",
        _MONTH + "Searches that name a visitor who really is in the gallery; the interval holds 95 of 100 months.",
        "uses",
        "higher",
    ),
    Metric(
        "searches_month_usd",
        "Money for a police month",
        "USD a month",
        _MONTH + "Price of the searches as calls to a cloud service, and wages of those who check alerts "
        "(costs.yaml). What a wrong arrest costs is not in it.",
        "uses",
    ),
    Metric(
        "searches_month_seconds",
        "Computing for a police month",
        "s a month",
        _MONTH + "Seconds of this machine for the searches alone.",
        "uses",
    ),
    Metric(
        "search_records",
        "Records of searches that remain",
        "per 1,000 visits",
        "Alerts, disclosures and face templates that the store still holds of searches beyond billing one day after "
        "the last closing, per 1,000 visits. Copies that others received are counted as disclosures, and no policy of "
        "the store deletes them there.",
        "uses",
    ),
    Metric(
        "recipients_abroad",
        "Recipients in another country",
        "bodies",
        "Number of bodies in another country that were told of at least one alert.",
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
