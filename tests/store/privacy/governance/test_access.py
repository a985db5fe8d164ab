from dataclasses import replace

import numpy as np
import pytest

from store.privacy import DayRecords, Period, Policy, list_policies, load_policy
from store.privacy.governance.access import AccessReport, access_report, bought, longest_stop
from store.privacy.governance.queries import QueryDesk, Request, Subject
from store.privacy.governance.records import PERSONAL_TABLES
from store.privacy.policy import DAY_S, Collect

TRACKED = [name for name in list_policies() if load_policy(name).billing == "tracked"]


def recording_everything(name: str) -> Policy:
    """The policy with every kind of record about people kept for a year, and nobody who opts out."""
    policy = load_policy(name)
    kinds = ("frames", "crops", "body_embeddings", "face_templates", "poses", "tracks", "receipts")
    kept = {kind: Collect(keep_seconds=365 * DAY_S) for kind in kinds}
    return policy.model_copy(update={"collects": kept, "opt_out": None, "camera_width_px": 8192})


def of_kind(report: AccessReport) -> dict[str, int]:
    """What the report shows, by the table that it came from."""
    shown = {
        "crops": sum(len(visit.pictures) for visit in report.visits),
        "face_templates": sum(row.of == "face" for visit in report.visits for row in visit.templates),
        "body_embeddings": sum(row.of == "body" for visit in report.visits for row in visit.templates),
        "poses": sum(visit.poses for visit in report.visits),
        "tracks": sum(len(path.points) for visit in report.visits for path in visit.paths),
        "receipts": sum(len(visit.bills) for visit in report.visits),
        "alerts": sum(len(visit.alerts) for visit in report.visits),
    }
    return {kind: number for kind, number in shown.items() if number}


@pytest.mark.parametrize("name", TRACKED)
def test_every_record_about_a_person_is_shown_under_every_policy(name: str, fill, period: Period) -> None:
    policy = recording_everything(name)
    store = fill(policy, period)
    account = str(period.visits[1].account)
    report = access_report(policy, store, account)
    held = {
        table: store.rows(f"SELECT count(*) FROM {table} JOIN people USING (person) WHERE account = ?", (account,))
        for table in PERSONAL_TABLES
    }
    counted = {table: rows[0][0] for table, rows in held.items() if rows[0][0]}
    assert of_kind(report) == counted
    assert {kind.kind: kind.held for kind in report.kinds if kind.held} == counted
    assert report.records == sum(counted.values()) > 0
    handed = store.rows("SELECT count(*) FROM disclosures JOIN people USING (person) WHERE account = ?", (account,))
    assert report.handed_records == handed[0][0]


def test_nothing_about_other_people_is_shown(fill, period: Period) -> None:
    policy = recording_everything("face-everywhere")
    store = fill(policy, period)
    account = str(period.visits[0].account)
    own = [visit for visit in period.visits if visit.account == account]
    others = [visit for visit in period.visits if visit.account != account]
    report = access_report(policy, store, account)
    text = repr(replace(report, policy=None))
    for visit in others:
        assert f"'{visit.visit}'" not in text
        assert f"'{visit.account}'" not in text
    tracks = {path.track for visit in report.visits for path in visit.paths}
    assert tracks == {track for visit in own for track in visit.tracks}
    pictures = {picture.jpeg for visit in report.visits for picture in visit.pictures}
    assert pictures == {jpeg for day in period.days for jpeg in pictures_of(day, tracks)}


def pictures_of(day: DayRecords, tracks: set[int]) -> list[bytes]:
    assert day.crops is not None
    return list(day.crops[day.crops["track"].isin(tracks)]["jpeg"])


def test_a_store_of_cash_desks_finds_nobody_by_name_but_says_that_it_recorded_people(fill, period: Period) -> None:
    policy = load_policy("checkout")
    report = access_report(policy, fill(policy, period), str(period.visits[0].account))
    assert report.visits == ()
    assert report.unnamed["frames"] > 0
    assert all(kind.held == 0 for kind in report.kinds)


def test_what_has_expired_is_gone_from_the_report_and_named_as_made(fill, period: Period) -> None:
    policy = load_policy("app-entry").model_copy(update={"opt_out": None})
    store = fill(policy, period, 1, period.closes + 2 * DAY_S)
    report = access_report(policy, store, str(period.visits[0].account))
    kinds = {kind.kind: kind for kind in report.kinds}
    assert (kinds["body_embeddings"].held, kinds["body_embeddings"].made) == (0, True)
    assert kinds["receipts"].held > 0
    assert kinds["receipts"].until == max(bill.t for visit in report.visits for bill in visit.bills) + 220_752_000


def test_an_erased_person_gets_an_empty_report(fill, period: Period) -> None:
    policy = recording_everything("face-everywhere")
    store = fill(policy, period)
    account = str(period.visits[0].account)
    store.erase(account)
    report = access_report(policy, store, account)
    assert (report.records, report.handed, report.asked, report.shown_in) == (0, (), (), 0)


def test_people_see_who_asked_about_them_what_came_of_it_and_not_who_asked_about_others(fill, period: Period) -> None:
    policy = recording_everything("app-entry")
    store = fill(policy, period)
    account = str(period.visits[0].account)
    desk = QueryDesk(policy, store)
    other = next(visit for visit in period.visits if visit.account != account)
    ticket = desk.ask(Request("settle a dispute", "customer service", Subject(account=account), "stated", "case 1"))
    answer = desk.run(ticket.number)
    desk.ask(Request("curiosity", "a neighbour", Subject(track=period.visits[0].tracks[0])))
    desk.ask(Request("curiosity", "a stranger", Subject(account=other.account)))
    asked = access_report(policy, store, account).asked
    assert [row.who for row in asked] == ["customer service", "a neighbour"]
    assert asked[0].answered == sum(answer.counts.values()) > 0
    assert (asked[1].answered, bool(asked[1].refusal)) == (None, True)


def test_a_subject_access_request_is_logged_without_a_name(fill, period: Period) -> None:
    policy = recording_everything("app-entry")
    store = fill(policy, period)
    before = len(store.audit.entries())
    access_report(policy, store, "account-000")
    assert [row["action"] for row in store.audit.entries()[before:]] == ["access"]
    assert "account-000" not in (store.folder / "audit.jsonl").read_text()


def test_conclusions_rest_on_the_records(fill, period: Period) -> None:
    policy = recording_everything("app-entry")
    party = next(visit for visit in period.visits if visit.people == 2)
    report = access_report(policy, fill(policy, period), str(party.account))
    own = [visit for visit in period.visits if visit.account == party.account]
    assert [visit.companions for visit in report.visits] == [visit.people - 1 for visit in own]
    lines = [row.lines for row in period.receipts if row.account == party.account]
    assert sum(bought(report.visits).values()) == sum(sum(line.values()) for line in lines)
    together = {
        visit.account
        for visit in period.visits
        for mine in own
        if visit.account != party.account and visit.opened < mine.closed and visit.closed > mine.opened
    }
    assert report.others == len(together)


def test_the_longest_stop_is_where_most_time_went(fill, period: Period) -> None:
    policy = recording_everything("app-entry")
    account = str(period.visits[0].account)
    report = access_report(policy, fill(policy, period), account)
    stop = longest_stop(report.visits)
    assert stop is not None
    positions = period.days[0].positions
    places = positions[positions["track"] == period.visits[0].tracks[0]][["x", "y"]].to_numpy()
    near = np.hypot(*(places - stop[:2]).T) < 1.0
    assert near.mean() > 0.25
    assert longest_stop(()) is None
