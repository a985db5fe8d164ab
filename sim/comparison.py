"""Policies side by side: over several runs with intervals, as tables for a terminal and as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from statistics import mean
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy import stats

from sim.report.wording import figure as figure_words
from sim.report.wording import unit_words
from store.privacy.figures import Figure, PolicyFigures
from store.privacy.metric import GROUPS, Metric
from store.privacy.metrics import METRICS

NAME_WIDTH, CELL_WIDTH = 40, 13


def over_runs(runs: Sequence[Sequence[PolicyFigures]]) -> list[PolicyFigures]:
    """Each policy's figures over several runs: means with 95 % intervals (Student's t); of one run as they are.

    Args:
        runs: for each run its policies, in the same order.
    """
    if len(runs) == 1:
        return list(runs[0])
    return [
        PolicyFigures(
            own[0].policy, own[0].title, {name: _over([figures[name] for figures in own]) for name in METRICS}
        )
        for own in zip(*runs, strict=True)
    ]


def _over(figures: Sequence[Figure]) -> Figure:
    values = [figure.value for figure in figures if figure.value is not None]
    if not values:
        return figures[0]
    some = f"{len(values)} of {len(figures)} runs" if len(values) < len(figures) else f"{len(figures)} runs"
    if len(values) == 1:
        return Figure(values[0], note=some)
    half = float(stats.t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))
    middle = mean(values)
    return Figure(middle, None, middle - half, middle + half, f"mean of {some}")


def comparison_json(policies: Sequence[PolicyFigures], runs: Sequence[str]) -> dict[str, Any]:
    """{"runs": [...], "metrics": {name: definition}, "policies": {name: {"title", "figures"}}}, ready for a file."""
    return {
        "runs": list(runs),
        "metrics": {name: asdict(metric) for name, metric in METRICS.items()},
        "policies": {figures.policy: figures.to_json() for figures in policies},
    }


def print_policies(policies: Sequence[PolicyFigures]) -> None:
    """Prints policies side by side, as many a table as the terminal is wide; what has no figure says why below."""
    console = Console()
    fitting = max(1, (console.width - NAME_WIDTH) // CELL_WIDTH)
    tables = -(-len(policies) // fitting)
    per_table = -(-len(policies) // max(1, tables))
    for group, title in GROUPS.items():
        metrics = {name: metric for name, metric in METRICS.items() if metric.group == group}
        reasons: dict[str, int] = {}
        for start in range(0, len(policies), per_table):
            shown = policies[start : start + per_table]
            console.print(_table(title if start == 0 else f"{title} (continued)", shown, metrics, reasons))
        for reason, number in reasons.items():
            console.print(f"[dim]({number}) {reason}[/dim]", highlight=False)
        console.print()


def _table(
    title: str, policies: Sequence[PolicyFigures], metrics: Mapping[str, Metric], reasons: dict[str, int]
) -> Table:
    table = Table(title=title, title_style="bold", title_justify="left", pad_edge=False, collapse_padding=True)
    table.add_column("figure", min_width=NAME_WIDTH - 6)
    for policy in policies:
        table.add_column(policy.policy.replace("-", "-\n"), justify="right", no_wrap=True)
    for name, metric in metrics.items():
        unit = unit_words(metric.unit)
        heading = f"{metric.title} [dim]({unit})[/dim]" if unit else metric.title
        table.add_row(heading, *(_cell(policy[name], metric.unit, reasons) for policy in policies))
    return table


def _cell(figure: Figure, unit: str, reasons: dict[str, int]) -> str:
    if figure.value is None:
        number = reasons.setdefault(figure.reason or "", len(reasons) + 1)
        return f"[dim]({number})[/dim]"
    shown = figure_words(figure.value, unit)
    if figure.low is None or figure.high is None or figure.low == figure.high:
        return shown
    return f"{shown}\n[dim]{figure_words(figure.low, unit)} .. {figure_words(figure.high, unit)}[/dim]"
