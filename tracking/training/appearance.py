"""The embedder's network: a slim residual network over (128, 64) crops with a vector of 128 numbers."""

from typing import cast

import torch
from torch import Tensor, nn

from tracking.embed import EMBEDDING_SIZE
from tracking.training.residual import ResidualBlock


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
            ResidualBlock(24, 48, 2),
            ResidualBlock(48, 48, 1),
            ResidualBlock(48, 96, 2),
            ResidualBlock(96, 96, 1),
            ResidualBlock(96, 160, 2),
            ResidualBlock(160, 160, 1),
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
