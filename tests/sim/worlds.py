"""Small worlds for tests: one room, one gondola, one gate, and scripts for it."""

from typing import Any

from sim.scenario import Scenario
from sim.store_plan import StorePlan, plan_from
from sim.truth import TruthEvent
from sim.world import World, WorldTick


def small_plan(width_m: float = 5.0, depth_m: float = 4.0) -> StorePlan:
    """A gondola at the back wall with two shelves of four plates, and one gate for both ways."""
    product = {"weight_g": 500, "price_cents": 100, "size_m": [0.07, 0.07, 0.12], "shape": "can"}
    return plan_from(
        {
            "name": "small",
            "title": "A room with one gondola",
            "room": {"width_m": width_m, "depth_m": depth_m},
            "products": [
                {"id": "soup", "name": "Soup", **product},
                {"id": "beans", "name": "Beans", **product, "weight_g": 300},
                {"id": "water", "name": "Water", **product, "weight_g": 1000},
            ],
            "gondolas": [
                {
                    "id": "A", "x": width_m / 2, "y": depth_m - 0.25, "heading_deg": -90, "length_m": 2.0,
                    "depth_m": 0.45, "height_m": 1.6,
                    "shelves": [
                        {"height_m": 1.2, "plates_per_shelf": 4, "slots": [
                            {"product": "soup", "plates": [1], "stock": 6},
                            {"product": "beans", "plates": [3], "stock": 6},
                        ]},
                        {"height_m": 0.7, "plates_per_shelf": 4, "slots": [
                            {"product": "water", "plates": [2, 3], "stock": 6},
                        ]},
                    ],
                }
            ],
            "gates": [{"id": "gate", "x": width_m / 2, "y": 0.0, "direction": "both"}],
            "cameras": [{"name": "corner", "position": [0.1, 0.1, 2.6], "look_at": [2.5, 2.0, 0.5]}],
        }
    )  # fmt: skip


def script(*shoppers: dict[str, Any], seconds: float = 40, **more: Any) -> Scenario:
    """A scenario for the small plan with scripted shoppers, which ends when they have left."""
    return Scenario.model_validate(
        {
            "name": "script", "title": "A script", "store": "small", "seconds": seconds, "last_call": 5,
            "end_when_empty": True, "shoppers": {"scripted": shoppers}, **more,
        }
    )  # fmt: skip


def run(world: World) -> tuple[list[WorldTick], list[TruthEvent]]:
    """All ticks and all truth events of a world."""
    ticks = []
    while not world.done:
        ticks.append(world.step())
    return ticks, [event for tick in ticks for event in tick.events]
