"""A store without pixels: walkers, cameras and the detections and embeddings that networks would give of them.

Noise, misses, occlusion by shelves and by people, false positives and similar clothes are drawn from a seed, so the
chain after detection can be tuned and tested in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tracking.camera import Camera
from tracking.observation import Detection
from tracking.pipeline import Entrance, FloorArea, StoreTracker, TrackerSettings

Array = NDArray[np.float64]
ROOM = (8.0, 6.0)
DOOR = (4.0, 0.3)
#: x0, y0, x1, y1, height in metres of each gondola.
GONDOLAS = np.array(
    [[1.2, 2.0, 3.2, 2.5, 1.4], [4.8, 2.0, 6.8, 2.5, 1.4], [1.2, 3.9, 3.2, 4.4, 1.4], [4.8, 3.9, 6.8, 4.4, 1.4]]
)
# Of stature: height, then metres to the left and forward, of each COCO keypoint of somebody who stands.
_BODY = np.array(
    [
        (0.93, 0.00, 0.10), (0.945, 0.03, 0.08), (0.945, -0.03, 0.08), (0.935, 0.07, 0.0), (0.935, -0.07, 0.0),
        (0.82, 0.17, 0.0), (0.82, -0.17, 0.0), (0.63, 0.22, 0.0), (0.63, -0.22, 0.0), (0.48, 0.22, 0.1),
        (0.48, -0.22, 0.1), (0.53, 0.10, 0.0), (0.53, -0.10, 0.0), (0.28, 0.10, 0.0), (0.28, -0.10, 0.0),
        (0.045, 0.10, 0.0), (0.045, -0.10, 0.0),
    ]
)  # fmt: skip
_SWING = np.array([0] * 9 + [0.12, -0.12] + [0, 0] + [0.12, -0.12, 0.28, -0.28])
_SKIN = np.array([(z, r * np.cos(a), r * np.sin(a)) for z, r in [(0.0, 0.1), (0.15, 0.1), (0.3, 0.13), (0.45, 0.2),
                  (0.6, 0.2), (0.75, 0.2), (0.87, 0.1), (1.0, 0.07)] for a in np.arange(6) * np.pi / 3])  # fmt: skip


@dataclass
class Noise:
    """How bad the networks are."""

    miss: float = 0.1
    burst_per_s: float = 0.03
    false_per_frame: float = 0.02
    ghost_per_s: float = 0.01
    pixel_sd: float = 1.5
    drift_px: float = 2.0
    same_sd: float = 0.5
    clothes: float = 0.5
    keypoints: bool = True


@dataclass
class Bench:
    """Everything that one seed gives: truth by rows, and detections with embeddings by tick and camera."""

    cameras: dict[str, Camera]
    times: list[float]
    truth: dict[str, list[Any]]
    seen: list[dict[str, list[tuple[Detection, NDArray[np.float32]]]]] = field(default_factory=list)


def corner_cameras(width: int = 640, height: int = 360) -> dict[str, Camera]:
    """Four cameras high in the corners of the room."""
    lens = (-0.1, 0.01, 0.0, 0.0, 0.0)
    places = {"ne": (7.8, 5.8), "nw": (0.2, 5.8), "se": (7.8, 0.2), "sw": (0.2, 0.2)}
    return {
        name: Camera.look_at(name, (*place, 2.8), (4.0, 3.0, 0.5), 90.0, width, height, lens)
        for name, place in places.items()
    }


def free(points: Array, margin: float = 0.3) -> bool:
    """Whether no point (N, 2) lies within `margin` of a gondola and all lie in the room."""
    x, y = points[:, :1], points[:, 1:]
    hit = (x > GONDOLAS[:, 0] - margin) & (x < GONDOLAS[:, 2] + margin)
    hit &= (y > GONDOLAS[:, 1] - margin) & (y < GONDOLAS[:, 3] + margin)
    return not hit.any() and bool((points > 0.25).all() and (points < np.array(ROOM) - 0.25).all())


def path(rng: np.random.Generator, seconds: float, dt: float) -> Array:
    """(T, 4) x, y, heading, speed of one visit: in at the door, among the shelves, out at the door."""
    pace = rng.uniform(0.8, 1.3)
    here, rows = np.array(DOOR), []
    heading = np.pi / 2
    leaving, stay = False, 0.0
    while True:
        goal = np.array(DOOR) if leaving else np.array([rng.uniform(0.4, 7.6), rng.uniform(0.7, 5.6)])
        line = np.linspace(here, goal, 40)
        if not free(line, 0.25 if leaving else 0.3):
            if leaving:
                goal = np.array([4.0 + rng.uniform(-0.4, 0.4), here[1]])
                if not free(np.linspace(here, goal, 40), 0.25):
                    goal = np.array([rng.choice([0.6, 7.4, here[0]]), rng.uniform(0.7, 5.6)])
                    if not free(np.linspace(here, goal, 40), 0.25):
                        continue
            else:
                continue
        distance = float(np.linalg.norm(goal - here))
        wanted = float(np.arctan2(*(goal - here)[::-1]))
        steps = max(1, int(distance / pace / dt))
        for k in range(1, steps + 1):
            heading += 0.3 * ((wanted - heading + np.pi) % (2 * np.pi) - np.pi)
            rows.append((*(here + (goal - here) * k / steps), heading, pace))
        here = goal
        if leaving and np.allclose(goal, DOOR):
            return np.array(rows)
        stay = rng.uniform(1.0, 6.0) if rng.random() < 0.7 else 0.0
        rows += [(*here, heading, 0.0)] * (0 if leaving else int(stay / dt))
        leaving = leaving or len(rows) * dt > seconds


def points_of(row: Array, height: float, phase: float) -> tuple[Array, Array]:
    """World (17, 3) keypoints and (S, 3) skin of a walker at x, y, heading, speed."""
    x, y, heading, speed = row
    left = np.array([-np.sin(heading), np.cos(heading)])
    forward = np.array([np.cos(heading), np.sin(heading)])
    swing = _SWING * np.sin(phase) * min(1.0, speed)
    keypoints = np.empty((17, 3))
    keypoints[:, :2] = (x, y) + _BODY[:, 1:2] * left + (_BODY[:, 2:] + swing[:, None]) * forward
    keypoints[:, 2] = _BODY[:, 0] * height
    skin = np.column_stack([x + _SKIN[:, 1], y + _SKIN[:, 2], _SKIN[:, 0] * height])
    return keypoints, skin


def hidden_by_shelves(centre: Array, points: Array) -> NDArray[np.bool_]:
    """Whether a gondola stands between the camera's centre (3,) and each point (N, 3)."""
    lows = np.column_stack([GONDOLAS[:, :2], np.full(len(GONDOLAS), -1.0)])
    highs = GONDOLAS[:, 2:]
    with np.errstate(divide="ignore"):
        scale = 1 / (points - centre)[:, None]
    near, far = (lows - centre) * scale, (highs - centre) * scale
    enter = np.minimum(near, far).max(axis=2)
    leave = np.maximum(near, far).min(axis=2)
    return np.asarray(((enter < leave) & (leave > 0) & (enter < 0.97)).any(axis=1))


