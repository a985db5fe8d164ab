"""What the `aisle` command prints: tables of receipts and figures, and progress."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from sim.comparison import print_policies
from sim.hand_over_truth import due_of
from sim.run_folder import OPTIONAL_BLOCKS, RunFolder
from store.privacy.figures import Figure, PolicyFigures
from store.receipt import Receipt

if TYPE_CHECKING:
    from sim.experiment import ExperimentResult
    from tracking.benchmark import Benchmark
    from tracking.conformance import Report

#: Dotted field of the evaluation, its title, and how many digits are shown.
FIGURES = {
    "people": ("people", 0),
    "tracking.hota": ("HOTA", 3),
    "tracking.idf1": ("IDF1", 3),
    "tracking.mota": ("MOTA", 3),
    "tracking.id_switches": ("id switches", 0),
    "tracking.mean_error_m": ("position error m", 3),
    "boxes.recall_at_precision_95": ("people found at 95 % precision", 3),
    "receipts.count": ("receipts", 0),
    "receipts.exact_rate": ("exact", 3),
    "receipts.item_f1": ("item F1", 3),
    "receipts.overcharged_cents": ("over c", 0),
    "receipts.undercharged_cents": ("under c", 0),
    "receipts.reviewed": ("reviewed", 0),
    "speed.real_time_factor": ("real-time factor", 2),
    "speed.peak_memory_mb": ("peak MB", 0),
}

#: The same of what is measured on other people's files.
BENCHMARK_FIGURES = {
    "hota": ("HOTA", 3), "deta": ("DetA", 3), "assa": ("AssA", 3), "idf1": ("IDF1", 3), "mota": ("MOTA", 3),
    "id_switches": ("id switches", 0), "mean_error_m": ("position error m", 3),
}  # fmt: skip


@contextmanager
def progress_bar(title: str, unit: str = "s of store time") -> Iterator[Callable[[float, float], None]]:
    """Shows what is done and an estimate of the time left; yields what to call with (done, all), store seconds."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[t]}"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=None, t="opening")

        def advance(t: float, seconds: float) -> None:
            progress.update(task, total=seconds, completed=min(t, seconds), t=f"{t:.0f} of {seconds:.0f} {unit}")

        yield advance


def print_run(run: RunFolder) -> None:
    """Receipts against the truth, the headline figures, the policies side by side, and where the report is."""
    console = Console()
    for day in run.days():
        console.print(receipt_table(day))
    evaluation = {**run.summary.model_dump(), "speed": run.summary.speed}
    console.print(figure_table([(run.name, evaluation)]))
    if run.summary.policies:
        print_policies(list(stored_policies(run)))
    console.print(f"Report: {run.path / 'report.html'}", highlight=False)
    console.print(f"Dashboard: aisle dashboard {run.path.parent}", highlight=False)


def stored_policies(run: RunFolder) -> Iterator[PolicyFigures]:
    """The policies' figures that `summary.json` holds."""
    for name, figures in run.summary.policies.items():
        yield PolicyFigures(name, name, {metric: Figure(**figure) for metric, figure in figures.items()})


def receipt_table(run: RunFolder) -> Table:
    """Each visit's receipt beside what its party really took."""
    names = {product.id: product.name for product in run.plan().products}
    truth = {row["account"]: {str(k): int(v) for k, v in row["items"].items()} for row in due_of(run)}
    title = "Receipts" if run.manifest.day is None else f"Receipts of day {run.manifest.day}"
    table = Table(title=title, title_style="bold", title_justify="left")
    for column in ("account", "billed", "truth", "total", "confidence", "exact"):
        table.add_column(column, justify="right" if column in ("total", "confidence") else "left")
    receipts = run.receipts()
    for receipt in receipts:
        items = truth.pop(receipt.account, {})
        table.add_row(*_receipt_row(receipt, items, names))
    for account, items in truth.items():
        table.add_row(account, "[red]never billed[/red]", _items(items, names), "", "", "[red]no[/red]")
    return table


def figure_table(runs: Sequence[tuple[str, Mapping[str, Any]]]) -> Table:
    """Headline figures, one run a column; several runs get a column with their median."""
    table = Table(title="Figures", title_style="bold", title_justify="left")
    table.add_column("figure")
    for name, _ in runs:
        table.add_column(name, justify="right")
    if len(runs) > 1:
        table.add_column("median", justify="right", style="bold")
    for field, (title, digits) in FIGURES.items():
        block = field.split(".")[0]
        if block in OPTIONAL_BLOCKS and not any(block in evaluation for _, evaluation in runs):
            continue
        values = [_lookup(evaluation, field) for _, evaluation in runs]
        shown = values + ([float(np.median(values))] if len(runs) > 1 else [])
        table.add_row(title, *(f"{value:.{digits}f}" for value in shown))
    return table


