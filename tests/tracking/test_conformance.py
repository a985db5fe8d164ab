"""Every detector, embedder and tracker keeps the rules, and whoever breaks one is told which and how."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tracking.conformance import DETECTOR_RULES, EMBEDDER_RULES, TRACKER_RULES, BrokenRule, Kind, check
from tracking.conformance.walk import BlockDetector
from tracking.detect import YoloDetector
from tracking.embed import ColourEmbedder, ReidEmbedder
from tracking.observation import Detection
from tracking.pipeline import StoreTracker


@pytest.mark.parametrize(
    ("kind", "factory"),
    [
        ("detector", YoloDetector),
        ("embedder", ReidEmbedder),
        ("embedder", ColourEmbedder),
        ("tracker", StoreTracker),
    ],
)
def test_every_part_of_our_own_keeps_every_rule(kind: Kind, factory: Callable[..., Any]) -> None:
    report = check(kind, factory)
    assert report.broken == ()
    rules = {"detector": DETECTOR_RULES, "embedder": EMBEDDER_RULES, "tracker": TRACKER_RULES}
    assert len(report.kept) == len(rules[kind]) > 5


class Blind(YoloDetector):
    def detect(self, images: Any, windows: Any = None) -> list[list[Detection]]:
        return [[] for _ in images]


class Unsorted(YoloDetector):
    def detect(self, images: Any, windows: Any = None) -> list[list[Detection]]:
        return [people[::-1] for people in super().detect(images, windows)]


class InNetworkPixels(YoloDetector):
    def detect(self, images: Any, windows: Any = None) -> list[list[Detection]]:
        found = super().detect(images, windows)
        return [
            [replace(one, box=one.box * np.float32(640 / image.shape[1])) for one in people]
            for people, image in zip(found, images, strict=True)
        ]


class Painter(YoloDetector):
    def detect(self, images: Any, windows: Any = None) -> list[list[Detection]]:
        found = super().detect(images, windows)
        for image in images:
            if image.flags.writeable:
                image[:] = 0
        return found


class ThreePoints(YoloDetector):
    def detect(self, images: Any, windows: Any = None) -> list[list[Detection]]:
        found = super().detect(images, windows)
        return [[replace(one, keypoints=one.keypoints[:3]) for one in people] for people in found]


@pytest.mark.parametrize(
    ("factory", "rule", "found"),
    [
        (Blind, "finds one of", "0 people"),
        (Unsorted, "most certain first", "in this order"),
        (InNetworkPixels, "pixels of the frame", "overlap"),
        (Painter, "leaves the frames", "changed"),
        (ThreePoints, "(17, 3)", "(3, 3)"),
    ],
)
def test_a_detector_that_breaks_a_rule_is_told(factory: Callable[..., Any], rule: str, found: str) -> None:
    broken = check("detector", factory).broken
    assert any(rule in text and found in what for text, what in broken), broken


class Sums(ColourEmbedder):
    def embed(self, image: Any, boxes: Any) -> Any:
        return super().embed(image, boxes) * 3


class AllAlike(ColourEmbedder):
    def embed(self, image: Any, boxes: Any) -> Any:
        return np.tile(np.eye(1, 8, dtype=np.float32), (len(boxes), 1))


class NeedsSomebody(ColourEmbedder):
    def embed(self, image: Any, boxes: Any) -> Any:
        return np.stack([super(NeedsSomebody, self).embed(image, box[None])[0] for box in boxes])


@pytest.mark.parametrize(
    ("factory", "rule", "found"),
    [
        (Sums, "unit vectors", "lengths"),
        (AllAlike, "more like herself", "1.000"),
        (NeedsSomebody, "takes no boxes", "ValueError"),
    ],
)
def test_an_embedder_that_breaks_a_rule_is_told(factory: Callable[..., Any], rule: str, found: str) -> None:
    broken = check("embedder", factory).broken
    assert any(rule in text and found in what for text, what in broken), broken


class NewIdsEveryTick(StoreTracker):
    def step(self, t: float, frames: Any) -> Any:
        return [replace(one, track=one.track + 1000 * round(10 * t)) for one in super().step(t, frames)]


class OneSecondLate(StoreTracker):
    def step(self, t: float, frames: Any) -> Any:
        return [replace(one, t=t - 1) for one in super().step(t, frames)]


class TakesAnything(StoreTracker):
    def step(self, t: float, frames: Any) -> Any:
        return super().step(t, {n: f for n, f in frames.items() if n in self.cameras and f.shape[0] == 180})


class SeesNobody(StoreTracker):
    def __init__(self, cameras: Any, area: Any, detector: Any, embedder: Any, *, pose: Any = None) -> None:
        super().__init__(cameras, area, type("None", (BlockDetector,), {"detect": _nobody})(), embedder, pose=pose)


def _nobody(self: Any, images: Any, windows: Any = None) -> list[list[Detection]]:
    return [[] for _ in images]


@pytest.mark.parametrize(
    ("factory", "rule", "found"),
    [
        (NewIdsEveryTick, "each with one id", "became"),
        (OneSecondLate, "tick's time", "at tick"),
        (TakesAnything, "refuses unknown", "was taken"),
        (SeesNobody, "follows two people", "0 confirmed"),
        (dict, "has the cameras", "TypeError"),
    ],
)
def test_a_tracker_that_breaks_a_rule_is_told(factory: Callable[..., Any], rule: str, found: str) -> None:
    with pytest.raises((BrokenRule, TypeError)) as told:
        next(one for one in TRACKER_RULES if rule in one.text).holds(factory)
    assert found in f"{type(told.value).__name__} {told.value}"


def test_whatever_somebodys_code_raises_is_a_broken_rule_and_not_the_end() -> None:
    report = check("tracker", dict)
    assert len(report.broken) == len(TRACKER_RULES)
    assert "TypeError" in report.broken[0][1]
