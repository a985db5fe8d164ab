"""Networks run by OpenVINO on a CPU: read, fitted to pictures as they are, compiled; and nothing calls home."""

import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from tracking.errors import MissingWeights

Outputs = list[NDArray[np.float32]]
_BATCH, _STEP = 16, 4
"""Batches hold 16 pictures, the last one a multiple of 4: for each size OpenVINO prepares, and keeps, a program."""


def openvino() -> ModuleType:
    """The library, without the telemetry that comes with it: without that package it keeps to itself."""
    sys.modules.setdefault("openvino_telemetry", cast(ModuleType, None))
    import openvino

    return cast(ModuleType, openvino)


class OpenVinoNetwork:
    """A network in an OpenVINO `.xml`, ready for pictures uint8 (H, W, C) as OpenCV has them.

    Every core works on a picture or batch of its own, which is faster than many cores on each.
    """

    def __init__(self, path: Path, kind: str, to_rgb: bool = True) -> None:
        """Read and compile it.

        Args:
            path: the file; its weights lie beside it.
            kind: what it should be, for errors.
            to_rgb: whether the network wants red first.

        Raises:
            MissingWeights: no such file, or not a network.
        """
        if not path.exists():
            raise MissingWeights(f"{path}: no such file; allowed: an OpenVINO .xml of {kind}")
        compiled = _compiled(path, to_rgb)
        self.any_size = bool(compiled.input(0).partial_shape.is_dynamic)
        self._count = len(compiled.outputs)
        self._queue: Any = openvino().AsyncInferQueue(compiled)

    def each(self, pictures: Sequence[NDArray[np.uint8]]) -> list[Outputs]:
        """What the network says of each of the pictures (h, w, C), which may differ in size: its outputs for it."""
        return [[output[0] for output in said] for said in self._run([picture[None] for picture in pictures])]

    def batch(self, pictures: NDArray[np.uint8]) -> Outputs:
        """What the network says of pictures (N, H, W, C), N > 0: its outputs (N, ...)."""
        parts = [pictures[start : start + _BATCH] for start in range(0, len(pictures), _BATCH)]
        said = self._run([_filled_up(part) for part in parts])
        return [np.concatenate([outputs[k] for outputs in said])[: len(pictures)] for k in range(self._count)]

    def _run(self, inputs: Sequence[NDArray[np.uint8]]) -> list[Outputs]:
        results: list[Outputs] = [[] for _ in inputs]

        def keep(request: Any, index: int) -> None:
            results[index] = [request.get_output_tensor(k).data.copy() for k in range(self._count)]

        self._queue.set_callback(keep)
        for index, one in enumerate(inputs):
            self._queue.start_async({0: np.ascontiguousarray(one)}, index)
        self._queue.wait_all()
        return results


def _filled_up(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures (n, ...) and as many copies of the last as make a multiple of `_STEP`."""
    missing = -len(pictures) % _STEP
    return np.concatenate([pictures, np.repeat(pictures[-1:], missing, axis=0)]) if missing else pictures


def _compiled(path: Path, to_rgb: bool) -> Any:
    ov = openvino()
    from openvino.preprocess import ColorFormat, PrePostProcessor

    core = ov.Core()
    try:
        steps = PrePostProcessor(core.read_model(path))
        picture = steps.input().tensor()
        picture.set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
        steps.input().model().set_layout(ov.Layout("NCHW"))
        if to_rgb:
            picture.set_color_format(ColorFormat.BGR)
            steps.input().preprocess().convert_color(ColorFormat.RGB)
        steps.input().preprocess().convert_element_type(ov.Type.f32).scale(255.0)
        hints = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": "f32"}
        return core.compile_model(steps.build(), "CPU", hints)
    except RuntimeError as error:
        raise MissingWeights(f"{path}: not a network that OpenVINO can read ({str(error).splitlines()[-1]})") from error
