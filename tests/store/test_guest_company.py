"""Who comes in without a scan: on whose bill their things are, and what is told where they are on none."""

from store.company import CompanySettings, Guest
from store.events import Attribution, GateCrossing, LeftUnpaid, MemberEntered, Reattribution, VisitDoubted
from store.recovery import Remembered
from tests.store.synthetic import HOME, IN, Day, Person, billed


def told(day: Day, kind: type) -> list:  # type: ignore[type-arg]
    return [event for event in day.events if isinstance(event, kind)]


def two_on_one_scan(day: Day, later: float = 2.0) -> tuple[Person, Person]:
    """Ann scans; Kid comes in `later` seconds behind her and shows no token."""
    ann, kid = day.enter("ann", 1.0), day.enter("kid", 1.0 + later)
    day.scans.pop()
    return ann, kid


def together(day: Day) -> None:
    """Both shop at one shelf, half a minute long, and leave one behind the other."""
    ann, kid = two_on_one_scan(day)
    day.pick(ann, "cola", at=12.0)
    day.pick(kid, "tea", at=16.0)
    day.pick(ann, "cola-zero", at=40.0)
    day.go(kid, HOME["tea"], at=43.0)
    day.leave(ann, at=48.0)
    day.leave(kid, at=50.0)


def test_who_stays_and_leaves_with_one_who_scanned_is_on_that_bill():
    day = Day(3)
    together(day)
    (receipt,) = day.run()
    assert dict(receipt.lines) == {"cola": 1, "cola-zero": 1, "tea": 1}
    assert receipt.people == 2
    assert not told(day, LeftUnpaid)


def test_a_bill_with_the_things_of_one_without_a_scan_is_reviewed():
    day = Day(3)
    together(day)
    (receipt,) = day.run()
    assert receipt.flagged
    assert ["without a scan" in event.reason for event in told(day, VisitDoubted)] == [True]


def test_what_was_told_of_a_guest_is_told_anew_of_the_visit_they_belong_to():
    day = Day(3)
    together(day)
    day.run()
    assert {event.chosen for event in told(day, Attribution)} == {"visit-1", "guest-1"}
    assert {(event.chosen, event.because) for event in told(day, Reattribution)} == {("visit-1", "guest-1")}
    assert [(event.visit, event.member, event.t) for event in told(day, MemberEntered)][1:] == [("visit-1", 2, 4.0)]


def test_who_slips_in_and_keeps_apart_is_on_nobodys_bill_and_told_of():
    day = Day(3)
    ann, kid = two_on_one_scan(day)
    day.pick(ann, "cola", at=12.0)
    day.pick(kid, "rice", at=16.0)
    day.leave(kid, at=26.0)
    day.leave(ann, at=44.0)
    assert billed(day.run()) == {"token-ann": {"cola": 1}}
    (unpaid,) = told(day, LeftUnpaid)
    assert (unpaid.guest, unpaid.entered, unpaid.gate, unpaid.lines) == ("guest-1", 4.0, "out", {"rice": 1})


def test_who_comes_in_long_after_somebody_is_never_on_their_bill():
    day = Day(3)
    ann, kid = two_on_one_scan(day, later=7.0)
    day.pick(ann, "cola", at=14.0)
    day.pick(kid, "tea", at=18.0)
    day.go(ann, HOME["cola"], at=43.0)
    day.go(kid, HOME["tea"], at=43.0)
    day.leave(ann, at=48.0)
    day.leave(kid, at=50.0)
    assert billed(day.run()) == {"token-ann": {"cola": 1}}
    assert [event.lines for event in told(day, LeftUnpaid)] == [{"tea": 1}]


def test_a_guest_who_takes_nothing_is_nothing_to_tell():
    day = Day(3)
    ann, kid = two_on_one_scan(day)
    day.pick(ann, "cola", at=12.0)
    day.leave(kid, at=20.0)
    day.leave(ann, at=44.0)
    (receipt,) = day.run()
    assert not told(day, LeftUnpaid)
    assert not receipt.flagged


def test_who_stands_in_the_light_beam_is_one_person():
    day = Day(3)
    ann, _ = two_on_one_scan(day)
    day.crossings += [GateCrossing(4.12, "in", "out"), GateCrossing(4.25, "in", "in")]
    day.pick(ann, "cola", at=12.0)
    shop = day.shop()
    day.run(shop, until=10.0)
    assert [member.visit for member in shop.gates.members()] == ["visit-1", "guest-2"]


def test_near_speaks_for_company_and_leaving_at_another_time_against_it():
    settings = CompanySettings()
    apart, near = Guest("guest-1", "visit-1", apart_s=20.0), Guest("guest-1", "visit-1", near_s=20.0)
    assert near.belongs(3.0, True, settings) > 0.95 > 0.05 > apart.belongs(3.0, True, settings)
    assert near.belongs(60.0, True, settings) < 0.1
    assert near.belongs(0.0, False, settings) < near.belongs(0.0, True, settings)


def test_guests_after_a_restart_have_new_names():
    day = Day(3)
    together(day)
    day.run(until=45.0)
    assert Remembered(day.events, {"in": IN}, {"token-ann": "token-ann"}).came == 1
