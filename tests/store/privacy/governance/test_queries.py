import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.privacy import Period, Policy, list_policies, load_policy
from store.privacy.governance.queries import QueryDesk, Request, Subject, purposes_of, refusal
from store.privacy.governance.records import PERSONAL_TABLES
from store.privacy.governance.typical import BATTERY, OWN, granting
from store.privacy.keeping.kept_store import KeptStore
from store.privacy.policy import JUSTIFICATIONS, Purpose

ADA = Subject(account="account-000")
COURT = "answer a court's order"


def policy_with(*purposes: Purpose, base: str = "app-entry") -> Policy:
    return load_policy(base).model_copy(update={"purposes": purposes})


def look(needs: str = "none", **own: object) -> Purpose:
    fields = {"purpose": "look", "who": "guard", "justification": "a case", "needs": needs} | own
    return Purpose.model_validate(fields)


@pytest.mark.parametrize("name", list_policies())
def test_no_policy_answers_a_purpose_that_it_does_not_state(name: str) -> None:
    asked = Request("curiosity", "customer service", ADA, "warrant", "please", "store management")
    reason = refusal(load_policy(name), asked)
    assert reason is not None
    assert "no purpose" in reason


@pytest.mark.parametrize("name", list_policies())
def test_every_purpose_is_refused_to_somebody_whom_it_is_not_open_to(name: str) -> None:
    policy = load_policy(name)
    for rule in policy.purposes:
        reason = refusal(policy, Request(rule.purpose, "a passer-by", ADA, "warrant", "please", rule.approver))
        assert reason is not None
        assert rule.who in reason


@pytest.mark.parametrize("needs", JUSTIFICATIONS)
@pytest.mark.parametrize("shown", JUSTIFICATIONS)
def test_a_justification_is_enough_exactly_from_what_is_needed_on(needs: str, shown: str) -> None:
    reason = refusal(policy_with(look(needs)), Request("look", "guard", ADA, shown, "case 7"))
    assert (reason is None) == (JUSTIFICATIONS.index(shown) >= JUSTIFICATIONS.index(needs))


def test_a_needed_justification_must_be_written() -> None:
    policy = policy_with(look("stated"))
    assert "nothing was written" in str(refusal(policy, Request("look", "guard", ADA, "stated", "  ")))
    assert refusal(policy, Request("look", "guard", ADA, "stated", "case 7")) is None


def test_only_the_named_approver_can_approve() -> None:
    policy = policy_with(look(approver="the manager"))
    for approver in (None, "", "guard", "the cleaner"):
        assert "approval of the manager" in str(refusal(policy, Request("look", "guard", ADA, approver=approver)))
    assert refusal(policy, Request("look", "guard", ADA, approver="The  manager")) is None


def test_a_purpose_that_reads_only_counts_answers_nothing_about_people() -> None:
    policy = load_policy("counting-only")
    assert "no records about people" in str(refusal(policy, Request("plan the store", "planning", ADA)))


@given(
    needs=st.sampled_from(JUSTIFICATIONS),
    weak=st.sampled_from(JUSTIFICATIONS),
    strong=st.sampled_from(JUSTIFICATIONS),
    approver=st.sampled_from([None, "the manager"]),
)
def test_showing_more_never_turns_a_grant_into_a_refusal(needs: str, weak: str, strong: str, approver: object) -> None:
    if JUSTIFICATIONS.index(strong) < JUSTIFICATIONS.index(weak):
        weak, strong = strong, weak
    policy = policy_with(look(needs, approver=approver))
    first = refusal(policy, Request("look", "guard", ADA, weak, "case 7"))
    second = refusal(policy, Request("look", "guard", ADA, strong, "case 7", "the manager"))
    assert first is not None or second is None


def test_a_granted_query_runs_until_it_expires_and_no_longer(fill, period: Period) -> None:
    policy = policy_with(look(expires_seconds=3600))
    store = fill(policy, period)
    desk, asked_at = QueryDesk(policy, store), store.clock
    ticket = desk.ask(Request("look", "guard", ADA))
    assert ticket.valid_until == asked_at + 3600
    store.advance(asked_at + 3600)
    assert desk.run(ticket.number).refusal is None
    store.advance(asked_at + 3600.5)
    answer = desk.run(ticket.number)
    assert answer.refusal is not None
    assert answer.refusal.startswith("expired")
    assert answer.counts == {}


