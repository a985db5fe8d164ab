"""Training of the embedder by metric learning: hardest triplets of a batch, and telling all identities apart.

The recipe is the "bag of tricks" baseline (Luo et al., CVPRW 2019) at the size of two CPU cores: batches of P people
with K pictures each, a loss over pairs before a normalising neck, a classifier with smoothed labels after it, mirror,
shift, erased rectangles and light colour changes. Pairs are compared by batch-hard triplets (Hermans et al., 2017) or
by the circle loss (Sun et al., CVPR 2020).
"""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tracking.embed import CROP_HEIGHT, CROP_WIDTH, EMBEDDING_SIZE
from tracking.training.appearance import AppearanceNetwork
from tracking.training.augment import relit
from tracking.training.checkpoint import save_checkpoint
from tracking.training.crops import Crops, load_crops, load_frame_crops
from tracking.training.detector import Progress


@dataclass(frozen=True, slots=True)
class EmbedderTraining:
    """The recipe of the embedder's training."""

    steps: int = 1200
    people: int = 16
    """Identities in a batch."""
    pictures: int = 4
    """Pictures of each of them."""
    rate: float = 2e-3
    """Highest learning rate of AdamW."""
    warm_up_steps: int = 100
    weight_decay: float = 5e-4
    loss: Literal["triplet", "circle"] = "circle"
    """How pairs of pictures are compared."""
    width: int = 24
    """Size of the network, see `AppearanceNetwork`."""
    margin: float = 0.3
    """Triplets: cosine distance by which the hardest other must be farther than the hardest same."""
    relaxation: float = 0.25
    sharpness: float = 48.0
    """Circle loss: its margin m and its scale gamma."""
    smoothing: float = 0.1
    bfloat16: bool = False
    """Run the layers in bfloat16, which is about twice as fast on a processor that knows it."""
    save_every_steps: int = 200
    threads: int = 2
    seed: int = 1


def train_embedder(
    data_dir: Path,
    out: Path,
    settings: EmbedderTraining | None = None,
    report: Callable[[Progress], None] | None = None,
) -> Path:
    """Train on the crops of `data_dir`, or go on where an interrupted training in `out` stopped.

    Args:
        data_dir: folder laid out as Market-1501 (its `bounding_box_train`), or labelled frames with identities.
        out: folder for the checkpoint.
        settings: the recipe.
        report: called every few steps.

    Returns:
        The file of the weights, `out/embedder.pt`.

    Raises:
        BadTrainingData: no pictures there.
    """
    settings = settings or EmbedderTraining()
    torch.set_num_threads(settings.threads)
    out.mkdir(parents=True, exist_ok=True)
    folder = data_dir / "bounding_box_train"
    crops = load_crops(folder) if folder.is_dir() else load_frame_crops(data_dir)
    training = _Training(crops, out / "embedder.pt", settings)
    training.run(report or (lambda progress: None))
    return out / "embedder.pt"


