"""The folder of one run: where every file lies, how it is read, and how its JSON files are written.

A run folder is read by people, by the dashboard and by `aisle evaluate` long after the run, and often while the run
is still going on. So JSON files are replaced in one step and never seen half written, and every reader says in one
line which file and which field is wrong.
"""

import itertools
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat

from sim.configuration import validated
from sim.errors import BadInput
from sim.store_plan import StorePlan
from sim.truth import TruthSubject
from store.ledger import Receipt, read_receipts
from store.privacy.figures import Figure
from tracking.camera import Camera, load_calibration
from tracking.errors import BadInput as BadTrackingInput

Model = TypeVar("Model", bound=BaseModel)
Status = Literal["running", "finished", "failed", "interrupted"]
State = Literal["running", "finished", "failed", "interrupted", "lost"]

TRUTH_PEOPLE_COLUMNS = ("t", "person", "role", "x", "y", "heading", "visible_from", "inside")
TRUTH_EVENT_COLUMNS = ("t", "person", "account", "kind", "product", "quantity", "plates")
FLOOR_TRACK_COLUMNS = ("t", "track", "x", "y", "sd", "account")
EVENT_COLUMNS = ("id", "t", "kind", "row")
SUBJECT_FIELDS = frozenset(TruthSubject.__required_keys__)
FACE_COLUMNS = ("t", "camera", "person", "face_px", "yaw_deg", "pitch_deg", "occluded", "blur_px")

SILENCE_BEFORE_LOST_S = 120.0
"""A run without a known process that has not written `run.json` for so long is called lost."""


class Progress(BaseModel):
    """How far a run has come."""

    model_config = ConfigDict(extra="allow")

    t: float = Field(description="Store time reached, seconds from opening; negative while cameras warm up.")
    seconds: NonNegativeFloat = Field(description="Store seconds that the whole run will have.")

    @property
    def fraction(self) -> float:
        """Share done, 0 to 1."""
        return min(1.0, max(0.0, self.t / self.seconds)) if self.seconds > 0 else 0.0


class RunManifest(BaseModel):
    """`run.json`: which run this is and how it stands."""

    model_config = ConfigDict(extra="allow")

    scenario: str
    seed: int
    status: Status
    started: str = Field(default="", description="Wall-clock time of the start, ISO 8601.")
    ended: str | None = Field(default=None, description="Wall-clock time of the end, ISO 8601.")
    versions: dict[str, str] = Field(default_factory=dict, description="Versions of Glass Aisle and its libraries.")
    policies: list[str] = Field(default_factory=list, description="Privacy policies applied to the run.")
    seeing: Literal["rendered", "modelled"] = Field(default="rendered", description="Pixels, or an error model.")
    progress: Progress | None = None
    days: int = Field(default=1, ge=1, description="Days of the run; with several, each has its folder in `days`.")
    day: int | None = Field(default=None, ge=1, description="Which day of several this folder holds, from 1.")
    pid: int | None = Field(default=None, description="Process that writes the run, while it is running.")
    error: str | None = Field(default=None, description="Why the run failed, one line.")


OPTIONAL_BLOCKS = ("boxes", "fraud")
"""Blocks of a summary that only some scenarios have."""


class RunSummary(BaseModel):
    """`summary.json`: the figures of a finished run. Rates are fractions of one, money is integer cents."""

    model_config = ConfigDict(extra="allow")

    scenario: str
    seed: int
    store_seconds: NonNegativeFloat
    people: int = Field(ge=0)
    tracking: dict[str, Any]
    receipts: dict[str, Any]
    speed: dict[str, Any]
    policies: dict[str, dict[str, Any]] = Field(default_factory=dict)


