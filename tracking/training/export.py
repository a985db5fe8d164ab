"""From a training checkpoint to the small files that are committed and run: half-precision weights, OpenVINO."""

from pathlib import Path

import torch

from tracking.embed import CROP_HEIGHT, CROP_WIDTH
from tracking.training.appearance import AppearanceNetwork
from tracking.training.detector import INPUT_HEIGHT, INPUT_WIDTH
from tracking.training.network import read_network


def export_detector(checkpoint: Path, out: Path) -> None:
    """Write `detector.pt` (weights in half precision) and `detector.xml` + `.bin` (OpenVINO, images of any size).

    Args:
        checkpoint: of the detector's training.
        out: folder.

    Raises:
        MissingWeights: the checkpoint holds no network.
    """
    import openvino as ov

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
    ov.save_model(model, out / "detector.xml", compress_to_fp16=True)


def export_embedder(checkpoint: Path, out: Path) -> None:
    """Write `embedder.pt` (weights in half precision) and `embedder.xml` + `.bin` (OpenVINO, any number of crops).

    Args:
        checkpoint: of the embedder's training.
        out: folder.
    """
    import openvino as ov

    network = AppearanceNetwork()
    network.load_state_dict(torch.load(checkpoint, weights_only=True)["network"])
    network.eval()
    out.mkdir(parents=True, exist_ok=True)
    half = {k: v.half() if v.dtype.is_floating_point else v for k, v in network.state_dict().items()}
    torch.save({"network": half}, out / "embedder.pt")
    example = torch.zeros(2, 3, CROP_HEIGHT, CROP_WIDTH)
    model = ov.convert_model(network, example_input=example, input=[[-1, 3, CROP_HEIGHT, CROP_WIDTH]])
    ov.save_model(model, out / "embedder.xml", compress_to_fp16=True)
