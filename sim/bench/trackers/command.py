"""`aisle bench trackers`: records a scenario once for each seed, and prints how well it was followed."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from sim.bench.trackers.filming import record
from sim.bench.trackers.recording import Recording
from sim.bench.trackers.replay import figure_table, figures, ours
from sim.console import progress_bar
from sim.scenario import load_scenario

RECORDINGS = Path("runs") / "recordings"
"""Where recordings are kept unless `--folder` says otherwise."""


def print_trackers_bench(
    scenario: str, seeds: Sequence[int] | None, seconds: float | None, folder: Path | None
) -> None:
    """Records what is not recorded yet, and prints the figures of each seed.

    Raises:
        BadInput: no such scenario, or a bad one.
    """
    recordings = record_seeds(scenario, seeds, seconds, folder or RECORDINGS)
    Console().print(figure_table({one.path.name: figures(one, ours(one)) for one in recordings}))
    for one in recordings:
        print(f"recording: {one.path}")


def record_seeds(scenario: str, seeds: Sequence[int] | None, seconds: float | None, folder: Path) -> list[Recording]:
    """A recording for each seed, with a progress bar."""
    loaded = load_scenario(scenario)
    recordings = []
    for seed in dict.fromkeys(seeds or [loaded.seed]):
        with progress_bar(f"recording {loaded.name}, seed {seed}") as advance:
            recordings.append(record(loaded, folder, seed, seconds, advance))
    return recordings
