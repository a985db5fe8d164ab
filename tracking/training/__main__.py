"""`python -m tracking.training`: train, export and measure the two networks."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from tracking.training.detector import DetectorTraining, Progress, train_detector
from tracking.training.embedder import EmbedderTraining, train_embedder
from tracking.training.evaluate import evaluate_detector
from tracking.training.evaluate_embedder import evaluate_embedder
from tracking.training.export import export_detector, export_embedder

app = typer.Typer(help=__doc__, add_completion=False)

Data = Annotated[Path, typer.Option(help="data set folder")]
Out = Annotated[Path, typer.Option(help="folder for checkpoints; an interrupted training there goes on")]
Weights = Annotated[Path | None, typer.Option(help="weights to measure; without, the committed ones")]


def _print(progress: Progress) -> None:
    minutes = progress.seconds_left / 60
    print(f"{progress.stage} {progress.shown}/{progress.total} loss {progress.loss:.3f} {minutes:.0f} min", flush=True)


@app.command()
def detector(
    data: Data,
    out: Out,
    box_pictures: int | None = None,
    pose_pictures: int | None = None,
    polish_pictures: int | None = None,
) -> None:
    """Train the detector: boxes, then keypoints, then both once more."""
    settings = DetectorTraining()
    settings = replace(
        settings,
        box_pictures=settings.box_pictures if box_pictures is None else box_pictures,
        pose_pictures=settings.pose_pictures if pose_pictures is None else pose_pictures,
        polish_pictures=settings.polish_pictures if polish_pictures is None else polish_pictures,
    )
    print(train_detector(data, out, settings, _print))


@app.command()
def embedder(data: Data, out: Out, steps: int | None = None) -> None:
    """Train the embedder."""
    settings = EmbedderTraining()
    print(train_embedder(data, out, replace(settings, steps=steps or settings.steps), _print))


@app.command()
def export(checkpoint: Path, out: Annotated[Path, typer.Option()] = Path("tracking/weights")) -> None:
    """Turn a checkpoint (`embedder.pt`, else the detector's) into the files that are committed and run."""
    (export_embedder if checkpoint.stem == "embedder" else export_detector)(checkpoint, out)


@app.command()
def evaluate(data: Data, weights: Weights = None, limit: int | None = None) -> None:
    """Measure the detector on the `test` split of a data set."""
    for name, value in asdict(evaluate_detector(weights, data, limit=limit)).items():
        print(f"{name:16} {value:.3f}" if isinstance(value, float) else f"{name:16} {value}")


@app.command()
def evaluate_reid(data: Data, weights: Weights = None) -> None:
    """Measure the embedder on `query` and `bounding_box_test` of a folder laid out as Market-1501."""
    for name, value in asdict(evaluate_embedder(data, weights)).items():
        print(f"{name:16} {value:.3f}" if isinstance(value, float) else f"{name:16} {value}")


if __name__ == "__main__":
    app()
