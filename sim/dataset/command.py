"""`aisle dataset`: everything that training, evaluation and tracking benchmarks need, in one folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from sim.dataset.coco import write_coco
from sim.dataset.pose_frames import render_dataset
from sim.dataset.reid_crops import render_reid
from sim.dataset.run_export import export_run
from sim.errors import BadInput
from sim.scenario import load_scenario

TEST_SHARE = 10  # one test frame for so many training frames
TEST_SEED = 9001  # added to the seed, so that no test frame is a training frame
TEST_IDENTITIES = 50


def write_dataset(
    scenario: str, out: Path | str, *, frames: int, identities: int, seed: int = 1, split: str = "train"
) -> None:
    """Renders labelled frames, re-identification crops and, unless `scenario` is "random", that scenario's run.

    With `split` "train" also a tenth as many test frames and up to 50 test identities, with bodies held out and in the
    built-in stores, which no training frame shows; with "held-out" only those.

    Args:
        scenario: a scenario's name or file, or "random".
        out: folder, made if missing.
        frames: labelled frames of random stores.
        identities: people of the re-identification crops.
        seed: same seed, same data set.
        split: "train" or "held-out".

    Raises:
        BadInput: unknown scenario or split.
    """
    if split not in ("train", "held-out"):
        raise BadInput("command line", "--split", split, "train, held-out")
    out = Path(out)
    day = None if scenario == "random" else load_scenario(scenario)
    # Test people are numbered after those of training: readers of Market-1501 know numbers up to 1501.
    first_of_test = identities + 1
    if split == "train":
        _frames(out, frames, seed, "train")
        _crops(out, identities, seed, "train", 1)
        frames, identities = max(1, frames // TEST_SHARE), min(identities, TEST_IDENTITIES)
    _frames(out, frames, seed + TEST_SEED, "test")
    _crops(out, identities, seed + TEST_SEED, "test", first_of_test)
    if day is not None:
        with _progress(f"run of {day.name}") as show:
            ticks = round(day.seconds * day.fps)
            export_run(day, out / "run", seed, progress=lambda done: show(done, ticks))


def _frames(out: Path, frames: int, seed: int, split: Literal["train", "test"]) -> None:
    with _progress(f"{split} frames") as show:
        render_dataset(out, frames, seed, split, progress=show)
    write_coco(out, split)


def _crops(out: Path, identities: int, seed: int, split: Literal["train", "test"], first: int) -> None:
    with _progress(f"{split} identities") as show:
        render_reid(out, identities, seed, split, first_identity=first, progress=show)


@contextmanager
def _progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """Shows how many are done and an estimate of the time left; yields what to call with (done, total)."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=None)

        def show(done: int, total: int) -> None:
            progress.update(task, completed=min(done, total), total=total)

        yield show
