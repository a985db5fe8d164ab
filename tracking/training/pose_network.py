"""The pose network: heat maps over a crop of one person, read out as places, errors and visibility."""

from typing import cast

import torch
from torch import Tensor, nn

from tracking.pose import CROP_HEIGHT, KEYPOINTS
from tracking.training.residual import ResidualBlock


def _joined(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(before, after, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True))


class PoseNetwork(nn.Module):
    """Crops (B, 4, 128, 96) float 0 to 1, BGR and what is new, to keypoints (B, 17, 4).

    For each of COCO's keypoints: x and y from the crop's corner, and the scale of a Laplace distribution around them,
    all as shares of the crop's height; and the probability that it is in view. A place is the mean of a heat map, so
    that it is finer than a pixel (Sun et al., "Integral human pose regression", ECCV 2018).
    """

    def __init__(self, width: int = 16) -> None:
        """Random weights; `width` channels at half size, then 2, 3 and 6 times as many."""
        super().__init__()
        w = width
        self.stem = nn.Sequential(nn.Conv2d(4, w, 3, 2, 1, bias=False), nn.BatchNorm2d(w), nn.ReLU(inplace=True))
        self.quarter = nn.Sequential(ResidualBlock(w, 2 * w, 2), ResidualBlock(2 * w, 2 * w))
        self.eighth = nn.Sequential(ResidualBlock(2 * w, 3 * w, 2), ResidualBlock(3 * w, 3 * w))
        self.sixteenth = nn.Sequential(
            ResidualBlock(3 * w, 6 * w, 2), ResidualBlock(6 * w, 6 * w), ResidualBlock(6 * w, 6 * w)
        )
        self.up_eighth, self.mix_eighth = _joined(6 * w, 3 * w), ResidualBlock(3 * w, 3 * w)
        self.up_quarter, self.mix_quarter = _joined(3 * w, 2 * w), ResidualBlock(2 * w, 2 * w)
        self.heat = nn.Conv2d(2 * w, KEYPOINTS, 1)
        self.quality = nn.Conv2d(2 * w, 2 * KEYPOINTS, 1)

    def forward(self, crops: Tensor) -> Tensor:
        """Keypoints (B, 17, 4): x, y, scale of the error, in view."""
        _, places, log_scale, seen = self.raw(crops)
        return torch.cat([places, log_scale.exp()[..., None], seen.sigmoid()[..., None]], 2)

    def raw(self, crops: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Logits of heat maps (B, 17, 32, 24), places (B, 17, 2), log scales and logits of being in view (B, 17)."""
        quarter = self.quarter(self.stem((crops - 0.45) / 0.25))
        eighth = self.eighth(quarter)
        deep = self.sixteenth(eighth)
        deep = nn.functional.interpolate(self.up_eighth(deep), scale_factor=2.0, mode="nearest")
        deep = self.mix_eighth(deep + eighth)
        deep = nn.functional.interpolate(self.up_quarter(deep), scale_factor=2.0, mode="nearest")
        deep = self.mix_quarter(deep + quarter)
        logits = self.heat(deep)
        rows, columns = logits.shape[2], logits.shape[3]
        weight = logits.flatten(2).softmax(2)
        # Middles of the cells as shares of the crop's height.
        y = ((torch.arange(rows, dtype=weight.dtype) + 0.5) * 4 / CROP_HEIGHT)[:, None].expand(rows, columns).flatten()
        x = ((torch.arange(columns, dtype=weight.dtype) + 0.5) * 4 / CROP_HEIGHT).repeat(rows)
        places = torch.stack([(weight * x).sum(2), (weight * y).sum(2)], 2)
        quality = self.quality(deep).flatten(2).unflatten(1, (2, KEYPOINTS))
        log_scale, seen = ((weight[:, None] * quality).sum(3)).unbind(1)
        return logits, places, cast(Tensor, log_scale - 3.0), seen
