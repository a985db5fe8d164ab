"""The tracked floor as a YAML file: its boundary, where people come and go, and what stands in the way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field

from tracking.errors import BadInput
from tracking.floor import Entrance, FloorArea
from tracking.yaml_file import read_yaml

_Point = tuple[float, float]
_Corners = Annotated[list[_Point], Field(min_length=3, description="corners in order, metres on the floor")]


class _EntranceRow(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    x: float
    y: float
    radius_m: float = Field(gt=0, le=50)


class _AreaFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    boundary: _Corners
    entrances: list[_EntranceRow] = Field(default=[], description="none: people may appear anywhere")
    obstacles: list[_Corners] = []


def load_area(path: Path | str) -> FloorArea:
    """The floor of a YAML file; BadInput names the field that is wrong."""
    read = read_yaml(path, _AreaFile)
    try:
        return FloorArea(
            np.array(read.boundary, np.float64),
            tuple(Entrance(one.name, one.x, one.y, one.radius_m) for one in read.entrances),
            tuple(np.array(corners, np.float64) for corners in read.obstacles),
        )
    except ValueError as problem:
        raise BadInput(str(path), "boundary", str(problem), "corners in order around a floor") from problem


def save_area(path: Path | str, area: FloorArea) -> None:
    """Write a floor as `load_area` reads it."""
    content = {
        "boundary": np.asarray(area.boundary).tolist(),
        "entrances": [{"name": e.name, "x": e.x, "y": e.y, "radius_m": e.radius_m} for e in area.entrances],
        "obstacles": [np.asarray(corners).tolist() for corners in area.obstacles],
    }
    Path(path).write_text(yaml.safe_dump(content, sort_keys=False, default_flow_style=None), encoding="utf-8")
