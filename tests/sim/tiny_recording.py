"""A recording without pixels: two people come in one after the other and walk apart, before two cameras."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.bench.trackers.filming import RecordingWriter, TrueHand
from sim.bench.trackers.recording import Recording, RecordingManifest
from sim.footage import Footage
from sim.run_folder import write_json
from sim.visibility import TruthBox
from sim.world import PersonState, WorldTick
from tests.sim.worlds import small_plan
from tests.tracking.synthetic import points_of
from tracking.camera import Camera, save_calibration
from tracking.observation import Detection
from tracking.pipeline import View

FPS, SECONDS, HEIGHT_M = 10.0, 7.0, 1.7
STARTS = {"ada": 0.3, "ben": 2.0}
GOALS = {"ada": (1.0, 2.6), "ben": (4.0, 2.6)}
LOOKS = {"ada": np.eye(8, dtype=np.float32)[0], "ben": np.eye(8, dtype=np.float32)[1]}
FRAME = np.zeros((360, 640, 3), np.uint8)


class Lookalikes:
    """Says that everybody looks the same, whatever the picture."""

    def embed(self, image: NDArray[np.uint8], boxes: NDArray[np.floating]) -> NDArray[np.float32]:
        return np.tile(LOOKS["ada"], (len(boxes), 1))


def cameras() -> dict[str, Camera]:
    """One in each corner beside the gate."""
    return {
        "left": Camera.look_at("left", (0.1, 0.1, 2.6), (2.5, 2.0, 0.6), 90.0, 640, 360),
        "right": Camera.look_at("right", (4.9, 0.1, 2.6), (2.5, 2.0, 0.6), 90.0, 640, 360),
    }


def place(person: str, t: float) -> tuple[float, float] | None:
    """Where somebody is at `t` seconds; None before they come."""
    share = (t - STARTS[person]) / 4.0
    if share < 0:
        return None
    (x, y), (gx, gy) = (2.5, 0.4), GOALS[person]
    share = min(share, 1.0)
    return x + (gx - x) * share, y + (gy - y) * share


def seen_by(camera: Camera, person: str, t: float) -> tuple[Detection, TruthBox] | None:
    """What a perfect detector finds of a person, and what is true; None where not all of the body is in the frame."""
    where = place(person, t)
    if where is None:
        return None
    keypoints, skin = points_of(np.array([*where, np.pi / 2, 0.0]), HEIGHT_M, 0.0)
    pixels = camera.project(np.concatenate([keypoints, skin]))
    if not (np.isfinite(pixels).all() and (pixels > 0).all() and (pixels < (camera.width, camera.height)).all()):
        return None
    box = np.concatenate([pixels[17:].min(0), pixels[17:].max(0)]).astype(np.float32)
    points = np.column_stack([pixels[:17], np.full(17, 0.9)]).astype(np.float32)
    sd = np.full(17, 2.0, np.float32) if person == "ada" else None
    flags = np.column_stack([pixels[:17], np.full(17, 2.0)]).astype(np.float32)
    return Detection(box, 0.9, points, sd), TruthBox(person, box, 0.8, flags, box)


def tick_at(t: float) -> tuple[Footage, list[View], list[TrueHand]]:
    """What is recorded of one tick."""
    places = {who: spot for who in STARTS if (spot := place(who, t))}
    states = tuple(
        PersonState(who, "shopper", x, y, np.pi / 2, 0.0, 0.0, None, 0.0, None, 0) for who, (x, y) in places.items()
    )
    tick = WorldTick(t, states, frozenset(places), np.zeros(0), np.zeros((0, 0), np.float32), (), (), (), {})
    boxes: dict[str, list[TruthBox]] = {}
    views = []
    for name, camera in cameras().items():
        pairs = [(who, pair) for who in places if (pair := seen_by(camera, who, t))]
        boxes[name] = [truth for _, (_, truth) in pairs]
        looks = np.array([LOOKS[who] for who, _ in pairs], np.float32).reshape(len(pairs), -1 if pairs else 1)
        views.append(View(name, [found for _, (found, _) in pairs], looks))
    hands = [TrueHand(who, "L", x, y, 0.8, False, 2) for who, (x, y) in places.items()]
    return Footage(tick, dict.fromkeys(boxes, FRAME), boxes, []), views, hands


def tiny_recording(folder: Path) -> Recording:
    """Writes the recording into a folder that is not there yet."""
    (folder / "truth").mkdir(parents=True)
    write_json(folder / "plan.json", small_plan().model_dump(mode="json"))
    save_calibration(folder / "calibration.yaml", cameras())
    with RecordingWriter(folder, Lookalikes()) as writer:
        for k in range(round(SECONDS * FPS)):
            writer.tick(*tick_at((k + 1) / FPS))
    manifest = RecordingManifest(
        scenario="tiny", seed=1, seconds=SECONDS, fps=FPS, key="0" * 64, weights={}, recorded="2026-01-01", stages={}
    )
    write_json(folder / "recording.json", manifest.model_dump(mode="json"))
    return Recording(folder)
