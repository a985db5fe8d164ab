"""Metrics of what is learnt, kept and handed on, counted in the records themselves."""

from store.privacy.metric import Metric

PERSONAL_TYPES = ("frames", "crops", "body_embeddings", "face_templates", "poses", "tracks", "receipts")
"""Kinds of data about people, in the order of tables."""

_HOURS = (
    "Hours of people's presence in the store that the {} still kept one day after closing describe, scaled to 1,000 "
    "visits (a party of two for six minutes in tracks that are kept makes 0.2 hours)."
)
METRICS = (
    Metric(
        "identified_share",
        "People identified",
        "share",
        "People of whom the store still holds, one day after closing, a record that leads to an account, a biometric "
        "template or a gallery entry, divided by all people who came. A companion on somebody's token counts only "
        "if the store holds a template of that companion.",
        "privacy",
    ),
    Metric(
        "templates_with_consent",
        "Biometric templates made with consent",
        "per 1,000 visits",
        "Face or palm templates computed from people who had opted in beforehand, kept or not, per 1,000 visits.",
        "privacy",
    ),
    Metric(
        "templates_without_consent",
        "Biometric templates made without consent",
        "per 1,000 visits",
        "Face templates computed from people who were not asked, even if deleted a moment later, per 1,000 visits.",
        "privacy",
    ),
    Metric(
        "templates_kept",
        "Biometric templates kept",
        "per 1,000 visits",
        "Templates of the day's visitors still in the policy's store one day after closing, per 1,000 visits.",
        "privacy",
    ),
    *(
        Metric(
            f"person_hours_{kind}",
            f"Person-hours kept: {kind.replace('_', ' ')}",
            "h per 1,000 visits",
            _HOURS.format(kind.replace("_", " ")),
            "privacy",
        )
        for kind in PERSONAL_TYPES
    ),
    Metric(
        "longest_retention_days",
        "Longest retention",
        "days",
        "The longest time for which this policy keeps any record about a person that this day really produced.",
        "privacy",
    ),
    Metric(
        "records_outside",
        "Records outside the store",
        "per 1,000 visits",
        "Records about the day's visitors that left the store for another body (probes sent to a search service, "
        "alerts sent to police or other shops), per 1,000 visits.",
        "privacy",
    ),
    Metric(
        "recipients_outside",
        "Recipients outside the store",
        "bodies",
        "Number of different bodies outside the store that received at least one record.",
        "privacy",
    ),
    Metric(
        "clips_seen",
        "Clips seen by people",
        "per 1,000 visits",
        "Video clips of visitors that human reviewers or alert checkers looked at, per 1,000 visits.",
        "privacy",
    ),
    Metric(
        "dp_budget",
        "Privacy budget spent per visit and day",
        "epsilon",
        "Sum of the epsilons of all counts and heat maps of a day in which one person's visit can take part: whatever "
        "anybody concludes from them about one visit becomes at most e^epsilon times as likely by it. The budget of "
        "the dearest day, from the audit log. Up to 1 is strong protection; above 10 hardly any.",
        "privacy",
    ),
    Metric(
        "count_error",
        "Error of released counts",
        "people",
        "Mean absolute difference between the released count of a minute and the people really inside then: noise, "
        "and visits cut after `most_minutes`. The noise cannot be seeded, so it differs from run to run.",
        "usage",
    ),
    Metric(
        "heatmap_error",
        "Error of the heat map",
        "share",
        "Sum over all cells of one metre of the difference between released and real person-seconds, divided by all "
        "person-seconds (1: as wrong as an empty map). The noise cannot be seeded, so it differs from run to run.",
        "usage",
    ),
)