def test_a_query_is_still_known_after_the_store_was_closed(fill, period: Period) -> None:
    policy = policy_with(look())
    store = fill(policy, period)
    ticket = QueryDesk(policy, store).ask(Request("look", "guard", ADA))
    counts = QueryDesk(policy, store).run(ticket.number).counts
    store.close()
    again = KeptStore.open(store.folder, store.clock)
    assert QueryDesk(policy, again).run(ticket.number).counts == counts


def test_refused_and_invented_numbers_are_not_answered(fill, period: Period) -> None:
    policy = policy_with(look("warrant"))
    desk = QueryDesk(policy, fill(policy, period))
    refused = desk.ask(Request("look", "guard", ADA))
    assert not refused.granted
    assert desk.run(refused.number).refusal == refused.refusal
    assert "no such request" in str(desk.run("0" * 16).refusal)


def test_an_answer_has_every_record_about_the_subject_in_the_tables_that_the_purpose_reads(
    fill, period: Period
) -> None:
    policy = policy_with(look(reads=("tracks", "receipts")))
    store = fill(policy, period)
    desk = QueryDesk(policy, store)
    answer = desk.run(desk.ask(Request("look", "guard", ADA)).number)
    assert set(answer.counts) == {"tracks", "receipts"}
    for table, rows in answer.rows.items():
        wanted = store.rows(
            f"SELECT count(*) FROM {table} JOIN people USING (person) WHERE account = ?", (ADA.account,)
        )
        assert len(rows) == wanted[0][0] > 0


def test_recordings_are_found_by_when_the_person_was_there(fill, period: Period) -> None:
    policy = policy_with(look(reads=("frames",), leaves=True), base="face-everywhere")
    policy = policy.model_copy(update={"opt_out": None})
    store = fill(policy, period)
    desk, visit = QueryDesk(policy, store), period.visits[0]
    account = str(visit.account)
    answer = desk.run(desk.ask(Request("look", "guard", Subject(account=account))).number)
    spans = [(row.opened, row.closed) for row in period.visits if row.account == account]
    found = [(float(str(row["t"])), float(str(row["until"]))) for row in answer.rows["frames"]]
    assert all(any(t <= end + 1 and until >= start - 1 for start, end in spans) for t, until in found)
    assert any(t <= visit.opened <= until for t, until in found)
    told = store.rows("SELECT person, count(*) FROM disclosures WHERE recipient = 'guard' GROUP BY person")
    assert told == [(account, len(found))]


def test_asking_by_track_finds_whose_track_it_is(fill, period: Period) -> None:
    policy = policy_with(look())
    store = fill(policy, period)
    desk = QueryDesk(policy, store)
    visit = period.visits[0]
    answer = desk.run(desk.ask(Request("look", "guard", Subject(track=visit.tracks[0]))).number)
    assert {row["person"] for rows in answer.rows.values() for row in rows} == {visit.visit}


def test_an_account_that_is_called_like_a_track_is_no_track(fill, period: Period) -> None:
    policy = policy_with(look())
    desk = QueryDesk(policy, fill(policy, period))
    name = f"track-{period.visits[0].tracks[0]}"
    assert desk.run(desk.ask(Request("look", "guard", Subject(account=name))).number).counts == {}


@pytest.mark.parametrize(("account", "track"), [(None, None), ("ada", 3)])
def test_a_question_is_about_exactly_one_subject(account: str | None, track: int | None) -> None:
    with pytest.raises(ValueError, match="allowed: one of them"):
        Subject(account, track)


