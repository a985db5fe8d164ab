"""The `aisle` command. Exit codes: 0 done, 2 bad input (one line), 1 anything else, 130 interrupted."""

import os
import sys
from json import dumps
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from sim.bench.command import bench
from sim.errors import BadInput, MissingLibrary, SimError
from store.errors import StoreError
from tracking.errors import TrackingError

app = typer.Typer(
    help="Glass Aisle: an open simulator and benchmark of cashierless stores.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
errors = Console(stderr=True, soft_wrap=True, highlight=False)

Seed = Annotated[int | None, typer.Option(min=0, help="Random seed; the scenario's own if left out.")]
Out = Annotated[Path | None, typer.Option(help="Folder to write; one under runs/ if left out.")]
Policies = Annotated[list[str] | None, typer.Option("--policy", help="Privacy policy, by name or file; repeatable.")]
Device = Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where the networks run.")]


@app.command()
def scenarios() -> None:
    """Lists the built-in stores, scenarios, experiments, policies and matcher presets, one line each."""
    from sim.catalogue import print_catalogue

    print_catalogue()


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Files of any of these kinds; with --as, package.module:Name.")],
    kind: Annotated[str | None, typer.Option("--as", help="detector, embedder or tracker: its rules.")] = None,
) -> None:
    """Validates store, scenario, experiment, policy or matcher preset files, or a part of tracking of one's own."""
    if kind is not None:
        from sim.console import print_rules
        from sim.own_tracking import check_own

        for name in map(str, files):
            report = check_own(name, kind)
            print_rules(name, kind, report)
            if report.broken:
                _fail(f"{name}: as a {kind}: {len(report.broken)} rules broken, the first: it {report.broken[0][0]}", 2)
        return
    from sim.catalogue import check_file

    for file in files:
        kind, name = check_file(file)
        print(f"{file}: a valid {kind}, {name}")


@app.command()
def run(
    scenario: Annotated[str, typer.Argument(help="A built-in scenario's name, or a YAML file.")],
    seed: Seed = None,
    out: Out = None,
    policy: Policies = None,
    video: Annotated[bool, typer.Option(help="Write annotated videos.")] = True,
    device: Device = "auto",
    ledger: Annotated[
        str | None, typer.Option(help="URL of books shared with other stores, also PostgreSQL; else a file in the run.")
    ] = None,
) -> None:
    """Runs one scenario: world, cameras, tracking, billing and policies, into a run folder."""
    from sim.console import print_run, progress_bar
    from sim.graphics import choose_backend
    from sim.run import RunOptions, run_scenario
    from sim.run_folder import new_run_folder
    from sim.run_ledger import check_ledger
    from sim.scenario import load_scenario

    choose_backend()  # before the progress bar: a machine that cannot draw is told so in one line
    loaded = load_scenario(scenario)
    chosen = loaded.seed if seed is None else seed
    folder = new_run_folder(out, f"{loaded.name}-seed{chosen}", goes_on=loaded.days > 1)
    options = RunOptions(seed=chosen, policies=policy or None, video=video, device=device, ledger=ledger)
    check_ledger(ledger)  # before the progress bar too
    with progress_bar(f"{loaded.name}, seed {chosen}") as advance:
        finished = run_scenario(loaded, folder, options, advance)
    print_run(finished)


