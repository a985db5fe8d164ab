"""The building block of the small networks trained here."""

import torch
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut (He et al., CVPR 2016).

    Takes (B, before, H, W), gives (B, after, H / stride, W / stride).
    """

    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        """Random weights; a block that keeps size and channels begins by passing on what it gets."""
        super().__init__()
        last = nn.BatchNorm2d(after)
        self.path = nn.Sequential(
            nn.Conv2d(before, after, 3, stride, 1, bias=False),
            nn.BatchNorm2d(after),
            nn.ReLU(inplace=True),
            nn.Conv2d(after, after, 3, 1, 1, bias=False),
            last,
        )
        self.skip: nn.Module = nn.Identity()
        if before == after and stride == 1:
            # Deep networks learn more easily so, and blocks can be added to a trained one (Goyal et al., 2017).
            nn.init.zeros_(last.weight)
        else:
            self.skip = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x: Tensor) -> Tensor:
        """The features after the block."""
        return torch.relu(self.path(x) + self.skip(x))
