"""The contract of a tracker: what a store's run needs of whoever follows people. `StoreTracker` is the built-in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tracking.camera import Camera
from tracking.detect import Detector
from tracking.embed import Embedder
from tracking.floor import FloorArea
from tracking.observation import FloorTrack, Observation
from tracking.pose import PoseEstimator

Frame = NDArray[np.uint8]


class Tracker(Protocol):
    """Follows everybody in a store from the frames of its calibrated cameras, online.

    `tracking.conformance` has the rules that go beyond types, and checks them.
    """

    @property
    def cameras(self) -> Mapping[str, Camera]:
        """The calibrations that it was built with, by name."""
        ...

    @property
    def last_observations(self) -> Sequence[tuple[Observation, int | None]]:
        """Whom the cameras saw at the last tick, each with the id of the track it was taken for, or None."""
        ...

    @property
    def seconds(self) -> Mapping[str, float]:
        """Wall seconds spent so far, by stage; the stages' names are the tracker's own."""
        ...

    def warm_up(self, frames: Mapping[str, Frame]) -> None:
        """Look at the empty store, before the first step; called several times, or never."""
        ...

    def step(self, t: float, frames: Mapping[str, Frame]) -> list[FloorTrack]:
        """Everybody on the floor at `t` seconds, later than at the last call.

        Args:
            t: seconds from opening.
            frames: (H, W, 3) BGR uint8, not to be changed, of any subset of the cameras, even none.

        Returns:
            tracks with this t; each id at most once, and never again for somebody else. Only confirmed ones count.

        Raises:
            UnknownCamera: a frame of a camera without calibration.
            BadFrame: a frame of another size than its calibration says.
        """
        ...


class TrackerFactory(Protocol):
    """A tracker's class, or a function that gives a new tracker."""

    def __call__(
        self,
        cameras: Mapping[str, Camera],
        area: FloorArea,
        detector: Detector,
        embedder: Embedder,
        *,
        pose: PoseEstimator | None = None,
    ) -> Tracker:
        """A tracker with nobody in the store yet.

        Args:
            cameras: calibrations by name.
            area: where people are tracked, and where they come and go.
            detector: finds people in frames; the scenario's own or the built-in one.
            embedder: describes how they look.
            pose: finds the keypoints of whom the detector found; None where the detector brings its own.
        """
        ...
