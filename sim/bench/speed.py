"""Speed of every stage and of the whole, measured on a scenario of its own."""

import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sim.run import RunOptions, run_scenario
from sim.scenario import load_scenario


def print_bench(scenario: str, seconds: int) -> None:
    """Runs `seconds` store seconds of a scenario and prints seconds by stage, ratios and peak memory."""
    loaded = load_scenario(scenario)
    shortened = loaded.model_copy(update={"seconds": min(loaded.seconds, float(seconds))})
    with tempfile.TemporaryDirectory() as folder:
        run = run_scenario(shortened, Path(folder) / "bench", RunOptions(video=False))
        speed = run.summary.speed
    Console().print(stage_table(speed))


def stage_table(speed: dict[str, Any]) -> Table:
    """Wall seconds of each stage, seconds a store second, and its share of the run's wall seconds; then the whole.

    Drawing and watching overlap in two threads, so that shares can add up to more than one, and tracking alone is
    measured while the other core draws.
    """
    wall, store = float(speed["wall_seconds"]), float(speed["store_seconds"])
    table = Table(title="Speed", title_style="bold", title_justify="left")
    table.add_column("stage")
    for column in ("seconds", "seconds a store second", "share of wall"):
        table.add_column(column, justify="right")
    for name, spent in sorted(speed["stages"].items(), key=lambda pair: -pair[1]):
        table.add_row(name, f"{spent:.1f}", f"{spent / store:.3f}", f"{spent / wall:.2f}")
    table.add_section()
    table.add_row("whole run (wall)", f"{wall:.1f}", f"{wall / store:.3f}", "1.00")
    table.add_row("real-time factor", f"{speed['real_time_factor']:.2f}")
    frames = int(speed["camera_frames"])
    table.add_row("camera frames a second, whole run", f"{frames / wall:.0f}")
    table.add_row("camera frames a second, tracking alone", f"{frames / float(speed['tracking_seconds']):.0f}")
    table.add_row("peak memory MB", f"{speed['peak_memory_mb']:.0f}")
    growth = speed["memory_growth_mb_per_hour"]
    shown = "too short a run to say" if growth is None else f"{growth:+.0f}"
    table.add_row("memory growth, MB an hour of store time", shown)
    return table
