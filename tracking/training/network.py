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


def read_network(path: Path, trusted: bool = False) -> Any:
    """The network in a `.pt`: our own weights, else an Ultralytics checkpoint.

    Args:
        path: the file.
        trusted: read a checkpoint that PyTorch's restricted reader refuses as the pickle it is, which can run any
            program.

    Raises:
        MissingWeights: the file holds no network of people, or one that may not be read.
    """
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
    except pickle.UnpicklingError:
        return _read_ultralytics(path, trusted)
    except (RuntimeError, EOFError, OSError) as error:
        raise MissingWeights(f"{path}: not a file of network weights") from error
    if isinstance(state, dict) and {"model", "ema"} & state.keys():
        return _read_ultralytics(path, trusted)  # its layers are known to the reader since an earlier file
    if not isinstance(state, dict) or "kind" not in state or "average" not in state:
        raise MissingWeights(f"{path}: holds no network; allowed: a checkpoint of the detector's training")
    network = build_network(state["kind"])
    network.load_state_dict({name: value.float() for name, value in state["average"].items()}, strict=False)
    return network.float()


def has_keypoints(network: Any) -> bool:
    """Whether a network of Ultralytics gives keypoints beside boxes."""
    return getattr(network.model[-1], "kpt_shape", None) is not None


def _read_ultralytics(path: Path, trusted: bool) -> Any:
    os.environ.setdefault("YOLO_OFFLINE", "1")
    from ultralytics.nn.tasks import DetectionModel, PoseModel, torch_safe_load

    try:
        if not trusted:
            _refuse_strange_classes(path)
        checkpoint, _ = torch_safe_load(path, safe_only=not trusted)  # type: ignore[no-untyped-call]
        model: Any = checkpoint.get("ema") or checkpoint.get("model")
    except (
        RuntimeError, KeyError, AttributeError, TypeError, ValueError, ImportError, EOFError, pickle.UnpicklingError,
    ) as error:  # fmt: skip
        hint = "" if trusted else ", or holds more than such a network (--trust-weights reads it as a program)"
        raise MissingWeights(f"{path}: not a network that Ultralytics can read{hint}") from error
    if type(model) not in (DetectionModel, PoseModel):  # masks and turned boxes are subclasses with other outputs
        raise MissingWeights(f"{path}: found {type(model).__name__}, allowed: a detection or pose network")
    points = getattr(model.model[-1], "kpt_shape", None)
    if points is not None and tuple(points) != (17, 3):
        raise MissingWeights(f"{path}: found keypoints {tuple(points)}, allowed: COCO's 17, each with x, y, confidence")
    for layer in model.modules():
        if isinstance(layer, torch.nn.Upsample) and not hasattr(layer, "recompute_scale_factor"):
            layer.recompute_scale_factor = None  # checkpoints of old versions lack it
    return model.float()


def _refuse_strange_classes(path: Path) -> None:
    """Refuse before anything is read what is of neither Ultralytics nor PyTorch, and name it."""
    for name in torch.serialization.get_unsafe_globals_in_checkpoint(path):
        if name.split(".")[0] not in ("ultralytics", "torch", "torchvision", "collections", "pathlib", "numpy"):
            raise MissingWeights(
                f"{path}: is a pickle that calls {name}, which no network needs; allowed: weights of Ultralytics' own "
                "layers, or --trust-weights if you trust whoever made the file with this computer"
            )
