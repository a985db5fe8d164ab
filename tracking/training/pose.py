"""Training of the pose network on crops of rendered people, and of what the detector took for people."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tracking.pose import CROP_HEIGHT, CROP_WIDTH, FILL, KEYPOINTS
from tracking.training.augment import MIRRORED_KEYPOINTS, relit
from tracking.training.checkpoint import save_checkpoint
from tracking.training.detector import Progress
from tracking.training.people import PREPARED_HEIGHT, PREPARED_WIDTH, People, load_people
from tracking.training.pose_network import PoseNetwork, Reading, edge_places

_WEIGHTS = torch.ones(KEYPOINTS)
# Bills hang on wrists, places on the floor on ankles.
_WEIGHTS[[9, 10]], _WEIGHTS[[15, 16]] = 2.5, 1.5


@dataclass(frozen=True, slots=True)
class PoseTraining:
    """The recipe of the pose network's training."""

    crops: int = 400_000
    """Crops shown."""
    batch: int = 64
    rate: float = 2e-3
    """Highest learning rate of AdamW."""
    warm_up_steps: int = 200
    weight_decay: float = 1e-4
    seen_weight: float = 0.3
    """Weight of telling whether a keypoint is in view."""
    box_weight: float = 1.5
    """Weight of the box's overlap with the truth."""
    edge_weight: float = 0.15
    """Weight of the shape of the edges' distributions."""
    score_weight: float = 0.5
    """Weight of foretelling that overlap."""
    average: float = 0.998
    """Decay of the running average of the weights, which is what is kept."""
    bfloat16: bool = False
    """Run the layers in bfloat16, which is about twice as fast on a processor that knows it."""
    save_every_steps: int = 200
    threads: int = 2
    seed: int = 1


def train_pose(
    data_dir: Path,
    out: Path,
    settings: PoseTraining | None = None,
    report: Callable[[Progress], None] | None = None,
    start_from: Path | None = None,
) -> Path:
    """Train on the `train` split of `data_dir`, or go on where an interrupted training in `out` stopped.

    Args:
        data_dir: the data set.
        out: folder for the checkpoint.
        settings: the recipe.
        start_from: a `pose.pt` whose weights to begin with; None begins with random ones.
        report: called every few steps.

    Returns:
        The file of the weights, `out/pose.pt`.

    Raises:
        BadTrainingData: no pictures there.
    """
    settings = settings or PoseTraining()
    torch.set_num_threads(settings.threads)
    out.mkdir(parents=True, exist_ok=True)
    people = load_people(data_dir, "train")
    _Training(people, out / "pose.pt", settings, start_from).run(report or (lambda progress: None))
    return out / "pose.pt"


