"""The embedder's network: a slim residual network over (128, 64) crops with a vector of 128 numbers."""

from typing import cast

import torch
from torch import Tensor, nn

from tracking.embed import EMBEDDING_SIZE


class _Block(nn.Module):
    def __init__(self, before: int, after: int, stride: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
            nn.Conv2d(after, after, 3, 1, 1, bias=False),
            nn.BatchNorm2d(after),
        )
        self.skip: nn.Module = nn.Identity()
        if before != after or stride != 1:
            self.skip = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.path(x) + self.skip(x))


class AppearanceNetwork(nn.Module):
    """Crops (B, 3, 128, 64) float 0 to 1 RGB to vectors (B, 128), not yet of unit length.

    Colours of shirt and trousers matter by where they are, so four bands of the body are pooled apart, and the
    strongest response anywhere besides.
    """

    bands = 4

    def __init__(self) -> None:
        """Random weights, fewer than two million."""
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(3, 24, 3, 2, 1, bias=False),
            nn.BatchNorm2d(24),
            nn.ReLU(inplace=True),
            _Block(24, 48, 2),
            _Block(48, 48, 1),
            _Block(48, 96, 2),
            _Block(96, 96, 1),
            _Block(96, 160, 2),
            _Block(160, 160, 1),
        )
        self.project = nn.Linear(160 * (self.bands + 1), EMBEDDING_SIZE, bias=False)
        self.neck = nn.BatchNorm1d(EMBEDDING_SIZE)

    def forward(self, crops: Tensor) -> Tensor:
        """Vectors (B, 128)."""
        return cast(Tensor, self.neck(self.features(crops)))

    def features(self, crops: Tensor) -> Tensor:
        """Vectors (B, 128) before their normalisation, on which distances are learnt."""
        maps = self.body((crops - 0.45) / 0.25)
        # Means over fixed slices: adaptive pooling over an even split is the same, and this exports everywhere.
        rows = maps.shape[2] // self.bands
        pooled = [maps[:, :, i * rows : (i + 1) * rows].mean((2, 3)) for i in range(self.bands)]
        return cast(Tensor, self.project(torch.cat([*pooled, maps.amax((2, 3))], 1)))
