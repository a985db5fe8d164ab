"""A camera on somebody's chest: where it is at every instant, what it sees, and its files in the run folder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.bodies import BONE, Floats
from sim.cameras import StoreRenderer
from sim.face_capture import FaceView, face_views
from sim.lens import Lens
from sim.people import Person
from sim.run_folder import write_json
from sim.scenario import BODY_CAMERA, OFFICER, BodyCamera
from sim.scene import SceneState
from tracking.camera import Camera
from tracking.video import VideoWriter

LENS_BEFORE_M = 0.03
"""The lens lies so much before the clothes."""

VIDEO_QUALITY = 33
"""x264's rate factor: nothing of a moving picture stays the same, so it takes ten times a fixed camera's bytes."""


@dataclass(frozen=True, slots=True)
class BodyShot:
    """One picture (H, W, 3) uint8 BGR of a body camera; the faces in it are ground truth.

    `camera` is where it was when the exposure began, `later` where it was at the end. fps: of the camera.
    """

    camera: Camera
    later: Camera
    fps: int
    picture: NDArray[np.uint8]
    faces: Sequence[FaceView]


class ChestMount:
    """Holds a camera rigidly to a person's upper spine, so that it sways as they walk.

    It is level, but for the tilt, and at the height asked for when the person stands.
    """

    def __init__(self, person: Person, settings: BodyCamera) -> None:
        """Fixes the camera to the person who stands."""
        spine = person.pose(0, 0, 0, 0, 0)[BONE["spine01"]]
        skin = person.mesh().vertices
        chest = skin[(np.abs(skin[:, 0]) < 0.12) & (np.abs(skin[:, 2] - settings.height_m) < 0.08)]
        ahead = (-float(chest[:, 1].min()) if len(chest) else 0.15) + LENS_BEFORE_M
        wanted = Camera.look_at(
            BODY_CAMERA,
            (ahead, 0.0, settings.height_m),
            (ahead + 1.0, 0.0, settings.height_m + math.tan(math.radians(settings.tilt_deg))),
            settings.fov_deg, settings.width, settings.height, settings.distortion,
        )  # fmt: skip
        self._at_rest = wanted
        world = np.eye(4)
        world[:3, :3], world[:3, 3] = wanted.rotation.T, wanted.centre
        self._on_spine = np.linalg.inv(spine) @ world

    def placed(self, pose: Floats) -> Floats:
        """(4, 4) from the camera's frame to the world in a person's pose (B, 4, 4)."""
        return np.asarray(pose[BONE["spine01"]] @ self._on_spine, np.float64)

    def camera(self, place: Floats) -> Camera:
        """The calibrated camera at such a place."""
        rest, rotation = self._at_rest, place[:3, :3].T
        return Camera(
            BODY_CAMERA, rest.width, rest.height, rest.matrix, rest.distortion, rotation, -rotation @ place[:3, 3]
        )


def moved_on(before: Floats, now: Floats, share: float) -> Floats:
    """The place (4, 4) after `now`, `share` of the way from `before` to `now` further: turn and travel go on."""
    turn, _ = cv2.Rodrigues(now[:3, :3] @ before[:3, :3].T)
    after = now.copy()
    after[:3, :3] = cv2.Rodrigues(turn * share)[0] @ now[:3, :3]
    after[:3, 3] += share * (now[:3, 3] - before[:3, 3])
    return np.asarray(after, np.float64)


class BodyCameraView:
    """What the camera of a scenario's officer sees, tick by tick."""

    def __init__(self, person: Person, settings: BodyCamera, store_fps: int) -> None:
        """Grinds the lens once; its place changes, its glass does not."""
        self.mount = ChestMount(person, settings)
        self.lens = Lens.of(self.mount.camera(np.eye(4)))
        self._fps = settings.fps
        self._every, self._ticks = store_fps // settings.fps, 0
        self._before: tuple[float, Floats] | None = None

    def shoot(self, scene: SceneState, renderer: StoreRenderer) -> BodyShot | None:
        """The picture of this tick, None when none is due or the officer is away; call it at every tick, shown or not.

        `renderer` must show `scene` already.
        """
        due = self._ticks % self._every == 0
        self._ticks += 1
        pose = renderer.stage.poses.get(OFFICER)
        if pose is None:
            self._before = None
            return None
        place, before = self.mount.placed(pose), self._before
        self._before = (scene.t, place)
        if not due:
            return None
        later = place
        if before is not None:
            later = moved_on(before[1], place, renderer.settings.exposure_s / (scene.t - before[0]))
        lens = self.lens.moved_to(self.mount.camera(place))
        picture, depth = renderer.look(lens, scene, OFFICER)
        end = self.mount.camera(later)
        faces = face_views(BODY_CAMERA, lens, depth, renderer.faces.but(OFFICER), end)
        return BodyShot(lens.camera, end, self._fps, picture, faces)


class BodyCameraFiles:
    """Writes `video/body-camera.mp4` and `body-camera.json` as soon as there is a picture, and nothing otherwise.

    The JSON has the camera's intrinsics and its path: for every picture `t` (seconds), `position` (3 metres) and
    `rotation` (3 x 3, world to camera).
    """

    def __init__(self, out: Path, video: bool) -> None:
        """Opens nothing yet."""
        self._out, self._wanted, self._fps = out, video, 0
        self._video: VideoWriter | None = None
        self._camera: Camera | None = None
        self._path: list[dict[str, object]] = []

    def write(self, t: float, shot: BodyShot) -> None:
        """Appends one picture."""
        camera = self._camera = shot.camera
        self._fps = shot.fps
        if self._wanted and self._video is None:
            path = self._out / "video" / f"{BODY_CAMERA}.mp4"
            self._video = VideoWriter(path, camera.width, camera.height, self._fps, quality=VIDEO_QUALITY)
        if self._video is not None:
            self._video.write(shot.picture)
        self._path.append({"t": t, "position": camera.centre.tolist(), "rotation": camera.rotation.tolist()})

    def close(self) -> None:
        """Finishes both files."""
        if self._video is not None:
            self._video.close()
        if self._camera is None:
            return
        camera = self._camera
        fov = 2 * math.degrees(math.atan(camera.width / 2 / camera.matrix[0, 0]))
        intrinsics = {"matrix": camera.matrix.tolist(), "distortion": camera.distortion.tolist(), "fov_deg": fov}
        size = {"camera": BODY_CAMERA, "width": camera.width, "height": camera.height, "fps": self._fps}
        write_json(self._out / f"{BODY_CAMERA}.json", {**size, **intrinsics, "path": self._path})

    def __enter__(self) -> Self:
        """The files themselves."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        """Closes them."""
        self.close()
