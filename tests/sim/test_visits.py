"""A simulated day has the visits of the population that it was fitted to."""

import numpy as np
import pytest

from sim.scenario import load_scenario
from sim.store_plan import load_store
from sim.world import World


@pytest.mark.slow
def test_convenience_visits_are_as_long_and_as_often_paid_as_surveys_say() -> None:
    """US convenience stores: 172 s in the mean, 60 % of entrants buy, 4 % of baskets hold five items or more."""
    scenario = load_scenario("convenience").model_copy(update={"weigh_hz": 10, "fps": 5})
    seconds, items = [], []
    for seed in (1, 2):
        world, entered = World(load_store(scenario.store), scenario, seed), {}
        while not world.done:
            for event in world.step().events:
                if event.kind == "enter":
                    entered[event.person] = event.t
                elif event.kind == "leave":
                    seconds.append(event.t - entered[event.person])
        items += [sum(receipt["items"].values()) for receipt in world.truth_receipts()]
    assert len(seconds) == 72
    assert np.mean(seconds) == pytest.approx(172, rel=0.1)
    assert np.mean([count > 0 for count in items]) == pytest.approx(0.6, abs=0.1)
    assert np.mean([count >= 5 for count in items]) < 0.1
