"""Which floor the cameras see, from the plan alone."""

import numpy as np
import pytest

from sim.coverage import FOOT_M, HEAD_M, cameras_seeing, floor_grid, sees
from sim.store_plan import StorePlan, camera_models, load_store
from tests.sim.worlds import small_plan


def shares(plan: StorePlan, height_m: float) -> tuple[float, float]:
    """Of the floor, seen by at least one and by at least two cameras."""
    count = cameras_seeing(plan, camera_models(plan).values(), floor_grid(plan), height_m)
    return float((count >= 1).mean()), float((count >= 2).mean())


def test_a_gondola_hides_what_stands_close_behind_it_and_not_what_is_above() -> None:
    plan = small_plan()
    camera = camera_models(plan)["corner"]
    # The gondola's back is 3.98 m up the plan, its top 1.6 m high; behind it is only a hand's breadth.
    behind = np.array([[2.5, 3.99, 0.1], [2.5, 3.99, 1.7]])
    assert sees(camera, behind, plan.gondolas).tolist() == [False, True]


def test_what_is_outside_the_picture_is_not_seen() -> None:
    plan = small_plan()
    camera = camera_models(plan)["corner"]
    assert not sees(camera, np.array([[0.1, 0.1, 0.0], [-1.0, -1.0, 1.0]]), ()).any()


def test_the_floor_grid_keeps_off_walls_and_gondolas() -> None:
    plan = small_plan()
    grid = floor_grid(plan, step_m=0.1, clearance_m=0.2)
    assert grid.min() >= 0.2
    assert not ((abs(grid[:, 0] - 2.5) < 1.2) & (grid[:, 1] > 3.33)).any()


@pytest.mark.parametrize("height_m", [FOOT_M, HEAD_M])
def test_two_cameras_of_the_supermarket_see_nearly_all_of_its_floor(height_m: float) -> None:
    one, two = shares(load_store("retail"), height_m)
    assert one > 0.99
    assert two > 0.97


@pytest.mark.parametrize("height_m", [FOOT_M, 1.0, HEAD_M, 1.85])
def test_no_camera_of_the_depot_sees_its_eastern_aisle(height_m: float) -> None:
    plan = load_store("depot")
    grid = floor_grid(plan, step_m=0.1)
    aisle = grid[(grid[:, 0] > 8.06) & (grid[:, 0] < 9.84) & (grid[:, 1] > 2.7) & (grid[:, 1] < 5.7)]
    assert len(aisle) > 300
    assert not cameras_seeing(plan, camera_models(plan).values(), aisle, height_m).any()