def test_the_log_has_every_step_and_size_and_names_nobody(fill, period: Period) -> None:
    policy = policy_with(look("stated"))
    store = fill(policy, period)
    desk, before = QueryDesk(policy, store), len(store.audit.entries())
    granted = desk.ask(Request("look", "guard", ADA, "stated", "Jane Roe of 5 Elm Street"))
    answer = desk.run(granted.number)
    desk.ask(Request("find Jane Roe", "Jane's husband", ADA, "none"))
    log = [row for row in store.audit.entries()[before:] if row["action"] in ("ask", "answer", "refuse")]
    assert [row["action"] for row in log] == ["ask", "answer", "refuse"]
    assert log[0]["detail"]["request"] == log[1]["detail"]["request"] == granted.number
    assert log[1]["detail"]["records"] == answer.counts
    assert granted.number != log[2]["detail"]["request"]
    text = (store.folder / "audit.jsonl").read_text()
    visits = [visit.visit for visit in period.visits if visit.account == ADA.account]
    for name in (str(ADA.account), *visits, "Jane", "Elm Street", "husband"):
        assert name not in text


def test_the_text_of_a_query_has_a_deadline_of_its_own(fill, period: Period) -> None:
    policy = policy_with(look("stated")).model_copy(update={"keep_queries_seconds": 1000.0})
    store = fill(policy, period)
    QueryDesk(policy, store).ask(Request("look", "guard", ADA, "stated", "a very particular reason"))
    assert b"a very particular reason" in (store.folder / "kept.sqlite").read_bytes()
    store.advance(store.clock + 1000)
    assert b"a very particular reason" not in (store.folder / "kept.sqlite").read_bytes()


def test_erasing_a_person_erases_the_questions_about_them(fill, period: Period) -> None:
    policy = policy_with(look("stated"))
    store = fill(policy, period)
    desk, visit = QueryDesk(policy, store), period.visits[0]
    desk.ask(Request("look", "guard", Subject(account=visit.account), "stated", "reason by name"))
    desk.ask(Request("look", "guard", Subject(track=visit.tracks[0]), "stated", "reason by track"))
    store.erase(str(visit.account))
    assert b"reason by" not in (store.folder / "kept.sqlite").read_bytes()


@pytest.mark.parametrize("leaves", [True, False])
def test_an_answer_that_leaves_the_store_is_disclosed_record_by_record(fill, period: Period, leaves: bool) -> None:
    policy = policy_with(look(leaves=leaves))
    store = fill(policy, period)
    desk = QueryDesk(policy, store)
    counts = desk.run(desk.ask(Request("look", "guard", ADA)).number).counts
    told = dict(store.rows("SELECT kind, count(*) FROM disclosures WHERE recipient = 'guard' GROUP BY kind"))
    assert told == (counts if leaves else {})


UNBOUND_POLICE = {
    "police-gallery", "police-drivers-7m", "police-drivers-22m", "foreign-licences", "body-camera", "face-everywhere",
}  # fmt: skip
PRECEDENTS = {
    "police without suspicion": UNBOUND_POLICE,
    "police with suspicion": UNBOUND_POLICE | {"police-gallery-suspicion", "missing-child"},
    "marketing, for advertising": {"face-everywhere"},
    "a researcher": set(),
}


def test_the_built_in_policies_grant_what_their_precedents_granted() -> None:
    for typical in BATTERY:
        if typical.title in PRECEDENTS:
            granted = {name for name in list_policies() if granting(load_policy(name), typical)}
            assert granted == PRECEDENTS[typical.title], typical.title


def test_a_second_person_stops_the_employee_who_stalks() -> None:
    (stalker,) = (typical for typical in BATTERY if "stalks" in typical.title)
    assert granting(load_policy("app-entry"), stalker) is not None
    assert granting(load_policy("edge-only"), stalker) is None
    assert granting(load_policy("entrance-watchlist"), stalker) is None
    assert granting(load_policy("careless-watchlist"), stalker) is not None


@pytest.mark.parametrize("name", list_policies())
def test_people_are_told_about_themselves_exactly_where_it_is_promised(name: str) -> None:
    policy = load_policy(name)
    assert (granting(policy, OWN) is not None) == policy.promises.subject_access
    assert len(purposes_of(policy)) == len(policy.purposes) + policy.promises.subject_access


def test_tables_about_people_are_those_that_can_bear_a_name() -> None:
    assert {"crops", "tracks", "face_templates", "receipts", "poses", "alerts"} <= set(PERSONAL_TABLES)
    assert not {"frames", "counts", "queries"} & set(PERSONAL_TABLES)
