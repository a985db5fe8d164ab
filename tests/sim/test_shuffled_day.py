"""The store bills what was perceived: names of shoppers, the order in which they are told, and numbers are nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.ceiling import PerfectTracks
from sim.handover import gates_of, planogram_of
from sim.scenario import Scenario, load_scenario
from sim.store_plan import load_store
from sim.world import World
from store.events import GateCrossing, GateScan, TrackPosition
from store.ledger import Ledger
from store.planogram import Gate, Planogram
from store.receipt import Receipt
from store.shop import Shop

SCENARIOS = ["corner-shop", "hard/tailgater", "hard/four-at-one-shelf", "hard/one-scanned", "hard/exchange"]


@dataclass(frozen=True)
class Perceived:
    """What the store's sensors gave at one tick."""

    scans: Sequence[GateScan]
    crossings: Sequence[GateCrossing]
    t: float
    tracks: Sequence[TrackPosition]
    weights_t: NDArray[np.float64]
    weights_g: NDArray[np.float64]


@dataclass(frozen=True)
class PerceivedDay:
    """All that a store's computers know of a day: what stands where, who has which token, and the sensors."""

    planogram: Planogram
    gates: Sequence[Gate]
    tokens: Mapping[str, str]
    ticks: Sequence[Perceived]


def perceived(scenario: Scenario, seed: int) -> PerceivedDay:
    plan = load_store(scenario.store)
    world = World(plan, scenario, seed)
    tracks, ticks = PerfectTracks(world), []
    while not world.done:
        tick = world.step()
        weights = tick.weights_g.astype(np.float64)
        ticks.append(Perceived(tick.gate_scans, tick.gate_crossings, tick.t, tracks.of(tick), tick.weights_t, weights))
    return PerceivedDay(planogram_of(plan, scenario.planogram_errors), gates_of(plan), world.accounts(), ticks)


def bills(day: PerceivedDay) -> dict[str, list[Receipt]]:
    ledger = Ledger("sqlite://")
    shop = Shop(day.planogram, day.gates, day.tokens, ledger, lambda event: None)
    for tick in day.ticks:
        for scan in tick.scans:
            shop.gate_scan(scan)
        for crossing in tick.crossings:
            shop.gate_crossing(crossing)
        shop.positions(tick.t, tick.tracks)
        shop.weights(tick.weights_t, tick.weights_g)
    shop.close(day.ticks[-1].t)
    receipts: dict[str, list[Receipt]] = {}
    for receipt in ledger.receipts():
        receipts.setdefault(receipt.account, []).append(receipt)
    ledger.close()
    return receipts


def shuffled(day: PerceivedDay, rng: np.random.Generator) -> tuple[PerceivedDay, dict[str, str]]:
    """The same day with new names, tokens and track numbers, everybody told in another order; and the new names."""
    accounts = sorted(set(day.tokens.values()))
    names = {old: f"nobody-{number}" for old, number in zip(accounts, rng.permutation(len(accounts)), strict=True)}
    tokens = {old: f"token-{number}" for old, number in zip(day.tokens, rng.permutation(len(day.tokens)), strict=True)}
    known = sorted({track.track for tick in day.ticks for track in tick.tracks})
    numbers = {old: 1000 + int(number) for old, number in zip(known, rng.permutation(len(known)), strict=True)}

    def retold(tick: Perceived) -> Perceived:
        tracks = [replace(track, track=numbers[track.track]) for track in tick.tracks]
        scans = [replace(scan, token=tokens[scan.token]) for scan in tick.scans]
        return replace(tick, scans=scans, tracks=[tracks[k] for k in rng.permutation(len(tracks))])

    rows = [(tokens[old], names[account]) for old, account in day.tokens.items()]
    order = rng.permutation(len(rows))
    return (
        replace(day, tokens=dict(rows[k] for k in order), ticks=[retold(tick) for tick in day.ticks]),
        names,
    )


def contents(receipt: Receipt) -> tuple[object, ...]:
    """What a shopper sees of a receipt, but for the account's name."""
    evidence = [(one.t, one.plates, one.product, one.quantity, round(one.probability, 6)) for one in receipt.evidence]
    lines = sorted(receipt.lines.items())
    return lines, receipt.cents, receipt.flagged, round(receipt.confidence, 6), receipt.people, evidence


@pytest.mark.parametrize("name", SCENARIOS)
def test_shoppers_under_other_names_in_another_order_get_the_same_bills(name: str) -> None:
    day = perceived(load_scenario(name), 3)
    before = bills(day)
    other, names = shuffled(day, np.random.default_rng(1))
    after = bills(other)
    assert before, "nobody was billed"
    assert set(after) == {names[account] for account in before}
    for account, receipts in before.items():
        assert [contents(one) for one in after[names[account]]] == [contents(one) for one in receipts]
