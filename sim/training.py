"""`aisle train`: trains a network on a data set with progress, turns it into what runs, and measures it."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.progress import Progress as Bar

from tracking.pose import CropPose
from tracking.training.detector import DetectorTraining, Progress, train_detector
from tracking.training.embedder import EmbedderTraining, train_embedder
from tracking.training.evaluate import evaluate_detector
from tracking.training.evaluate_embedder import evaluate_embedder
from tracking.training.evaluate_pose import evaluate_keypoints
from tracking.training.export import export_detector, export_embedder, export_pose
from tracking.training.pose import PoseTraining, train_pose

Network = Literal["detector", "pose", "embedder"]


def train_network(what: Network, data: Path, out: Path, seed: int) -> Path:
    """Trains on `data/pose` or `data/reid` (or `data` itself), resuming in `out`; returns the folder of the weights.

    Raises:
        TrackingError: the data set lacks something.
    """
    console = Console()
    folder = data / {"detector": "pose", "pose": "pose", "embedder": "reid"}[what]
    folder = folder if folder.is_dir() else data
    with Bar(console=console) as bar:
        task = bar.add_task(what, total=None)

        def report(progress: Progress) -> None:
            minutes = f"{progress.seconds_left / 60:.0f} min left, loss {progress.loss:.3f}"
            bar.update(task, description=f"{progress.stage}, {minutes}", completed=progress.shown, total=progress.total)

        if what == "detector":
            checkpoint = train_detector(folder, out, replace(DetectorTraining(), seed=seed), report)
            export_detector(checkpoint, out)
        elif what == "pose":
            export_pose(train_pose(folder, out, replace(PoseTraining(), seed=seed), report), out)
        else:
            checkpoint = train_embedder(folder, out, replace(EmbedderTraining(), seed=seed), report)
            export_embedder(checkpoint, out)
    for name, value in _measured(what, folder, out).items():
        console.print(f"{name:16} {value:.3f}" if isinstance(value, float) else f"{name:16} {value}", highlight=False)
    return out


def _measured(what: Network, data: Path, out: Path) -> dict[str, object]:
    """Quality on the held-out part of the data set, where it has one."""
    if what != "embedder" and not (data / "images" / "test").is_dir():
        return {}
    if what == "detector":
        return asdict(evaluate_detector(out / "detector.xml", data))
    if what == "pose":
        return asdict(evaluate_keypoints(CropPose(out / "pose.xml"), data))
    return asdict(evaluate_embedder(data, out / "embedder.xml")) if (data / "query").is_dir() else {}
