"""Cameras as a scenario's faults have them at each tick: which give a picture, from which pose, of which moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.faults import CameraFault, Clock, Down, Drops, Fault, Knock, fault_end
from tracking.camera import Camera

_INSTANT = 1e-6


@dataclass(frozen=True, slots=True)
class Exposure:
    """One picture to take: by the camera of that name, in the pose of that key, `late_by` seconds before the tick."""

    camera: str
    pose: str
    late_by: float = 0.0


class FaultyCameras:
    """Says, tick by tick, which pictures there are; without faults, every camera gives one of the instant.

    Args:
        cameras: by name, as they hang at opening.
        faults: of the scenario; those of other things are left alone.
        rng: which pictures get lost.
    """

    def __init__(self, cameras: Mapping[str, Camera], faults: Sequence[Fault], rng: np.random.Generator) -> None:
        self._cameras, self._rng = dict(cameras), rng
        self._faults = tuple(fault for fault in faults if isinstance(fault, CameraFault))
        self.poses: dict[str, Camera] = dict(cameras)
        """Every pose that a camera has during the run, by key; at opening the key is the camera's name."""
        self._turns: dict[str, list[tuple[float, str]]] = {}
        for knock in sorted((f for f in faults if isinstance(f, Knock)), key=lambda fault: fault.at):
            self._turn(knock)

    @property
    def latest(self) -> float:
        """Seconds that any camera lags behind at most."""
        return self._most(1)

    @property
    def earliest(self) -> float:
        """Seconds that any camera is ahead at most."""
        return self._most(-1)

    def _most(self, sign: int) -> float:
        clocks = [fault for fault in self._faults if isinstance(fault, Clock)]
        errors = (
            sum(max(0.0, sign * fault.late_by) for fault in clocks if fault.camera == name) for name in self._cameras
        )
        return max(errors, default=0.0)

    def at(self, t: float) -> list[Exposure]:
        """The pictures of the tick at `t` seconds, cameras in their order; call it once a tick, in order."""
        return [Exposure(name, self._pose(name, t), self._late(name, t)) for name in self._cameras if self._up(name, t)]

    def _turn(self, knock: Knock) -> None:
        before = self._turns.setdefault(knock.camera, [])
        pose = self.poses[before[-1][1] if before else knock.camera]
        key = f"{knock.camera}@{len(before) + 1}"
        self.poses[key] = turned(pose, knock.pan_deg, knock.tilt_deg, knock.roll_deg)
        before.append((knock.at, key))

    def _pose(self, name: str, t: float) -> str:
        return next((key for at, key in reversed(self._turns.get(name, [])) if at <= t + _INSTANT), name)

    def _active(self, name: str, t: float) -> list[CameraFault]:
        own = (fault for fault in self._faults if fault.camera == name)
        return [fault for fault in own if fault.at <= t + _INSTANT and t + _INSTANT < fault_end(fault)]

    def _late(self, name: str, t: float) -> float:
        return sum(fault.late_by for fault in self._active(name, t) if isinstance(fault, Clock))

    def _up(self, name: str, t: float) -> bool:
        now = self._active(name, t)
        # Drawn even while the camera is down, so that one fault does not change what another does later.
        lost = [self._rng.random() < fault.share for fault in now if isinstance(fault, Drops)]
        return not any(lost) and not any(isinstance(fault, Down) for fault in now)


def covered(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """What a camera (H, W, 3) gives while something dark is held right before its lens: a glow and noise."""
    height, width = picture.shape[:2]
    glow = cv2.resize(rng.uniform(4, 22, (3, 4)).astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
    noisy = glow[..., None] + rng.normal(0, 3, picture.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def turned(camera: Camera, pan_deg: float, tilt_deg: float, roll_deg: float) -> Camera:
    """The camera turned where it hangs: left about the vertical, then up, then clockwise about its optical axis."""
    world, up, axis = _about((0, 0, 1), pan_deg), _about((1, 0, 0), tilt_deg), _about((0, 0, 1), roll_deg)
    rotation = (up @ axis).T @ camera.rotation @ world.T
    return replace(camera, rotation=rotation, translation=-rotation @ camera.centre)


def _about(axis: tuple[int, int, int], degrees: float) -> NDArray[np.float64]:
    return np.asarray(cv2.Rodrigues(np.array(axis, np.float64) * np.radians(degrees))[0], np.float64)
