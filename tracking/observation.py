"""What the stages of tracking hand to each other: detections, observations, hands, floor tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

#: The 17 COCO keypoints, in the order in which every `keypoints` array has them.
KEYPOINT_NAMES = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)


Carried = tuple[NDArray[np.uint8] | None, NDArray[np.uint8] | None]
"""Of the left and of the right hand: (K, 4) uint8 colours of what it visibly carries, as red, green, blue and the
number of pixels, at most 255; None of a hand that was not in view, or not looked at."""


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """One person found in one frame.

    Args:
        box: (4,) float32 x1, y1, x2, y2 in pixels of the full frame; the extent that is visible.
        confidence: 0 to 1.
        keypoints: (17, 3) float32 x, y in pixels and confidence 0 to 1, in the order of `KEYPOINT_NAMES`.
        keypoint_sd: (17,) float32 standard deviation in pixels of each keypoint's x and y; None where whoever found
            them does not say.
        carried: what the hands visibly carry (`tracking.carried`).
    """

    box: NDArray[np.float32]
    confidence: float
    keypoints: NDArray[np.float32]
    keypoint_sd: NDArray[np.float32] | None = None
    carried: Carried = (None, None)


@dataclass(frozen=True, slots=True, eq=False)
class Observation:
    """One person seen by one camera at one tick, placed on the floor: what step 2 of a tick hands to step 3.

    Args:
        camera: name of the camera.
        t: seconds from opening.
        tracklet: id of the tracklet within this camera; ids are never used twice.
        box: (4,) float32 x1, y1, x2, y2 pixels.
        confidence: of the detection, 0 to 1.
        keypoints: (17, 3) float32 x, y pixels and confidence.
        embedding: (D,) float32 unit vector of the appearance.
        floor: (2,) float64 metres, where the person stands.
        covariance: (2, 2) float64 m^2 of `floor`.
        keypoint_sd: (17,) float32 pixels, or None; see `Detection`.
        carried: see `Detection`.
    """

    camera: str
    t: float
    tracklet: int
    box: NDArray[np.float32]
    confidence: float
    keypoints: NDArray[np.float32]
    embedding: NDArray[np.float32]
    floor: NDArray[np.float64]
    covariance: NDArray[np.float64]
    keypoint_sd: NDArray[np.float32] | None = None
    carried: Carried = (None, None)


def keypoint_errors(found: Sequence[Detection | Observation], usual: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N, 17) standard deviations in pixels of the keypoints: as stated, or `usual` (N, 17) where nothing is stated."""
    errors = usual.copy()
    for row, one in zip(errors, found, strict=True):
        if one.keypoint_sd is not None:
            row[:] = one.keypoint_sd
    return errors


@dataclass(frozen=True, slots=True)
class Hand:
    """A palm in space.

    Args:
        side: left or right.
        x, y, z: metres.
        sd: standard deviation in the least certain direction, metres.
        covariance: xx, xy, xz, yy, yz, zz in m^2.
        seen: probability that a camera saw it; else its place is what bodies that stand so usually do with it.
    """

    side: Literal["L", "R"]
    x: float
    y: float
    z: float
    sd: float
    covariance: tuple[float, float, float, float, float, float]
    seen: float = 1.0


@dataclass(frozen=True, slots=True)
class FloorTrack:
    """One person on the floor at one tick, over all cameras.

    Args:
        track: global id, never used twice.
        t: seconds from opening.
        x, y: metres on the floor.
        sd: standard deviation of x and of y, metres.
        vx, vy: metres per second.
        confirmed: False while the track may still turn out to be nobody, or somebody lost before.
        hands: hands seen at this tick.
        cameras: names of the cameras that saw the person at this tick.
        carried: by each camera that saw a hand, its side and (K, 4) colours of what it visibly carries.
    """

    track: int
    t: float
    x: float
    y: float
    sd: float
    vx: float
    vy: float
    confirmed: bool
    hands: tuple[Hand, ...] = ()
    cameras: tuple[str, ...] = ()
    carried: tuple[tuple[Literal["L", "R"], NDArray[np.uint8]], ...] = ()
