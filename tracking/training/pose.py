"""Training of the pose network on crops of rendered people."""

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

from tracking.pose import CROP_HEIGHT, CROP_WIDTH, FILL, KEYPOINTS, crop_window, cut
from tracking.training.augment import MIRRORED_KEYPOINTS, relit
from tracking.training.checkpoint import save_checkpoint
from tracking.training.detector import Progress
from tracking.training.pictures import disturb, empty_view, labelled_files, memory_of, read_labels, read_picture
from tracking.training.pose_network import PoseNetwork

WIDER = 1.5
"""Prepared crops are so many times as high as the network's, so that they can be turned and shifted."""
_PREPARED = (round(CROP_WIDTH * WIDER), round(CROP_HEIGHT * WIDER))
_SMALLEST_PX = 20.0


@dataclass(frozen=True, slots=True)
class PoseTraining:
    """The recipe of the pose network's training."""

    crops: int = 100_000
    """Crops shown while only places, their errors and visibility count."""
    sharpen_crops: int = 72_000
    """Crops shown afterwards, while the shape of the heat maps counts too: it teaches far more for each crop."""
    batch: int = 64
    rate: float = 2e-3
    """Highest learning rate of AdamW."""
    warm_up_steps: int = 200
    weight_decay: float = 1e-4
    seen_weight: float = 0.3
    """Weight of telling whether a keypoint is in view."""
    average: float = 0.998
    """Decay of the running average of the weights, which is what is kept."""
    save_every_steps: int = 200
    threads: int = 2
    seed: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Crops of people: (N, 192, 144, 4) uint8 BGR and new, and their keypoints (N, 17, 3): x, y in px there, flag."""

    crops: NDArray[np.uint8]
    keypoints: NDArray[np.float32]


def load_people(data_dir: Path, split: str, progress: Callable[[int, int], None] | None = None) -> People:
    """Everybody labelled in one split of a data set folder (see `load_pictures`).

    Raises:
        BadTrainingData: no pictures, an unreadable picture, a missing empty view or a label of a wrong length.
    """
    files = labelled_files(data_dir, split)
    crops: list[NDArray[np.uint8]] = []
    keypoints: list[NDArray[np.float32]] = []
    for number, file in enumerate(files):
        rows = read_labels(data_dir / "labels" / split / f"{file.stem}.txt")
        if len(rows):
            frame = read_picture(file)
            empty = read_picture(empty_view(data_dir, split, file.stem))
            new = memory_of(disturb(empty, np.random.default_rng(number))).foreground(frame)
            for row in rows:
                found = _person(frame, new, row)
                if found is not None:
                    crops.append(found[0])
                    keypoints.append(found[1])
        if progress:
            progress(number + 1, len(files))
    return People(np.stack(crops), np.stack(keypoints))


def _person(
    frame: NDArray[np.uint8], new: NDArray[np.uint8], row: NDArray[np.float32]
) -> tuple[NDArray[np.uint8], NDArray[np.float32]] | None:
    """A prepared crop and its keypoints from a label row (55,), None for somebody too small."""
    size = np.array([frame.shape[1], frame.shape[0]])
    middle, extent = row[:2] * size, row[2:4] * size
    if extent[1] < _SMALLEST_PX:
        return None
    x, y, tall = crop_window(np.concatenate([middle - extent / 2, middle + extent / 2]))
    window = (x, y, tall * WIDER)
    points = row[4:].reshape(KEYPOINTS, 3).copy()
    points[:, :2] = (points[:, :2] * size - (x, y)) * (_PREPARED[1] / window[2]) + np.array(_PREPARED) / 2
    return cut(frame, new, window, _PREPARED), points


def train_pose(
    data_dir: Path,
    out: Path,
    settings: PoseTraining | None = None,
    report: Callable[[Progress], None] | None = None,
) -> Path:
    """Train on the `train` split of `data_dir`, or go on where an interrupted training in `out` stopped.

    Args:
        data_dir: the data set.
        out: folder for the checkpoint.
        settings: the recipe.
        report: called every few steps.

    Returns:
        The file of the weights, `out/pose.pt`.

    Raises:
        BadTrainingData: no pictures there.
    """
    settings = settings or PoseTraining()
    torch.set_num_threads(settings.threads)
    out.mkdir(parents=True, exist_ok=True)
    _Training(load_people(data_dir, "train"), out / "pose.pt", settings).run(report or (lambda progress: None))
    return out / "pose.pt"


class _Training:
    def __init__(self, people: People, checkpoint: Path, settings: PoseTraining) -> None:
        self.people, self.checkpoint, self.settings = people, checkpoint, settings
        torch.manual_seed(settings.seed)
        self.network = PoseNetwork().to(memory_format=torch.channels_last)
        mean = torch.optim.swa_utils.get_ema_multi_avg_fn(settings.average)  # type: ignore[no-untyped-call]
        self.average = torch.optim.swa_utils.AveragedModel(self.network, multi_avg_fn=mean, use_buffers=True)
        self.optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=settings.rate, weight_decay=settings.weight_decay
        )
        self.step, self.first = 0, settings.crops // settings.batch
        self.steps = self.first + settings.sharpen_crops // settings.batch
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
        pairs = [changed_person(self.people.crops[i], self.people.keypoints[i], rng) for i in chosen]
        images = torch.from_numpy(np.stack([crop for crop, _ in pairs])).permute(0, 3, 1, 2).float() / 255
        points = torch.from_numpy(np.stack([points for _, points in pairs]))
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.rate * self._schedule()
        heat, places, log_scale, seen = self.network.raw(images.to(memory_format=torch.channels_last))
        loss = pose_loss(places, log_scale, seen, points, self.settings.seen_weight)
        if self.step >= self.first:
            loss = loss + heat_loss(heat, points)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.average.update_parameters(self.network)
        return float(loss.detach())

    def _schedule(self) -> float:
        begin, end = (0, self.first) if self.step < self.first else (self.first, self.steps)
        rise = min(1.0, (self.step - begin + 1) / self.settings.warm_up_steps)
        return rise * (0.01 + 0.99 * (1 + math.cos(math.pi * (self.step - begin) / (end - begin))) / 2)

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


def pose_loss(places: Tensor, log_scale: Tensor, seen: Tensor, points: Tensor, seen_weight: float) -> Tensor:
    """Mean negative log likelihood of the keypoints under Laplace distributions, and of their being in view.

    Args:
        places: (B, 17, 2) found, as shares of the crop's height.
        log_scale: (B, 17) logarithm of the scale of each.
        seen: (B, 17) logits.
        points: (B, 17, 3) true, x and y as shares of the crop's height, flag 0 not in the crop, 1 hidden, 2 in view.
        seen_weight: of the second part.
    """
    inside, visible = points[..., 2] > 0, (points[..., 2] > 1).float()
    error = (places - points[..., :2]).abs().sum(2)
    likelihood = (error * (-log_scale).exp() + 2 * log_scale)[inside].mean()
    return likelihood + seen_weight * torch.nn.functional.binary_cross_entropy_with_logits(seen, visible)


def heat_loss(heat: Tensor, points: Tensor) -> Tensor:
    """Mean cross entropy between heat maps (B, 17, h, w) of logits and a cell-wide peak at each keypoint (B, 17, 3)."""
    rows, columns = heat.shape[2], heat.shape[3]
    y = torch.arange(rows) + 0.5 - points[..., 1:2] * rows
    x = torch.arange(columns) + 0.5 - points[..., 0:1] * rows
    peak = torch.exp(-0.5 * (y[..., :, None] ** 2 + x[..., None, :] ** 2)).flatten(2)
    peak = peak / peak.sum(2, keepdim=True).clamp(min=1e-6)
    surprise = -(peak * heat.flatten(2).log_softmax(2)).sum(2)
    return surprise[points[..., 2] > 0].mean()


def changed_person(
    crop: NDArray[np.uint8], points: NDArray[np.float32], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A prepared crop as the network shall see it this time: mirrored, turned, zoomed, shifted, recoloured, covered.

    Returns:
        (128, 96, 4) uint8, and keypoints (17, 3): x and y as shares of the crop's height, and the flag.
    """
    zoom, angle = math.exp(rng.uniform(-0.2, 0.2)), math.radians(rng.uniform(-12, 12))
    mirror = -1.0 if rng.random() < 0.5 else 1.0
    turn = (
        zoom
        * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        @ np.diag([mirror, 1])
    )
    middle = np.array([CROP_WIDTH, CROP_HEIGHT]) / 2 + rng.uniform(-0.06, 0.06, 2) * (CROP_WIDTH, CROP_HEIGHT)
    matrix = np.column_stack([turn, middle - turn @ (np.array(_PREPARED) / 2)])
    moved = cv2.warpAffine(crop, matrix, (CROP_WIDTH, CROP_HEIGHT), borderValue=(FILL, FILL, FILL, 0)).astype(np.uint8)
    moved[..., :3] = relit(moved[..., :3], rng, 0.25, 0.08, 15)
    keypoints = points.copy()
    keypoints[:, :2] = points[:, :2] @ turn.T.astype(np.float32) + matrix[:, 2].astype(np.float32)
    if mirror < 0:
        keypoints = keypoints[MIRRORED_KEYPOINTS]
    if rng.random() < 0.3:
        _cover(moved, keypoints, rng)
    outside = (keypoints[:, :2] < 0).any(1) | (keypoints[:, 0] >= CROP_WIDTH) | (keypoints[:, 1] >= CROP_HEIGHT)
    keypoints[outside, 2] = 0
    keypoints[:, :2] /= CROP_HEIGHT
    return moved, keypoints


def _cover(crop: NDArray[np.uint8], keypoints: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Hides a rectangle, as a shelf or another person would; keypoints behind it are no longer in view."""
    width, height = int(rng.uniform(0.15, 0.6) * CROP_WIDTH), int(rng.uniform(0.1, 0.4) * CROP_HEIGHT)
    left, top = int(rng.integers(0, CROP_WIDTH - width)), int(rng.integers(0, CROP_HEIGHT - height))
    crop[top : top + height, left : left + width, :3] = rng.integers(0, 256, 3)
    crop[top : top + height, left : left + width, 3] = 255 * int(rng.random() < 0.4)
    x, y = keypoints[:, 0], keypoints[:, 1]
    hidden = (x >= left) & (x < left + width) & (y >= top) & (y < top + height) & (keypoints[:, 2] > 1)
    keypoints[hidden, 2] = 1
