"""The world and its cameras as one stream: what happened at each tick, and the pictures of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.body_camera import BodyCameraView, BodyShot
from sim.cameras import StoreRenderer
from sim.face_capture import FaceView
from sim.scenario import OFFICER
from sim.scene import SceneState
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
    """Draws the empty store for `WARM_UP_SECONDS`, then the world tick by tick until its day is over."""
    rng = np.random.default_rng([seed, 0xCA4E7A])
    body = _body_camera(world)
    with StoreRenderer(plan, world.people, cameras, rng, moving=[body.lens] if body else ()) as renderer:
        for _ in range(round(WARM_UP_SECONDS * world.scenario.fps)):
            with watch.stage("render"):
                frames = renderer.render_empty()
            yield Footage(None, frames, {}, [])
        while not world.done:
            with watch.stage("world"):
                tick = world.step()
            scene = SceneState(tick.t, tick.people, tick.shelf_stock, tick.misplaced)
            with watch.stage("render"):
                frames = renderer.render(scene)
            with watch.stage("truth"):
                boxes, faces = renderer.truth_boxes(scene), renderer.face_captures(scene)
            with watch.stage("body camera"):
                shot = body.shoot(scene, renderer) if body else None
            yield Footage(tick, frames, boxes, faces, shot)


def _body_camera(world: World) -> BodyCameraView | None:
    settings = world.scenario.body_camera
    return BodyCameraView(world.people[OFFICER], settings, world.scenario.fps) if settings else None
