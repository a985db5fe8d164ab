"""The world and its cameras as one stream: what happened at each tick, and the pictures of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sim.body_camera import BodyCameraView, BodyShot
from sim.cameras import RenderSettings, StoreRenderer
from sim.face_capture import FaceView
from sim.faulty_cameras import Exposure, FaultyCameras, covered
from sim.light import LightLevel
from sim.randomness import generator
from sim.reel import Reel
from sim.scenario import OFFICER
from sim.stopwatch import Stopwatch
from sim.store_plan import StorePlan
from sim.visibility import TruthBox
from sim.world import World, WorldTick
from tracking.camera import Camera

WARM_UP_SECONDS = 3.0
"""How long the cameras see the empty store before it opens."""


@dataclass(frozen=True, slots=True)
class Footage:
    """One tick: pictures by camera; `tick` is None while the cameras look at the empty store before opening.

    Boxes and faces are ground truth and go into the run folder only, and so does what an officer's body camera sees.
    """

    tick: WorldTick | None
    frames: Mapping[str, NDArray[np.uint8]]
    boxes: Mapping[str, list[TruthBox]]
    faces: list[FaceView]
    body: BodyShot | None = None


def film(
    world: World, plan: StorePlan, cameras: Mapping[str, Camera], seed: int, watch: Stopwatch
) -> Iterator[Footage]:
    """Draws the empty store for `WARM_UP_SECONDS`, then the world tick by tick until its day is over.

    A camera that a fault of the scenario silences is missing in `frames` and `boxes` of that tick.
    """
    rng = np.random.default_rng([seed, 0xCA4E7A])
    body = _body_camera(world)
    faulty = FaultyCameras(cameras, world.scenario.faults, generator(seed, "faults"))
    reel = Reel(world, faulty.latest, faulty.earliest, lambda: _timed(world.step, watch))
    blocks = generator(seed, "blocked")
    light, settings = world.scenario.light, RenderSettings(noise_sd=world.scenario.light.noise_sd)
    moving = [body.lens] if body else ()
    with StoreRenderer(plan, world.people, faulty.poses, rng, settings, moving, world.carts) as renderer:
        level = _relit(renderer, LightLevel(), light.level(0.0), watch)
        for _ in range(round(WARM_UP_SECONDS * world.scenario.fps)):
            with watch.stage("render"):
                frames = renderer.render_empty(list(cameras))
            yield Footage(None, frames, {}, [])
        for tick in reel:
            level = _relit(renderer, level, light.level(tick.t), watch)
            frames, boxes, faces = _shoot(renderer, reel, faulty.at(tick.t), tick.t, watch)
            for name in sorted(tick.blocked & frames.keys()):
                frames[name], boxes[name] = covered(frames[name], blocks), []
                faces = [face for face in faces if face.camera != name]
            with watch.stage("body camera"):
                shot = body.shoot(reel.scene(tick.t), renderer) if body else None
            yield Footage(tick, frames, boxes, faces, shot)


def _relit(renderer: StoreRenderer, before: LightLevel, level: LightLevel, watch: Stopwatch) -> LightLevel:
    """Changes the light where it differs visibly from `before`; returns the level that is now shown."""
    if not level.differs(before):
        return before
    with watch.stage("render"):
        renderer.relight(level)
    return level


def _timed(step: Callable[[], WorldTick], watch: Stopwatch) -> WorldTick:
    with watch.stage("world"):
        return step()


def _shoot(
    renderer: StoreRenderer, reel: Reel, exposures: Sequence[Exposure], t: float, watch: Stopwatch
) -> tuple[dict[str, NDArray[np.uint8]], dict[str, list[TruthBox]], list[FaceView]]:
    """Takes the pictures of one tick, moment by moment, the tick's own last, so that it stays on the stage."""
    frames: dict[str, NDArray[np.uint8]] = {}
    boxes: dict[str, list[TruthBox]] = {}
    faces: list[FaceView] = []
    for late_by in [*sorted({one.late_by for one in exposures} - {0.0}), 0.0]:
        scene, camera_of = (
            reel.scene(t - late_by),
            {one.pose: one.camera for one in exposures if one.late_by == late_by},
        )
        poses = list(camera_of)
        with watch.stage("render"):
            pictures = renderer.render(scene, poses)
        with watch.stage("truth"):
            found, seen = renderer.truth_boxes(scene, poses), renderer.face_captures(scene, poses)
        frames |= {camera_of[pose]: picture for pose, picture in pictures.items()}
        boxes |= {camera_of[pose]: own for pose, own in found.items()}
        faces += [replace(face, camera=camera_of[face.camera]) for face in seen]
    order = [one.camera for one in exposures]
    return {name: frames[name] for name in order}, {name: boxes[name] for name in order}, faces


def _body_camera(world: World) -> BodyCameraView | None:
    settings = world.scenario.body_camera
    return BodyCameraView(world.people[OFFICER], settings, world.scenario.fps) if settings else None
