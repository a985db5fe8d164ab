"""What a policy's store exposes, counted in the records that it really holds."""

from dataclasses import dataclass

from store.privacy.case import Case
from store.privacy.day import Period
from store.privacy.figures import Figure
from store.privacy.intervals import wilson
from store.privacy.keeping.kept_store import COLUMNS, KeptStore
from store.privacy.keeping.metrics import PERSONAL_TYPES
from store.privacy.policy import DAY_S, Policy


@dataclass(frozen=True, slots=True)
class Made:
    """What existed before anything expired: templates, disclosures, longest retention (days)."""

    with_consent: int
    without_consent: int
    disclosures: int
    recipients: int
    longest_days: float


def made_in(policy: Policy, store: KeptStore) -> Made:
    """What the audit log counts of the whole period, and how long what was made is kept at most."""
    templates = store.made("face_templates")
    consented = sum(int(row["consented"]) for row in templates)
    disclosures = store.made("disclosures")
    kept = [kind for kind in PERSONAL_TYPES if kind in policy.keeps and _about_people(policy, store, kind)]
    return Made(
        with_consent=consented,
        without_consent=sum(int(row["records"]) for row in templates) - consented,
        disclosures=sum(int(row["records"]) for row in disclosures),
        recipients=len({name for row in disclosures for name in row["recipients"]}),
        longest_days=max((rule.keep_seconds for kind, rule in policy.collects.items() if kind in kept), default=0.0)
        / DAY_S,
    )


def _about_people(policy: Policy, store: KeptStore, kind: str) -> bool:
    """Whether records of this kind were made and lead to people: a receipt of a cash desk bears no name."""
    named = kind != "receipts" or policy.billing == "tracked"
    return named and any(int(row["records"]) for row in store.made(kind))


def exposure_figures(case: Case, made: Made) -> dict[str, Figure]:
    """Figures of identification, templates, retention and disclosure, one day after the last closing."""
    policy, store, scale = case.policy, case.store, case.per_1000
    return {
        "identified_share": identified_share(case.period, store),
        "templates_with_consent": Figure(made.with_consent * scale, note=_palms(policy)),
        "templates_without_consent": Figure(made.without_consent * scale),
        "templates_kept": Figure(store.count("face_templates") * scale),
        **{f"person_hours_{kind}": Figure(store.hours(kind) * scale) for kind in PERSONAL_TYPES},
        "longest_retention_days": Figure(made.longest_days),
        "records_outside": Figure(made.disclosures * scale),
        "recipients_outside": Figure(float(made.recipients)),
    }


def _palms(policy: Policy) -> str | None:
    return "of palms" if policy.identification.method == "palm" else None


def identified_share(period: Period, store: KeptStore) -> Figure:
    """`identified_share` from the records that are left."""
    linked = {
        str(person) for (person,) in store.rows("SELECT person FROM people") if _holds_anything(store, str(person))
    }
    marked: dict[str, int] = {}
    for person, tracks in store.rows(
        "SELECT person, count(DISTINCT mark) FROM (SELECT person, track AS mark FROM face_templates"
        " UNION ALL SELECT person, entry AS mark FROM alerts) GROUP BY person"
    ):
        marked[str(person)] = int(tracks or 0)
    party = {visit.visit: visit.people for visit in period.visits}
    named = {
        person: min(party.get(person, 1), max(int(person in linked), marked.get(person, 0)))
        for person in linked | marked.keys()
    }
    count = min(period.people, sum(named.values()))
    low, high = wilson(count, period.people)
    return Figure(count / period.people, None, low, high)


def _holds_anything(store: KeptStore, person: str) -> bool:
    return any(store.rows(f"SELECT 1 FROM {table} WHERE person = ? LIMIT 1", (person,)) for table in COLUMNS)
