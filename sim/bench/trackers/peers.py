"""The trackers that `aisle bench trackers` sets beside ours: each follows one camera, with its makers' settings.

All get the same detections as ours. Those that can use appearance get our embeddings in a row of their own; cameras
stand still, so nobody's compensation of camera motion is used (it would need pixels).
"""

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from sim.errors import MissingLibrary
from tracking.observation import Detection
from tracking.pipeline import View

DEEPSORT_BUDGET = 100
"""Embeddings that DeepSORT remembers of each track; without a budget it grows all day (the paper has 100)."""


class CameraTracker(Protocol):
    """Links the people in the frames of one camera."""

    def update(self, view: View) -> list[int | None]:
        """The track of each person in the camera's next frame, None where the tracker does not follow them (yet)."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A tracker from elsewhere.

    Args:
        name: in tables.
        make: a new instance for one camera with so many frames a second; raises `MissingLibrary`.
    """

    name: str
    make: Callable[[float], CameraTracker]


class UltralyticsTracker:
    """A tracker of Ultralytics, configured by the file that it is shipped with."""

    def __init__(self, name: str, with_embeddings: bool = False) -> None:
        """`name`: of the configuration, without .yaml. With embeddings, `with_reid` is on and `model` auto."""
        os.environ.setdefault("YOLO_OFFLINE", "1")
        _library("lap", "lap")  # without it Ultralytics would install it by itself
        utils = _library("ultralytics.utils", "ultralytics")
        path = _library("ultralytics.utils.checks", "ultralytics").check_yaml(f"{name}.yaml")
        settings = utils.IterableSimpleNamespace(**utils.YAML.load(path))
        if with_embeddings:
            settings.with_reid, settings.model = True, "auto"
        self._boxes = _library("ultralytics.engine.results", "ultralytics").Boxes
        self._tracker: Any = _library("ultralytics.trackers.track", "ultralytics").TRACKER_MAP[name](args=settings)
        self._with_embeddings = with_embeddings

    def update(self, view: View) -> list[int | None]:
        """See `CameraTracker`."""
        rows = np.zeros((len(view.detections), 6), np.float32)
        if len(rows):
            rows[:, :4], rows[:, 4] = _boxes(view.detections), _confidences(view.detections)
        # The size of the frame only serves normalised coordinates, for which nobody asks.
        found = self._boxes(rows, (1, 1))
        tracks = self._tracker.update(found, feats=view.embeddings if self._with_embeddings else None)
        ids: list[int | None] = [None] * len(rows)
        for row in tracks:
            ids[int(row[-1])] = int(row[-4])
        return ids


class RoboflowTracker:
    """A tracker of roboflow/trackers, as its class makes it."""

    def __init__(self, name: str, fps: float, **settings: Any) -> None:
        """`name`: of the class. `fps`: frames a second, which scales how long the lost are remembered."""
        self._detections = _library("supervision", "supervision").Detections
        self._tracker: Any = getattr(_library("trackers", "trackers"), name)(frame_rate=fps, **settings)

    def update(self, view: View) -> list[int | None]:
        """See `CameraTracker`."""
        count = len(view.detections)
        found = self._detections(
            xyxy=_boxes(view.detections),
            confidence=_confidences(view.detections),
            data={"row": np.arange(count)},
        )
        followed = self._tracker.update(found)
        ids: list[int | None] = [None] * count
        if len(followed):  # without anybody the rows are not kept
            for row, track in zip(followed.data["row"], followed.tracker_id, strict=True):
                ids[int(row)] = int(track) if track >= 0 else None
        return ids


class PlainDeepSort:
    """deep-sort-realtime with its own defaults and our embeddings; only tracks that it has confirmed."""

    def __init__(self) -> None:
        make = _library("deep_sort_realtime.deepsort_tracker", "deep-sort-realtime").DeepSort
        self._tracker: Any = make(embedder=None, nn_budget=DEEPSORT_BUDGET)

    def update(self, view: View) -> list[int | None]:
        """See `CameraTracker`."""
        boxes = _boxes(view.detections)
        sizes = boxes[:, 2:] - boxes[:, :2]
        # DeepSORT drops degenerate boxes itself, but then pairs the rest with wrong embeddings.
        usable = np.flatnonzero((sizes > 0).all(axis=1)).tolist()
        rows = [([*boxes[k, :2].tolist(), *sizes[k].tolist()], view.detections[k].confidence, None) for k in usable]
        tracks = self._tracker.update_tracks(rows, embeds=[view.embeddings[k] for k in usable], others=usable)
        ids: list[int | None] = [None] * len(boxes)
        for track in tracks:
            if track.is_confirmed() and track.time_since_update == 0 and track.others is not None:
                ids[track.others] = int(track.track_id)
        return ids


PEERS = (
    Peer("Ultralytics ByteTrack", lambda fps: UltralyticsTracker("bytetrack")),
    Peer("Ultralytics BoT-SORT", lambda fps: UltralyticsTracker("botsort")),
    Peer("Ultralytics BoT-SORT, our embeddings", lambda fps: UltralyticsTracker("botsort", with_embeddings=True)),
    Peer("Ultralytics TrackTrack (its default)", lambda fps: UltralyticsTracker("tracktrack")),
    Peer("Ultralytics TrackTrack, our embeddings", lambda fps: UltralyticsTracker("tracktrack", with_embeddings=True)),
    Peer("roboflow ByteTrack", lambda fps: RoboflowTracker("ByteTrackTracker", fps)),
    Peer("roboflow OC-SORT", lambda fps: RoboflowTracker("OCSORTTracker", fps)),
    Peer("roboflow BoT-SORT", lambda fps: RoboflowTracker("BoTSORTTracker", fps, enable_cmc=False)),
    Peer("deep-sort-realtime, our embeddings", lambda fps: PlainDeepSort()),
)
"""In the order of the table."""


def _library(module: str, package: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingLibrary(f"{package} is not installed; the extra `bench` brings it") from error


def _boxes(found: list[Detection]) -> NDArray[np.float32]:
    return np.array([one.box for one in found], np.float32).reshape(-1, 4)


def _confidences(found: list[Detection]) -> NDArray[np.float32]:
    return np.array([one.confidence for one in found], np.float32)
