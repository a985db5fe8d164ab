"""The whole chain of one store: frames of all cameras in, people on the floor out, tick by tick."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from tracking.camera import Camera
from tracking.carried import CarriedSettings, carried_colours
from tracking.detect import Detector
from tracking.embed import Embedder
from tracking.errors import BadFrame, UnknownCamera
from tracking.floor import Entrance, FloorArea, FloorSettings, FloorTracker
from tracking.footpoint import FootPointLocator, FootPoints, FootPointSettings
from tracking.hands import HandFinder, HandSettings
from tracking.knock import Correction, KnockSettings, turn_between
from tracking.lookout import Lookout, LookoutSettings
from tracking.observation import Detection, FloorTrack, Observation
from tracking.pose import PoseEstimator, Sight
from tracking.stature import Statures
from tracking.tracklets import Tracklets, TrackletSettings
from tracking.windows import Windows

__all__ = ["STAGES", "Entrance", "FloorArea", "StoreTracker", "TrackerSettings", "View"]

Frame = NDArray[np.uint8]
#: Names of the stages whose seconds are counted.
STAGES = ("background", "detect", "pose", "embed", "carried", "tracklets", "fusion", "hands")


class TrackerSettings(BaseModel):
    """Settings of every stage of the chain."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lookout: LookoutSettings = Field(default_factory=LookoutSettings)
    knocks: KnockSettings = Field(default_factory=KnockSettings)
    tracklets: TrackletSettings = Field(default_factory=TrackletSettings)
    foot_points: FootPointSettings = Field(default_factory=FootPointSettings)
    floor: FloorSettings = Field(default_factory=FloorSettings)
    hands: HandSettings = Field(default_factory=HandSettings)
    carried: CarriedSettings = Field(default_factory=CarriedSettings)


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What the networks found in one camera's frame: all that later stages ever get of its pixels.

    Args:
        camera: name.
        detections: people found.
        embeddings: (N, D) float32 unit rows, how each of them looks.
    """

    camera: str
    detections: list[Detection]
    embeddings: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class _Followed:
    """A view's people who belong to a tracklet of their camera."""

    camera: str
    detections: list[Detection]
    embeddings: NDArray[np.float32]
    tracklets: list[int]


