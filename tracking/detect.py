"""People and their keypoints in frames: the detector's contract, and YOLO networks that fulfil it.

On a CPU the network runs through OpenVINO, on an NVIDIA card through PyTorch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from tracking.box_overlap import suppress
from tracking.errors import MissingWeights
from tracking.observation import Detection
from tracking.openvino_network import OpenVinoNetwork

Frame = NDArray[np.uint8]
"""(H, W, 3) uint8, BGR."""

Device = Literal["auto", "cpu", "cuda"]
Place = tuple[float, float, float]
"""Where an image lies on the network's canvas: scale, left and top in px."""
_Found = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]
COMMITTED_WEIGHTS = Path(__file__).parent / "weights" / "detector.xml"
INPUT_WIDTH, INPUT_HEIGHT = 640, 384
WIDE_FRAME = 960
"""Frames wider than this, px, are searched at twice that input size too: made as small as others, a crowd merges."""
TALLEST_CLOSE = 200.0
"""Tallest box, network px, that is believed at twice the size: no taller people were in the training data."""
FILL = 128
_KEYPOINT_VALUES = 51
# Parts of these many px: few enough different sizes that OpenVINO keeps what it prepares for each.
_PART_STEP_X, _PART_STEP_Y, _LEAST_PART = 128, 64, 128


class Detector(Protocol):
    """Finds people in frames."""

    @property
    def dimmed(self) -> bool:
        """Whether it expects frames in which the empty store is dimmed (see `tracking.background`)."""
        ...

    def detect(
        self, images: Sequence[Frame], windows: Sequence[NDArray[np.floating]] | None = None
    ) -> list[list[Detection]]:
        """The people in each of the (H, W, 3) images, in px of that image, most certain first.

        Args:
            images: the frames.
            windows: for each image (N, 4) xyxy px, outside of which there is nobody (see `tracking.windows`); None for
                everywhere. A detector may look elsewhere too.
        """
        ...


@dataclass(frozen=True, slots=True)
class Network:
    """A network that is ready to run.

    run: takes pictures (h, w, 3) uint8 BGR, h and w multiples of 32, and gives for each of them an array float32
        (4 + classes + 51, anchors) or (300, 6 + 51).
    any_size: whether h and w may differ from 384 and 640.
    keypoints: whether its output holds keypoints; None: to be seen from the output's shape.
    """

    run: Callable[[Sequence[Frame]], list[NDArray[np.float32]]]
    any_size: bool
    keypoints: bool | None = None


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """What counts as a detection."""

    confidence: float = 0.25
    """Least confidence, 0 to 1, of a detection."""
    overlap: float = 0.55
    """Intersection over union from which the less certain of two boxes is taken for the same person."""
    most: int = 300
    """Detections kept in one frame."""
    input_size: tuple[int, int] | None = None
    """Width and height, multiples of 32 px, that every frame is brought to, only for networks that take any size; None
    for 640 x 384, and twice that as well for frames wider than `WIDE_FRAME`."""

    def looks_at(self, width: int) -> list[tuple[tuple[int, int], float]]:
        """The canvases, (width, height) px, for a frame of this width, each with the tallest box believed there."""
        if self.input_size is not None:
            return [(self.input_size, float("inf"))]
        once = ((INPUT_WIDTH, INPUT_HEIGHT), float("inf"))
        return [once, ((2 * INPUT_WIDTH, 2 * INPUT_HEIGHT), TALLEST_CLOSE)] if width > WIDE_FRAME else [once]


PROPOSALS = DetectorSettings(confidence=0.25, overlap=0.6)
"""For a second look to choose from: rather too many than too few."""