class RunFolder:
    """Reads one run folder; every table is loaded on demand and always from the files."""

    def __init__(self, path: Path | str) -> None:
        """Opens `path`; BadInput where it is no run folder or its `run.json` is corrupt."""
        self.path = Path(path)
        if not self.path.is_dir():
            raise BadInput(self.path, "run folder", "no such folder", "a folder with run.json")
        self.manifest: RunManifest = _validated(RunManifest, self.path / "run.json")

    @property
    def name(self) -> str:
        """Name of the folder; that of one day of several names its run too."""
        if self.manifest.day is None:
            return self.path.name
        return f"{self.path.absolute().parent.parent.name}, day {self.manifest.day}"

    def days(self) -> list["RunFolder"]:
        """The days of the run in order, each a run folder of its own; a run of one day is its only day.

        Of an unfinished run, those days that were begun. BadInput where a finished run lacks a day.
        """
        if self.manifest.days == 1:
            return [self]
        folders = [day_folder(self.path, day) for day in range(1, self.manifest.days + 1)]
        finished = self.manifest.status == "finished"
        return [RunFolder(folder) for folder in folders if finished or (folder / "run.json").is_file()]

    @property
    def state(self) -> State:
        """The status of `run.json`, or `lost` where that says `running` and nothing runs any more."""
        if self.manifest.status == "running" and not self._alive():
            return "lost"
        return self.manifest.status

    @property
    def has_summary(self) -> bool:
        """Whether the run got as far as its figures."""
        return (self.path / "summary.json").is_file()

    @cached_property
    def summary(self) -> RunSummary:
        """The run's figures; BadInput where there are none yet."""
        return _validated(RunSummary, self.path / "summary.json")

    def plan(self) -> StorePlan:
        """The floor plan, shelves, products, gates and cameras of the run."""
        return _validated(StorePlan, self.path / "plan.json")

    def scenario(self) -> dict[str, Any]:
        """The scenario as it was run."""
        return read_object(self.path / "scenario.json")

    def cameras(self) -> dict[str, Camera]:
        """Calibrated cameras by name."""
        path = self.path / "calibration.yaml"
        if not path.is_file():
            raise BadInput(path, "file", "missing", "the calibration of the run's cameras")
        try:
            return load_calibration(path)
        except BadTrackingInput as error:
            raise BadInput(path, error.field, error.found, error.allowed) from error

    def people(self) -> pd.DataFrame:
        """Ground truth: where everybody was at every camera tick (columns TRUTH_PEOPLE_COLUMNS)."""
        return read_table(self.path / "truth" / "people.parquet", TRUTH_PEOPLE_COLUMNS)

    def truth_events(self) -> pd.DataFrame:
        """Ground truth: who took, put back, entered and left (columns TRUTH_EVENT_COLUMNS)."""
        return read_table(self.path / "truth" / "events.parquet", TRUTH_EVENT_COLUMNS)

    def faces(self) -> pd.DataFrame:
        """Ground truth: which faces a camera could have captured (columns FACE_COLUMNS)."""
        return read_table(self.path / "truth" / "faces.parquet", FACE_COLUMNS)

    def truth_receipts(self) -> list[dict[str, Any]]:
        """Ground truth: `account`, `people` and `items` (product to count) of everybody who should be billed."""
        path = self.path / "truth" / "receipts.json"
        rows = _parsed(path)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise BadInput(path, "file", type(rows).__name__, "a list of receipts")
        for index, row in enumerate(rows):
            for field in ("account", "people", "items"):
                if field not in row:
                    raise BadInput(path, f"[{index}].{field}", "missing", "account, people and items of each receipt")
        return rows

    def subjects(self) -> list[dict[str, Any]]:
        """Ground truth: who everybody is (`sim.truth.TruthSubject`); nobody where an older run did not say."""
        path = self.path / "truth" / "subjects.json"
        rows = _parsed(path) if path.is_file() else []
        if not isinstance(rows, list):
            raise BadInput(path, "file", type(rows).__name__, "a list of subjects")
        for index, row in enumerate(rows):
            if not isinstance(row, dict) or not row.keys() >= SUBJECT_FIELDS:
                raise BadInput(path, f"[{index}]", row, "an object with " + ", ".join(sorted(SUBJECT_FIELDS)))
        return rows

    def floor_tracks(self) -> pd.DataFrame:
        """What tracking found: positions on the floor (columns FLOOR_TRACK_COLUMNS; account may be null)."""
        return read_table(self.path / "tracks" / "floor.parquet", FLOOR_TRACK_COLUMNS)

    def events(self) -> pd.DataFrame:
        """The store's journal (columns EVENT_COLUMNS; `row` is a JSON object), from the live journal if unfinished."""
        parquet = self.path / "events.parquet"
        if parquet.is_file():
            return read_table(parquet, EVENT_COLUMNS)
        rows = [
            {"id": str(row.get("id", "")), "t": float(row.get("t", 0.0)), "kind": str(row.get("kind", ""))}
            | {"row": json.dumps(row)}
            for row in read_journal(self.path / "events.jsonl")
        ]
        return pd.DataFrame(rows, columns=list(EVENT_COLUMNS))

    def receipts(self) -> list[Receipt]:
        """What the store billed, from its own ledger; BadInput where the ledger is missing."""
        path = self.path / "store.sqlite"
        if not path.is_file():
            raise BadInput(path, "file", "missing", "the ledger of the run")
        return read_receipts(f"sqlite:///{path}")

    def policies(self) -> dict[str, dict[str, Figure]]:
        """Privacy and usage figures: policy, then metric."""
        return {
            policy: {metric: self._figure(policy, metric, figure) for metric, figure in _figures_of(block).items()}
            for policy, block in self.summary.policies.items()
        }

    def video(self, camera: str) -> Path | None:
        """The annotated video of a camera, or None where the run kept none."""
        return _existing(self.path / "video" / f"{camera}.mp4")

    def live_frame(self, camera: str) -> Path | None:
        """The newest annotated frame of a camera, or None."""
        return _existing(self.path / "live" / f"{camera}.jpg")

    def camera_names(self) -> list[str]:
        """Cameras that the run has pictures of, in order of name."""
        found = {path.stem for folder in ("video", "live") for path in (self.path / folder).glob("*.*")}
        return sorted(found)

    def _alive(self) -> bool:
        if self.manifest.pid is not None:
            return process_alive(self.manifest.pid)
        return time.time() - (self.path / "run.json").stat().st_mtime < SILENCE_BEFORE_LOST_S

    def _figure(self, policy: str, metric: str, figure: object) -> Figure:
        try:
            return validated_figure(figure)
        except ValueError as error:
            field = f"policies.{policy}.{metric}"
            raise BadInput(self.path / "summary.json", field, figure, str(error)) from error


