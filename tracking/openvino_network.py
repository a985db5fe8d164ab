"""Networks run by OpenVINO on a CPU: read, fitted to pictures as they are, compiled; and nothing calls home."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, cast

from tracking.errors import MissingWeights


def openvino() -> ModuleType:
    """The library, without the telemetry that comes with it: without that package it keeps to itself."""
    sys.modules.setdefault("openvino_telemetry", cast(ModuleType, None))
    import openvino

    return cast(ModuleType, openvino)


def compile_network(path: Path, kind: str, hint: Literal["THROUGHPUT", "LATENCY"], to_rgb: bool = True) -> Any:
    """A network in an OpenVINO `.xml`, ready for pictures (N, H, W, C) uint8 as OpenCV has them.

    Args:
        path: the file; its weights lie beside it.
        kind: what it should be, for errors.
        hint: whether many requests at once or the time of one matters.
        to_rgb: whether the network wants red first.

    Raises:
        MissingWeights: no such file, or not a network.
    """
    if not path.exists():
        raise MissingWeights(f"{path}: no such file; allowed: an OpenVINO .xml of {kind}")
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
        return core.compile_model(steps.build(), "CPU", {"PERFORMANCE_HINT": hint, "INFERENCE_PRECISION_HINT": "f32"})
    except RuntimeError as error:
        raise MissingWeights(f"{path}: not a network that OpenVINO can read ({str(error).splitlines()[-1]})") from error
