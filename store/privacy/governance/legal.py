"""Rules that a policy's records appear to touch: indications for a reader, not legal advice.

Each trigger names the rule, the records of this store that caused it and how many there were. A lawyer would ask for
facts that no record holds (contracts, assessments, where the store stands), so absence of a trigger clears nobody.
"""

from dataclasses import dataclass

from store.privacy.governance.queries import readable
from store.privacy.keeping.kept_store import KeptStore
from store.privacy.policy import DAY_S, DataType, Policy

INDICATION = "An indication, not advice."
YEAR_S = 365 * DAY_S
BIPA_NEGLIGENT_USD = 1000
BIPA_RECKLESS_USD = 5000
"""740 ILCS 14/20: dollars a violation. Since the amendment of 2 August 2024 (SB 2979) repeated scans of one person by
the same method are one violation; before it each scan counted (Cothron v. White Castle, 2023)."""
BIPA_YEARS = 3
"""740 ILCS 14/15(a): destroyed once the purpose is met, or within three years of the last interaction."""
PICTURES: tuple[DataType, ...] = ("frames", "crops", "body_embeddings", "face_templates")
PERSONAL: tuple[DataType, ...] = (*PICTURES, "poses", "tracks", "receipts")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a store's log and tables say, as far as the rules ask for it; counts are of the whole period.

    `made`: records by kind, kept or not. `asked_nobody`: templates made without consent; `people_not_asked`: at least
    so many different people (the most that one collection of one day made: one track has one template a day).
    `handed`, `templates_handed`: records, and templates among them, that went to another body.
    """

    made: dict[str, int]
    consented: int
    people_not_asked: int
    kept_templates: int
    handed: int
    templates_handed: int
    police_probes: int
    unchecked_alerts: int

    @property
    def templates(self) -> int:
        """Biometric templates made."""
        return self.made.get("face_templates", 0)

    @property
    def asked_nobody(self) -> int:
        """Templates made of people who had not consented."""
        return self.templates - self.consented

    @property
    def about_people(self) -> int:
        """Records about people, kept or not."""
        return sum(self.made.get(kind, 0) for kind in PERSONAL)


@dataclass(frozen=True, slots=True)
class Trigger:
    """One rule that the records appear to touch, why, and how many records caused it."""

    rule: str
    because: str
    records: int

    def __str__(self) -> str:
        """One line for a reader."""
        return f"{self.rule}: {self.because} ({self.records:,} {'record' if self.records == 1 else 'records'})"


def evidence(policy: Policy, store: KeptStore) -> Evidence:
    """What the rules ask for, from the store's log and tables."""
    made: dict[str, int] = dict.fromkeys(PERSONAL, 0)
    for kind in (*PERSONAL, "alerts"):
        made[kind] = sum(int(row["records"]) for row in store.made(kind))
    if policy.billing == "cash_desk":
        made["receipts"] = 0  # a till's receipts name nobody
    templates = store.made("face_templates")
    handed = store.made("disclosures")
    of_templates = store.rows("SELECT count(*) FROM disclosures WHERE kind = 'face_templates'")
    police = {search.name for search in policy.searches if search.recipient == "police" and search.of == "everyone"}
    probes = [row["detail"] for row in store.audit.entries() if row["action"] == "query"]
    return Evidence(
        made=made,
        consented=sum(int(row["consented"]) for row in templates),
        people_not_asked=max((int(row["records"]) - int(row["consented"]) for row in templates), default=0),
        kept_templates=store.count("face_templates"),
        handed=sum(int(row["records"]) for row in handed),
        templates_handed=int(str(of_templates[0][0])),
        police_probes=sum(int(row["probes"]) for row in probes if isinstance(row, dict) and row["gallery"] in police),
        unchecked_alerts=made["alerts"] if any(search.checkers == 0 for search in policy.searches) else 0,
    )


def triggers(policy: Policy, found: Evidence) -> list[Trigger]:
    """Every rule that the records appear to touch, in the order of the statutes."""
    rules = (*_gdpr(policy, found), *_bipa(policy, found), *_ai_act(policy, found))
    return [Trigger(rule, because, records) for rule, because, records in rules if records > 0]


