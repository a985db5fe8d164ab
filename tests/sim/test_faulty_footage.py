"""What reaches the tracker, and what the truth says, when cameras have faults."""

from typing import Any

import numpy as np
import pytest

from sim.faulty_cameras import turned
from sim.footage import Footage, film
from sim.scenario import Scenario
from sim.stopwatch import Stopwatch
from sim.store_plan import StorePlan, camera_models, plan_from
from sim.world import World
from tests.sim.worlds import script, small_plan

WALK = {"id": "ann", "arrive": 0.2, "actions": [{"do": "walk", "x": 3.5, "y": 2.5}]}


def twins() -> StorePlan:
    """The small plan with two cameras in the same place, so that whatever differs comes from a fault."""
    content = small_plan().model_dump()
    eye = {"position": (0.1, 0.1, 2.6), "look_at": (2.5, 2.0, 0.5), "width": 320, "height": 180}
    content["cameras"] = [{"name": name, **eye} for name in ("left", "right")]
    return plan_from(content)


def footage(*faults: dict[str, Any], **more: Any) -> list[Footage]:
    plan = twins()
    scenario: Scenario = script(WALK, seconds=7, faults=faults, **more)
    shots = film(World(plan, scenario, 1), plan, camera_models(plan), 1, Stopwatch())
    return [shot for shot in shots if shot.tick is not None]


def feet(shot: Footage, camera: str) -> dict[str, list[float]]:
    return {box.person: box.box.tolist() for box in shot.boxes[camera]}


def test_a_camera_that_is_down_is_missing_and_comes_back() -> None:
    shots = footage({"kind": "down", "camera": "left", "at": 3, "seconds": 2})
    missing = [shot.tick.t for shot in shots if shot.tick and "left" not in shot.frames]
    assert missing == pytest.approx(np.arange(3.0, 4.95, 0.1).tolist())
    assert all(shot.frames.keys() == shot.boxes.keys() for shot in shots)
    assert all("right" in shot.frames for shot in shots)
    assert all(face.camera in shot.frames for shot in shots for face in shot.faces)


def test_a_late_camera_shows_what_another_showed_before() -> None:
    shots = footage({"kind": "clock", "camera": "left", "late_by": 0.3})
    late = [(feet(now, "left"), feet(before, "right")) for before, now in zip(shots, shots[3:], strict=False)]
    assert sum(bool(shown) for shown, _ in late) > 20
    assert all(shown == true for shown, true in late)


def test_an_early_camera_shows_what_another_will_show() -> None:
    shots = footage({"kind": "clock", "camera": "left", "late_by": -0.2})
    early = [(feet(now, "left"), feet(later, "right")) for now, later in zip(shots, shots[2:], strict=False)]
    assert sum(bool(shown) for shown, _ in early) > 20
    assert all(shown == true for shown, true in early)


def test_a_knocked_camera_is_drawn_and_told_from_its_turned_pose() -> None:
    plan = twins()
    shots = footage({"kind": "knock", "camera": "left", "at": 3, "pan_deg": 2, "tilt_deg": -1})
    before, after = (next(s for s in shots if s.tick and s.tick.t >= t and s.boxes["right"]) for t in (2.0, 5.0))
    assert feet(before, "left") == feet(before, "right")
    (moved,), (still,) = after.boxes["left"], after.boxes["right"]
    assert moved.person == still.person
    # The keypoints, seen by the camera as it hangs now, lie where the same points of space project.
    right = camera_models(plan)["right"]
    left = turned(right, 2, -1, 0)
    both = (moved.keypoints[:, 2] > 0) & (still.keypoints[:, 2] > 0)
    rays = right.normalised(still.keypoints[both, :2].astype(np.float64))
    points = right.centre + np.column_stack([rays, np.ones(len(rays))]) @ right.rotation * 3
    assert np.abs(left.project(points) - moved.keypoints[both, :2]).max() < 0.05
    assert np.abs(moved.keypoints[both, :2] - still.keypoints[both, :2]).max() > 5
    # And the picture is really another one: the static store has moved.
    same = np.abs(before.frames["left"].astype(int) - before.frames["right"].astype(int)).mean()
    other = np.abs(after.frames["left"].astype(int) - after.frames["right"].astype(int)).mean()
    assert other > 1.5 * same


def test_the_same_seed_loses_the_same_pictures() -> None:
    fault = {"kind": "drops", "camera": "left", "share": 0.4}
    one, two = ([sorted(shot.frames) for shot in footage(fault)] for _ in range(2))
    assert one == two
    assert 0.2 < sum("left" not in names for names in one) / len(one) < 0.6


def test_light_that_goes_down_makes_pictures_darker() -> None:
    changes = [{"at": 0, "brightness": 1.0}, {"at": 3, "brightness": 0.4}]
    shots = footage(light={"noise_sd": 0, "changes": changes})
    first, last = (shots[i].frames["left"].mean() for i in (0, -1))
    assert last == pytest.approx(0.4 * first, rel=0.05)