class _Training:
    def __init__(self, people: People, checkpoint: Path, settings: PoseTraining, start_from: Path | None) -> None:
        self.people, self.checkpoint, self.settings = people, checkpoint, settings
        torch.manual_seed(settings.seed)
        self.network = PoseNetwork()
        if start_from is not None:
            self.network.load_state_dict(pose_weights(start_from), strict=False)
        self.network.to(memory_format=torch.channels_last)
        mean = torch.optim.swa_utils.get_ema_multi_avg_fn(settings.average)  # type: ignore[no-untyped-call]
        self.average = torch.optim.swa_utils.AveragedModel(self.network, multi_avg_fn=mean, use_buffers=True)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=settings.rate, weight_decay=settings.weight_decay
        )
        self.step, self.steps = 0, settings.crops // settings.batch
        if checkpoint.exists():
            self._resume()

    def run(self, report: Callable[[Progress], None]) -> None:
        since, first, losses = time.monotonic(), self.step, 0.0
        self.network.train()
        while self.step < self.steps:
            losses += self._learn()
            self.step += 1
            if self.step % 20 == 0:
                left = (time.monotonic() - since) / (self.step - first) * (self.steps - self.step)
                batch = self.settings.batch
                report(Progress("pose", self.step * batch, self.steps * batch, losses / 20, left))
                losses = 0.0
            if self.step % self.settings.save_every_steps == 0 or self.step == self.steps:
                self._save()

    def _learn(self) -> float:
        rng = np.random.default_rng((self.settings.seed, self.step))
        chosen = rng.choice(len(self.people.crops), self.settings.batch)
        shown = [
            changed_person(self.people.crops[i], self.people.keypoints[i], self.people.boxes[i], rng) for i in chosen
        ]
        crops, points, boxes = (torch.from_numpy(np.stack(part)) for part in zip(*shown, strict=True))
        images = crops.permute(0, 3, 1, 2).float() / 255
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.rate * self._schedule()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.bfloat16):
            said = self.network.read(images.to(memory_format=torch.channels_last))
        people = ~boxes[:, 2].isneginf()
        loss = pose_loss(said, points, people, self.settings.seen_weight) + heat_loss(said.heat, points)
        loss = loss + box_loss(said, boxes, self.settings)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        return float(loss.detach())

    def _schedule(self) -> float:
        rise = min(1.0, (self.step + 1) / self.settings.warm_up_steps)
        return rise * (0.01 + 0.99 * (1 + math.cos(math.pi * self.step / self.steps)) / 2)

    def _save(self) -> None:
        state = {
            "step": self.step,
            "settings": asdict(self.settings),
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        save_checkpoint(state, self.checkpoint)

    def _resume(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]


def pose_weights(file: Path) -> dict[str, Tensor]:
    """The averaged weights in a checkpoint of this training, or in a `pose.pt` made of one."""
    state = torch.load(file, weights_only=True)["average"]
    return {name.removeprefix("module."): value.float() for name, value in state.items() if name != "n_averaged"}


def pose_loss(said: Reading, points: Tensor, people: Tensor, seen_weight: float) -> Tensor:
    """Mean negative log likelihood of the keypoints under Laplace distributions, and of their being in view.

    Args:
        said: of B crops.
        points: (B, 17, 3) true, x and y as shares of the crop's height, flag 0 not in the crop, 1 hidden, 2 in view.
        people: (B,) bool, whether anybody is meant.
        seen_weight: of the second part.
    """
    inside, visible = points[..., 2] > 0, (points[..., 2] > 1).float()
    error = (said.places - points[..., :2]).abs().sum(2)
    likelihood = _weighted_mean(error * (-said.log_scale).exp() + 2 * said.log_scale, inside)
    view = torch.nn.functional.binary_cross_entropy_with_logits(said.seen[people], visible[people])
    return likelihood + seen_weight * view


def box_loss(said: Reading, boxes: Tensor, settings: PoseTraining) -> Tensor:
    """How far boxes are from the truth, how blurred their edges are, and how wrongly the overlap was foretold.

    Args:
        said: of B crops.
        boxes: (B, 4) true, xyxy as shares of the crop's height; nan where it is unknown, -inf where nobody is meant.
        settings: weights of the three parts.
    """
    known = boxes.isfinite().all(1)
    truth, found = boxes[known], said.box[known]
    overlap = _overlap(found, truth)
    blur = torch.stack([_edge_surprise(edge[known], truth[:, k]) for k, edge in enumerate(said.edges)])
    # Where the box is unknown the overlap cannot be told; where nobody is meant it is nothing.
    told, target = known | boxes[:, 2].isneginf(), torch.zeros(len(boxes))
    target[known] = overlap.detach()
    score = torch.nn.functional.binary_cross_entropy_with_logits(said.score[told], target[told], reduction="none")
    parts = ((1 - overlap, settings.box_weight), (blur, settings.edge_weight), (score, settings.score_weight))
    # A batch may hold no box at all.
    return torch.stack([weight * part.sum() / max(part.numel(), 1) for part, weight in parts]).sum()


def _overlap(found: Tensor, truth: Tensor) -> Tensor:
    """(N,) intersection over union of boxes (N, 4) xyxy, row by row."""
    shared = (torch.minimum(found[:, 2:], truth[:, 2:]) - torch.maximum(found[:, :2], truth[:, :2])).clamp(min=0)
    areas = (found[:, 2:] - found[:, :2]).clamp(min=0).prod(1) + (truth[:, 2:] - truth[:, :2]).prod(1)
    both = shared.prod(1)
    return both / (areas - both).clamp(min=1e-6)


def _edge_surprise(logits: Tensor, truth: Tensor) -> Tensor:
    """(N,) cross entropy between an edge's distributions (N, n) and its true places (N,), shared by two neighbours."""
    places = edge_places(logits.shape[1])
    step = places[1] - places[0]
    at = ((truth - places[0]) / step).clamp(0, logits.shape[1] - 1.001)
    low, share = at.floor().long(), at - at.floor()
    surprise = -logits.log_softmax(1)
    return surprise.gather(1, low[:, None])[:, 0] * (1 - share) + surprise.gather(1, low[:, None] + 1)[:, 0] * share


def heat_loss(heat: Tensor, points: Tensor) -> Tensor:
    """Mean cross entropy between heat maps (B, 17, h, w) of logits and a cell-wide peak at each keypoint (B, 17, 3)."""
    rows, columns = heat.shape[2], heat.shape[3]
    y = torch.arange(rows) + 0.5 - points[..., 1:2] * rows
    x = torch.arange(columns) + 0.5 - points[..., 0:1] * rows
    peak = torch.exp(-0.5 * (y[..., :, None] ** 2 + x[..., None, :] ** 2)).flatten(2)
    peak = peak / peak.sum(2, keepdim=True).clamp(min=1e-6)
    surprise = -(peak * heat.flatten(2).log_softmax(2)).sum(2)
    return _weighted_mean(surprise, points[..., 2] > 0)


def _weighted_mean(values: Tensor, counted: Tensor) -> Tensor:
    """The mean of (B, 17) values over those that are counted, wrists and ankles weighing more."""
    weights = _WEIGHTS * counted
    return (values * weights).sum() / weights.sum().clamp(min=1e-6)


def changed_person(
    crop: NDArray[np.uint8], points: NDArray[np.float32], box: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.float32]]:
    """A prepared crop as the network shall see it this time: mirrored, turned, zoomed, shifted, recoloured, covered.

    Returns:
        (128, 96, 4) uint8; keypoints (17, 3): x and y as shares of the crop's height, and the flag; the box (4,) xyxy
        in such shares: nan where turning or covering left it unknown, -inf where nobody is meant.
    """
    zoom = math.exp(rng.uniform(-0.22, 0.22))
    angle = math.radians(rng.uniform(-12, 12)) if rng.random() < 0.3 else 0.0
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    turn = (
        zoom
        * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        @ np.diag([mirror, 1])
    )
    middle = np.array([CROP_WIDTH, CROP_HEIGHT]) / 2 + rng.uniform(-0.08, 0.08, 2) * (CROP_WIDTH, CROP_HEIGHT)
    matrix = np.column_stack([turn, middle - turn @ (np.array((PREPARED_WIDTH, PREPARED_HEIGHT)) / 2)])
    moved = cv2.warpAffine(crop, matrix, (CROP_WIDTH, CROP_HEIGHT), borderValue=(FILL, FILL, FILL, 0)).astype(np.uint8)
    moved[..., :3] = relit(moved[..., :3], rng, 0.25, 0.08, 15)
    keypoints = points.copy()
    keypoints[:, :2] = points[:, :2] @ turn.T.astype(np.float32) + matrix[:, 2].astype(np.float32)
    if mirror < 0:
        keypoints = keypoints[MIRRORED_KEYPOINTS]
    edges = _moved_box(box, matrix) if not angle else _unless_nobody(box)
    if rng.random() < 0.25:
        _cover(moved, keypoints, rng)
        edges = _unless_nobody(box)
    outside = (keypoints[:, :2] < 0).any(1) | (keypoints[:, 0] >= CROP_WIDTH) | (keypoints[:, 1] >= CROP_HEIGHT)
    keypoints[outside, 2] = 0
    keypoints[:, :2] /= CROP_HEIGHT
    return moved, keypoints, edges