def validated_figure(figure: object) -> Figure:
    """A figure of `summary.json`; ValueError says what is allowed."""
    if not isinstance(figure, dict) or "value" not in figure:
        raise ValueError('{"value": number or null, "reason": text or null}')
    numbers = {name: figure.get(name) for name in ("value", "low", "high")}
    for name, number in numbers.items():
        if number is not None and (isinstance(number, bool) or not isinstance(number, int | float)):
            raise ValueError(f"{name} a number or null")
    return Figure(reason=figure.get("reason"), note=figure.get("note"), **numbers)


def _figures_of(block: dict[str, Any]) -> dict[str, Any]:
    """The metrics of a policy's block, which may hold them directly or beside its title."""
    inner = block.get("figures")
    return inner if isinstance(inner, dict) else block


def day_folder(run: Path, day: int) -> Path:
    """Where a run of several days keeps one of them (from 1)."""
    return run / "days" / str(day)


def list_runs(folder: Path | str) -> list[RunFolder | BadInput]:
    """Every run in a folder and every day of one of several days, newest first.

    A corrupt run comes as the BadInput that says what is wrong with it.
    """
    found: list[tuple[float, RunFolder | BadInput]] = []
    root = Path(folder)
    for path in [*sorted(root.glob("*")), *sorted(root.glob("*/days/*"))]:
        manifest = path / "run.json"
        if not manifest.is_file():
            continue
        try:
            found.append((manifest.stat().st_mtime, RunFolder(path)))
        except BadInput as error:
            found.append((manifest.stat().st_mtime, error))
    return [run for _, run in sorted(found, key=lambda pair: -pair[0])]


