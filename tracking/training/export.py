"""From a training checkpoint to the small files that are committed and run: half-precision weights, OpenVINO."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from tracking.embed import CROP_HEIGHT, CROP_WIDTH
from tracking.openvino_network import openvino
from tracking.pose import CROP_HEIGHT as POSE_HEIGHT
from tracking.pose import CROP_WIDTH as POSE_WIDTH
from tracking.training.appearance import AppearanceNetwork
from tracking.training.detector import INPUT_HEIGHT, INPUT_WIDTH
from tracking.training.network import read_network
from tracking.training.pose import pose_weights
from tracking.training.pose_network import PoseNetwork
from tracking.training.quantize import quantize_detector, quantize_embedder, quantize_pose


def export_detector(checkpoint: Path, out: Path, int8: Path | None = None) -> None:
    """Write `detector.pt` (weights in half precision) and `detector.xml` + `.bin` (OpenVINO, images of any size).

    Args:
        checkpoint: of the detector's training.
        out: folder.
        int8: a data set on which to quantise what OpenVINO runs to eight bits; None leaves it in floating point.

    Raises:
        MissingWeights: the checkpoint holds no network.
        QuantizerMissing: NNCF is not installed.
    """
    ov = openvino()
    network = read_network(checkpoint).eval()
    out.mkdir(parents=True, exist_ok=True)
    kind = torch.load(checkpoint, weights_only=True)["kind"]
    half = {k: v.half() if v.dtype.is_floating_point else v for k, v in network.state_dict().items()}
    torch.save({"kind": kind, "average": half}, out / "detector.pt")
    network.fuse(verbose=False)
    # In this mode the head gives decoded boxes and keypoints in one tensor, at any size of the picture.
    head = network.model[-1]
    head.export, head.format, head.dynamic = True, "openvino", True
    example = torch.zeros(1, 3, INPUT_HEIGHT, INPUT_WIDTH)
    network(example)
    model = ov.convert_model(network, example_input=example, input=[[1, 3, -1, -1]])
    _save(model, out / "detector.xml", int8, quantize_detector)


def export_pose(checkpoint: Path, out: Path, int8: Path | None = None) -> None:
    """Write `pose.pt` (weights in half precision) and `pose.xml` + `.bin` (OpenVINO, any number of crops).

    Args:
        checkpoint: of the pose network's training, or a `pose.pt` written here.
        out: folder.
        int8: see `export_detector`.
    """
    ov = openvino()
    weights = pose_weights(checkpoint)
    network = PoseNetwork()
    network.load_state_dict(weights)
    network.eval()
    out.mkdir(parents=True, exist_ok=True)
    half = {name: value.half() if value.dtype.is_floating_point else value for name, value in weights.items()}
    torch.save({"average": half}, out / "pose.pt")
    example = torch.zeros(2, 4, POSE_HEIGHT, POSE_WIDTH)
    model = ov.convert_model(network, example_input=example, input=[[-1, 4, POSE_HEIGHT, POSE_WIDTH]])
    _save(model, out / "pose.xml", int8, quantize_pose)


def export_embedder(checkpoint: Path, out: Path, int8: Path | None = None) -> None:
    """Write `embedder.pt` (weights in half precision) and `embedder.xml` + `.bin` (OpenVINO, any number of crops).

    Args:
        checkpoint: of the embedder's training.
        out: folder.
        int8: see `export_detector`.
    """
    ov = openvino()
    network = AppearanceNetwork.of(torch.load(checkpoint, weights_only=True)["network"]).eval()
    out.mkdir(parents=True, exist_ok=True)
    half = {k: v.half() if v.dtype.is_floating_point else v for k, v in network.state_dict().items()}
    torch.save({"network": half}, out / "embedder.pt")
    example = torch.zeros(2, 3, CROP_HEIGHT, CROP_WIDTH)
    model = ov.convert_model(network, example_input=example, input=[[-1, 3, CROP_HEIGHT, CROP_WIDTH]])
    _save(model, out / "embedder.xml", int8, quantize_embedder)


def _save(model: Any, file: Path, int8: Path | None, quantize: Callable[[Path, Path, Path], None]) -> None:
    if int8 is None:
        openvino().save_model(model, file, compress_to_fp16=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / file.name
        openvino().save_model(model, whole, compress_to_fp16=False)
        quantize(whole, int8, file)
