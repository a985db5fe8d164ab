"""Runs a scenario without cameras: the real world, scales and store, and between them positions with made-up errors.

It writes a run folder with everything that the store and the truth leave, in seconds. What it says about tracking is
made up, so figures of such runs show how something is computed, never how good the store is with cameras.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim.evaluate import evaluate
from sim.hand_over_truth import families_of
from sim.handover import gates_of, planogram_of
from sim.people import Person
from sim.run_folder import (
    EVENT_COLUMNS,
    FLOOR_TRACK_COLUMNS,
    TRUTH_EVENT_COLUMNS,
    TRUTH_PEOPLE_COLUMNS,
    RunFolder,
    RunManifest,
    RunSummary,
    write_json,
    write_manifest,
    write_summary,
    write_table,
)
from sim.scenario import Scenario
from sim.settling import settle
from sim.shop_settings import shop_settings, write_settings
from sim.store_plan import StorePlan, load_store
from sim.truth import TruthEvent
from sim.world import PersonState, World, WorldTick
from store.events import HandPosition, TrackPosition
from store.journal import Journal
from store.ledger import Ledger
from store.shop import Shop, ShopSettings

DOORSTEP_M = 0.3


@dataclass(frozen=True, slots=True)
class Errors:
    """How badly the imagined cameras see: metres, and the share of hands that any camera finds."""

    body_sd: float = 0.07
    hand_sd: float = 0.12
    hand_seen: float = 0.5


def write_modelled_run(
    scenario: Scenario, out: Path, seed: int, errors: Errors | None = None, settings: ShopSettings | None = None
) -> RunFolder:
    """Runs the scenario once and returns its folder, which `aisle evaluate` and the like can read."""
    plan = load_store(scenario.store)
    world, seen = World(plan, scenario, seed), errors or Errors()
    rng, numbers = np.random.default_rng(seed), dict[str, int]()
    people, events, tracks = [], list[TruthEvent](), []
    content = scenario.model_copy(update={"seed": seed}).model_dump(mode="json")
    write_json(out / "plan.json", plan.model_dump(mode="json"))
    write_json(out / "scenario.json", content)
    write_manifest(out, RunManifest(scenario=scenario.name, seed=seed, status="finished", seeing="modelled"))
    with Journal(out / "events.jsonl") as journal:
        ledger = Ledger(f"sqlite:///{out / 'store.sqlite'}")
        settings = settings or shop_settings(scenario)
        shop = Shop(
            planogram_of(plan), gates_of(plan), world.accounts(), ledger, journal.append, settings,
            families_of(content),
        )  # fmt: skip
        write_settings(out, shop.settings)
        while not world.done:
            tick = world.step()
            found = [
                _position(state, world.people[state.person], tick.t, numbers, seen, rng)
                for state in tick.people
                if isinstance(state, PersonState) and _in_view(state, plan)
            ]
            _tell(shop, tick, found)
            people += [
                (tick.t, p.person, p.role, p.x, p.y, p.heading, "", p.person in tick.inside) for p in tick.people
            ]
            tracks += [(tick.t, p.track, p.x, p.y, p.sd, shop.account_of(p.track)) for p in found]
            events += tick.events
        shop.close(tick.t)
        _write(out, people, tracks, events)
        write_json(out / "truth" / "receipts.json", world.truth_receipts())
        write_json(out / "truth" / "subjects.json", world.subjects())
        settle(RunFolder(out), scenario, ledger, seed)
        ledger.close()
    speed = {"real_time_factor": 1.0, "wall_seconds": 1.0, "stages": {}, "peak_memory_mb": 1.0, "store_seconds": tick.t}
    write_json(out / "speed.json", speed)
    run = RunFolder(out)
    figures = evaluate(run)
    write_summary(out, RunSummary(scenario=scenario.name, seed=seed, store_seconds=tick.t, speed=speed, **figures))
    return RunFolder(out)


def _in_view(state: PersonState, plan: StorePlan) -> bool:
    """Whether the imagined cameras see somebody: in the room and on its doorstep, not in the street."""
    beyond = max(-state.x, state.x - plan.room.width_m, -state.y, state.y - plan.room.depth_m)
    return beyond < DOORSTEP_M


def _position(
    state: PersonState, person: Person, t: float, numbers: dict[str, int], seen: Errors, rng: np.random.Generator
) -> TrackPosition:
    """What the imagined cameras make of somebody."""
    pose = person.pose(state.x, state.y, state.heading, state.phase, state.speed, state.reach, state.carrying)
    dx, dy = rng.normal(0, seen.body_sd, 2)
    hands = []
    for side in ("L", "R"):
        place = person.hand(pose, side) + rng.normal(0, seen.hand_sd, 3)
        if rng.random() < seen.hand_seen:
            hands.append(HandPosition(float(place[0]), float(place[1]), float(place[2]), seen.hand_sd))
    number = numbers.setdefault(state.person, len(numbers) + 1)
    return TrackPosition(number, t, state.x + dx, state.y + dy, seen.body_sd, tuple(hands))


def _tell(shop: Shop, tick: WorldTick, found: Sequence[TrackPosition]) -> None:
    for scan in tick.gate_scans:
        shop.gate_scan(scan)
    for crossing in tick.gate_crossings:
        shop.gate_crossing(crossing)
    shop.positions(tick.t, found)
    shop.weights(tick.weights_t, tick.weights_g.astype(np.float64))


def _write(
    out: Path, people: Sequence[Sequence[object]], tracks: Sequence[Sequence[object]], events: Sequence[TruthEvent]
) -> None:
    def rows(table: Sequence[Sequence[object]], columns: Sequence[str]) -> list[dict[str, object]]:
        return [dict(zip(columns, row, strict=True)) for row in table]

    happened = [(e.t, e.person, e.account, e.kind, e.product, e.quantity, " ".join(e.plates)) for e in events]
    write_table(out / "truth" / "people.parquet", rows(people, TRUTH_PEOPLE_COLUMNS), TRUTH_PEOPLE_COLUMNS)
    write_table(out / "truth" / "events.parquet", rows(happened, TRUTH_EVENT_COLUMNS), TRUTH_EVENT_COLUMNS)
    write_table(out / "tracks" / "floor.parquet", rows(tracks, FLOOR_TRACK_COLUMNS), FLOOR_TRACK_COLUMNS)
    journal = [json.loads(line) for line in (out / "events.jsonl").read_text(encoding="utf-8").splitlines()]
    table = [(str(row.get("id", "")), row["t"], row["kind"], json.dumps(row)) for row in journal]
    write_table(out / "events.parquet", rows(table, EVENT_COLUMNS), EVENT_COLUMNS)