def new_run_folder(out: Path | None, name: str, goes_on: bool = False) -> Path:
    """An empty folder for a new run: `out`, or `runs/NAME`, `runs/NAME-2` and so on, whichever is free.

    With `goes_on`, `out` may also hold a run of several days that has stopped before its end.

    Raises:
        BadInput: `out` is a file, or a folder with something in it.
    """
    if out is not None:
        if goes_on and (out / "run.json").is_file():
            stopped = RunFolder(out)
            if stopped.manifest.days > 1 and stopped.state in ("interrupted", "failed", "lost"):
                return out
        if out.exists() and not (out.is_dir() and not any(out.iterdir())):
            raise BadInput("command line", "--out", str(out), "a folder that is empty or does not exist")
        return out
    root = Path("runs")
    names = (name if number == 1 else f"{name}-{number}" for number in itertools.count(1))
    return next(root / free for free in names if not (root / free).exists())


def process_alive(pid: int) -> bool:
    """Whether a process of this machine runs; a zombie does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    status = Path(f"/proc/{pid}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return True


def write_manifest(run: Path, manifest: RunManifest) -> None:
    """Writes `run.json` of a run folder in one step."""
    write_json(run / "run.json", manifest.model_dump(mode="json", exclude_none=True))


def write_summary(run: Path, summary: RunSummary) -> None:
    """Writes `summary.json` of a run folder in one step."""
    write_json(run / "summary.json", summary.model_dump(mode="json"))


def write_json(path: Path, value: object) -> None:
    """Writes a JSON file in one step: a reader sees the old file or the new one. NaN is refused (ValueError)."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    partial.write_text(text + "\n", encoding="utf-8")
    os.replace(partial, path)


def write_table(path: Path, rows: Sequence[Mapping[str, object]] | pd.DataFrame, columns: Sequence[str]) -> None:
    """Writes rows as a Parquet table with exactly these columns, in one step; an empty table keeps its columns."""
    frame = rows if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows), columns=list(columns))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    frame[list(columns)].to_parquet(partial, index=False)
    os.replace(partial, path)


def read_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Reads a Parquet table that must have these columns; BadInput otherwise."""
    if not path.is_file():
        raise BadInput(path, "file", "missing", "a Parquet table with " + ", ".join(columns))
    try:
        frame: pd.DataFrame = pq.read_table(path).to_pandas()
    except (pa.ArrowException, OSError) as error:
        raise BadInput(path, "file", str(error).split("\n")[0], "a Parquet table") from error
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise BadInput(path, "columns", f"no {', '.join(missing)}", ", ".join(columns))
    return frame


def read_object(path: Path) -> dict[str, Any]:
    """Reads a JSON object; BadInput otherwise."""
    value = _parsed(path)
    if not isinstance(value, dict):
        raise BadInput(path, "file", type(value).__name__, "a JSON object")
    return value


def read_list(path: Path) -> list[dict[str, Any]]:
    """Reads a JSON list of objects; BadInput otherwise."""
    value = _parsed(path)
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise BadInput(path, "file", type(value).__name__, "a JSON list of objects")
    return value


def read_journal(path: Path) -> Iterator[dict[str, Any]]:
    """Rows of an append-only journal; a last line cut off by a crash is left out, any other bad line is BadInput."""
    if not path.is_file():
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            if number == len(lines):
                return
            raise BadInput(path, f"line {number}", line[:60], "one JSON object a line") from error
        if not isinstance(row, dict):
            raise BadInput(path, f"line {number}", line[:60], "one JSON object a line")
        yield row


def _validated(model: type[Model], path: Path) -> Model:
    return validated(model, read_object(path), path)


def _parsed(path: Path) -> Any:
    if not path.is_file():
        raise BadInput(path, "file", "missing", "a JSON file")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BadInput(path, "file", str(error), "a JSON file") from error


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None