@app.command()
def evaluate(
    runs: Annotated[list[Path] | None, typer.Argument(help="Run folders; several give medians too.")] = None,
    ceilings: Annotated[bool, typer.Option(help="Also the figure that perfect association would reach.")] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Also re-link tracks after closing time, and the figures of that.")
    ] = False,
    gt: Annotated[Path | None, typer.Option(help="Or truth: MOTChallenge sequences, or floor positions.")] = None,
    tracks: Annotated[Path | None, typer.Option(help="With --gt: the tracks, SEQUENCE.txt or floor.")] = None,
    json: Annotated[Path | None, typer.Option(help="With --gt: also write every figure to this file.")] = None,
) -> None:
    """Figures of runs, recomputed from their files; or of anybody's tracks against anybody's truth."""
    from sim.console import print_evaluations, print_offline
    from sim.evaluate import evaluate as recompute
    from sim.evaluate import offline_tracking, speed_of
    from sim.offline import relink_run
    from sim.receipt_tables import print_receipt_figures
    from sim.run_folder import RunFolder, write_json

    if gt is not None or tracks is not None:
        if runs or gt is None or tracks is None or ceilings or offline:
            beside = "run folders, --ceilings or --offline beside them"
            given = beside if runs or ceilings or offline else "one of them"
            raise BadInput("command line", "--gt, --tracks", given, "run folders, or both --gt and --tracks")
        from sim.console import print_benchmark
        from tracking.benchmark import evaluate_tracks

        benchmark = evaluate_tracks(gt, tracks)
        print_benchmark(benchmark)
        if json is not None:
            write_json(json, benchmark.figures)
        return
    if json is not None:
        raise BadInput("command line", "--json", str(json), "only with --gt and --tracks; a run has its summary.json")
    if not runs:
        raise BadInput("command line", "RUNS", "nothing", "run folders, or both --gt and --tracks")
    folders = [RunFolder(run) for run in runs]
    evaluations = [(run.name, {**recompute(run, ceilings), "speed": speed_of(run)}) for run in folders]
    print_evaluations(evaluations)
    print_receipt_figures(folders)
    if offline:
        for run in folders:
            relink_run(run)
        rows = [(name, figures["tracking"]) for name, figures in evaluations]
        print_offline([(*row, offline_tracking(run)) for row, run in zip(rows, folders, strict=True)])


@app.command()
def calibrate(
    runs: Annotated[list[Path], typer.Argument(help="Finished runs of training seeds; at least two.")],
    out: Annotated[Path | None, typer.Option(help="File to write; nothing is written if left out.")] = None,
) -> None:
    """Fits the temperatures of stated probabilities on runs, and says how good they are on runs left out."""
    from sim.confidence_fit import fit_confidence, print_fit, write_confidence
    from sim.run_folder import RunFolder

    confidence, fits = fit_confidence([RunFolder(run) for run in runs])
    print_fit(fits)
    if out is not None:
        write_confidence(confidence, out)
        print(f"temperatures: {out}")


@app.command()
def review(
    runs: Annotated[list[Path], typer.Argument(help="Finished run folders; several are taken together.")],
    json: Annotated[Path | None, typer.Option(help="Also write every point to this file.")] = None,
    reviewers: Annotated[int | None, typer.Option(min=1, max=1000, help="As if so many worked at once.")] = None,
) -> None:
    """Accuracy of receipts against the share that people review, with cost and delay, for every threshold."""
    from sim.review_table import print_review

    print_review(runs, json, reviewers)


@app.command("errors")
def error_sheet(
    run: Annotated[Path, typer.Argument(help="A run folder.")],
    out: Annotated[Path | None, typer.Option(help="Page to write; errors.html in the run if left out.")] = None,
) -> None:
    """Writes a page with everything that tracking got wrong: switches, lost people, ghosts, with what was seen."""
    from sim.error_sheet import write_error_sheet

    print(f"page: {write_error_sheet(run, out)}")


@app.command()
def compare(
    runs: Annotated[list[Path], typer.Argument(help="Finished run folders; several give means with intervals.")],
    policy: Annotated[
        list[str] | None,
        typer.Option("--policy", help="Policy, by name or file; repeatable; `all`: every built-in."),
    ] = None,
    json: Annotated[Path | None, typer.Option(help="Also write the table as JSON; `-` prints it instead.")] = None,
) -> None:
    """The privacy and usage table of runs under several policies."""
    from sim.comparison import comparison_json, over_runs, print_policies
    from sim.judge import judge_runs
    from sim.run_folder import RunFolder, write_json

    judged = over_runs(judge_runs([RunFolder(run) for run in runs], policy))
    table = comparison_json(judged, [str(run) for run in runs])
    if json == Path("-"):
        typer.echo(dumps(table, indent=2, ensure_ascii=False))
        return
    print_policies(judged)
    if json is not None:
        write_json(json, table)
        print(f"JSON: {json}")


@app.command()
def erase(
    run: Annotated[Path, typer.Argument(help="A finished run folder.")],
    account: Annotated[str, typer.Argument(help="The shopper's account, or the name of one visit.")],
    policy: Annotated[str, typer.Option(help="The policy from whose store the shopper is erased.")],
) -> None:
    """Erases one shopper from a policy's store, proves it by a byte search, and says what is out of reach."""
    from sim.erasing import erase as erase_account
    from sim.erasing_console import print_erasure
    from sim.run_folder import RunFolder

    erasure = erase_account(RunFolder(run), account, policy)
    print_erasure(account, policy, erasure)
    if erasure.left:
        _fail(f"{account}: the byte search still finds {len(erasure.left)} traces in {policy}", 1)


