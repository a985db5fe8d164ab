"""From a training checkpoint to the small files that are committed and run: half-precision weights, OpenVINO."""

from pathlib import Path

import torch

from tracking.training.detector import INPUT_HEIGHT, INPUT_WIDTH
from tracking.training.network import read_network


def export_detector(checkpoint: Path, out: Path) -> None:
    """Write `detector.pt` (weights in half precision) and `detector.xml` + `.bin` (OpenVINO, one image at a time).

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
    # In this mode the head gives decoded boxes and keypoints in one tensor.
    network.model[-1].export, network.model[-1].format = True, "openvino"
    example = torch.zeros(1, 3, INPUT_HEIGHT, INPUT_WIDTH)
    network(example)
    model = ov.convert_model(network, example_input=example, input=[list(example.shape)])
    ov.save_model(model, out / "detector.xml", compress_to_fp16=True)
