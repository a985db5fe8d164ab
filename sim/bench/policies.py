"""Time to apply policies to a finished run: what it takes to judge the same day under other rules."""

import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sim.judge import judge_policy, period_and_reader
from sim.run_folder import RunFolder
from store.privacy.catalogue import load_policy

TEN = (
    "checkout", "counting-only", "app-entry", "palm-entry", "face-entry", "face-everywhere", "entrance-watchlist",
    "police-gallery", "blurred", "edge-only",
)  # fmt: skip
"""Ten policies of every kind; the first run on a machine also builds their galleries, later ones reopen them."""


def print_policies_bench(run_path: Path) -> None:
    """Applies ten policies to a finished run, in a temporary folder, and prints the seconds of each.

    Raises:
        BadInput: no finished run.
    """
    run = RunFolder(run_path)
    started = time.perf_counter()
    period, reader = period_and_reader(run)
    reading = time.perf_counter() - started
    table = Table(title=f"{len(TEN)} policies on {run.name}", title_style="bold", title_justify="left")
    table.add_column("policy")
    table.add_column("seconds", justify="right")
    table.add_row("reading the run's files", f"{reading:.2f}")
    with tempfile.TemporaryDirectory() as folder:
        for name in TEN:
            begun = time.perf_counter()
            judge_policy(load_policy(name), period, reader, run.manifest.seed, Path(folder) / name)
            table.add_row(name, f"{time.perf_counter() - begun:.2f}")
    table.add_section()
    table.add_row("all", f"{time.perf_counter() - started:.2f}")
    console = Console()
    console.print(table)
    console.print(
        f"{period.people} people in {len(period.visits)} visits on {len(period.days)} day(s)", highlight=False
    )