@app.command()
def audit(
    run: Annotated[Path, typer.Argument(help="A finished run folder.")],
    policy: Annotated[str | None, typer.Option(help="Only this policy's log.")] = None,
) -> None:
    """Verifies the audit logs of a run's policies; exit code 1 when one was tampered with."""
    from sim.erasing import audit as check_logs
    from sim.erasing_console import print_audit
    from sim.run_folder import RunFolder

    checks = check_logs(RunFolder(run), policy)
    print_audit(checks)
    if broken := [check for check in checks if check.problems]:
        _fail(f"{broken[0].policy}: the audit log was tampered with: {broken[0].problems[0]}", 1)


@app.command()
def query(
    run: Annotated[Path, typer.Argument(help="A finished run folder.")],
    policy: Annotated[str, typer.Option(help="Policy whose store is asked, by name or file.")],
    purpose: Annotated[str, typer.Option(help="What for; one of the policy's purposes.")],
    who: Annotated[str, typer.Option("--as", help="Who asks: police, marketing, customer service, the person, ...")],
    person: Annotated[str | None, typer.Option(help="The account asked about.")] = None,
    track: Annotated[int | None, typer.Option(help="Or the floor track asked about.")] = None,
    justification: Annotated[
        str, typer.Option(help="What is shown: `suspicion: WORDS`, `warrant: WORDS`, or a reason in words.")
    ] = "",
    approver: Annotated[str | None, typer.Option(help="Who has approved it.")] = None,
) -> None:
    """Asks a policy's store about somebody; exit code 1 where the policy refuses."""
    from sim.governance import ask

    line, granted = ask(run, policy, purpose, who, person, track, justification, approver)
    typer.echo(line)
    if not granted:
        raise typer.Exit(1)


@app.command()
def access(
    run: Annotated[Path, typer.Argument(help="A finished run folder.")],
    account: Annotated[str, typer.Argument(help="A shopper's account.")],
    policy: Policies = None,
    out: Annotated[Path | None, typer.Option(help="Page to write; access-ACCOUNT.html in the run if left out.")] = None,
) -> None:
    """Writes the page `What this store knows about you`, one section a policy."""
    from sim.governance import write_access

    print(f"page: {write_access(run, account, policy, out)}")


@app.command()
def disclosures(run: Annotated[Path, typer.Argument(help="A finished run folder.")], policy: Policies = None) -> None:
    """What left the store under each policy: to whom, for which purpose, about how many people."""
    from sim.governance import print_disclosures

    print_disclosures(run, policy)


@app.command()
def sessions(
    csv: Annotated[Path, typer.Argument(help="Real shopping sessions (the nanostore's sessions.csv).")],
    products: Annotated[Path, typer.Option(help="The products of the store (products.csv).")],
    out: Annotated[Path, typer.Option(help="Folder for the scenarios.")],
) -> None:
    """Turns real shopping sessions into scenarios that simulated shoppers re-enact."""
    from sim.experiment import write_experiment
    from sim.sessions import sessions_to_scenarios

    written = sessions_to_scenarios(csv, products, out)
    measures = {"receipts.item_f1": "item F1", "receipts.exact_rate": "exact receipts", "tracking.idf1": "IDF1"}
    together = write_experiment("sessions", f"Sessions of {csv.name}", written, measures, out)
    print(f"{len(written)} scenarios in {out}")
    print(f"run one:  aisle run {written[0]}")
    print(f"run all, with a table: aisle experiment {together}")


@app.command()
def experiment(
    name: Annotated[str, typer.Argument(help="A built-in experiment's name, or a YAML file.")],
    out: Out = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes side by side on this machine.")] = 1,
    ray: Annotated[str | None, typer.Option(help="Address of a Ray cluster (extra `cluster`).")] = None,
) -> None:
    """Runs a scripted experiment: changes to a scenario, several seeds each."""
    from sim.console import print_experiment
    from sim.experiment import load_experiment, run_experiment
    from sim.run_folder import new_run_folder

    if ray is not None:
        raise BadInput("command line", "--ray", ray, "nothing yet: this version runs experiments in local processes")
    loaded = load_experiment(name)
    print_experiment(run_experiment(loaded, new_run_folder(out, loaded.name), workers))


