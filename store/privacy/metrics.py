"""The registry of privacy and usage metrics: title, unit, definition, group, and which way is better."""

from dataclasses import dataclass
from typing import Literal

Group = Literal["privacy", "usage"]
Better = Literal["lower", "higher"]

DATA_TYPES = ("frames", "crops", "body_embeddings", "face_templates", "tracks", "receipts", "counts")
PERSONAL_TYPES = tuple(name for name in DATA_TYPES if name != "counts")


@dataclass(frozen=True, slots=True)
class Metric:
    """What a figure means; `definition` is what the dashboard shows on hover."""

    name: str
    title: str
    unit: str
    definition: str
    group: Group
    better: Better


_HOURS = (
    "Hours of people's presence in the store that the {} still kept one day after closing describe, scaled to 1,000 "
    "visits (a party of two for six minutes in tracks that are kept makes 0.2 hours)."
)
_FRESH = (
    "The day's captures are searched again with newly drawn faces until there are enough searches; each is a real "
    "search in the real index."
)

_PRIVACY = (
    (
        "identified_share",
        "People identified",
        "share",
        "People of whom the store still holds, one day after closing, a record that leads to an account, a biometric "
        "template or a gallery entry, divided by all people who came. A companion on somebody's token counts only "
        "if the store holds a template of that companion.",
    ),
    (
        "templates_with_consent",
        "Biometric templates made with consent",
        "per 1,000 visits",
        "Face or palm templates computed from people who had opted in beforehand, kept or not, per 1,000 visits.",
    ),
    (
        "templates_without_consent",
        "Biometric templates made without consent",
        "per 1,000 visits",
        "Face templates computed from people who were not asked, even if deleted a moment later, per 1,000 visits.",
    ),
    (
        "templates_kept",
        "Biometric templates kept",
        "per 1,000 visits",
        "Templates of the day's visitors still in the policy's store one day after closing, per 1,000 visits.",
    ),
    *(
        (
            f"person_hours_{kind}",
            f"Person-hours kept: {kind.replace('_', ' ')}",
            "h per 1,000 visits",
            _HOURS.format(kind.replace("_", " ")),
        )
        for kind in PERSONAL_TYPES
    ),
    (
        "longest_retention_days",
        "Longest retention",
        "days",
        "The longest time for which this policy keeps any record about a person that this day really produced.",
    ),
    (
        "linkability",
        "Visits linkable above chance",
        "share above chance",
        "An attacker holding what the store keeps one day after closing sees each person come back once (same "
        "account, newly captured face from the same views, other clothes) and links the visit to a first one by "
        "account or nearest face template. Share linked rightly minus the chance of guessing; 0 is chance. Gait, "
        "body shape, basket and route are not attacked yet.",
    ),
    (
        "unicity",
        "Traces unique from 4 points",
        "share",
        "Share of the movement traces kept one day after closing that no other kept trace shares at 4 of their own "
        "points, picked at random and coarsened to 1 m and 10 s (after de Montjoye et al., PMC7961185). Mean of 20 "
        "picks.",
    ),
    (
        "k_anonymity",
        "People alike in kept traces",
        "people (median)",
        "Median number of kept traces, the person's own included, that agree with one random point of a trace "
        "coarsened to 1 m and 10 s. 1 means: seen once in one place, and you are singled out.",
    ),
    (
        "records_outside",
        "Records outside the store",
        "per 1,000 visits",
        "Records about the day's visitors that left the store for another body (probes sent to a search service, "
        "alerts sent to police or other shops), per 1,000 visits.",
    ),
    (
        "recipients_outside",
        "Recipients outside the store",
        "bodies",
        "Number of different bodies outside the store that received at least one record.",
    ),
    (
        "clips_seen",
        "Clips seen by people",
        "per 1,000 visits",
        "Video clips of visitors that human reviewers or alert checkers looked at, per 1,000 visits.",
    ),
    (
        "wrong_alerts",
        "Wrong alerts",
        "per 1,000 visits",
        "Visits in which the best gallery match at or above the threshold was somebody else, per 1,000 visits. "
        + _FRESH
        + " Where fewer than 10 occur, the value is the one that the matcher's error rate implies, and the note says "
        "so.",
    ),
    (
        "alert_precision",
        "Alerts that are right",
        "share",
        "Share of all alerts that name the right person, given the share of visitors who really are in the gallery.",
    ),
    (
        "wrong_alert_year",
        "Chance of a wrong alert within a year",
        "probability, one weekly visitor",
        "Probability that a person who is not in the gallery and comes once a week is wrongly matched at least once "
        "in 52 visits: 1 - (1 - w)^52.",
    ),
    (
        "missed_targets",
        "People in the gallery who are missed",
        "share",
        "Share of visitors who are in the gallery and pass without an alert that names them: no usable capture, or "
        "a score under the threshold.",
    ),
    (
        "fairness",
        "Wrong alerts, most hit group over mean",
        "ratio",
        "Wrong-match rate of the group hit most, over the geometric mean of all groups, at the policy's gallery and "
        "threshold, from the published differentials of the matcher's preset. 1 is even.",
    ),
    (
        "legal_triggers",
        "Legal triggers",
        "count",
        "Number of rules that this policy's records appear to touch (GDPR Articles 9 and 35, BIPA, ...). An "
        "indication for a reader, not legal advice; the note lists them.",
    ),
    (
        "bipa_exposure",
        "Exposure under BIPA",
        "USD per 1,000 visits",
        "Templates made without consent, times 1,000 dollars (negligent; the interval's end is 5,000, reckless), one "
        "violation a person, as if the store stood in Illinois. An event that may or may not come, no expected cost.",
    ),
)

