"""The built-in scenarios on which tracking is measured: each gives pictures with truth, of the size that it says."""

from collections import Counter
from pathlib import Path

import pytest

from sim.footage import film
from sim.run import chosen_cameras
from sim.scenario import load_scenario
from sim.stopwatch import Stopwatch
from sim.store_plan import load_store
from sim.world import World

PEOPLE = {
    "retail-20": 20,
    "rush-hour": 40,
    "crowd-100": 100,
    "uniforms": 16,
    "jacket-off": 12,
    "families": 22,
    "blind-spot": 14,
    "dim-light": 15,
    "camera-down": 15,
    "shifted-camera": 15,
    "late-frames": 15,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", PEOPLE)
def test_its_first_seconds_can_be_filmed(name: str) -> None:
    scenario = load_scenario(name).model_copy(update={"fps": 2})
    plan = load_store(scenario.store)
    world, cameras = World(plan, scenario, scenario.seed), chosen_cameras(plan, scenario)
    assert len(world.people) == PEOPLE[name]
    pictures, boxes = Counter[str](), 0
    for shot in film(world, plan, cameras, scenario.seed, Stopwatch()):
        if shot.tick is None:
            continue
        pictures.update(shot.frames)
        boxes += sum(map(len, shot.boxes.values()))
        if shot.tick.t >= (1 if scenario.crowd else 6):
            break
    assert pictures.keys() == cameras.keys()
    assert boxes > 3


@pytest.mark.slow
def test_after_a_minute_twenty_people_are_inside_retail_20() -> None:
    scenario = load_scenario("retail-20").model_copy(update={"fps": 2})
    world = World(load_store(scenario.store), scenario, scenario.seed)
    inside = [len(world.step().inside) for _ in range(90 * 2)]
    assert set(inside[60 * 2 :]) == {20}


def test_the_fault_scenarios_differ_from_each_other_in_their_faults_alone() -> None:
    """So that one healthy run is the baseline of all three."""
    runs = [load_scenario(name) for name in ("camera-down", "shifted-camera", "late-frames")]
    told = {"name", "title", "description", "faults"}
    rest = [run.model_dump(exclude=told) for run in runs]
    assert rest[0] == rest[1] == rest[2]
    assert all(run.faults for run in runs)


def test_the_page_on_scenarios_names_each_with_its_people_and_its_example_loads(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")
    for name, people in PEOPLE.items():
        scenario = load_scenario(name)
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
        store, count, seconds = (cell.strip() for cell in row.split("|")[2:5])
        assert store.startswith(f"`{scenario.store}`")
        assert (int(count), float(seconds)) == (people, scenario.seconds)
    example = tmp_path / "bad-night.yaml"
    example.write_text(page.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    assert len(load_scenario(example).faults) == 2