@app.command()
def dataset(
    scenario: Annotated[str, typer.Argument(help="A scenario, or `random` for randomised plans, people and light.")],
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    frames: Annotated[int, typer.Option(min=1, help="Frames of the training split.")] = 2000,
    identities: Annotated[int, typer.Option(min=2, help="Identities of the re-identification crops.")] = 200,
    seed: Annotated[int, typer.Option(min=0)] = 1,
    split: Annotated[str, typer.Option(help="Bodies to draw: train, held-out or all.")] = "train",
) -> None:
    """Renders labelled images: COCO pose, Market-1501 crops, MOTChallenge, WILDTRACK, calibration."""
    from sim.dataset import write_dataset

    write_dataset(scenario, out, frames=frames, identities=identities, seed=seed, split=split)
    print(f"data set in {out}")


@app.command()
def train(
    what: Annotated[Literal["detector", "pose", "embedder"], typer.Argument(help="Which network.")],
    data: Annotated[Path, typer.Option(help="A data set written by `aisle dataset`.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder for checkpoints and weights; a stopped training there goes on.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0)] = 1,
) -> None:
    """Trains the detector, the pose network or the embedder on such a data set, with progress, resumable."""
    from sim.training import train_network

    print(f"weights in {train_network(what, data, out or Path('runs') / f'train-{what}', seed)}")


@app.command()
def track(
    videos: Annotated[
        list[str],
        typer.Argument(help="Video files, folders of pictures or rtsp:// addresses; CAMERA=ADDRESS names the camera."),
    ],
    calibration: Annotated[Path, typer.Option(help="Calibration YAML, or a folder of WILDTRACK's XML files.")],
    out: Annotated[Path, typer.Option(help="Folder for tracks and annotated videos.")],
    area: Annotated[Path | None, typer.Option(help="YAML of the tracked floor; all that is seen if left out.")] = None,
    weights: Annotated[Path | None, typer.Option(help="Other Ultralytics detection or pose weights.")] = None,
    trust_weights: Annotated[
        bool, typer.Option("--trust-weights", help="Read weights even if they hold programs, which then run.")
    ] = False,
    input_width: Annotated[int, typer.Option(min=64, max=4096, help="Pixels at which other weights see.")] = 640,
    fps: Annotated[float | None, typer.Option(min=0.1, max=240, help="Ticks a second; the footage's own.")] = None,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="Stop after so many; at the end if left out.")] = None,
    video: Annotated[bool, typer.Option(help="Write annotated videos.")] = True,
    device: Device = "auto",
) -> None:
    """Runs the tracking chain on anybody's calibrated footage, recorded or live."""
    from sim.run import signals_raise
    from sim.track import INPUT_STEP_PX, TrackOptions, track_videos

    if input_width % INPUT_STEP_PX:
        raise BadInput("command line", "--input-width", input_width, f"a multiple of {INPUT_STEP_PX}")
    options = TrackOptions(area, weights, trust_weights, input_width, device, fps, seconds, video)
    with signals_raise():
        print(f"tracks in {track_videos(videos, calibration, out, options)}")


app.command()(bench)


@app.command()
def dashboard(
    runs: Annotated[Path, typer.Argument(help="A folder of runs.")] = Path("runs"),
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8501,
    headless: Annotated[bool, typer.Option(help="Do not open a browser.")] = False,
) -> None:
    """Opens the dashboard on a folder of runs."""
    page = Path(__file__).resolve().parent.parent / "dashboard" / "app.py"
    if not page.is_file():
        raise BadInput("installation", "dashboard", str(page), "the dashboard package beside `sim`")
    options = ["--server.port", str(port), "--server.headless", str(headless).lower()]
    options += ["--browser.gatherUsageStats", "false"]
    command = [sys.executable, "-m", "streamlit", "run", str(page), *options, "--", str(runs.resolve())]
    # Becomes the server, so that stopping the command stops the server and leaves nothing behind.
    os.execv(sys.executable, command)


def main() -> None:
    """Entry point: turns every expected error into one line and an exit code."""
    os.environ.setdefault("YOLO_OFFLINE", "1")
    try:
        app()
    except MissingLibrary as error:
        _fail(str(error), 2)
    except (SimError, StoreError, TrackingError) as error:
        _fail(str(error), 2)
    except KeyboardInterrupt:
        _fail("interrupted; what was written so far stays in the run folder", 130)


def _fail(message: str, code: int) -> None:
    errors.print(f"aisle: {' '.join(message.split())}", markup=False)
    sys.exit(code)


if __name__ == "__main__":
    main()