def make(seed: int, people: int = 8, seconds: float = 60.0, noise: Noise | None = None, fps: float = 10.0) -> Bench:
    """The bench of a seed: `people` visits that begin within the first third."""
    rng = np.random.default_rng(seed)
    noise = noise or Noise()
    cameras = corner_cameras()
    dt = 1 / fps
    visits = []
    for person in range(people):
        start = int((person + rng.uniform(0, 0.6)) * seconds / 3 / people * fps)
        visits.append((start, path(rng, seconds * rng.uniform(0.5, 0.75), dt)))
    heights = rng.normal(1.68, 0.1, people)
    looks = _looks(rng, people, noise.clothes)
    ticks = max(start + len(rows) for start, rows in visits) + int(2 * fps)
    bench = Bench(cameras, [k * dt for k in range(ticks)], {"t": [], "person": [], "x": [], "y": []})
    drift = rng.normal(0, noise.drift_px, (people, len(cameras), 17, 2))
    burst = np.zeros((people, len(cameras)))
    ghosts: dict[str, tuple[int, Array]] = {}
    for k in range(ticks):
        present = [(p, rows[k - start]) for p, (start, rows) in enumerate(visits) if 0 <= k - start < len(rows)]
        for p, row in present:
            for name, value in zip(bench.truth, (k * dt, f"p{p}", row[0], row[1]), strict=True):
                bench.truth[name].append(value)
        drift = 0.9 * drift + rng.normal(0, noise.drift_px * np.sqrt(1 - 0.81), drift.shape)
        burst = np.maximum(0, burst - dt)
        started = rng.random(burst.shape) < noise.burst_per_s * dt
        burst[started] = rng.uniform(1, 3, int(started.sum()))
        frame = {}
        for c, (name, camera) in enumerate(cameras.items()):
            bodies = [(p, *points_of(row, heights[p], k * dt * 2 * np.pi * 0.9)) for p, row in present]
            frame[name] = _detections(rng, camera, bodies, burst[:, c], drift[:, c], looks, noise)
            frame[name] += _false(rng, name, noise, dt, ghosts, k)
        bench.seen.append(frame)
    return bench


def _looks(rng: np.random.Generator, people: int, clothes: float) -> Array:
    shared = rng.normal(size=64)
    own = rng.normal(size=(people, 64))
    looks = clothes * shared + own
    return np.asarray(looks / np.linalg.norm(looks, axis=1, keepdims=True))


def _embedding(rng: np.random.Generator, look: Array, sd: float) -> NDArray[np.float32]:
    noisy = look + rng.normal(0, sd / np.sqrt(len(look)), len(look))
    return np.asarray(noisy / np.linalg.norm(noisy), dtype=np.float32)


