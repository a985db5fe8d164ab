"""Other people's weights: Ultralytics' detection and pose networks are read, and no program that a file may hold."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tracking.detect import DetectorSettings, YoloDetector, decode, load_network
from tracking.errors import MissingWeights

os.environ.setdefault("YOLO_OFFLINE", "1")


def checkpoint(path: Path, description: str, classes: int = 80) -> Path:
    """A checkpoint as Ultralytics' trainer saves it, of a network that was never trained."""
    from ultralytics.nn.tasks import DetectionModel, PoseModel, yaml_model_load

    kind: Any = PoseModel if "pose" in description else DetectionModel
    layers = yaml_model_load(description)  # type: ignore[no-untyped-call]
    network = kind({**layers, "nc": classes}, verbose=False)
    content = {"epoch": -1, "model": network.half(), "ema": None, "train_args": {"imgsz": 640}, "date": "2026-01-01"}
    torch.save(content, path)
    return path


@pytest.mark.parametrize(
    ("description", "classes", "keypoints"),
    [("yolo11n.yaml", 80, False), ("yolo11n-pose.yaml", 1, True), ("yolov8n.yaml", 365, False)],
)
def test_networks_of_ultralytics_are_read_with_what_they_give(
    tmp_path: Path, description: str, classes: int, keypoints: bool
) -> None:
    network = load_network(checkpoint(tmp_path / "net.pt", description, classes), "cpu")
    assert network.keypoints is keypoints
    rows = network.run([np.zeros((96, 160, 3), np.uint8)])[0]
    assert rows.shape[0] == 4 + classes + 51 * keypoints
    assert decode(rows, 0.0, network.keypoints)[2].any() == keypoints


def test_a_network_of_the_newest_family_is_read(tmp_path: Path) -> None:
    network = load_network(checkpoint(tmp_path / "net.pt", "yolo26n.yaml"), "cpu")
    boxes, confidences, keypoints = decode(network.run([np.zeros((96, 160, 3), np.uint8)])[0], 0.0, network.keypoints)
    assert len(boxes) == len(confidences) == len(keypoints) > 0
    assert not keypoints.any()


def test_detection_works_at_the_size_asked_for(tmp_path: Path) -> None:
    settings = DetectorSettings(confidence=0.0, most=5, input_size=(640, 384))
    detector = YoloDetector(checkpoint(tmp_path / "net.pt", "yolo11n.yaml"), "cpu", dimmed=False, settings=settings)
    found = detector.detect([np.zeros((1080, 1920, 3), np.uint8)])[0]
    assert len(found) == 5
    for one in found:
        assert (one.keypoints[:, 2] == 0).all()
        assert (one.box >= 0).all()
        assert (one.box <= (1920, 1080, 1920, 1080)).all()


class Program:
    """What a malicious file does as soon as it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("as_torch", [True, False])
def test_a_file_that_holds_a_program_is_refused_unread(tmp_path: Path, as_torch: bool) -> None:
    path, ran = tmp_path / "evil.pt", tmp_path / "it-ran"
    content = {"model": Program(ran), "ema": None}
    if as_torch:
        torch.save(content, path)
    else:
        path.write_bytes(pickle.dumps(content))
    with pytest.raises(MissingWeights, match=r"evil\.pt") as refused:
        load_network(path, "cpu")
    assert not ran.exists()
    assert "--trust-weights" in str(refused.value)
    if as_torch:
        assert "mkdir" in str(refused.value)


def test_other_networks_are_named(tmp_path: Path) -> None:
    from ultralytics.nn.tasks import SegmentationModel

    network = SegmentationModel("yolo11n-seg.yaml", verbose=False)  # type: ignore[no-untyped-call]
    torch.save({"model": network, "ema": None}, tmp_path / "seg.pt")
    with pytest.raises(MissingWeights, match="SegmentationModel"):
        load_network(tmp_path / "seg.pt", "cpu")


def test_keypoints_that_are_not_cocos_are_named(tmp_path: Path) -> None:
    from ultralytics.nn.tasks import PoseModel

    network = PoseModel("yolo11n-pose.yaml", data_kpt_shape=(5, 3), verbose=False)  # type: ignore[no-untyped-call]
    torch.save({"model": network, "ema": None}, tmp_path / "hands.pt")
    with pytest.raises(MissingWeights, match=r"\(5, 3\)"):
        load_network(tmp_path / "hands.pt", "cpu")
