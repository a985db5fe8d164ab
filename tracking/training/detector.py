"""Training of the detector from scratch: boxes first, then boxes and keypoints from those weights.

Ultralytics' YOLO11n network and losses, with a loop of our own around them: pictures are 16:9 without padding, lie in
memory already dimmed, and the learning rate follows one cycle over a budget counted in pictures, which is what a
training on two CPU cores is made of. Keypoints come second because they hardly learn from nothing in that budget.
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from tracking.training.augment import augmented
from tracking.training.checkpoint import save_checkpoint
from tracking.training.network import Kind, build_network
from tracking.training.pictures import Pictures, load_pictures, shuffled_batches

INPUT_WIDTH, INPUT_HEIGHT = 384, 224


@dataclass(frozen=True, slots=True)
class DetectorTraining:
    """The recipe of the detector's training."""

    box_pictures: int = 12_000
    """Pictures shown while learning boxes alone."""
    pose_pictures: int = 13_000
    """Pictures shown while learning keypoints with the boxes."""
    polish_pictures: int = 8_000
    """Pictures shown in a second, lower cycle over both."""
    batch: int = 16
    """Pictures a step."""
    box_rate: float = 2e-3
    """Highest learning rate of AdamW while learning boxes."""
    pose_rate: float = 1.5e-3
    """Highest learning rate while learning keypoints."""
    polish_rate: float = 1e-3
    """Highest learning rate of the last cycle."""
    warm_up_steps: int = 150
    """Steps over which the rate rises from nothing."""
    box_final_share: float = 0.15
    """Share of the highest rate left when keypoints take over."""
    final_share: float = 0.02
    """Share of the highest rate left at the end."""
    weight_decay: float = 5e-4
    average: float = 0.998
    """Decay of the running average of the weights, which is what is kept."""
    bfloat16: bool = False
    """Run the layers in bfloat16, which is about twice as fast on a processor that knows it."""
    save_every_pictures: int = 1_600
    """How often the training can be resumed from."""
    threads: int = 2
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a training stands."""

    stage: str
    shown: int
    """Pictures shown so far."""
    total: int
    loss: float
    """Mean loss per picture since the last report."""
    seconds_left: float


def train_detector(
    data_dir: Path,
    out: Path,
    settings: DetectorTraining | None = None,
    report: Callable[[Progress], None] | None = None,
    start_from: Path | None = None,
) -> Path:
    """Train on `data_dir` (see `load_pictures`), or go on where an interrupted training in `out` stopped.

    Args:
        data_dir: data set folder with a `train` split.
        out: folder for checkpoints `boxes.pt`, `pose.pt` and `polish.pt`.
        settings: the recipe.
        report: called every few steps.
        start_from: a `detector.pt` or checkpoint whose weights to begin with; None begins with random ones.

    Returns:
        The file of the finished weights, that of the last cycle.

    Raises:
        BadTrainingData: the data set lacks something.
    """
    settings = settings or DetectorTraining()
    torch.set_num_threads(settings.threads)
    out.mkdir(parents=True, exist_ok=True)
    pictures = load_pictures(data_dir, "train")
    last = start_from
    shown = 0
    for cycle in cycles(settings):
        checkpoint = out / f"{cycle.name}.pt"
        _Stage(cycle, checkpoint, last, shown, pictures, settings, report).run()
        last, shown = checkpoint, shown + cycle.pictures
    return out / f"{cycles(settings)[-1].name}.pt"


@dataclass(frozen=True, slots=True)
class Cycle:
    """One rise and fall of the learning rate."""

    name: str
    kind: Kind
    pictures: int
    """Pictures shown in it."""
    rate: float
    """Highest learning rate."""
    final_share: float
    """Share of it left at the end."""


def cycles(settings: DetectorTraining) -> tuple[Cycle, ...]:
    """The cycles of a recipe that show any pictures, each starting from the weights of the one before."""
    all_cycles = (
        Cycle("boxes", "detect", settings.box_pictures, settings.box_rate, settings.box_final_share),
        Cycle("pose", "pose", settings.pose_pictures, settings.pose_rate, settings.final_share),
        Cycle("polish", "pose", settings.polish_pictures, settings.polish_rate, settings.final_share),
    )
    return tuple(cycle for cycle in all_cycles if cycle.pictures > 0)


class _Stage:
    """One cycle of the training: a network, its optimiser and the pictures still to show."""

    def __init__(
        self,
        cycle: Cycle,
        checkpoint: Path,
        start_from: Path | None,
        shown_before: int,
        pictures: Pictures,
        settings: DetectorTraining,
        report: Callable[[Progress], None] | None,
    ) -> None:
        self.cycle, self.checkpoint, self.pictures, self.settings = cycle, checkpoint, pictures, settings
        self.report = report or (lambda progress: None)
        self.shown_before = shown_before
        torch.manual_seed(settings.seed)
        self.network = build_network(cycle.kind)
        if start_from is not None:
            _load_matching(self.network, torch.load(start_from, weights_only=True)["average"])
        self.network.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(_groups(self.network, settings.weight_decay), lr=cycle.rate)
        self.average = {k: v.clone() for k, v in self.network.state_dict().items()}
        self.shown = 0
        if checkpoint.exists():
            self._resume()

    def run(self) -> None:
        self.network.train()
        loss_of = self.network.init_criterion()
        since, losses = time.monotonic(), 0.0
        started_at = reported_at = self.shown
        first, last = self.shown_before + self.shown, self.shown_before + self.cycle.pictures
        batches = shuffled_batches(len(self.pictures), self.settings.batch, first, last, self.settings.seed)
        for indices in batches:
            losses += self._step(loss_of, indices)
            self.shown += len(indices)
            if self.shown // 320 != reported_at // 320:
                pace = (time.monotonic() - since) / (self.shown - started_at)
                left = pace * (self.cycle.pictures - self.shown)
                mean = losses / (self.shown - reported_at)
                self.report(Progress(self.cycle.name, self.shown, self.cycle.pictures, mean, left))
                reported_at, losses = self.shown, 0.0
            before = self.shown - len(indices)
            if self.shown // self.settings.save_every_pictures != before // self.settings.save_every_pictures:
                self._save()
        if batches:
            self._save()

    def _step(self, loss_of: Callable[..., Any], indices: NDArray[np.intp]) -> float:
        rng = np.random.default_rng((self.settings.seed, self.shown_before + self.shown))
        batch = make_batch(self.pictures, indices, rng)
        for group in self.optimizer.param_groups:
            group["lr"] = self.cycle.rate * self._schedule()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.bfloat16):
            said = self.network(batch["img"])
        loss, _ = loss_of(_in_full(said), batch)
        self.optimizer.zero_grad(set_to_none=True)
        loss.sum().backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 10.0)
        self.optimizer.step()
        self._update_average()
        return float(loss.sum().detach())

    def _schedule(self) -> float:
        step, steps = self.shown / self.settings.batch, self.cycle.pictures / self.settings.batch
        rise = min(1.0, (step + 1) / self.settings.warm_up_steps)
        fall = (1 + math.cos(math.pi * min(1.0, step / steps))) / 2
        return rise * (self.cycle.final_share + (1 - self.cycle.final_share) * fall)

    @torch.no_grad()
    def _update_average(self) -> None:
        step = self.shown / self.settings.batch
        decay = min(self.settings.average, (1 + step) / (10 + step))
        for name, value in self.network.state_dict().items():
            if value.dtype.is_floating_point:
                self.average[name].lerp_(value, 1 - decay)
            else:
                self.average[name].copy_(value)

    def _save(self) -> None:
        state = {
            "kind": self.cycle.kind,
            "shown": self.shown,
            "settings": asdict(self.settings),
            "network": self.network.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
        }
        save_checkpoint(state, self.checkpoint)

    def _resume(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average, self.shown = state["average"], state["shown"]


def make_batch(pictures: Pictures, indices: NDArray[np.intp], rng: np.random.Generator) -> dict[str, torch.Tensor]:
    """A batch as Ultralytics' losses take it: `img` (B, 3, 224, 384) float 0 to 1 RGB, `bboxes`, `keypoints`, ..."""
    images, people = [], []
    for i in indices:
        image, persons = augmented(pictures.images[i], pictures.people[i], (INPUT_WIDTH, INPUT_HEIGHT), rng)
        images.append(image[..., ::-1])
        people.append(persons)
    counts = [len(p) for p in people]
    rows = torch.from_numpy(np.concatenate(people))
    stack = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2)
    return {
        "img": stack.to(memory_format=torch.channels_last).float() / 255,
        "batch_idx": torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts)).float(),
        "cls": torch.zeros(len(rows), 1),
        "bboxes": rows[:, :4],
        "keypoints": rows[:, 4:].reshape(-1, 17, 3),
    }


def _groups(network: torch.nn.Module, decay: float) -> list[dict[str, Any]]:
    matrices = [p for p in network.parameters() if p.ndim > 1]
    vectors = [p for p in network.parameters() if p.ndim <= 1]
    return [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]


def _in_full(said: Any) -> Any:
    """What a network said, tensors in containers of any depth, in single precision: losses need it."""
    if isinstance(said, torch.Tensor):
        return said.float()
    if isinstance(said, dict):
        return {name: _in_full(value) for name, value in said.items()}
    return type(said)(_in_full(value) for value in said)


def _load_matching(network: torch.nn.Module, weights: dict[str, torch.Tensor]) -> None:
    own = network.state_dict()
    network.load_state_dict({k: v for k, v in weights.items() if k in own and own[k].shape == v.shape}, strict=False)
