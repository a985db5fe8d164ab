"""`aisle bench trackers`: records a scenario once for each seed, and runs every tracker on the recordings."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import track

from sim.bench.trackers.comparison import compare, rows_in_all
from sim.bench.trackers.filming import record
from sim.bench.trackers.recording import Recording
from sim.bench.trackers.replay import figure_table, figures, ours
from sim.bench.trackers.table import as_json, margin, summarise, tracker_table
from sim.console import progress_bar
from sim.run_folder import write_json
from sim.scenario import load_scenario

RECORDINGS = Path("runs") / "recordings"
"""Where recordings are kept unless `--folder` says otherwise."""


def print_trackers_bench(
    scenario: str, seeds: Sequence[int] | None, seconds: float | None, folder: Path | None, json: Path | None
) -> None:
    """Records what is not recorded yet, runs peers, ours and ceilings on it, and prints the table.

    Args:
        scenario: a built-in name or a file.
        seeds: a day each; None for the scenario's own.
        seconds: store seconds of each day; None for all.
        folder: where recordings are kept.
        json: a file for every figure.

    Raises:
        BadInput: no such scenario, or a bad one.
    """
    recordings = record_seeds(scenario, seeds, seconds, folder or RECORDINGS)
    steps = (row for one in recordings for row in compare(one))
    console = Console()
    rows = list(
        track(steps, "tracking", total=rows_in_all(len(recordings)), console=Console(stderr=True), transient=True)
    )
    summaries = summarise(rows)
    days = ", ".join(str(one.manifest.seed) for one in recordings)
    console.print(tracker_table(summaries, f"{recordings[0].manifest.scenario}, seeds {days}: same detections"))
    ahead = margin(summaries)
    if ahead is not None:
        console.print(f"ours is ahead of the best peer, {ahead[0]}, by {ahead[1]:+.3f} HOTA", highlight=False)
    console.print(figure_table({f"seed {one.manifest.seed}": figures(one, ours(one)) for one in recordings}))
    for one in recordings:
        print(f"recording: {one.path}, of {one.manifest.recorded}, {one.manifest.seconds:g} store seconds")
    if json is not None:
        write_json(json, as_json(recordings, rows))
        print(f"JSON: {json}")


def record_seeds(scenario: str, seeds: Sequence[int] | None, seconds: float | None, folder: Path) -> list[Recording]:
    """A recording for each seed, with a progress bar."""
    loaded = load_scenario(scenario)
    recordings = []
    for seed in dict.fromkeys(seeds or [loaded.seed]):
        with progress_bar(f"recording {loaded.name}, seed {seed}") as advance:
            recordings.append(record(loaded, folder, seed, seconds, advance))
    return recordings
