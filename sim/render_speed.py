"""What a camera frame costs: `python -m sim.render_speed [STORE] [PEOPLE]` prints milliseconds of processor time."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.cameras import StoreRenderer
from sim.dataset.crowd import Crowd
from sim.people import Person, sample_appearance
from sim.scene import SceneState
from sim.store_plan import camera_models, load_store


@dataclass(frozen=True, slots=True)
class RenderSpeed:
    """Milliseconds of processor time: a frame of one camera, and the truth about one frame; medians over ticks."""

    store: str
    people: int
    frame_ms: float
    boxes_ms: float
    faces_ms: float
    taken_item_ms: float

    def __str__(self) -> str:
        """One line."""
        return (
            f"{self.store}, {self.people} people, a camera frame: drawing {self.frame_ms:.1f} ms, boxes "
            f"{self.boxes_ms:.1f} ms, faces {self.faces_ms:.1f} ms; a taken item {self.taken_item_ms:.1f} ms a camera"
        )


def measure(store: str = "corner-shop", people: int = 8, ticks: int = 24, seed: int = 1) -> RenderSpeed:
    """Draws random crowds of `people` in a built-in store and measures each step; noise and lens included."""
    plan, rng = load_store(store), np.random.default_rng(seed)
    cast = {f"p{i}": Person(f"p{i}", sample_appearance(rng)) for i in range(people)}
    cameras = camera_models(plan)
    crowd = Crowd(plan, list(cast.values()), rng)
    scenes = [SceneState(float(i), crowd.postures(people)) for i in range(ticks)]
    slot = next(place for place in plan.slot_places() if place.stock > 0)
    with StoreRenderer(plan, cast, cameras, rng) as renderer:
        drawn, boxes, faces, empty, taken = [], [], [], [], []
        for i, scene in enumerate(scenes):
            drawn.append(_milliseconds(lambda scene=scene: renderer.render(scene)))  # type: ignore[misc]
            boxes.append(_milliseconds(lambda scene=scene: renderer.truth_boxes(scene)))  # type: ignore[misc]
            faces.append(_milliseconds(lambda scene=scene: renderer.face_captures(scene)))  # type: ignore[misc]
            same, other = SceneState(i + 0.2), SceneState(i + 0.4, (), {slot.key: slot.stock - 1 + i % 2})
            empty.append(_milliseconds(lambda scene=same: renderer.render(scene)))  # type: ignore[misc]
            taken.append(_milliseconds(lambda scene=other: renderer.render(scene)))  # type: ignore[misc]
    count = len(cameras)
    frame, box, face, still, change = (float(np.median(times)) / count for times in (drawn, boxes, faces, empty, taken))
    return RenderSpeed(store, people, frame, box, face, max(0.0, change - still))


def _milliseconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return 1000 * (time.process_time() - start)


if __name__ == "__main__":
    print(measure(sys.argv[1] if len(sys.argv) > 1 else "corner-shop", int(sys.argv[2]) if len(sys.argv) > 2 else 8))