def print_evaluations(evaluations: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Prints the figures of runs, and the ceiling of perfect association where it was computed."""
    console = Console()
    console.print(figure_table(evaluations))
    for name, evaluation in evaluations:
        ceiling = evaluation["tracking"].get("perfect_association")
        if ceiling:
            console.print(f"{name}: with perfect association HOTA {ceiling['hota']:.3f}, IDF1 {ceiling['idf1']:.3f}")


def print_offline(runs: Sequence[tuple[str, Mapping[str, float], Mapping[str, float]]]) -> None:
    """Prints the tracking figures of runs as they were online, and beside them those of the pass after closing time."""
    table = Table(title="Tracking online, and offline after closing time", title_style="bold", title_justify="left")
    for column in ("run", "pass", *(title for title, _ in BENCHMARK_FIGURES.values())):
        table.add_column(column, justify="left" if column in ("run", "pass") else "right")
    for name, online, offline in runs:
        for label, row in (("online", online), ("offline", offline)):
            figures = ((row.get(field), digits) for field, (_, digits) in BENCHMARK_FIGURES.items())
            cells = ("" if value is None else f"{value:.{digits}f}" for value, digits in figures)
            table.add_row(name, label, *cells)
    Console().print(table)


def print_benchmark(benchmark: "Benchmark") -> None:
    """Prints the figures of somebody's tracks, one sequence a row, and how the files were taken."""
    console = Console()
    what = "boxes, similarity is overlap" if benchmark.kind == "boxes" else "floor, similarity is 1 - d / 2 m"
    table = Table(title=f"Tracks ({what})", title_style="bold", title_justify="left")
    table.add_column("sequence")
    shown = [name for name in BENCHMARK_FIGURES if any(name in row for row in benchmark.figures.values())]
    for name in shown:
        table.add_column(BENCHMARK_FIGURES[name][0], justify="right")
    for sequence, row in benchmark.figures.items():
        cells = (f"{row[name]:.{BENCHMARK_FIGURES[name][1]}f}" if name in row else "" for name in shown)
        table.add_row(sequence, *cells)
    console.print(table)
    for note in benchmark.notes:
        console.print(note, highlight=False)


def print_rules(name: str, kind: str, report: "Report") -> None:
    """Prints which rules a part of one's own keeps and which it breaks, with what was found."""
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"{name} as a {kind}:", style="bold", markup=False)
    for text in report.kept:
        console.print(f"  ok      it {text}", markup=False)
    for text, found in report.broken:
        console.print(f"  BROKEN  it {text}: {found}", markup=False, style="red")


def print_experiment(result: "ExperimentResult") -> None:
    """Prints mean and 95 % interval of every variant, all runs together, and where table and plot are."""
    console = Console()
    experiment = result.experiment
    table = Table(title=f"{experiment.title} ({_spread(experiment.seeds)})", title_style="bold", title_justify="left")
    table.add_column(experiment.varied)
    for title in experiment.measures.values():
        table.add_column(title, justify="right")
    if experiment.worst is not None:
        table.add_column(f"{experiment.measures[experiment.worst]}, worst run", justify="right")
    for change in experiment.changes:
        own = result.means[result.means["label"] == change.label]
        rows: dict[str, Any] = {row["measure"]: row for row in own.to_dict("records")}
        worst = [f"{rows[experiment.worst]['least']:.3f}"] if experiment.worst is not None else []
        table.add_row(change.label, *(_mean(rows[name]) for name in experiment.measures), *worst)
    table.add_section()
    table.add_row("all runs, mean", *(f"{result.runs[name].mean():.3f}" for name in experiment.measures))
    table.add_row("all runs, median", *(f"{result.runs[name].median():.3f}" for name in experiment.measures))
    console.print(table)
    if experiment.tracks == "perfect":
        console.print("A ceiling: the store was told where people and hands really are. No figure of the system.")
    console.print(f"Table: {result.folder / 'table.csv'}\nPlot: {result.folder / 'plot.png'}", highlight=False)


def _spread(seeds: Sequence[int]) -> str:
    listed = ", ".join(map(str, seeds))
    return f"seed {listed}" if len(seeds) == 1 else f"mean, 95 % interval over seeds {listed}"


def _mean(row: Mapping[str, float]) -> str:
    if np.isnan(row["mean"]):
        return "-"
    interval = "" if np.isnan(row["low"]) else f" [{row['low']:.3f}, {row['high']:.3f}]"
    return f"{row['mean']:.3f}{interval}"


def _receipt_row(receipt: Receipt, truth: Mapping[str, int], names: Mapping[str, str]) -> tuple[str, ...]:
    exact = dict(receipt.lines) == dict(truth)
    mark = "[green]yes[/green]" if exact else "[red]no[/red]"
    review = " review" if receipt.flagged else ""
    total, confidence = f"{receipt.cents / 100:.2f}", f"{receipt.confidence:.2f}{review}"
    return receipt.account, _items(receipt.lines, names), _items(truth, names), total, confidence, mark


def _items(items: Mapping[str, int], names: Mapping[str, str]) -> str:
    return (
        "\n".join(f"{count} x {names.get(product, product)}" for product, count in sorted(items.items())) or "nothing"
    )


def _lookup(evaluation: Mapping[str, Any], field: str) -> float:
    value: Any = evaluation
    for part in field.split("."):
        if part in OPTIONAL_BLOCKS and part not in value:
            return float("nan")
        value = value[part]
    return float("nan") if value is None else float(value)
