"""Parts of one's own: named in a scenario, found or refused in one line, checked; the example of the docs at work."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from sim import cli
from sim.errors import BadInput
from sim.evaluate import evaluate
from sim.own_tracking import check_names, named
from sim.run import RunOptions, run_scenario
from sim.scenario import Scenario, load_scenario

PAGE = Path(__file__).resolve().parents[2] / "docs" / "own-tracker.md"
Aisle = Callable[..., tuple[int, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with the page's example in it, as a reader would have saved it."""
    page = PAGE.read_text(encoding="utf-8")
    for kind, name in (("python", "nearest.py"), ("yaml", "nearest.yaml")):
        (code,) = re.findall(rf"```{kind}\n(.*?)```", page, re.DOTALL)
        (tmp_path / name).write_text(code, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in ("nearest", "broken", "mine"):
        sys.modules.pop(name, None)


@pytest.fixture
def aisle(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Aisle:
    def call(*arguments: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["aisle", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        written = capsys.readouterr()
        return int(ended.value.code or 0), written.out + written.err

    return call


def scenario(**tracking: str) -> Scenario:
    return Scenario(name="x", title="x", seconds=60, tracking=tracking)  # type: ignore[arg-type]


def test_the_example_of_the_docs_keeps_the_rules(folder: Path, aisle: Aisle) -> None:
    code, text = aisle("check", "nearest:NearestTracker", "--as", "tracker")
    assert code == 0, text
    assert "BROKEN" not in text
    assert text.count("  ok ") >= 9


@pytest.mark.slow
def test_the_example_of_the_docs_follows_the_shoppers_of_its_scenario(folder: Path, aisle: Aisle) -> None:
    before = set(sys.modules)
    code, text = aisle("check", "nearest.yaml")
    assert code == 0, text
    assert "nearest" not in set(sys.modules) - before  # checking a file runs nothing of it
    run = run_scenario(load_scenario("nearest.yaml"), folder / "run", RunOptions(policies=["checkout"]))
    assert run.scenario()["tracking"]["tracker"] == "nearest:NearestTracker"
    assert evaluate(run)["tracking"]["hota"] > 0.4


def test_a_detector_and_an_embedder_of_ones_own_are_used(folder: Path) -> None:
    (folder / "mine.py").write_text(
        "from tracking.detect import YoloDetector\nfrom tracking.embed import ColourEmbedder\ncalls = []\n"
        "class Boxes(YoloDetector):\n    def detect(self, images, windows=None):\n"
        "        calls.append('detect')\n        return super().detect(images, windows)\n"
        "class Looks(ColourEmbedder):\n    def embed(self, image, boxes):\n"
        "        calls.append('embed')\n        return super().embed(image, boxes)\n"
    )
    from sim.own_tracking import tracker_of
    from tracking.conformance.walk import TICK_S, frames_at, walk_area, walk_cameras

    own = scenario(detector="mine:Boxes", embedder="mine:Looks")
    tracker = tracker_of(own, walk_cameras(), walk_area())
    tracker.warm_up(frames_at(-1))
    for tick in range(3):
        tracker.step(tick * TICK_S, frames_at(tick))
    assert "detect" in sys.modules["mine"].calls


@pytest.mark.parametrize("name", ["nearest", "nearest:", ":Name", "a b:C", "nearest.py:Name()", "../x:Y"])
def test_a_name_of_another_form_is_no_scenario(name: str) -> None:
    with pytest.raises(ValidationError):
        scenario(tracker=name)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("nothere.at_all:Name", "there is no nothere"),
        ("nearest:NearestTraker", "NearestTracker"),
        ("nearest:GATE_M", "a class or function"),
        ("broken:Name", "SyntaxError"),
    ],
)
def test_a_part_that_cannot_be_found_is_one_line_before_anything_runs(folder: Path, name: str, says: str) -> None:
    (folder / "broken.py").write_text("def (:\n")
    with pytest.raises(BadInput, match=says) as refused:
        run_scenario(scenario(tracker=name), folder / "run")
    assert "tracking.tracker" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert not (folder / "run").exists()


def test_a_part_that_cannot_be_built_is_one_line(folder: Path) -> None:
    (folder / "broken.py").write_text("class Name:\n    def __init__(self):\n        raise OSError('no weights')\n")
    from sim.own_tracking import tracker_of
    from tracking.conformance.walk import walk_area, walk_cameras

    with pytest.raises(BadInput, match="no weights"):
        tracker_of(scenario(detector="broken:Name"), walk_cameras(), walk_area())


def test_the_current_folder_hides_no_installed_module(folder: Path) -> None:
    (folder / "json.py").write_text("raise SystemExit('the wrong json')\n")
    sys.modules.pop("json.tool", None)
    assert named("json:loads", "test", "field")("1") == 1
    assert str(folder) not in sys.path


def test_broken_rules_are_listed_and_end_with_two(folder: Path, aisle: Aisle) -> None:
    (folder / "broken.py").write_text("class Name:\n    dimmed = False\n    def detect(self, images, windows=None):\n"
                                      "        return [[] for _ in images]\n")  # fmt: skip
    code, text = aisle("check", "broken:Name", "--as", "detector")
    assert code == 2
    assert "BROKEN  it finds one of the two people" in text
    code, text = aisle("check", "broken:Name", "--as", "camera")
    assert code == 2
    assert "detector, embedder, tracker" in text


def test_a_scenario_without_own_parts_names_none() -> None:
    plain: Any = load_scenario("quick")
    check_names(plain)
    assert plain.tracking.model_dump() == {"detector": None, "embedder": None, "tracker": None}