class YoloDetector:
    """A YOLO network of the Ultralytics family as a detector of people."""

    def __init__(
        self,
        weights: Path | None = None,
        device: Device = "auto",
        dimmed: bool = True,
        settings: DetectorSettings | None = None,
        trusted: bool = False,
    ) -> None:
        """Load a network.

        Args:
            weights: an OpenVINO `.xml`, a `.pt` of our own training, or an Ultralytics detection or pose `.pt` whose
                class 0 is the person, as in COCO; None for the committed network.
            device: `auto` takes CUDA where there is one.
            dimmed: whether the network was trained on dimmed frames; False for public weights.
            settings: thresholds.
            trusted: see `load_network`.

        Raises:
            MissingWeights: no such file, or not a network that may be read.
        """
        self.dimmed = dimmed
        self.settings = settings or DetectorSettings()
        self._network = load_network(weights, device, trusted)
        only = (INPUT_WIDTH, INPUT_HEIGHT)
        if not self._network.any_size:
            if self.settings.input_size not in (None, only):
                raise MissingWeights(f"{weights or COMMITTED_WEIGHTS}: takes {INPUT_WIDTH}x{INPUT_HEIGHT} px only")
            self.settings = replace(self.settings, input_size=only)

    def detect(
        self, images: Sequence[Frame], windows: Sequence[NDArray[np.floating]] | None = None
    ) -> list[list[Detection]]:
        """The people in each of the (H, W, 3) images, in px of that image, most certain first; see `Detector`."""
        parts: list[Frame] = []
        places: list[tuple[int, Place, tuple[int, int], float]] = []
        for index, image in enumerate(images):
            for size, tallest in self.settings.looks_at(image.shape[1]):
                canvas, place = letterbox(image, size)
                somewhere = None if windows is None or not self._network.any_size else windows[index]
                for left, top, right, bottom in parts_of_canvas(somewhere, place, size):
                    parts.append(canvas[top:bottom, left:right])
                    places.append((index, place, (left, top), tallest))
        outputs = self._network.run(parts) if parts else []
        seen: list[list[_Found]] = [[] for _ in images]
        for (index, place, corner, tallest), output in zip(places, outputs, strict=True):
            found = decode(output, self.settings.confidence, self._network.keypoints)
            seen[index].append(_in_image(found, place, corner, tallest))
        return [
            self._people(found, image.shape[1], image.shape[0]) if found else []
            for found, image in zip(seen, images, strict=True)
        ]

    def _people(self, found: Sequence[_Found], width: int, height: int) -> list[Detection]:
        boxes, confidences, keypoints = (np.concatenate([part[k] for part in found]) for k in range(3))
        kept = suppress(boxes, confidences, self.settings.overlap)[: self.settings.most]
        boxes = np.clip(boxes[kept], 0, (width, height, width, height)).astype(np.float32)
        return [
            Detection(box, float(confidence), points)
            for box, confidence, points in zip(boxes, confidences[kept], keypoints[kept], strict=True)
            if box[2] > box[0] and box[3] > box[1]
        ]


def _in_image(found: _Found, place: Place, corner: tuple[int, int], tallest: float) -> _Found:
    """What was found in a part of a canvas, in px of the image; boxes taller than `tallest` px there are left out."""
    boxes, confidences, keypoints = found
    low = boxes[:, 3] - boxes[:, 1] <= tallest
    scale, left, top = place
    shift = np.array((corner[0] - left, corner[1] - top), np.float32)
    points = keypoints[low].copy()
    points[..., :2] = (points[..., :2] + shift) / scale
    return ((boxes[low] + np.tile(shift, 2)) / scale).astype(np.float32), confidences[low], points


def parts_of_canvas(
    windows: NDArray[np.floating] | None, place: Place, size: tuple[int, int] = (INPUT_WIDTH, INPUT_HEIGHT)
) -> list[tuple[int, int, int, int]]:
    """The parts (left, top, right, bottom) in px of the network's canvas that hold the windows (N, 4) of an image.

    Each is grown to a size that the network takes, and moved inside the canvas; None gives the whole canvas.
    """
    if windows is None:
        return [(0, 0, *size)]
    scale, left, top = place
    parts = []
    for x1, y1, x2, y2 in np.asarray(windows, np.float64) * scale + (left, top, left, top):
        begin, end = _grown(x1, x2, _PART_STEP_X, size[0])
        high, low = _grown(y1, y2, _PART_STEP_Y, size[1])
        parts.append((begin, high, end, low))
    return parts


def _grown(low: float, high: float, step: int, limit: int) -> tuple[int, int]:
    """An interval of a multiple of `step` px around low to high, inside 0 to `limit`."""
    size = min(max(int(np.ceil((high - low) / step)) * step, _LEAST_PART), limit)
    start = int(np.clip(round((low + high - size) / 2), 0, limit - size))
    return start, start + size


def letterbox(image: Frame, size: tuple[int, int] = (INPUT_WIDTH, INPUT_HEIGHT)) -> tuple[Frame, Place]:
    """The image at network `size` (width, height), centred on grey, and its place there: scale, left, top in px."""
    height, width = image.shape[:2]
    scale = min(size[0] / width, size[1] / height)
    inner = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(image, inner, interpolation=cv2.INTER_LINEAR)
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    canvas = np.full((size[1], size[0], 3), FILL, np.uint8)
    canvas[top : top + inner[1], left : left + inner[0]] = small
    return canvas, (scale, left, top)