def _gdpr(policy: Policy, found: Evidence) -> list[tuple[str, str, int]]:
    long = [kind for kind in PICTURES if kind in policy.keeps and policy.collects[kind].keep_seconds >= YEAR_S]
    people = found.about_people
    watched = found.made["tracks"] + found.made["poses"] + found.asked_nobody
    return [
        (
            "GDPR Art. 5(1)(e)",
            f"{', '.join(kind.replace('_', ' ') for kind in long)} kept for a year or longer",
            sum(found.made[kind] for kind in long),
        ),
        ("GDPR Art. 9", "biometric templates made to identify people", found.templates),
        ("GDPR Art. 9(2)(a)", "templates of people who had not explicitly consented", found.asked_nobody),
        ("GDPR Art. 13", "people are recorded and not told", people if policy.notice == "none" else 0),
        (
            "GDPR Art. 15",
            "records about people, who are promised no copy of them",
            0 if policy.promises.subject_access else people,
        ),
        (
            "GDPR Art. 17",
            "records about people, who are promised no answer to a request for erasure",
            0 if policy.promises.erasure_reports else people,
        ),
        ("GDPR Art. 22", "alerts that nobody checks before somebody acts on them", found.unchecked_alerts),
        ("GDPR Art. 28 or 44", "records went to another body: a contract, and a ground if it is abroad", found.handed),
        ("GDPR Art. 35(3)", "people are followed or recognised systematically: assess the impact first", watched),
    ]


def _bipa(policy: Policy, found: Evidence) -> list[tuple[str, str, int]]:
    rule = policy.collects.get("face_templates")
    too_long = rule is not None and rule.keep_seconds > BIPA_YEARS * YEAR_S
    reading = [row for row in policy.purposes if "face_templates" in readable(row)]
    profit = any(row.who.casefold() == "marketing" for row in reading)
    careless = any(row.needs == "none" for row in reading)
    without_release = policy.consent != "opt-in"
    return [
        (
            "BIPA 15(a)",
            "templates without a published schedule, or kept for over three years",
            found.templates if policy.notice == "none" or too_long else 0,
        ),
        ("BIPA 15(b)", "templates made without a written release", found.asked_nobody),
        ("BIPA 15(c)", "templates open to marketing", found.templates if profit else 0),
        ("BIPA 15(d)", "templates disclosed without consent", found.templates_handed if without_release else 0),
        (
            "BIPA 15(e)",
            "templates kept that some may read without showing why",
            found.kept_templates if careless else 0,
        ),
    ]


def _ai_act(policy: Policy, found: Evidence) -> list[tuple[str, str, int]]:
    because = "everybody's face searched for the police in real time"
    if any(search.recipient == "police" and search.gallery == 1 for search in policy.searches):
        because += "; the exception for a missing person needs a judge's or an authority's leave"
    return [("EU AI Act Art. 5(1)(h)", because, found.police_probes)]


@dataclass(frozen=True, slots=True)
class Exposure:
    """Money at stake under BIPA, as if the store stood in Illinois: dollars, and people whom it counts."""

    people: int
    templates: int

    @property
    def negligent_usd(self) -> int:
        """One negligent violation a person."""
        return self.people * BIPA_NEGLIGENT_USD

    @property
    def reckless_usd(self) -> int:
        """One reckless or intentional violation a person."""
        return self.people * BIPA_RECKLESS_USD

    @property
    def note(self) -> str:
        """What a reader must know beside the figure."""
        if self.templates == 0:
            return f"no template was made without consent. {INDICATION}"
        return (
            f"at least {self.people:,} people without a written release, one violation each (per person, not per scan, "
            f"since August 2024); low end: negligent, {BIPA_NEGLIGENT_USD:,} dollars; high end: reckless, "
            f"{BIPA_RECKLESS_USD:,}; by the {self.templates:,} scans, as before, it would be "
            f"{self.templates * BIPA_NEGLIGENT_USD:,} dollars or more. {INDICATION}"
        )


def bipa_exposure(found: Evidence) -> Exposure:
    """One violation of 15(b) for each person of whom a template was made without consent."""
    return Exposure(found.people_not_asked, found.asked_nobody)
