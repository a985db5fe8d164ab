from dataclasses import replace

import pytest

from store.privacy import Billing, DayRecords, Period, Truth


def tomorrow(day: DayRecords) -> DayRecords:
    """The same day a day later, under names of its own."""
    visits = tuple(
        replace(v, visit=f"d2-{v.visit}", opened=v.opened + 86_400, closed=v.closed + 86_400,
                tracks=tuple(track + 100_000 for track in v.tracks))
        for v in day.visits
    )  # fmt: skip
    return replace(day, visits=visits, receipts=(), opens=86_400.0)


def test_a_period_counts_all_days(day: DayRecords) -> None:
    period = Period((day, tomorrow(day)))
    assert period.people == 2 * day.people
    assert len(period.visits) == 2 * len(day.visits)
    assert period.closes == 86_400 + day.store_seconds
    assert period.compute_seconds == {stage: 2 * spent for stage, spent in day.compute_seconds.items()}


def test_billing_of_a_period_is_weighed_by_receipts_and_unknown_where_a_day_is(day: DayRecords) -> None:
    second = replace(tomorrow(day), billing=Billing(0.5, 10, 20, 0.8))
    receipts = len(day.receipts)
    assert Period((day, second)).billing.exact_rate == pytest.approx((0.9 * receipts + 0.5) / (receipts + 1))
    assert Period((day, second)).billing.overcharged_cents == 260
    assert Period((day, replace(second, billing=Billing()))).billing == Billing()


def test_truth_of_a_period_joins_the_days(day: DayRecords) -> None:
    first = replace(day, truth=Truth(subject_of_track={1: "ann"}))
    second = replace(tomorrow(day), truth=Truth(subject_of_track={100_001: "ann"}))
    assert Period((first, second)).truth.subject_of_track == {1: "ann", 100_001: "ann"}


def test_days_out_of_order_and_names_used_twice_are_refused(day: DayRecords) -> None:
    with pytest.raises(ValueError, match=r"days\.1\.opens"):
        Period((tomorrow(day), day))
    with pytest.raises(ValueError, match="visits"):
        Period((day, replace(day, opens=86_400.0)))
    with pytest.raises(ValueError, match="days"):
        Period(())
