"""Scripted experiments: changes to a scenario, several seeds each, one table and one plot with confidence intervals."""

import difflib
import itertools
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import matplotlib
import numpy as np
import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator
from scipy import stats

from sim.ceiling import ceiling_figures
from sim.configuration import FieldError, read_yaml, validated
from sim.errors import BadInput
from sim.run import RunOptions, run_scenario
from sim.run_folder import OPTIONAL_BLOCKS
from sim.scenario import Scenario, list_scenarios, load_scenario

matplotlib.use("agg")
from matplotlib import pyplot as plt

MANY = 8
"""With more variants than this, a plot's labels stand upright."""

EXPERIMENTS = Path(__file__).parent / "experiments"


class Change(BaseModel):
    """One variant of the scenario."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: str = Field(min_length=1, description="name of the variant in table and plot")
    scenario: str | None = Field(default=None, description="another scenario than the experiment's, by name or file")
    set: dict[str, Any] = Field(default={}, description="dotted scenario field to its value in this variant")


class Experiment(BaseModel):
    """Variants of one scenario, each run over several seeds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    scenario: str = Field(description="a built-in scenario's name, or a file (relative to the experiment's)")
    varied: str = Field(description="what the variants differ in, as the plot's axis says it")
    seeds: tuple[int, ...] = Field(min_length=1, description="an interval needs at least two")
    changes: tuple[Change, ...] = Field(default=(), description="the variants, if not those of a folder")
    every: str | None = Field(default=None, description="folder of built-in scenarios, each of which is a variant")
    only_frauds: bool = Field(default=False, description="of that folder, only scenarios that are about a fraud")
    measures: dict[str, str] = Field(min_length=1, description="dotted field of summary.json to its title")
    worst: str | None = Field(default=None, description="measure of which the worst run of each variant is shown too")
    tracks: Literal["cameras", "perfect"] = Field(
        default="cameras", description="perfect: a ceiling, in which nothing is drawn and the store is told where "
        "people and hands really are; never a figure of the system"
    )  # fmt: skip

    @model_validator(mode="after")
    def _has_variants(self) -> Self:
        if bool(self.changes) == (self.every is not None):
            raise FieldError("changes", len(self.changes), "at least one, or `every` folder of scenarios, not both")
        if self.worst is not None and self.worst not in self.measures:
            raise FieldError("worst", self.worst, "one of the measures: " + ", ".join(self.measures))
        return self

    @model_validator(mode="after")
    def _labels_differ(self) -> Self:
        labels = [change.label for change in self.changes]
        for index, label in enumerate(labels):
            if label in labels[:index]:
                raise FieldError(f"changes.{index}.label", label, "a label that no other change has")
        return self


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """The figures of every run, and mean and 95 % interval of each variant.

    `runs`: columns label, seed and one a measure. `means`: columns label, measure, mean, low, high, median, least,
    most and runs. What a variant does not have, as the recall of a fraud where there is none, is NaN.
    """

    experiment: Experiment
    folder: Path
    runs: pd.DataFrame
    means: pd.DataFrame


def list_experiments() -> dict[str, Path]:
    """Built-in experiments by name."""
    return {path.stem: path for path in sorted(EXPERIMENTS.glob("*.yaml"))}


def load_experiment(name_or_path: str | Path) -> Experiment:
    """A built-in experiment by name, or one in a YAML file; every variant's scenario is checked too.

    Raises:
        BadInput: there is no such experiment, or its file is wrong.
    """
    builtin = list_experiments()
    path = builtin.get(str(name_or_path), Path(name_or_path))
    if not path.is_file():
        near = difflib.get_close_matches(str(name_or_path), builtin, n=3, cutoff=0.4) or list(builtin)
        raise BadInput("experiment", "name", str(name_or_path), "a file or one of " + ", ".join(near))
    experiment = _spread_out(_located(validated(Experiment, read_yaml(path), path), path.parent), path)
    for index, change in enumerate(experiment.changes):
        changed(experiment.scenario, change, f"{path}: changes.{index}.set")
    return experiment


def write_experiment(name: str, title: str, scenarios: Sequence[Path], measures: Mapping[str, str], out: Path) -> Path:
    """Writes an experiment that runs each of these scenario files once, and returns its path."""
    content = {
        "name": name,
        "title": title,
        "scenario": scenarios[0].name,
        "varied": "scenario",
        "seeds": [1],
        "changes": [{"label": path.stem, "scenario": path.name, "set": {"policies": []}} for path in scenarios],
        "measures": dict(measures),
    }
    path = out / "experiment.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False, width=110), encoding="utf-8")
    return path


def changed(scenario: str, change: Change, source: str) -> Scenario:
    """The scenario of that name or file, or the change's own, with the fields of the change.

    Raises:
        BadInput: a field that the scenario does not have, or a value that it refuses.
    """
    content = load_scenario(change.scenario or scenario).model_dump(mode="json")
    for field, value in change.set.items():
        *parents, last = field.split(".")
        place = content
        for parent in parents:
            if not isinstance(place.get(parent), dict):
                raise BadInput(source, field, parent, "a field of the scenario")
            place = place[parent]
        if last not in place:
            raise BadInput(source, field, last, ", ".join(place))
        place[last] = value
    return validated(Scenario, content, source)


def _spread_out(experiment: Experiment, path: Path) -> Experiment:
    """The experiment with the scenarios of its folder as changes."""
    if experiment.every is None:
        return experiment
    names = [name for name in list_scenarios() if name.startswith(f"{experiment.every}/")]
    if experiment.only_frauds:
        names = [name for name in names if load_scenario(name).attack is not None]
    if not names:
        raise BadInput(path, "every", experiment.every, "a folder of built-in scenarios")
    changes = tuple(Change(label=name.split("/")[-1], scenario=name) for name in names)
    return experiment.model_copy(update={"changes": changes})


