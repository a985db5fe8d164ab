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

_POSSIBLE = "Possible with what is kept one day after the last closing, whether or not the policy does it. "
_CHILD = (
    "Each child who came is searched for in turn (where none came, each visitor, and the note says so), by one "
    "photograph among all visitors' faces (simulated at published error rates), live or in the pictures that are kept; "
    "where no face can be searched, by a height below 1.40 m in kept key points. Possible, whether or not the policy "
    "does it. "
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
    Metric(
        "followed_day",
        "A visitor's day that can be followed",
        "share of time",
        _POSSIBLE + "Somebody holding the records picks a visitor and follows the track, and where tracks are filed "
        "under a visit the other tracks of that visit that do not overlap: share of the visitor's true time in the "
        "store that is attributed.",
        "uses",
    ),
    Metric(
        "followed_wrong",
        "Of this, other people's time",
        "share of attributed time",
        _POSSIBLE + "Of all time that following attributes to visitors, the share that was somebody else's: who is "
        "followed is blamed for it.",
        "uses",
    ),
    Metric(
        "followed_days",
        "Visits of a person strung together",
        "share of later visits",
        _POSSIBLE + "Share of visits on a later day that are linked to the right person's earlier visit: by account, "
        "else the most similar face template, else the most similar body embedding, else a guess at its chance of "
        "being right. The note says how many by which; a party of two counts as known by its account.",
        "uses",
    ),
    Metric(
        "company_precision",
        "Who came with whom: pairs that are right",
        "share of inferred pairs",
        _POSSIBLE
        + "Two people are taken to be together who share a visit's token, or who come and leave within 10 s of "
        "each other and stay within 2 m for half of the shorter visit. Share of such pairs who are of one party or "
        "household; the note gives the same for pairs picked at random.",
        "uses",
    ),
    Metric(
        "company_recall",
        "Who came with whom: pairs that are found",
        "share of true pairs",
        _POSSIBLE + "Share of the true pairs (one party, or one household inside at the same time) that are inferred.",
        "uses",
    ),
    Metric(
        "child_found",
        "A missing child found",
        "share of children",
        _CHILD + "Share of children found, mean over 200 draws of faces.",
        "uses",
        "higher",
    ),
    Metric(
        "child_seconds",
        "Time until the child is found",
        "s after entering (median)",
        _CHILD + "Seconds from the child's entering to the first alarm, where cameras search while it is there.",
        "uses",
    ),
    Metric(
        "child_false_alarms",
        "False alarms of that search",
        "a day of 500 visits",
        _CHILD + "Other people taken for the child, a day of as many visits as costs.yaml says (500). Children look "
        "more alike than other strangers, which is not modelled: the real number is higher.",
        "uses",
    ),
    Metric(
        "child_usd",
        "Money for that search",
        "USD a day of 500 visits",
        _CHILD + "Price of one call for each look at anybody, and wages of those who check alarms (costs.yaml).",
        "uses",
    ),
)