_USAGE = (
    (
        "exact_receipts",
        "Receipts that are exact",
        "share",
        "Share of receipts in which account, items and counts all match the truth.",
        "higher",
    ),
    (
        "money_error",
        "Money wrongly billed",
        "cents per visit",
        "Overcharged plus undercharged cents of the day, divided by its visits.",
        "lower",
    ),
    (
        "track_continuity",
        "Track continuity (IDF1)",
        "share",
        "Identity F1 of the floor tracks that billing rests on.",
        "higher",
    ),
    (
        "entry_seconds",
        "Time to get in",
        "s",
        "Mean seconds that a party spends at the entrance identifying itself, repeats after a refusal included.",
        "lower",
    ),
    (
        "entry_refused",
        "Refused at the entrance",
        "share",
        "Share of parties whose identification failed (no match, or no usable capture) and who needed another way in.",
        "lower",
    ),
    (
        "wrong_accounts",
        "Let in on somebody else's account",
        "per 1,000 visits",
        "Parties matched at the entrance to another customer's account, per 1,000 visits.",
        "lower",
    ),
    (
        "paying_seconds",
        "Time to pay",
        "s",
        "Mean seconds that a party spends queueing and being served at the cash desk; 0 where nobody stops to pay.",
        "lower",
    ),
    (
        "reviews",
        "Receipts reviewed by people",
        "per 1,000 receipts",
        "Receipts that a person checked before or after the charge, per 1,000 receipts.",
        "lower",
    ),
    (
        "receipt_delay",
        "Delay of the receipt",
        "s",
        "Median seconds from leaving to the receipt, the wait for a human review included.",
        "lower",
    ),
    (
        "compute_seconds",
        "Computing",
        "s per 1,000 visits",
        "Wall seconds of this machine for what the policy needs (tracking, billing, searches), per 1,000 visits.",
        "lower",
    ),
    (
        "cost",
        "Running cost",
        "USD per 1,000 visits",
        "Labour at desk, reviews and alert checks, search calls, subscriptions and storage by the unit costs of "
        "costs.yaml; no hardware, no fines, no margin. The note shows the parts.",
        "lower",
    ),
    (
        "search_ms",
        "Time of one search",
        "ms (median)",
        "Median wall time of one probe searched alone in the policy's largest gallery on this machine.",
        "lower",
    ),
)


def _better(name: str) -> Better:
    return "higher" if name in {"alert_precision", "k_anonymity"} else "lower"


METRICS: dict[str, Metric] = {
    **{
        name: Metric(name, title, unit, definition, "privacy", _better(name))
        for name, title, unit, definition in _PRIVACY
    },
    **{
        name: Metric(name, title, unit, definition, "usage", "higher" if better == "higher" else "lower")
        for name, title, unit, definition, better in _USAGE
    },
}
"""Every metric by name, in the order in which tables show them; privacy first."""
