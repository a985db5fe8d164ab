"""Networks in whole numbers: eight bits a weight and activation, two to three times as fast on a CPU.

Post-training quantisation by NNCF, calibrated on pictures of the training data. What follows the last convolutions
(means of heat maps, decoding of boxes) stays in floating point: its constants are places, and places rounded to 256
steps cost tens of pixels. Weights get seven bits, so that processors without dot products of bytes do not overflow.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracking.detect import INPUT_HEIGHT, INPUT_WIDTH, letterbox, parts_of_canvas
from tracking.embed import crops
from tracking.errors import TrackingError
from tracking.openvino_network import openvino
from tracking.pose import crop_window, cut
from tracking.training.people import corners
from tracking.training.pictures import empty_view, labelled_files, memory_of, read_labels, read_picture
from tracking.windows import busy_windows

Batch = NDArray[np.float32]
PICTURES = 250
"""Pictures of the training data on which activations are measured."""
_CROPS_A_BATCH = 8
_DETECTOR_ENDS = re.compile(r"\.cv[23]\.\d\.2/")
_POSE_ENDS = re.compile(r"\.(edge|heat|quality)/")


class QuantizerMissing(TrackingError):
    """The library that quantises is not installed."""


def quantize_detector(network: Path, data_dir: Path, out: Path) -> None:
    """Write the detector in `network` (an OpenVINO `.xml`) to `out` in eight bits, calibrated on `data_dir`.

    Raises:
        QuantizerMissing: NNCF is not installed.
        BadTrainingData: no pictures there.
    """
    _quantize(network, list(_windows(data_dir)), _DETECTOR_ENDS, out)


def quantize_pose(network: Path, data_dir: Path, out: Path) -> None:
    """The same for a pose network; see `quantize_detector`."""
    _quantize(network, list(_crops_of_people(data_dir)), _POSE_ENDS, out)


def quantize_embedder(network: Path, data_dir: Path, out: Path) -> None:
    """The same for an embedder; see `quantize_detector`."""
    _quantize(network, list(_looks(data_dir)), None, out)


def _quantize(network: Path, batches: list[Batch], ends: re.Pattern[str] | None, out: Path) -> None:
    """Quantise on batches of the network's own input, leaving what follows the convolutions named by `ends`."""
    ov, nncf = openvino(), _nncf()
    model = ov.Core().read_model(network)
    scope = None
    if ends is not None:
        names = [op.get_friendly_name() for op in model.get_ordered_ops() if op.get_type_name() == "Convolution"]
        results = [op.get_friendly_name() for op in model.get_results()]
        last = [name for name in names if ends.search(name)]
        scope = nncf.IgnoredScope(subgraphs=[nncf.Subgraph(inputs=last, outputs=results)])
    quantized = nncf.quantize(
        model,
        nncf.Dataset(batches),
        subset_size=len(batches),
        preset=nncf.QuantizationPreset.MIXED,
        ignored_scope=scope,
        advanced_parameters=nncf.AdvancedQuantizationParameters(overflow_fix=nncf.OverflowFix.ENABLE),
    )
    ov.save_model(quantized, out)


def _nncf() -> ModuleType:
    try:
        import nncf
    except ImportError as error:
        raise QuantizerMissing(
            "nncf: not installed; allowed: with it, as `pip install glass-aisle[int8]` does"
        ) from error
    return nncf  # type: ignore[no-any-return]


def _some(data_dir: Path) -> list[Path]:
    """`PICTURES` labelled pictures, the same at every call."""
    files = labelled_files(data_dir, "train")
    return [files[i] for i in np.random.default_rng(0).permutation(len(files))[:PICTURES]]


def _windows(data_dir: Path) -> Iterator[Batch]:
    """Parts of dimmed frames as a store shows them to the detector, (1, 3, h, w) RGB from 0 to 1."""
    size = INPUT_WIDTH, INPUT_HEIGHT
    for file in _some(data_dir):
        frame = read_picture(file)
        memory = memory_of(read_picture(empty_view(data_dir, "train", file.stem)))
        canvas, place = letterbox(memory.dim(frame), size)
        windows = busy_windows(memory.new, np.zeros((0, 4)), (frame.shape[1], frame.shape[0]))
        for left, top, right, bottom in parts_of_canvas(windows, place, size):
            yield _channels_first(canvas[None, top:bottom, left:right, ::-1])


def _crops_of_people(data_dir: Path) -> Iterator[Batch]:
    """Crops of labelled people as the second look gets them, (8, 4, 128, 96) from 0 to 1."""
    cuts: list[NDArray[np.uint8]] = []
    for file in _some(data_dir):
        frame = read_picture(file)
        new = memory_of(read_picture(empty_view(data_dir, "train", file.stem))).foreground(frame)
        labels = read_labels(data_dir / "labels" / "train" / f"{file.stem}.txt")
        cuts += [cut(frame, new, crop_window(box)) for box in corners(labels[:, :4], (frame.shape[1], frame.shape[0]))]
    for start in range(0, len(cuts) - _CROPS_A_BATCH + 1, _CROPS_A_BATCH):
        yield _channels_first(np.stack(cuts[start : start + _CROPS_A_BATCH]))


def _looks(data_dir: Path) -> Iterator[Batch]:
    """Crops of people as the embedder gets them, (n, 3, 128, 64) RGB from 0 to 1, a picture's people at a time."""
    for file in _some(data_dir):
        frame, labels = read_picture(file), read_labels(data_dir / "labels" / "train" / f"{file.stem}.txt")
        if len(labels):
            boxes = corners(labels[:, :4], (frame.shape[1], frame.shape[0]))
            yield _channels_first(crops(frame, boxes)[..., ::-1])


def _channels_first(pictures: NDArray[Any]) -> Batch:
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2), np.float32) / np.float32(255)
