"""Checkpoints that an interrupted training goes on from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch


def save_checkpoint(state: Mapping[str, Any], path: Path) -> None:
    """Writes `state` to `path` in one step, so that a training stopped meanwhile leaves the checkpoint before it."""
    partial = path.with_suffix(".partial")
    torch.save(dict(state), partial)
    partial.rename(path)