class StoreTracker:
    """Follows everybody in a store from the frames of its calibrated cameras, online and without look ahead."""

    def __init__(
        self,
        cameras: Mapping[str, Camera],
        area: FloorArea,
        detector: Detector,
        embedder: Embedder,
        settings: TrackerSettings | None = None,
        pose: PoseEstimator | None = None,
    ) -> None:
        """Start with nobody in the store.

        Args:
            cameras: calibrations by name.
            area: where people are tracked, and where they come and go.
            detector: finds people in frames.
            embedder: describes how they look.
            settings: of all stages.
            pose: finds the keypoints of whom the detector found; None keeps the detector's own.
        """
        self.settings = settings or TrackerSettings()
        self._pose = pose
        self.cameras = dict(cameras)
        self._detector = detector
        self._embedder = embedder
        self._lookouts = {
            name: Lookout(self.settings.lookout, number, detector.dimmed, pose is not None, self.settings.knocks)
            for number, name in enumerate(cameras)
        }
        self._tracklets = {name: Tracklets(self.settings.tracklets) for name in cameras}
        self._locator = FootPointLocator(self.settings.foot_points)
        self._statures = Statures(self._locator.stature_prior)
        self._floor = FloorTracker(area, self.settings.floor, self.cameras)
        self._hands = HandFinder(self.cameras, self.settings.hands)
        #: Observations of the last tick with their global track, or None where nobody is meant.
        self.last_observations: list[tuple[Observation, int | None]] = []
        #: Cameras that were found turned, in order; `cameras` has them as they hang now.
        self.corrections: list[Correction] = []
        #: Wall seconds spent so far by stage.
        self.seconds: dict[str, float] = dict.fromkeys(STAGES, 0.0)

    def warm_up(self, frames: Mapping[str, Frame]) -> None:
        """Show the cameras the empty store, before the first step; several frames are better than one."""
        for name, frame in frames.items():
            self._check(name, frame)
            self._lookouts[name].learn(frame)

    def step(self, t: float, frames: Mapping[str, Frame]) -> list[FloorTrack]:
        """Everybody on the floor at `t` seconds, from frames (H, W, 3) BGR uint8 of any subset of the cameras.

        Raises:
            UnknownCamera: a frame of a camera without calibration.
            BadFrame: a frame of another size than its calibration says.
        """
        return self.fuse(t, self.observe(t, frames))

    def observe(self, t: float, frames: Mapping[str, Frame]) -> list[Observation]:
        """Everybody whom the cameras see, placed on the floor: the first half of a step."""
        return self.place(t, self.see(t, frames))

    def see(self, t: float, frames: Mapping[str, Frame]) -> list[View]:
        """What the networks find in the frames; nothing after this needs pixels, so it can be kept and replayed."""
        for name, frame in frames.items():
            self._check(name, frame)
        return self._detect(t, frames)

    def place(self, t: float, found: Sequence[View]) -> list[Observation]:
        """What was seen, linked from frame to frame within each camera and placed on the floor."""
        with self._stage("tracklets"):
            views = [self._follow(view) for view in found]
            people = [(view.camera, tracklet) for view in views for tracklet in view.tracklets]
            priors = self._statures.priors(people)
            points = self._locator.locate([(self.cameras[view.camera], view.detections) for view in views], priors)
            self._statures.saw(people, points)
            return _observations(t, views, points)

    def fuse(self, t: float, observations: Sequence[Observation]) -> list[FloorTrack]:
        """Join the observations of all cameras into tracks: the second half of a step."""
        for one in observations:
            if one.camera not in self.cameras:
                raise UnknownCamera(one.camera, tuple(self.cameras))
        with self._stage("fusion"):
            tracks = self._floor.step(t, observations)
            given = self._floor.assignments
            self.last_observations = [(one, None if track is None else track.id) for one, track in given]
            self._statures.learn(self.last_observations)
        with self._stage("hands"):
            seen: dict[int, list[Observation]] = {}
            for one, who in self.last_observations:
                if who is not None:
                    seen.setdefault(who, []).append(one)
            people = [(np.array([track.x, track.y]), seen.get(track.track, [])) for track in tracks]
            hands = self._hands.find(people)
            return [
                replace(track, hands=found, carried=_carried(seen.get(track.track, [])))
                for track, found in zip(tracks, hands, strict=True)
            ]

    def _detect(self, t: float, frames: Mapping[str, Frame]) -> list[View]:
        with self._stage("background"):
            looked = {name: self._look(t, name, frame) for name, frame in frames.items()}
        with self._stage("detect"):
            found = self._search(frames, looked)
        if self._pose is not None:
            with self._stage("pose"):
                sights = [Sight(frames[name], self._lookouts[name].new, people) for name, people in found.items()]
                found = dict(zip(found, self._pose.refine(sights), strict=True))
        with self._stage("background"):
            for name, people in found.items():
                self._lookouts[name].remember(t, frames[name], people)
        return [self._describe(name, frame, found[name]) for name, frame in frames.items()]

    def _look(self, t: float, name: str, frame: Frame) -> tuple[Frame, Windows]:
        """What is to be searched of a frame, once its camera is known to hang as it is said to."""
        shown = self._lookouts[name].look(frame)
        before = self.cameras[name]
        after = self._lookouts[name].turned(t, before, frame)
        if after is None:
            return shown
        self.cameras[name] = after
        self.corrections.append(Correction(t, name, turn_between(before, after), after))
        return self._lookouts[name].look(frame)

    def _search(
        self, frames: Mapping[str, Frame], looked: Mapping[str, tuple[Frame, Windows]]
    ) -> dict[str, list[Detection]]:
        """Candidates by camera: who was found in its windows, and who should still be there."""
        awake = [name for name, (_, windows) in looked.items() if len(windows)]
        found: dict[str, list[Detection]] = {name: [] for name in frames}
        if awake:
            pictures, windows = zip(*(looked[name] for name in awake), strict=True)
            found.update(zip(awake, self._detector.detect(pictures, windows), strict=True))
        return {name: self._lookouts[name].candidates(people) for name, people in found.items()}

    def _describe(self, name: str, frame: Frame, found: list[Detection]) -> View:
        with self._stage("embed"):
            # Looks are taken from the plain frame: what dimming does to colours depends on what stands behind.
            looks = self._lookouts[name].describe(lambda boxes: self._embedder.embed(frame, boxes))
        with self._stage("carried"):
            scenery = self._lookouts[name].scenery if found else None
            if scenery is not None:
                colours = carried_colours(frame, scenery, found, self.settings.carried)
                found = [replace(one, carried=own) for one, own in zip(found, colours, strict=True)]
        return View(name, found, looks)

    def _follow(self, view: View) -> _Followed:
        ids = self._tracklets[view.camera].update(view.detections, view.embeddings)
        kept = [k for k, tracklet in enumerate(ids) if tracklet is not None]
        people = [view.detections[k] for k in kept]
        return _Followed(view.camera, people, view.embeddings[kept], [one for one in ids if one is not None])

    def _check(self, name: str, frame: Frame) -> None:
        camera = self.cameras.get(name)
        if camera is None:
            raise UnknownCamera(name, tuple(self.cameras))
        if frame.shape != (camera.height, camera.width, 3) or frame.dtype != np.uint8:
            expected = (camera.height, camera.width, 3)
            raise BadFrame(f"camera {name!r}: found a {frame.dtype} frame of {frame.shape}, allowed: uint8 {expected}")

    @contextmanager
    def _stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start


def _boxes(found: Sequence[Detection]) -> NDArray[np.float32]:
    return np.array([one.box for one in found], dtype=np.float32).reshape(-1, 4)


def _carried(seen: Sequence[Observation]) -> tuple[tuple[Literal["L", "R"], NDArray[np.uint8]], ...]:
    """What several cameras saw in the hands of one person."""
    sides: tuple[Literal["L", "R"], ...] = ("L", "R")
    return tuple(
        (side, colours) for one in seen for side, colours in zip(sides, one.carried, strict=True) if colours is not None
    )


def _observations(t: float, views: Sequence[_Followed], points: FootPoints) -> list[Observation]:
    people = [(view, k) for view in views for k in range(len(view.detections))]
    return [
        Observation(
            view.camera,
            t,
            view.tracklets[k],
            view.detections[k].box,
            view.detections[k].confidence,
            view.detections[k].keypoints,
            view.embeddings[k],
            floor,
            covariance,
            view.detections[k].keypoint_sd,
            view.detections[k].carried,
        )
        for (view, k), floor, covariance in zip(people, points.floor, points.covariance, strict=True)
    ]
