"""Scans that are lost, come twice, come late or at once: each visit is one visit, and what is unsure is reviewed."""

import pytest

from store.events import EntryUnscanned, GateCrossing, GateScan, MemberEntered, VisitDoubted, VisitOpened
from tests.store.synthetic import Day, billed


def told(day: Day, kind: type) -> list:  # type: ignore[type-arg]
    return [event for event in day.events if isinstance(event, kind)]


def two_shoppers(later: float = 6.0) -> Day:
    """Ann takes a cola, Bob, who comes `later` seconds after her, takes rice."""
    day = Day(7)
    ann, bob = day.enter("ann", 1.0), day.enter("bob", 1.0 + later)
    day.pick(ann, "cola", at=12.0)
    day.pick(bob, "rice", at=24.0)
    day.leave(ann, at=26.0)
    day.leave(bob, at=32.0)
    return day


@pytest.mark.parametrize("apart", [0.0, 0.1, 0.9])
def test_a_scan_that_is_read_twice_is_one_visit_of_one_person(apart: float):
    day = two_shoppers()
    day.scans.append(GateScan(1.0 + apart, "in", "token-ann"))
    receipts = day.run()
    assert billed(receipts) == day.truth()
    assert len(told(day, VisitOpened)) == 2
    assert {receipt.people for receipt in receipts} == {1}
    assert not any(receipt.flagged for receipt in receipts)


@pytest.mark.parametrize("apart", [2.0, 5.0])
def test_a_second_scan_that_nobody_uses_takes_nobodys_place(apart: float):
    """Ann's token is read again when she has passed; Bob scans and passes well after that."""
    day = two_shoppers(later=apart + 9.0)
    day.scans.append(GateScan(1.0 + apart, "in", "token-ann"))
    receipts = day.run()
    assert billed(receipts) == day.truth()
    assert {receipt.people for receipt in receipts} == {1}


def test_who_comes_in_on_a_lost_scan_is_told_and_nobody_else_pays_for_them():
    day = two_shoppers()
    day.scans.pop(0)
    receipts = day.run()
    assert billed(receipts) == {"token-bob": {"rice": 1}}
    assert [event.t for event in told(day, EntryUnscanned)] == [2.0]


def test_a_scan_that_is_told_after_the_passage_is_of_who_passed_and_reviewed():
    day = two_shoppers(later=12.0)
    day.scans[0] = GateScan(3.5, "in", "token-ann")
    receipts = {receipt.account: receipt for receipt in day.run()}
    assert {account: dict(receipt.lines) for account, receipt in receipts.items()} == day.truth()
    assert receipts["token-ann"].flagged
    assert not receipts["token-bob"].flagged


def test_a_scan_of_who_turns_round_is_not_given_to_one_who_passed_long_before():
    day = two_shoppers(later=12.0)
    day.scans.append(GateScan(7.0, "in", "token-carl"))
    shop = day.shop()
    shop.gates._accounts._account["token-carl"] = "carl"
    assert billed(day.run(shop)) == day.truth()
    assert len(told(day, MemberEntered)) == 2


def test_two_who_scan_at_the_same_moment_get_a_visit_each_and_are_reviewed():
    day = Day(7)
    ann, bob = day.enter("ann", 1.0), day.enter("bob", 3.0)
    day.scans = [GateScan(1.0, "in", "token-ann"), GateScan(1.0, "in", "token-bob")]
    day.pick(ann, "cola", at=12.0)
    day.pick(bob, "rice", at=16.0)
    day.leave(ann, at=24.0)
    day.leave(bob, at=28.0)
    receipts = {receipt.account: receipt for receipt in day.run()}
    assert len(receipts) == 2
    assert all(receipt.flagged for receipt in receipts.values())
    assert sorted(event.visit for event in told(day, VisitDoubted)) == ["visit-1", "visit-2"]


def test_a_party_that_scans_in_advance_is_one_visit_of_two_without_doubts():
    day = Day(7)
    ann, kid = day.enter("ann", 1.0), day.enter("kid", 3.5, token="token-ann")
    day.scans[1] = GateScan(2.2, "in", "token-ann")
    day.crossings[0] = GateCrossing(2.6, "in", "in")
    day.pick(ann, "rice")
    day.leave(ann, at=20.0)
    day.leave(kid, at=22.0)
    (receipt,) = day.run()
    assert receipt.people == 2
    assert not told(day, VisitDoubted)
