from dataclasses import replace

import pytest

from store.privacy import Period, Policy, load_policy
from store.privacy.governance.legal import (
    BIPA_NEGLIGENT_USD,
    BIPA_RECKLESS_USD,
    INDICATION,
    Evidence,
    bipa_exposure,
    evidence,
    triggers,
)
from store.privacy.governance.queries import QueryDesk, Request, Subject
from store.privacy.policy import Promises

CLEAN = Evidence(
    made=dict.fromkeys(("frames", "crops", "body_embeddings", "face_templates", "poses", "tracks", "receipts"), 0),
    consented=0,
    people_not_asked=0,
    kept_templates=0,
    handed=0,
    templates_handed=0,
    police_probes=0,
    unchecked_alerts=0,
)
APP, FACE, CARELESS = (load_policy(name) for name in ("app-entry", "face-everywhere", "careless-watchlist"))


def found(**changes: object) -> Evidence:
    made = CLEAN.made | {key: changes.pop(key) for key in list(changes) if key in CLEAN.made}
    return replace(CLEAN, made=made, **changes)


def rules(policy: Policy, seen: Evidence) -> dict[str, int]:
    return {trigger.rule: trigger.records for trigger in triggers(policy, seen)}


def promising(policy: Policy, **promises: bool) -> Policy:
    return policy.model_copy(update={"promises": Promises(**promises)})


@pytest.mark.parametrize("policy", [APP, FACE, CARELESS])
def test_rules_alone_touch_no_law_without_a_record(policy: Policy) -> None:
    assert triggers(policy, CLEAN) == []


CASES = [
    ("GDPR Art. 5(1)(e)", FACE, found(crops=7, frames=2), APP, found(crops=7)),
    ("GDPR Art. 9", APP, found(face_templates=4, consented=4), APP, found(crops=4)),
    ("GDPR Art. 9(2)(a)", APP, found(face_templates=4, consented=3), APP, found(face_templates=4, consented=4)),
    ("GDPR Art. 13", CARELESS, found(frames=3), APP, found(frames=3)),
    ("GDPR Art. 15", promising(APP, erasure_reports=True), found(tracks=3), APP, found(tracks=3)),
    ("GDPR Art. 17", promising(APP, subject_access=True), found(tracks=3), APP, found(tracks=3)),
    ("GDPR Art. 22", CARELESS, found(unchecked_alerts=2), CARELESS, found(face_templates=2)),
    ("GDPR Art. 28 or 44", APP, found(handed=5), APP, found(tracks=5)),
    ("GDPR Art. 35(3)", APP, found(tracks=5), APP, found(receipts=5)),
    ("BIPA 15(a)", CARELESS, found(face_templates=2), APP, found(face_templates=2)),
    ("BIPA 15(b)", APP, found(face_templates=2, consented=1), APP, found(face_templates=2, consented=2)),
    ("BIPA 15(c)", FACE, found(face_templates=2), APP, found(face_templates=2)),
    ("BIPA 15(d)", FACE, found(templates_handed=2), APP, found(templates_handed=2)),
    ("BIPA 15(e)", FACE, found(kept_templates=2), APP, found(kept_templates=2)),
    ("EU AI Act Art. 5(1)(h)", load_policy("police-gallery"), found(police_probes=9), APP, found(face_templates=9)),
]


@pytest.mark.parametrize(("rule", "touching", "records", "clear", "others"), CASES, ids=[case[0] for case in CASES])
def test_a_rule_is_named_where_its_records_are_and_only_there(
    rule: str, touching: Policy, records: Evidence, clear: Policy, others: Evidence
) -> None:
    assert rules(touching, records)[rule] > 0
    assert rule not in rules(clear, others)


def test_a_trigger_says_why_and_how_many_records_caused_it() -> None:
    (trigger,) = (row for row in triggers(APP, found(face_templates=1200)) if row.rule == "GDPR Art. 9(2)(a)")
    assert trigger.records == 1200
    assert str(trigger).endswith("(1,200 records)")


def test_exposure_counts_a_person_once_however_often_scanned() -> None:
    exposure = bipa_exposure(found(face_templates=50, consented=10, people_not_asked=12))
    assert exposure.negligent_usd == 12 * BIPA_NEGLIGENT_USD == 12_000
    assert exposure.reckless_usd == 12 * BIPA_RECKLESS_USD == 60_000
    assert "per person, not per scan" in exposure.note
    assert "40,000 dollars" in exposure.note
    assert exposure.note.endswith(INDICATION)


def test_evidence_is_what_the_store_really_made(fill, period: Period) -> None:
    policy = load_policy("face-everywhere").model_copy(update={"opt_out": None, "camera_width_px": 8192})
    store = fill(policy, period)
    seen = evidence(policy, store)
    templates = store.count("face_templates")
    assert seen.templates == seen.asked_nobody == seen.kept_templates == templates > 0
    assert seen.templates_handed == seen.handed == store.count("disclosures") == templates
    by_day = [
        store.rows("SELECT count(*) FROM face_templates WHERE t BETWEEN ? AND ?", (day.opens, day.closes))[0][0]
        for day in period.days
    ]
    assert seen.people_not_asked == max(by_day) < templates
    assert seen.made["tracks"] == store.count("tracks")


def test_searches_for_the_police_are_counted_from_the_log(fill, period: Period) -> None:
    police = load_policy("police-gallery").model_copy(update={"camera_width_px": 8192})
    seen = evidence(police, fill(police, period))
    assert seen.police_probes == seen.templates > 0
    own = load_policy("entrance-watchlist").model_copy(update={"camera_width_px": 8192})
    assert evidence(own, fill(own, period)).police_probes == 0


def test_the_tills_receipts_are_about_nobody(fill, period: Period) -> None:
    assert evidence(load_policy("counting-only"), fill(load_policy("counting-only"), period)).about_people == 0


def test_questions_do_not_count_as_searches(fill, period: Period) -> None:
    store = fill(APP, period)
    before = evidence(APP, store)
    QueryDesk(APP, store).ask(Request("settle a dispute", "customer service", Subject(account="account-000")))
    assert evidence(APP, store) == before
