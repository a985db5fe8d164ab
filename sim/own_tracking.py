"""A user's own detector, embedder or tracker, named in a scenario as package.module:Name, or on the command line.

Nothing is imported but what the user wrote there, and that only when it is to run or to be checked.
"""

import difflib
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sim.errors import BadInput
from sim.scenario import OWN_PART, Scenario
from tracking.camera import Camera
from tracking.conformance import KINDS, Kind, Report, check
from tracking.detect import PROPOSALS, Detector, Device, YoloDetector
from tracking.embed import Embedder, ReidEmbedder
from tracking.floor import FloorArea
from tracking.pipeline import StoreTracker
from tracking.pose import CropPose
from tracking.tracker import Tracker, TrackerFactory


def named(name: str, source: object, field: str) -> Callable[..., Any]:
    """The class or function that `package.module:Name` names; its module may lie in the current folder.

    Raises:
        BadInput: the name has another form, or there is no such module or no such thing in it.
    """
    if not OWN_PART.fullmatch(name):
        raise BadInput(source, field, name, "package.module:Name")
    module_name, _, attribute = name.partition(":")
    try:
        with _current_folder_importable():
            module = importlib.import_module(module_name)
    except ModuleNotFoundError as problem:
        raise BadInput(source, field, name, f"a module that can be imported: there is no {problem.name}") from problem
    except Exception as problem:
        raise BadInput(source, field, name, f"a module that can be imported: {_line(problem)}") from problem
    found = getattr(module, attribute, None)
    if not callable(found):
        offered = [key for key, value in vars(module).items() if callable(value) and not key.startswith("_")]
        near = difflib.get_close_matches(attribute, offered, n=3, cutoff=0.4) or offered[:6]
        raise BadInput(source, field, name, "a class or function of that module: " + (", ".join(near) or "it has none"))
    own: Callable[..., Any] = found
    return own


def check_names(scenario: Scenario) -> None:
    """Refuse a scenario whose own parts cannot be found, before anything is run."""
    for kind in KINDS:
        if (name := getattr(scenario.tracking, kind)) is not None:
            named(name, f"scenario {scenario.name}", f"tracking.{kind}")


def tracker_of(
    scenario: Scenario,
    cameras: Mapping[str, Camera],
    area: FloorArea,
    detector: Detector | None = None,
    embedder: Embedder | None = None,
    device: Device = "auto",
) -> Tracker:
    """The tracker that a scenario is run with: its own parts, built-in ones for the rest.

    Args:
        scenario: names its own parts.
        cameras: calibrations by name.
        area: where people are tracked.
        detector, embedder: given by a program; they go before the scenario's. A detector that is not the built-in one
            brings its own keypoints.
        device: where the built-in networks run.

    Raises:
        BadInput: a part cannot be found, or cannot be built.
    """
    own_detector = detector or _own(scenario, "detector")
    factory: TrackerFactory = StoreTracker
    if scenario.tracking.tracker is not None:
        factory = named(scenario.tracking.tracker, f"scenario {scenario.name}", "tracking.tracker")
    parts = (
        own_detector or YoloDetector(device=device, settings=PROPOSALS),
        embedder or _own(scenario, "embedder") or ReidEmbedder(),
    )
    pose = None if own_detector else CropPose()
    if factory is StoreTracker:
        return StoreTracker(cameras, area, *parts, pose=pose)
    tracker: Tracker = _built(scenario, "tracker", lambda: factory(cameras, area, *parts, pose=pose))
    return tracker


def check_own(name: str, kind: str) -> Report:
    """Which rules of its kind the part `package.module:Name` keeps.

    Raises:
        BadInput: there is no such kind or part, or it cannot be built.
    """
    if kind not in KINDS:
        raise BadInput("command line", "--as", kind, ", ".join(KINDS))
    chosen: Kind = kind
    factory = named(name, "command line", "name")
    try:
        return check(chosen, factory)
    except Exception as problem:
        raise BadInput("command line", "name", name, f"something that can be built: {_line(problem)}") from problem


def _own(scenario: Scenario, kind: Kind) -> Any:
    """The scenario's own detector or embedder, built; None where it names none."""
    name = getattr(scenario.tracking, kind)
    if name is None:
        return None
    return _built(scenario, kind, named(name, f"scenario {scenario.name}", f"tracking.{kind}"))


def _built(scenario: Scenario, kind: Kind, build: Callable[[], Any]) -> Any:
    try:
        return build()
    except Exception as problem:
        name = getattr(scenario.tracking, kind)
        allowed = f"a {kind} that can be built: {_line(problem)}"
        raise BadInput(f"scenario {scenario.name}", f"tracking.{kind}", name, allowed) from problem


@contextmanager
def _current_folder_importable() -> Iterator[None]:
    """Modules of the current folder can be imported, after all installed ones, so that they never hide one."""
    folder = str(Path.cwd())
    sys.path.append(folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def _line(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}".splitlines()[0]
