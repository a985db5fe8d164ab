"""Metrics of who may ask for what, of people's rights, and of law."""

from store.privacy.metric import Metric

METRICS: tuple[Metric, ...] = (
    Metric(
        "legal_triggers",
        "Legal triggers",
        "count",
        "Number of rules that this policy's records appear to touch (GDPR, BIPA, EU AI Act). An indication for a "
        "reader, not legal advice; the note lists each with the records that caused it.",
        "privacy",
    ),
    Metric(
        "bipa_exposure",
        "Exposure under BIPA",
        "USD per 1,000 visits",
        "At least so many people as had a template made without consent, times 1,000 dollars (negligent; the "
        "interval's end is 5,000, reckless): one violation a person, not a scan, since August 2024, as if the store "
        "stood in Illinois. An event that may or may not come, no expected cost.",
        "privacy",
    ),
    Metric(
        "queries_allowed",
        "Typical requests of others granted",
        "share",
        "Share of six fixed requests for one visitor's records that the policy's desk grants: marketing; police "
        "without suspicion, with suspicion, with a warrant; an employee with an invented reason; a researcher. The "
        "note says which, and what the person themself is told.",
        "privacy",
    ),
    Metric(
        "queries_answered",
        "Typical requests that get a visitor's records",
        "share",
        "Share of those six requests, over all visits, that are granted and for which the store, one day after "
        "closing, has at least one record under the visit's account to hand over.",
        "privacy",
    ),
    Metric(
        "purposes_unjustified",
        "Purposes that need no justification",
        "count",
        "Purposes for which somebody may read records about people and has to show nothing.",
        "privacy",
    ),
    Metric(
        "opt_out_share",
        "Parties that opt out",
        "share",
        "Parties that opted out in this period, divided by all visits; the note gives the share that the policy "
        "states and its source.",
        "privacy",
        "higher",
    ),
    Metric(
        "opt_out_seconds",
        "Time that opting out costs",
        "s",
        "Extra seconds of a party that opts out: at a desk without a queue (less the entry that it is spared), or for "
        "another way in. Over the baskets of all visits, as any of them might have opted out.",
        "usage",
    ),
    Metric(
        "opt_out_exact_receipts",
        "Exact receipts after opting out",
        "share",
        "Share of exact receipts that parties who opt out can expect: a cashier's where they pay at a desk, else that "
        "of tracking.",
        "usage",
        "higher",
    ),
    Metric(
        "opted_out_but_recorded",
        "Records about people who had opted out",
        "per 1,000 visits",
        "Records that the store holds one day after closing about people who had opted out (pictures of the whole "
        "store that show them included, and pieces of track that nobody knew to be theirs), and templates that had to "
        "be made to know them, per 1,000 visits.",
        "privacy",
    ),
    Metric(
        "access_items",
        "Records that a person gets on request",
        "per visit",
        "Records about one visit that a subject access request brings one day after closing, mean over visits whose "
        "account the store knows.",
        "privacy",
    ),
)