class _Training:
    def __init__(self, crops: Crops, checkpoint: Path, settings: EmbedderTraining) -> None:
        self.crops, self.checkpoint, self.settings = crops, checkpoint, settings
        torch.manual_seed(settings.seed)
        names, self.labels = np.unique(crops.identities, return_inverse=True)
        self.members = [np.flatnonzero(self.labels == label) for label in range(len(names))]
        self.network = AppearanceNetwork(settings.width).to(memory_format=torch.channels_last)
        self.classifier = nn.Linear(EMBEDDING_SIZE, len(names), bias=False)
        parameters = [*self.network.parameters(), *self.classifier.parameters()]
        self.optimizer = torch.optim.AdamW(parameters, lr=settings.rate, weight_decay=settings.weight_decay)
        self.step = 0
        if checkpoint.exists():
            self._resume()

    def run(self, report: Callable[[Progress], None]) -> None:
        since, first, losses = time.monotonic(), self.step, 0.0
        self.network.train()
        while self.step < self.settings.steps:
            losses += self._learn()
            self.step += 1
            if self.step % 20 == 0:
                left = (time.monotonic() - since) / (self.step - first) * (self.settings.steps - self.step)
                report(Progress("embedder", self.step, self.settings.steps, losses / 20, left))
                losses = 0.0
            if self.step % self.settings.save_every_steps == 0 or self.step == self.settings.steps:
                self._save()

    def _learn(self) -> float:
        rng = np.random.default_rng((self.settings.seed, self.step))
        images, labels = self._batch(rng)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.rate * self._schedule()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.bfloat16):
            features = self.network.features(images)
        features = features.float()
        scores = self.classifier(self.network.neck(features))
        loss = nn.functional.cross_entropy(scores, labels, label_smoothing=self.settings.smoothing)
        loss = loss + self._pair_loss(features, labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return float(loss.detach())

    def _pair_loss(self, features: Tensor, labels: Tensor) -> Tensor:
        if self.settings.loss == "triplet":
            return batch_hard_triplets(features, labels, self.settings.margin)
        return circle_loss(features, labels, self.settings.relaxation, self.settings.sharpness)

    def _batch(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        people = rng.choice(len(self.members), min(self.settings.people, len(self.members)), replace=False)
        count = self.settings.pictures
        chosen = [rng.choice(self.members[p], count, replace=len(self.members[p]) < count) for p in people]
        images = np.stack([changed_crop(self.crops.images[i], rng) for i in np.concatenate(chosen)])
        stack = torch.from_numpy(images[..., ::-1].copy()).permute(0, 3, 1, 2)
        return stack.to(memory_format=torch.channels_last).float() / 255, torch.from_numpy(people).repeat_interleave(
            count
        )

    def _schedule(self) -> float:
        rise = min(1.0, (self.step + 1) / self.settings.warm_up_steps)
        return rise * (0.01 + 0.99 * (1 + math.cos(math.pi * self.step / self.settings.steps)) / 2)

    def _save(self) -> None:
        state = {
            "step": self.step,
            "settings": asdict(self.settings),
            "network": self.network.state_dict(),
            "classifier": self.classifier.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }
        save_checkpoint(state, self.checkpoint)

    def _resume(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.classifier.load_state_dict(state["classifier"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step = state["step"]


def batch_hard_triplets(features: Tensor, labels: Tensor, margin: float) -> Tensor:
    """Mean over a batch (B, D) of max(0, margin + farthest same - nearest other) in cosine distance."""
    unit = nn.functional.normalize(features)
    distance = 1 - unit @ unit.T
    same = labels[:, None] == labels[None]
    farthest_same = (distance - 4.0 * ~same).amax(1)
    nearest_other = (distance + 4.0 * same).amin(1)
    return (margin + farthest_same - nearest_other).clamp(min=0).mean()


def circle_loss(features: Tensor, labels: Tensor, relaxation: float, sharpness: float) -> Tensor:
    """Mean over a batch (B, D) of the circle loss: all pairs count, each by how far it is from where it should be.

    `relaxation` is the paper's m, `sharpness` its gamma, divided among the pairs' two sums.
    """
    unit = nn.functional.normalize(features)
    similarity = unit @ unit.T
    same = labels[:, None] == labels[None]
    itself = torch.eye(len(labels), dtype=torch.bool)
    near, far = same & ~itself, ~same
    pull = (1 + relaxation - similarity).clamp(min=0).detach() * (1 - relaxation - similarity) * sharpness
    push = (similarity + relaxation).clamp(min=0).detach() * (similarity - relaxation) * sharpness
    pulled = pull.masked_fill(~near, -torch.inf).logsumexp(1)
    pushed = push.masked_fill(~far, -torch.inf).logsumexp(1)
    both = near.any(1) & far.any(1)
    return nn.functional.softplus(pulled[both] + pushed[both]).mean() / 16


def changed_crop(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The crop (128, 64, 3) mirrored, shifted, recoloured a little and partly erased, each by chance."""
    zoom = rng.uniform(0.9, 1.15, 2) * [1 if rng.random() < 0.5 else -1, 1]
    centre = np.array([CROP_WIDTH, CROP_HEIGHT]) / 2
    offset = centre - zoom * centre + rng.uniform(-0.06, 0.06, 2) * [CROP_WIDTH, CROP_HEIGHT]
    matrix = np.column_stack([np.diag(zoom), offset])
    moved = cv2.warpAffine(crop, matrix, (CROP_WIDTH, CROP_HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    changed = relit(np.asarray(moved, np.uint8), rng, 0.2, 0.05, 8)
    if rng.random() < 0.5:
        share, shape = rng.uniform(0.04, 0.3), math.exp(rng.uniform(-1, 1))
        height = int(min(CROP_HEIGHT, math.sqrt(share * shape) * CROP_HEIGHT))
        width = int(min(CROP_WIDTH, math.sqrt(share / shape) * CROP_WIDTH))
        top, left = rng.integers(0, CROP_HEIGHT - height + 1), rng.integers(0, CROP_WIDTH - width + 1)
        changed[top : top + height, left : left + width] = rng.integers(0, 256, 3)
    return changed
