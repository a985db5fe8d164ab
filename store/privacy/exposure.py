"""What a policy's store exposes, counted in the records that it really holds."""

from dataclasses import dataclass

from store.privacy.day import DayRecords
from store.privacy.figures import Figure
from store.privacy.governance.legal import triggers
from store.privacy.intervals import wilson
from store.privacy.keeping.kept_store import COLUMNS, KeptStore
from store.privacy.metrics import PERSONAL_TYPES
from store.privacy.policy import DAY_S, Policy
from store.privacy.uses.searches import SearchOutcome

BIPA_NEGLIGENT_USD = 1000
BIPA_RECKLESS_USD = 5000
WEEKLY_VISITS = 52


@dataclass(frozen=True, slots=True)
class Made:
    """What existed while the day went on, before anything expired: templates, disclosures, longest retention (days)."""

    with_consent: int
    without_consent: int
    disclosures: int
    recipients: int
    longest_days: float


def made_today(policy: Policy, store: KeptStore) -> Made:
    """Count before the clock moves on. Templates that were never written down are counted from the audit log."""
    consented = int(store.rows("SELECT count(*) FROM face_templates WHERE consent = 1")[0][0] or 0)
    kept = [kind for kind in PERSONAL_TYPES if kind in policy.keeps and _about_people(store, kind)]
    names = {str(name) for (name,) in store.rows("SELECT DISTINCT recipient FROM disclosures")}
    return Made(
        with_consent=consented,
        without_consent=store.made("face_templates") - consented,
        disclosures=store.made("disclosures"),
        recipients=len(names),
        longest_days=max((rule.keep_seconds for kind, rule in policy.collects.items() if kind in kept), default=0.0)
        / DAY_S,
    )


def _about_people(store: KeptStore, kind: str) -> bool:
    """Whether records of this kind lead to people: pictures always do, a receipt without a name does not."""
    return bool(store.rows(f"SELECT 1 FROM {kind} WHERE person IS NOT NULL OR ? = 'frames' LIMIT 1", (kind,)))


def exposure_figures(policy: Policy, day: DayRecords, store: KeptStore, made: Made) -> dict[str, Figure]:
    """Figures of identification, templates, retention, disclosure and law, one day after closing."""
    scale = 1000 / len(day.visits)
    rules = triggers(policy, made.with_consent, made.without_consent)
    return {
        "identified_share": identified_share(day, store),
        "templates_with_consent": Figure(made.with_consent * scale, note=_palms(policy)),
        "templates_without_consent": Figure(made.without_consent * scale),
        "templates_kept": Figure(store.count("face_templates") * scale),
        **{f"person_hours_{kind}": Figure(store.hours(kind) * scale) for kind in PERSONAL_TYPES},
        "longest_retention_days": Figure(made.longest_days),
        "records_outside": Figure(made.disclosures * scale),
        "recipients_outside": Figure(float(made.recipients)),
        "legal_triggers": Figure(float(len(rules)), note="; ".join(rules) or "none found"),
        "bipa_exposure": Figure(
            made.without_consent * scale * BIPA_NEGLIGENT_USD,
            low=made.without_consent * scale * BIPA_NEGLIGENT_USD,
            high=made.without_consent * scale * BIPA_RECKLESS_USD,
            note="low end: negligent; high end: reckless",
        ),
    }


def _palms(policy: Policy) -> str | None:
    return "of palms" if policy.identification.method == "palm" else None


def identified_share(day: DayRecords, store: KeptStore) -> Figure:
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
    party = {visit.visit: visit.people for visit in day.visits}
    named = {
        person: min(party.get(person, 1), max(int(person in linked), marked.get(person, 0)))
        for person in linked | marked.keys()
    }
    count = min(day.people, sum(named.values()))
    low, high = wilson(count, day.people)
    return Figure(count / day.people, None, low, high)


def _holds_anything(store: KeptStore, person: str) -> bool:
    return any(store.rows(f"SELECT 1 FROM {table} WHERE person = ? LIMIT 1", (person,)) for table in COLUMNS)


def search_figures(policy: Policy, day: DayRecords, outcomes: list[SearchOutcome], reviews: float) -> dict[str, Figure]:
    """Figures of searches beyond billing; `reviews` are clips seen for receipts, per 1,000 visits."""
    if not outcomes:
        reason = "faces are not searched for anything beyond billing"
        names = ("wrong_alerts", "alert_precision", "wrong_alert_year", "missed_targets", "fairness")
        return {"clips_seen": Figure(reviews), **{name: Figure(None, reason) for name in names}}
    wrong = sum(outcome.wrong for outcome in outcomes)
    right = sum(outcome.right for outcome in outcomes)
    checkers = {search.name: search.checkers for search in policy.searches}
    clips = reviews + sum((outcome.wrong + outcome.right) * checkers[outcome.name] for outcome in outcomes)
    low, high = (sum(getattr(outcome, name) for outcome in outcomes) for name in ("wrong_low", "wrong_high"))
    note = "; ".join(outcome.note for outcome in outcomes)
    if any(outcome.expected_only for outcome in outcomes):
        note = "expected from the matcher's error rate, as too few happened; " + note
    return {
        "clips_seen": Figure(clips),
        "wrong_alerts": Figure(wrong, None, low, high, note),
        "alert_precision": _precision(right, wrong),
        "wrong_alert_year": _year(wrong, low, high, day),
        "missed_targets": Figure(max(outcome.missed for outcome in outcomes)),
        "fairness": Figure(max(outcome.fairness for outcome in outcomes)),
    }


def _precision(right: float, wrong: float) -> Figure:
    if right + wrong == 0:
        return Figure(None, "no alerts: no usable capture, or nobody who matches")
    return Figure(right / (right + wrong))


def _year(wrong: float, low: float, high: float, day: DayRecords) -> Figure:
    party = day.people / len(day.visits)
    value, least, most = (1 - (1 - min(1.0, rate / 1000 / party)) ** WEEKLY_VISITS for rate in (wrong, low, high))
    return Figure(value, None, least, most)
