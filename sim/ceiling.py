"""What billing could reach at most: the store is told where people and hands really are, as if tracking were perfect.

This is a ceiling, for tests and experiments alone. No run of `sim.run` uses it, and no figure of it may stand for one:
the store is otherwise told only what cameras, plates and gates see (`tests/sim/test_no_oracle.py`). It shows where
attribution itself fails, and it is fast, as nothing is drawn.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sim.fraud import fraud_figures
from sim.handover import gates_of, planogram_of
from sim.scenario import Scenario
from sim.store_plan import StorePlan, load_store
from sim.world import PersonState, World, WorldTick
from store.events import HandPosition, LeftUnpaid, StoreEvent, TrackPosition
from store.ledger import Ledger
from store.receipt import Receipt
from store.scoring import score_receipts
from store.shop import Shop

HAND_SD_M, BODY_SD_M = 0.02, 0.03
"""What the store is told about the error of these positions, metres; they have none."""


class PerfectTracks:
    """Everybody of a world as tracks: one number a person, never lost, with the true place of body and palms."""

    def __init__(self, world: World) -> None:
        self._people = world.people
        self._numbers = {name: number for number, name in enumerate(world.people, start=1)}

    def of(self, tick: WorldTick) -> list[TrackPosition]:
        """The tracks at a tick, in metres of the floor frame."""
        return [self._track(state, tick.t) for state in tick.people]

    def _track(self, state: PersonState, t: float) -> TrackPosition:
        hands = tuple(HandPosition(*palm, HAND_SD_M) for palm in self.palms(state))
        return TrackPosition(self._numbers[state.person], t, state.x, state.y, BODY_SD_M, hands)

    def palms(self, state: PersonState) -> list[tuple[float, float, float]]:
        """Where the left and the right palm are, metres."""
        person = self._people[state.person]
        pose = person.pose(
            state.x, state.y, state.heading, state.phase, state.speed, state.reach, carrying=state.carrying
        )
        points = (person.hand(pose, side) for side in "LR")
        return [(float(x), float(y), float(z)) for x, y, z in points]


def bill_with_perfect_tracks(
    scenario: Scenario,
    seed: int,
    plan: StorePlan | None = None,
    journal: Callable[[StoreEvent], None] = lambda event: None,
) -> tuple[World, list[Receipt]]:
    """The world after its day, and the receipts that the store wrote with perfect tracks; `journal` gets its events."""
    plan = plan or load_store(scenario.store)
    world = World(plan, scenario, seed)
    ledger = Ledger("sqlite://")
    planogram = planogram_of(plan, scenario.planogram_errors)
    shop = Shop(planogram, gates_of(plan), world.accounts(), ledger, journal)
    tracks, t = PerfectTracks(world), 0.0
    while not world.done:
        tick = world.step()
        for scan in tick.gate_scans:
            shop.gate_scan(scan)
        for crossing in tick.gate_crossings:
            shop.gate_crossing(crossing)
        shop.positions(tick.t, tracks.of(tick))
        shop.weights(tick.weights_t, tick.weights_g.astype(np.float64))
        t = tick.t
    shop.close(t)
    receipts = ledger.receipts()
    ledger.close()
    return world, receipts


def ceiling_figures(scenario: Scenario, seed: int) -> Mapping[str, Any]:
    """The blocks `receipts` and `fraud` of a summary, with perfect tracks."""
    plan = load_store(scenario.store)
    events: list[StoreEvent] = []
    world, receipts = bill_with_perfect_tracks(scenario, seed, plan, events.append)
    due, prices = world.truth_receipts(), {product.id: product.price_cents for product in plan.products}
    figures: dict[str, Any] = {"receipts": score_receipts(due, receipts, prices)}
    if scenario.attack is not None:
        unpaid = [event for event in events if isinstance(event, LeftUnpaid)]
        figures["fraud"] = fraud_figures(scenario, due, receipts, unpaid)
    return figures
