"""`python -m tracking.training`: train, export and measure the networks."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from tracking.pose import CropPose, SecondLookSettings
from tracking.training.detector import DetectorTraining, Progress, train_detector
from tracking.training.embedder import EmbedderTraining, train_embedder
from tracking.training.evaluate import DetectorScore, evaluate_detector
from tracking.training.evaluate_embedder import EmbedderScore, evaluate_embedder
from tracking.training.evaluate_pose import KeypointScore, evaluate_keypoints
from tracking.training.export import export_detector, export_embedder, export_pose
from tracking.training.pose import PoseTraining, train_pose

app = typer.Typer(help=__doc__, add_completion=False)

Data = Annotated[Path, typer.Option(help="data set folder")]
Out = Annotated[Path, typer.Option(help="folder for checkpoints; an interrupted training there goes on")]
BFloat16 = Annotated[bool, typer.Option(help="run the layers in bfloat16, faster on processors that know it")]
Weights = Annotated[Path | None, typer.Option(help="weights to measure; without, the committed ones")]


def _print(progress: Progress) -> None:
    minutes = progress.seconds_left / 60
    print(f"{progress.stage} {progress.shown}/{progress.total} loss {progress.loss:.3f} {minutes:.0f} min", flush=True)


def _print_score(score: DetectorScore | KeypointScore | EmbedderScore) -> None:
    for name, value in asdict(score).items():
        print(f"{name:20} {value:.3f}" if isinstance(value, float) else f"{name:20} {value}")


@app.command()
def detector(
    data: Data,
    out: Out,
    box_pictures: int | None = None,
    pose_pictures: int | None = None,
    polish_pictures: int | None = None,
    box_rate: float | None = None,
    bfloat16: BFloat16 = False,
    start_from: Annotated[Path | None, typer.Option(help="weights to begin with instead of random ones")] = None,
) -> None:
    """Train the detector: boxes, then keypoints, then both once more; 0 pictures leave a part out."""
    settings = DetectorTraining()
    settings = replace(
        settings,
        bfloat16=bfloat16,
        box_rate=settings.box_rate if box_rate is None else box_rate,
        box_pictures=settings.box_pictures if box_pictures is None else box_pictures,
        pose_pictures=settings.pose_pictures if pose_pictures is None else pose_pictures,
        polish_pictures=settings.polish_pictures if polish_pictures is None else polish_pictures,
    )
    print(train_detector(data, out, settings, _print, start_from))


@app.command()
def pose(
    data: Data,
    out: Out,
    crops: int | None = None,
    rate: float | None = None,
    bfloat16: BFloat16 = False,
    start_from: Annotated[Path | None, typer.Option(help="weights to begin with instead of random ones")] = None,
) -> None:
    """Train the pose network."""
    settings = PoseTraining(bfloat16=bfloat16)
    settings = replace(settings, crops=crops or settings.crops, rate=rate or settings.rate)
    print(train_pose(data, out, settings, _print, start_from))


@app.command()
def embedder(
    data: Data,
    out: Out,
    steps: int | None = None,
    loss: Literal["triplet", "circle"] = "circle",
    width: int = 24,
    bfloat16: BFloat16 = False,
) -> None:
    """Train the embedder."""
    settings = EmbedderTraining(loss=loss, width=width, bfloat16=bfloat16)
    print(train_embedder(data, out, replace(settings, steps=steps or settings.steps), _print))


@app.command()
def export(
    checkpoint: Path,
    out: Annotated[Path, typer.Option()] = Path("tracking/weights"),
    int8: Annotated[Path | None, typer.Option(help="data set on which to quantise to eight bits")] = None,
) -> None:
    """Turn a checkpoint (`embedder.pt`, `pose.pt`, else the detector's) into the files that are committed and run."""
    {"embedder": export_embedder, "pose": export_pose}.get(checkpoint.stem, export_detector)(checkpoint, out, int8)


@app.command()
def evaluate(data: Data, weights: Weights = None, limit: int | None = None) -> None:
    """Measure the detector, with keypoints from the pose network, on the `test` split of a data set."""
    everybody = CropPose(settings=SecondLookSettings(confidence=0.0))
    _print_score(evaluate_detector(weights, data, limit=limit, pose=everybody))


@app.command()
def evaluate_pose(data: Data, weights: Weights = None) -> None:
    """Measure the pose network on the labelled people of the `test` split of a data set."""
    _print_score(evaluate_keypoints(CropPose(weights), data))


@app.command()
def evaluate_reid(data: Data, weights: Weights = None) -> None:
    """Measure the embedder on `query` and `bounding_box_test` of a folder laid out as Market-1501."""
    _print_score(evaluate_embedder(data, weights))


if __name__ == "__main__":
    app()