def decode(
    output: NDArray[np.float32], least: float, keypoints: bool | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """One image's raw output as boxes (N, 4) xyxy, confidences (N,), keypoints (N, 17, 3), all in network px.

    Class 0 is the person, as in COCO. Networks without keypoints give zeros, networks that end in their own
    suppression (rows of x1, y1, x2, y2, confidence, class) are understood by their shape. So are keypoints where
    `keypoints` is None; networks with 52 classes or more cannot be told apart so.
    """
    if output.shape[1] in (6, 6 + _KEYPOINT_VALUES):
        rows = output[(output[:, 4] >= least) & (output[:, 5] == 0)]
        boxes, confidences, rest = rows[:, :4], rows[:, 4], rows[:, 6:]
    else:
        columns = output[:, output[4] >= least].T
        centre, half = columns[:, :2], columns[:, 2:4] / 2
        boxes, confidences = np.concatenate([centre - half, centre + half], 1), columns[:, 4]
        if keypoints is None:
            keypoints = output.shape[0] >= 5 + _KEYPOINT_VALUES and output.shape[0] != 84
        rest = columns[:, -_KEYPOINT_VALUES:] if keypoints else columns[:, :0]
    if rest.shape[1] != _KEYPOINT_VALUES:
        rest = np.zeros((len(boxes), _KEYPOINT_VALUES), np.float32)
    return boxes, confidences, rest.reshape(-1, 17, 3)


def load_network(weights: Path | None, device: Device, trusted: bool = False) -> Network:
    """The network in `weights` (None: the committed one), ready to run.

    A `.pt` of Ultralytics is a pickle, which can run any program when it is read. It is read by PyTorch's restricted
    reader, which builds only the layers of Ultralytics and PyTorch and refuses everything else.

    Args:
        weights: an OpenVINO `.xml` or a `.pt`.
        device: where it runs.
        trusted: read a `.pt` that the restricted reader refuses all the same, with whatever it then does.

    Raises:
        MissingWeights: no such file, or not a network that may be read.
    """
    path = Path(weights) if weights is not None else COMMITTED_WEIGHTS
    on_cuda = device == "cuda" or (device == "auto" and path.with_suffix(".pt").exists() and _cuda_works())
    if weights is None and on_cuda:
        path = path.with_suffix(".pt")
    if not path.exists():
        raise MissingWeights(f"{path}: no such file; allowed: an OpenVINO .xml or a .pt of a YOLO network")
    if path.suffix == ".xml":
        return _openvino_network(path)
    if path.suffix == ".pt":
        return _torch_network(path, "cuda" if on_cuda else "cpu", trusted)
    raise MissingWeights(f"{path}: found {path.suffix!r}; allowed: an OpenVINO .xml or a .pt of a YOLO network")


def _cuda_works() -> bool:
    # PyTorch takes seconds to import: look for a card before asking it.
    if not Path("/dev/nvidia0").exists() and not Path("/dev/dxg").exists():
        return False
    import torch

    return torch.cuda.is_available()


def _openvino_network(path: Path) -> Network:
    network = OpenVinoNetwork(path, "a YOLO network")
    return Network(lambda pictures: [said[0] for said in network.each(pictures)], any_size=network.any_size)


def _torch_network(path: Path, device: str, trusted: bool) -> Network:
    import torch

    from tracking.training.network import has_keypoints, read_network

    network = read_network(path, trusted).to(device).eval()

    @torch.inference_mode()
    def run(pictures: Sequence[Frame]) -> list[NDArray[np.float32]]:
        outputs: list[Any] = [None] * len(pictures)
        for size in {picture.shape for picture in pictures}:
            alike = [index for index, picture in enumerate(pictures) if picture.shape == size]
            batch = np.ascontiguousarray(np.stack([pictures[index] for index in alike])[..., ::-1])
            images = torch.from_numpy(batch).to(device).permute(0, 3, 1, 2).float() / 255
            output = network(images)
            rows = (output[0] if isinstance(output, tuple) else output).float().cpu().numpy()
            for index, row in zip(alike, rows, strict=True):
                outputs[index] = row
        return outputs

    return Network(run, any_size=True, keypoints=has_keypoints(network))