def _unless_nobody(box: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.full(4, -np.inf if np.isnan(box[0]) else np.nan, np.float32)


def _moved_box(box: NDArray[np.float32], matrix: NDArray[np.float64]) -> NDArray[np.float32]:
    """A box (4,) xyxy px of a prepared crop under a change without turning, in shares, inside the crop."""
    if np.isnan(box[0]):
        return _unless_nobody(box)
    ends = box.reshape(2, 2) * np.diag(matrix[:, :2]) + matrix[:, 2]
    inside = np.clip([ends.min(0), ends.max(0)], 0, (CROP_WIDTH, CROP_HEIGHT)) / CROP_HEIGHT
    if (inside[1] - inside[0]).min() < 0.02:
        return np.full(4, np.nan, np.float32)
    return np.asarray(inside.reshape(4), np.float32)


def _cover(crop: NDArray[np.uint8], keypoints: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Hides a rectangle, as a shelf or another person would; keypoints behind it are no longer in view."""
    width, height = int(rng.uniform(0.15, 0.6) * CROP_WIDTH), int(rng.uniform(0.1, 0.4) * CROP_HEIGHT)
    left, top = int(rng.integers(0, CROP_WIDTH - width)), int(rng.integers(0, CROP_HEIGHT - height))
    crop[top : top + height, left : left + width, :3] = rng.integers(0, 256, 3)
    crop[top : top + height, left : left + width, 3] = 255 * int(rng.random() < 0.4)
    x, y = keypoints[:, 0], keypoints[:, 1]
    hidden = (x >= left) & (x < left + width) & (y >= top) & (y < top + height) & (keypoints[:, 2] > 1)
    keypoints[hidden, 2] = 1