def run_experiment(experiment: Experiment, folder: Path, workers: int = 1) -> ExperimentResult:
    """Runs every variant with every seed into `folder/LABEL-seedN` and writes table.csv, runs.csv and plot.png.

    A variant that was finished before, in the same folder, is not run again.
    """
    scenarios = {change.label: changed(experiment.scenario, change, experiment.name) for change in experiment.changes}
    jobs = [
        (
            change.label,
            seed,
            scenarios[change.label],
            folder / f"{_slug(change.label)}-seed{seed}",
            experiment.tracks,
        )
        for change, seed in itertools.product(experiment.changes, experiment.seeds)
    ]
    with _pool(workers) as pool:
        futures: list[Future[Mapping[str, Any]]] = [pool.submit(_run_one, *job[1:]) for job in jobs]
        rows = [
            {"label": label, "seed": seed} | {name: _lookup(future.result(), name) for name in experiment.measures}
            for (label, seed, *_), future in zip(jobs, futures, strict=True)
        ]
    runs = pd.DataFrame(rows)
    means = pd.DataFrame(_means(experiment, runs))
    runs.to_csv(folder / "runs.csv", index=False)
    means.to_csv(folder / "table.csv", index=False)
    plot(experiment, runs, means, folder / "plot.png")
    return ExperimentResult(experiment, folder, runs, means)


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean and 95 % confidence interval of the mean by Student's t; NaN bounds for fewer than two values."""
    array = np.asarray(values, dtype=np.float64)
    mean = float(array.mean())
    if len(array) < 2:
        return mean, float("nan"), float("nan")
    half = float(stats.t.ppf(0.975, len(array) - 1) * array.std(ddof=1) / np.sqrt(len(array)))
    return mean, mean - half, mean + half


def plot(experiment: Experiment, runs: pd.DataFrame, means: pd.DataFrame, path: Path) -> None:
    """Draws one panel a measure: mean and interval of each variant, and every run as a dot."""
    labels = [change.label for change in experiment.changes]
    names = list(experiment.measures)
    size = (max(3.4, 0.22 * len(labels)) * len(names), 3.6 if len(labels) <= MANY else 5.0)
    figure, panels = plt.subplots(1, len(names), figsize=size, squeeze=False, layout="constrained")
    for panel, name in zip(panels[0], names, strict=True):
        rows = means[means["measure"] == name].set_index("label").loc[labels]
        spread = np.abs(rows[["low", "high"]].to_numpy().T - rows["mean"].to_numpy())
        panel.errorbar(range(len(labels)), rows["mean"], yerr=spread, fmt="o-", color="#1f6f8b", capsize=4)
        for position, label in enumerate(labels):
            dots = runs[runs["label"] == label][name]
            panel.plot([position] * len(dots), dots, ".", color="#888888", alpha=0.6)
        panel.set_xticks(range(len(labels)), labels, rotation=90 if len(labels) > MANY else 0)
        panel.set(xlabel=experiment.varied, title=experiment.measures[name])
        panel.grid(alpha=0.25)
        panel.spines[["top", "right"]].set_visible(False)
    figure.suptitle(f"{experiment.title} (mean, 95 % interval over {len(experiment.seeds)} seeds)", fontsize=11)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def _pool(workers: int) -> Executor:
    # Spawned, because OpenGL contexts and thread pools do not survive a fork.
    return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))


def _run_one(seed: int, scenario: Scenario, folder: Path, tracks: str = "cameras") -> Mapping[str, Any]:
    from sim.run_folder import RunFolder, read_object, write_json

    if tracks == "perfect":
        ceiling = folder / "ceiling.json"
        if not ceiling.is_file():
            write_json(ceiling, ceiling_figures(scenario, seed))
        return read_object(ceiling)
    if (folder / "summary.json").is_file() and RunFolder(folder).state == "finished":
        return RunFolder(folder).summary.model_dump()
    return run_scenario(scenario, folder, RunOptions(seed=seed)).summary.model_dump()


def _lookup(summary: Mapping[str, Any], field: str) -> float:
    value: Any = summary
    if field.split(".")[0] in OPTIONAL_BLOCKS and field.split(".")[0] not in summary:
        return float("nan")
    for part in field.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise BadInput("experiment", f"measures.{field}", part, "a field of summary.json")
        value = value[part]
    return float(value)


def _means(experiment: Experiment, runs: pd.DataFrame) -> Iterator[dict[str, object]]:
    for change, measure in itertools.product(experiment.changes, experiment.measures):
        values = runs[runs["label"] == change.label][measure].dropna().tolist() or [float("nan")]
        mean, low, high = interval(values)
        yield {
            "label": change.label, "measure": measure, "mean": mean, "low": low, "high": high,
            "median": float(np.median(values)), "least": min(values), "most": max(values), "runs": len(values),
        }  # fmt: skip


def _located(experiment: Experiment, folder: Path) -> Experiment:
    """The experiment with the files that it names found beside its own."""

    def found(scenario: str) -> str:
        return str(folder / scenario) if (folder / scenario).is_file() else scenario

    changes = tuple(
        change.model_copy(update={"scenario": found(change.scenario)}) if change.scenario else change
        for change in experiment.changes
    )
    return experiment.model_copy(update={"scenario": found(experiment.scenario), "changes": changes})


def _slug(label: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in label.lower())
