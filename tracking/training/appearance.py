"""The embedder's network: a slim residual network over (128, 64) crops with a vector of 128 numbers."""

from collections.abc import Mapping
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

    def __init__(self, width: int = 24) -> None:
        """Random weights; `width` channels at half size, then 2, 4 and about 7 times as many (24: 1.3 million)."""
        super().__init__()
        deepest = 6 * width + 16
        self.body = nn.Sequential(
            nn.Conv2d(3, width, 3, 2, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            ResidualBlock(width, 2 * width, 2),
            ResidualBlock(2 * width, 2 * width, 1),
            ResidualBlock(2 * width, 4 * width, 2),
            ResidualBlock(4 * width, 4 * width, 1),
            ResidualBlock(4 * width, deepest, 2),
            ResidualBlock(deepest, deepest, 1),
        )
        self.project = nn.Linear(deepest * (self.bands + 1), EMBEDDING_SIZE, bias=False)
        self.neck = nn.BatchNorm1d(EMBEDDING_SIZE)

    @classmethod
    def of(cls, weights: Mapping[str, Tensor]) -> "AppearanceNetwork":
        """The network, of whatever size, whose weights these are."""
        network = cls(len(weights["body.0.weight"]))
        network.load_state_dict({name: value.float() for name, value in weights.items()})
        return network

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
