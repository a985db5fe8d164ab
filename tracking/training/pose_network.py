"""The pose network: heat maps over a crop of one person, read out as keypoints, edges of the box, and a score."""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from tracking.pose import CROP_HEIGHT, KEYPOINTS
from tracking.training.residual import ResidualBlock


def _joined(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True))


def _stage(before: int, after: int, blocks: int) -> nn.Sequential:
    """`blocks` residual blocks, of which the first halves the size."""
    first = ResidualBlock(before, after, 2)
    return nn.Sequential(first, *(ResidualBlock(after, after) for _ in range(blocks - 1)))


EDGES = 4
"""Left, top, right, bottom."""
_EDGE_ROOM = 0.03
"""Edges may lie outside the crop by this share of its height."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """What the network says of B crops, as its losses need it; lengths are shares of the crop's height.

    Args:
        heat: (B, 17, 32, 24) logits of where each keypoint is.
        places: (B, 17, 2) means of the heat maps.
        log_scale: (B, 17) logarithm of the scale of their errors.
        seen: (B, 17) logits of being in view.
        edges: for left, top, right, bottom, (B, n) logits of where that edge is; see `edge_places`.
        box: (B, 4) means of these.
        score: (B,) logits of the overlap with a person.
    """

    heat: Tensor
    places: Tensor
    log_scale: Tensor
    seen: Tensor
    edges: tuple[Tensor, Tensor, Tensor, Tensor]
    box: Tensor
    score: Tensor


def edge_places(count: int) -> Tensor:
    """(count,) places of an edge's logits, as shares of the crop's height: `count` is 24 across, 32 down."""
    longest = count * 4 / CROP_HEIGHT
    return torch.linspace(-_EDGE_ROOM, longest + _EDGE_ROOM, count)


class PoseNetwork(nn.Module):
    """Crops (B, 4, 128, 96) float 0 to 1, BGR and what is new, to keypoints (B, 17, 4) and boxes (B, 5).

    For each of COCO's keypoints: x and y from the crop's corner, and the scale of a Laplace distribution around them,
    all as shares of the crop's height; and the probability that it is in view. A place is the mean of a heat map, so
    that it is finer than a pixel (Sun et al., "Integral human pose regression", ECCV 2018). The box's edges are means
    too, each of a distribution over columns or rows (Li et al., "Generalized focal loss", NeurIPS 2020); the last
    number of a box is how much it is expected to overlap with a person, 0 where nobody is meant.
    """

    def __init__(self, width: int = 16) -> None:
        """Random weights; `width` channels at half size, then 2, 3 and 6 times as many."""
        super().__init__()
        w = width
        self.stem = nn.Sequential(nn.Conv2d(4, w, 3, 2, 1, bias=False), nn.BatchNorm2d(w), nn.ReLU(inplace=True))
        self.quarter = _stage(w, 2 * w, 2)
        self.eighth = _stage(2 * w, 3 * w, 3)
        self.sixteenth = _stage(3 * w, 6 * w, 5)
        self.up_eighth, self.mix_eighth = _joined(6 * w, 3 * w), ResidualBlock(3 * w, 3 * w)
        self.up_quarter, self.mix_quarter = _joined(3 * w, 2 * w), ResidualBlock(2 * w, 2 * w)
        self.heat = nn.Conv2d(2 * w, KEYPOINTS, 1)
        self.quality = nn.Conv2d(2 * w, 2 * KEYPOINTS, 1)
        self.edge = nn.Conv2d(2 * w, EDGES, 1)
        self.score = nn.Sequential(nn.Linear(12 * w, 3 * w), nn.ReLU(inplace=True), nn.Linear(3 * w, 1))

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Keypoints (B, 17, 4): x, y, scale of the error, in view; boxes (B, 5): left, top, right, bottom, score."""
        said = self.read(crops)
        points = torch.cat([said.places, said.log_scale.exp()[..., None], said.seen.sigmoid()[..., None]], 2)
        return points, torch.cat([said.box, said.score.sigmoid()[:, None]], 1)

    def read(self, crops: Tensor) -> Reading:
        """Everything the losses need."""
        quarter = self.quarter(self.stem((crops - 0.45) / 0.25))
        eighth = self.eighth(quarter)
        deep = self.sixteenth(eighth)
        score = self.score(torch.cat([deep.mean((2, 3)), deep.amax((2, 3))], 1))[:, 0]
        deep = nn.functional.interpolate(self.up_eighth(deep), scale_factor=2.0, mode="nearest")
        deep = self.mix_eighth(deep + eighth)
        deep = nn.functional.interpolate(self.up_quarter(deep), scale_factor=2.0, mode="nearest")
        deep = self.mix_quarter(deep + quarter)
        # Places are finer than half precision, in which the layers before may run.
        logits = self.heat(deep).float()
        rows, columns = logits.shape[2], logits.shape[3]
        weight = logits.flatten(2).softmax(2)
        # Middles of the cells as shares of the crop's height.
        y = ((torch.arange(rows, dtype=weight.dtype) + 0.5) * 4 / CROP_HEIGHT)[:, None].expand(rows, columns).flatten()
        x = ((torch.arange(columns, dtype=weight.dtype) + 0.5) * 4 / CROP_HEIGHT).repeat(rows)
        places = torch.stack([(weight * x).sum(2), (weight * y).sum(2)], 2)
        quality = self.quality(deep).float().flatten(2).unflatten(1, (2, KEYPOINTS))
        log_scale, seen = ((weight[:, None] * quality).sum(3)).unbind(1)
        edges, box = _read_edges(self.edge(deep).float())
        return Reading(logits, places, cast(Tensor, log_scale - 3.0), seen, edges, box, score.float())


def _read_edges(maps: Tensor) -> tuple[tuple[Tensor, Tensor, Tensor, Tensor], Tensor]:
    """Logits of each edge's place, and (B, 4) the places, from maps (B, 4, h, w)."""
    across, down = maps.logsumexp(2), maps.logsumexp(3)
    edges = (across[:, 0], down[:, 1], across[:, 2], down[:, 3])
    return edges, torch.stack([(edge.softmax(1) * edge_places(edge.shape[1])).sum(1) for edge in edges], 1)
