"""Rules for detectors."""

from __future__ import annotations

import numpy as np

from tracking.box_overlap import overlaps
from tracking.conformance.rules import Rule, require
from tracking.conformance.sample import people, sample
from tracking.detect import Detector
from tracking.observation import Detection

_FOUND = 0.3  # overlap with the truth from which somebody was found
_SAME_PX = 2.0


def _says_what_it_wants(detector: Detector) -> None:
    require(isinstance(detector.dimmed, bool), f"dimmed is {detector.dimmed!r}")


def _takes_no_frames(detector: Detector) -> None:
    found = detector.detect([])
    require(list(found) == [], f"{found!r}")


def _finds_somebody(detector: Detector) -> None:
    found = _of_sample(detector)
    best = overlaps(np.array([one.box for one in found]), people()).max(initial=0.0)
    require(best >= _FOUND, f"{len(found)} people, the best of whom overlaps a real one by {best:.2f}")


def _boxes_are_right(detector: Detector) -> None:
    height, width = sample().shape[:2]
    for one in _some(detector):
        require(isinstance(one.box, np.ndarray), f"box is a {type(one.box).__name__}")
        require(one.box.shape == (4,) and one.box.dtype == np.float32, f"box is {one.box.dtype} {one.box.shape}")
        x1, y1, x2, y2 = one.box.tolist()
        require(-1 <= x1 < x2 <= width + 1 and -1 <= y1 < y2 <= height + 1, f"box {one.box.tolist()}")


def _confidences_are_right(detector: Detector) -> None:
    found = [float(one.confidence) for one in _some(detector)]
    require(all(0 <= value <= 1 for value in found), f"{found}")
    require(found == sorted(found, reverse=True), f"in this order: {found}")


def _keypoints_are_right(detector: Detector) -> None:
    for one in _some(detector):
        points, errors = one.keypoints, one.keypoint_sd
        require(points.shape == (17, 3) and points.dtype == np.float32, f"keypoints are {points.dtype} {points.shape}")
        require(bool(np.isfinite(points).all()), "keypoints are not all finite")
        require(
            bool(((points[:, 2] >= 0) & (points[:, 2] <= 1)).all()), f"keypoint confidences {points[:, 2].tolist()}"
        )
        if errors is not None:
            require(errors.shape == (17,) and bool((errors > 0).all()), f"keypoint_sd {errors!r}")


def _frames_do_not_mix(detector: Detector) -> None:
    picture, grey = sample(detector.dimmed), np.full((360, 640, 3), 128, np.uint8)
    alone, beside = _of_sample(detector), detector.detect([grey, picture])
    require(len(beside) == 2, f"{len(beside)} lists for 2 frames")
    require(len(beside[1]) == len(alone), f"{len(alone)} people alone, {len(beside[1])} beside another frame")
    for one, other in zip(alone, beside[1], strict=True):
        moved = float(np.abs(one.box - other.box).max())
        require(moved <= _SAME_PX, f"a box moved by {moved:.1f} px beside another frame")


def _pixels_are_the_frames_own(detector: Detector) -> None:
    large = np.repeat(np.repeat(sample(detector.dimmed), 2, axis=0), 2, axis=1)
    found = detector.detect([large])[0]
    best = overlaps(np.array([one.box for one in found]), 2 * people()).max(initial=0.0)
    require(best >= _FOUND, f"in a frame of twice the size the best overlap with a real person is {best:.2f}")


def _windows_are_taken(detector: Detector) -> None:
    picture = sample(detector.dimmed)
    height, width = picture.shape[:2]
    whole = detector.detect([picture], [np.array([(0, 0, width, height)], np.float32)])[0]
    require(len(whole) > 0, "nobody, where the window is the whole frame")
    none = detector.detect([picture], [np.zeros((0, 4), np.float32)])
    require(len(none) == 1, f"{len(none)} lists for a frame without windows")


def _frames_are_left_alone(detector: Detector) -> None:
    picture = np.array(sample(detector.dimmed))
    before = picture.copy()
    detector.detect([picture])
    require(bool((picture == before).all()), "the frame was changed")


def _of_sample(detector: Detector) -> list[Detection]:
    return list(detector.detect([sample(detector.dimmed)])[0])


def _some(detector: Detector) -> list[Detection]:
    found = _of_sample(detector)
    require(len(found) > 0, "nobody was found, so nothing could be checked")
    return found


DETECTOR_RULES = (
    Rule("says by a bool `dimmed` whether it wants the empty store dimmed", _says_what_it_wants),
    Rule("takes an empty list of frames", _takes_no_frames),
    Rule("finds one of the two people of a rendered picture", _finds_somebody),
    Rule("gives boxes x1, y1, x2, y2 as float32 (4,), not empty, inside the frame", _boxes_are_right),
    Rule("gives confidences 0 to 1, the most certain first", _confidences_are_right),
    Rule("gives keypoints as float32 (17, 3), with confidence 0 where it knows none", _keypoints_are_right),
    Rule("finds the same people in a frame, alone or beside others", _frames_do_not_mix),
    Rule("speaks in pixels of the frame that it was given, whatever its size", _pixels_are_the_frames_own),
    Rule("takes windows, even none in a frame", _windows_are_taken),
    Rule("leaves the frames as they are", _frames_are_left_alone),
)
