"""The detector's network: Ultralytics' YOLO11n for one class, with or without the 17 COCO keypoints."""

import os
import pickle
from pathlib import Path
from typing import Any, Literal

import torch

from tracking.errors import MissingWeights

Kind = Literal["detect", "pose"]


def build_network(kind: Kind) -> Any:
    """A fresh YOLO11n for people: `detect` has boxes, `pose` keypoints too. Nothing is downloaded."""
    os.environ.setdefault("YOLO_OFFLINE", "1")
    from ultralytics.nn.tasks import DetectionModel, PoseModel, yaml_model_load
    from ultralytics.utils import DEFAULT_CFG

    description: dict[str, Any] = yaml_model_load(  # type: ignore[no-untyped-call]
        "yolo11n.yaml" if kind == "detect" else "yolo11n-pose.yaml"
    )
    description["nc"] = 1
    network: Any = (DetectionModel if kind == "detect" else PoseModel)(description, verbose=False)
    network.args = DEFAULT_CFG
    return network


def read_network(path: Path) -> Any:
    """The network in a `.pt`: our own weights, else any Ultralytics checkpoint (a pickle, so only from trusted hands).

    Raises:
        MissingWeights: the file holds no network.
    """
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
    except pickle.UnpicklingError:
        return _read_ultralytics(path)
    except (RuntimeError, EOFError, OSError) as error:
        raise MissingWeights(f"{path}: not a file of network weights") from error
    if not isinstance(state, dict) or "kind" not in state or "average" not in state:
        raise MissingWeights(f"{path}: holds no network; allowed: a checkpoint of the detector's training")
    network = build_network(state["kind"])
    network.load_state_dict({name: value.float() for name, value in state["average"].items()}, strict=False)
    return network.float()


def _read_ultralytics(path: Path) -> Any:
    os.environ.setdefault("YOLO_OFFLINE", "1")
    from ultralytics.models import YOLO

    try:
        model: Any = YOLO(str(path)).model
        return model.float()
    except (RuntimeError, KeyError, AttributeError, TypeError, ImportError, pickle.UnpicklingError) as error:
        raise MissingWeights(f"{path}: not a network that Ultralytics can read") from error
