"""`aisle bench`: what can be measured, and which options belong to which measurement."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from sim.errors import BadInput

BENCH_OPTIONS = {
    "speed": ("seconds", "scenario"),
    "faces": ("searches", "drivers", "json"),
    "gallery": ("size", "peers_size", "probes", "folder", "json"),
    "policies": ("run",),
    "trackers": ("scenario", "seconds", "seed", "folder", "json"),
    "recovery": ("kills", "seed", "ledger", "json"),
}


def bench(
    context: typer.Context,
    what: Annotated[
        Literal["speed", "faces", "gallery", "policies", "trackers", "recovery"],
        typer.Argument(help="What to measure."),
    ] = "speed",
    seconds: Annotated[
        int | None, typer.Option(min=5, max=3600, help="Store seconds (speed [60]; trackers [the whole day]).")
    ] = None,
    scenario: Annotated[
        str | None, typer.Option(help="Scenario to measure (speed [corner-shop], trackers [retail-20]).")
    ] = None,
    seed: Annotated[
        list[int] | None, typer.Option(min=0, help="Seed (trackers; repeatable [the scenario's own]; recovery [1]).")
    ] = None,
    searches: Annotated[int, typer.Option(min=1000, help="Simulated searches of each rate (faces).")] = 1_000_000,
    drivers: Annotated[
        int, typer.Option(min=0, help="People in the real index (faces); built on first use, 0: none.")
    ] = 7_000_000,
    size: Annotated[list[int] | None, typer.Option(help="People (gallery); repeatable [1 and 10 million].")] = None,
    peers_size: Annotated[int, typer.Option(min=0, help="People in every peer's index (gallery); 0: none.")] = 200_000,
    probes: Annotated[int, typer.Option(min=100, help="Searches of mates, and of impostors (gallery).")] = 1000,
    folder: Annotated[
        Path | None, typer.Option(help="Where indexes are kept (gallery) [deleted], or recordings (trackers).")
    ] = None,
    run: Annotated[Path | None, typer.Option(help="A finished run folder (policies).")] = None,
    json: Annotated[
        Path | None, typer.Option(help="Also write every figure to this file (faces, gallery, trackers, recovery).")
    ] = None,
    kills: Annotated[int, typer.Option(min=1, max=1_000_000, help="How often the shop is killed (recovery).")] = 1000,
    ledger: Annotated[str | None, typer.Option(help="URL of its books (recovery) [SQLite files].")] = None,
) -> None:
    """Measures speed by stage (speed), the matcher's errors (faces), galleries, judging (policies), or trackers.

    Or kills the shop at random instants and counts visits that are billed twice or not at all (recovery).

    Published figures stand beside the matcher's; flat, HNSW and usearch indexes beside the galleries; Ultralytics',
    roboflow's and DeepSORT's trackers beside ours.
    """
    _refuse_options_of_other_benches(context, what)
    if what == "faces":
        from sim.bench.faces import print_faces_bench

        print_faces_bench(searches, drivers, json)
    elif what == "gallery":
        from sim.bench.gallery import print_gallery_bench

        print_gallery_bench(size or [1_000_000, 10_000_000], peers_size, probes, folder, json)
    elif what == "policies":
        from sim.bench.policies import print_policies_bench

        if run is None:
            raise BadInput("command line", "--run", "nothing", "a finished run folder")
        print_policies_bench(run)
    elif what == "trackers":
        from sim.bench.trackers.command import print_trackers_bench

        print_trackers_bench(scenario or "retail-20", seed, seconds, folder, json)
    elif what == "recovery":
        from sim.bench.recovery import print_recovery_bench

        print_recovery_bench(kills, (seed or [1])[0], ledger, json)
    else:
        from sim.bench.speed import print_bench

        print_bench(scenario or "corner-shop", seconds or 60)


def _refuse_options_of_other_benches(context: typer.Context, what: str) -> None:
    for name, value in context.params.items():
        source = context.get_parameter_source(name)
        given = source is not None and source.name == "COMMANDLINE"
        if given and name not in ("what", *BENCH_OPTIONS[what]):
            own = ", ".join(f"--{option.replace('_', '-')}" for option in BENCH_OPTIONS[what])
            raise BadInput("command line", f"--{name.replace('_', '-')}", value, f"for bench {what}: {own}")
