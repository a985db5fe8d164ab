"""Plates that fail are noticed from their samples, told, and never silently make purchases free or out of nothing."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from store.events import Attribution, PlateFailed, PlateRecovered, VisitDoubted, WeightChange
from store.ledger import Ledger
from store.plate_health import PlateHealth
from store.review import ReviewQueue
from tests.store.synthetic import HOME, Day, billed


def two_shoppers() -> Day:
    """Ann takes tuna at 14 s and soup at 18 s, Bob takes rice at 16 s on another gondola."""
    day = Day(5)
    ann, bob = day.enter("ann", 1.0), day.enter("bob", 4.0)
    day.pick(ann, "tuna", at=14.0)
    day.pick(bob, "rice", at=16.0)
    day.pick(ann, "soup", at=18.0)
    day.leave(ann, at=26.0)
    day.leave(bob, at=28.0)
    return day


def told(day: Day, kind: type) -> list:  # type: ignore[type-arg]
    return [event for event in day.events if isinstance(event, kind)]


@pytest.mark.parametrize(("kind", "trouble"), [("dead", "silent"), ("stuck", "stuck")])
def test_who_takes_from_a_plate_that_does_not_weigh_is_reviewed_and_nobody_else(kind: str, trouble: str):
    day = two_shoppers()
    (plate,) = HOME["tuna"]
    day.fault(kind, plate, 9.0)
    receipts = {receipt.account: receipt for receipt in day.run()}
    (failed,) = told(day, PlateFailed)
    assert (failed.plate, failed.trouble) == (plate, trouble)
    assert failed.since == pytest.approx(9.0, abs=0.1)
    assert failed.t < 12.5
    assert receipts["token-ann"].flagged
    assert not receipts["token-bob"].flagged
    assert {one: dict(receipt.lines) for one, receipt in receipts.items()} == {
        "token-ann": {"soup": 1},
        "token-bob": {"rice": 1},
    }


def test_the_reviewer_is_told_which_plate_it_was(tmp_path: Path):
    day = two_shoppers()
    (plate,) = HOME["tuna"]
    day.fault("dead", plate, 9.0)
    ledger = Ledger(f"sqlite:///{tmp_path / 'books.sqlite'}")
    day.run(day.shop(ledger))
    (review,) = ReviewQueue(ledger).all()
    assert plate in review.reason
    (doubt,) = told(day, VisitDoubted)
    assert doubt.reason == review.reason


def test_who_was_there_before_the_fault_was_noticed_is_reviewed_too():
    day = two_shoppers()
    day.fault("stuck", HOME["tuna"][0], 13.6)
    receipts = {receipt.account: receipt for receipt in day.run()}
    assert receipts["token-ann"].flagged
    assert not receipts["token-bob"].flagged


@pytest.mark.parametrize("kind", ["dead", "stuck"])
def test_a_plate_that_weighs_again_bills_nobody_for_what_it_missed(kind: str):
    day = two_shoppers()
    (plate,) = HOME["tuna"]
    day.fault(kind, plate, 9.0, 22.0)
    receipts = {receipt.account: receipt for receipt in day.run()}
    (recovered,) = told(day, PlateRecovered)
    assert recovered.plate == plate
    assert recovered.delta_g == pytest.approx(-186, abs=12)
    assert plate not in {one for change in told(day, WeightChange) for one in change.plates}
    assert dict(receipts["token-ann"].lines) == {"soup": 1}
    assert receipts["token-ann"].flagged


def test_after_its_recovery_a_plate_is_as_good_as_any():
    day = two_shoppers()
    (plate,) = HOME["tuna"]
    day.fault("dead", plate, 3.0, 7.0)
    receipts = day.run()
    assert billed(receipts) == day.truth()
    assert told(day, PlateRecovered)
    assert not any(receipt.flagged for receipt in receipts)


def test_lost_samples_of_a_moment_are_no_fault():
    day = two_shoppers()
    for start in (8.0, 12.0, 20.0):
        day.fault("dead", HOME["tuna"][0], start, start + 0.5)
    receipts = day.run()
    assert billed(receipts) == day.truth()
    assert not told(day, PlateFailed)


@pytest.mark.parametrize("speed", [0.05, -0.3, 0.8])
def test_slow_drift_becomes_no_item_and_hides_none(speed: float):
    day = two_shoppers()
    for product in ("tuna", "soup", "rice", "gum", "light"):
        day.fault("drifting", HOME[product][0], 2.0, grams_a_second=speed)
    assert billed(day.run()) == day.truth()
    assert len(told(day, WeightChange)) == 3
    assert not told(day, PlateFailed)


@pytest.mark.parametrize("speed", [3.0, -5.0, 8.0, -20.0, 60.0])
def test_a_plate_that_runs_away_is_told_and_becomes_no_item(speed: float):
    day = two_shoppers()
    (plate,) = HOME["light"]
    day.fault("drifting", plate, 6.0, grams_a_second=speed)
    assert billed(day.run()) == day.truth()
    (failed,) = told(day, PlateFailed)
    assert (failed.plate, failed.trouble) == (plate, "drifting")
    assert all(event.product is None for event in told(day, Attribution) if plate in str(event.change))


def test_a_sound_day_has_no_failed_plate_and_no_doubts():
    day = two_shoppers()
    day.run()
    assert not told(day, PlateFailed)
    assert not told(day, VisitDoubted)


@settings(max_examples=30, deadline=None)
@example(noise=5.0, quantum=20.0, seed=1)
@given(noise=st.floats(0, 8), quantum=st.sampled_from([0.0, 0.5, 1.0, 5.0, 20.0]), seed=st.integers(0, 2**20))
def test_no_sound_plate_is_taken_for_failed_however_quiet_or_coarse(noise: float, quantum: float, seed: int):
    rng = np.random.default_rng(seed)
    grams = 3000 + rng.normal(0, noise, (60 * 40, 4)) - 350 * (np.arange(60 * 40) > 1200)[:, None]
    grams = np.round(grams / quantum) * quantum if quantum else grams
    times = np.arange(1, len(grams) + 1) / 60
    health = PlateHealth(4)
    for start in range(0, len(times), 6):
        assert health.update(times[start : start + 6], grams[start : start + 6]) == []


@settings(max_examples=20, deadline=None)
@given(start=st.floats(6, 20), seconds=st.floats(4, 10), dead=st.booleans(), seed=st.integers(0, 2**20))
def test_a_fault_of_some_seconds_is_noticed_once_and_its_end_too(start: float, seconds: float, dead: bool, seed: int):
    times = np.arange(1, 60 * 40) / 60
    grams = np.round(2 * np.random.default_rng(seed).normal(3000, 1.0, (len(times), 2))) / 2
    during = (times >= start) & (times < start + seconds)
    grams[during, 1] = np.nan if dead else grams[during, 1][0]
    health, verdicts = PlateHealth(2), []
    for first in range(0, len(times), 6):
        verdicts += health.update(times[first : first + 6], grams[first : first + 6])
    assert [(one.column, one.trouble) for one in verdicts] == [(1, "silent" if dead else "stuck"), (1, None)]
    assert verdicts[0].since == pytest.approx(start, abs=0.1)
    assert start + seconds < verdicts[1].since < start + seconds + 2.5


def test_a_hand_that_leans_and_sways_is_no_drift():
    rng, plates, seconds = np.random.default_rng(4), 40, 30
    health = PlateHealth(plates)
    times = np.arange(1, 60 * seconds + 1) / 60
    sway = np.repeat(rng.normal(0, 400, (2 * seconds, plates)), 30, axis=0)
    grams = 3000 + sway * (times > 8)[:, None] + rng.normal(0, 1.0, (len(times), plates))
    assert health.update(times[:6], grams[:6]) == []
    verdicts = [v for start in range(6, len(times), 6) for v in health.update(times[start:][:6], grams[start:][:6])]
    assert verdicts == []