def _detections(
    rng: np.random.Generator,
    camera: Camera,
    bodies: list[tuple[int, Array, Array]],
    burst: Array,
    drift: Array,
    looks: Array,
    noise: Noise,
) -> list[tuple[Detection, NDArray[np.float32]]]:
    size = np.array([camera.width, camera.height])
    spans = []
    for p, keypoints, skin in bodies:
        distance = float(np.linalg.norm(keypoints[:, :2].mean(0) - camera.centre[:2]))
        pixels = camera.project(skin)
        spans.append((p, distance, np.concatenate([np.nanmin(pixels, 0), np.nanmax(pixels, 0)])))
    result = []
    for (p, keypoints, skin), (_, distance, _) in zip(bodies, spans, strict=True):
        if burst[p] > 0 or rng.random() < noise.miss:
            continue
        both = np.concatenate([keypoints, skin])
        pixels = camera.project(both)
        seen = ~hidden_by_shelves(camera.centre, both)
        seen &= np.isfinite(pixels).all(1) & (pixels >= 0).all(1) & (pixels < size).all(1)
        for q, other, span in spans:
            if q != p and other < distance:
                shrink = (span[2:] - span[:2]) * (0.15, 0.05)
                seen &= ~((pixels > span[:2] + shrink) & (pixels < span[2:] - shrink)).all(1)
        part = seen[17:].mean()
        if part < 0.25:
            continue
        jitter = rng.normal(0, noise.pixel_sd, 4)
        shown = pixels[17:][seen[17:]]
        box = np.concatenate([shown.min(0), shown.max(0)]) + jitter + np.tile(drift[p, 0], 2) * 0.5
        points = np.zeros((17, 3), np.float32)
        if noise.keypoints:
            points[:, :2] = np.nan_to_num(pixels[:17]) + rng.normal(0, noise.pixel_sd, (17, 2)) + drift[p]
            points[:, 2] = np.where(seen[:17], rng.uniform(0.6, 0.95, 17), rng.uniform(0.0, 0.35, 17))
        embedding = _embedding(rng, looks[p], noise.same_sd * (1 if part > 0.6 else 2))
        result.append((Detection(box.astype(np.float32), float(rng.uniform(0.5, 0.95)), points), embedding))
    return result


def _false(
    rng: np.random.Generator, name: str, noise: Noise, dt: float, ghosts: dict[str, tuple[int, Array]], k: int
) -> list[tuple[Detection, NDArray[np.float32]]]:
    boxes = []
    if rng.random() < noise.false_per_frame:
        boxes.append(_box(rng))
    if name not in ghosts and rng.random() < noise.ghost_per_s * dt:
        ghosts[name] = (k + int(rng.uniform(1, 5) / dt), _box(rng))
    if name in ghosts:
        until, box = ghosts[name]
        boxes.append(box + rng.normal(0, 1, 4))
        if k > until:
            del ghosts[name]
    empty = np.zeros((17, 3), np.float32)
    return [
        (Detection(box.astype(np.float32), 0.5, empty), _embedding(rng, rng.normal(size=64) / 8, 0.1)) for box in boxes
    ]


def _box(rng: np.random.Generator) -> Array:
    x, y, height = rng.uniform(50, 550), rng.uniform(60, 200), rng.uniform(60, 150)
    return np.array([x, y, x + height * 0.35, y + height])


class Replay:
    """A detector and an embedder that say, tick by tick, what the bench drew."""

    dimmed = False

    def __init__(self, bench: Bench) -> None:
        self._rows = [row for frame in bench.seen for row in frame.values()]
        self._next = 0
        self._looks: list[NDArray[np.float32]] = []

    def detect(self, images: Sequence[NDArray[np.uint8]], windows: object = None) -> list[list[Detection]]:
        rows = self._rows[self._next : self._next + len(images)]
        self._next += len(images)
        self._looks = [np.stack([look for _, look in row]) for row in rows if row]
        return [[found for found, _ in row] for row in rows]

    def embed(self, image: NDArray[np.uint8], boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        return self._looks.pop(0)


def room_area() -> FloorArea:
    """The whole room, with its one door and its gondolas."""
    corners = [np.array([(a, b), (c, b), (c, d), (a, d)]) for a, b, c, d, _ in GONDOLAS]
    width, depth = ROOM
    boundary = np.array([(0, 0), (width, 0), (width, depth), (0, depth)], np.float64)
    return FloorArea(boundary, (Entrance("door", *DOOR, 1.2),), tuple(corners))


def follow(bench: Bench, settings: TrackerSettings | None = None) -> tuple[dict[str, list[float]], StoreTracker]:
    """Confirmed tracks, as columns t, track, x, y, sd, that the whole chain finds in the bench."""
    replay = Replay(bench)
    tracker = StoreTracker(bench.cameras, room_area(), replay, replay, settings)
    frames = {name: np.zeros((view.height, view.width, 3), np.uint8) for name, view in bench.cameras.items()}
    columns: dict[str, list[float]] = {"t": [], "track": [], "x": [], "y": [], "sd": []}
    for t in bench.times:
        for track in tracker.step(t, frames):
            if track.confirmed:
                for name, value in zip(columns, (t, track.track, track.x, track.y, track.sd), strict=True):
                    columns[name].append(value)
    return columns, tracker
