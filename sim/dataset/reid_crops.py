"""Crops of random people by many cameras, named as in Market-1501, for training and testing re-identification."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.cameras import RenderSettings, StoreRenderer
from sim.dataset.crowd import Crowd
from sim.dataset.exposure import draw_exposure, exposed
from sim.dataset.labels import Label, labels_of
from sim.people import Person, sample_appearance
from sim.random_plan import random_plan, unseen_plan
from sim.scene import SceneState
from sim.store_plan import StorePlan, camera_models

CROP_WIDTH, CROP_HEIGHT = 64, 128
CAST = 12
MOST_CAMERAS = 6
LEAST_VISIBLE = 0.3  # partly hidden people are wanted, slivers are not
LEAST_HEIGHT_PX = 32
STANDING_AROUND = 7  # people in the store at once, so that they hide parts of each other


@dataclass(frozen=True, slots=True)
class Crop:
    """128 x 64 BGR picture of person number `identity` by `camera` (from 1, in each store anew) at `frame`."""

    identity: int
    camera: int
    store: int
    frame: int
    picture: NDArray[np.uint8]

    @property
    def file_name(self) -> str:
        """The name Market-1501 would give it."""
        return f"{self.identity:04d}_c{self.camera}s{self.store}_{self.frame:06d}_00.jpg"


def render_reid(
    out: Path | str,
    identities: int,
    seed: int,
    split: Literal["train", "test"] = "train",
    *,
    crops: int = 24,
    first_identity: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Renders about `crops` crops of each identity; returns how many pictures were written.

    "train" goes to `bounding_box_train/` (random stores, training bodies); "test" to `query/` (the first crop of each
    identity and camera) and `bounding_box_test/` (built-in stores, bodies held out).

    Args:
        out: folder of the data set.
        identities: how many different people.
        seed: same seed, same crops.
        split: which bodies and stores.
        crops: per identity, spread over at least four cameras.
        first_identity: number of the first, so that shards rendered in parallel do not collide.
        progress: called with identities done and `identities`.
    """
    out, written = Path(out), 0
    for start in range(0, identities, CAST):
        rng = np.random.default_rng([seed, start])
        numbers = range(first_identity + start, first_identity + min(start + CAST, identities))
        queried: set[tuple[int, int]] = set()
        for crop in _cast_crops(rng, split, list(numbers), crops):
            folder = "bounding_box_train" if split == "train" else "bounding_box_test"
            if split == "test" and (crop.identity, crop.camera) not in queried:
                queried.add((crop.identity, crop.camera))
                folder = "query"
            path = out / folder / crop.file_name
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), crop.picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
            written += 1
        if progress is not None:
            progress(min(start + CAST, identities), identities)
    return written


def _cast_crops(
    rng: np.random.Generator, split: Literal["train", "test"], identities: list[int], crops: int
) -> Iterator[Crop]:
    """Crops of a dozen people; training people visit two stores, half of their crops in each."""
    bodies: Literal["train", "held-out"] = "train" if split == "train" else "held-out"
    people = {f"p{number}": Person(f"p{number}", sample_appearance(rng, bodies)) for number in identities}
    stores = 2 if split == "train" else 1
    for store in range(1, stores + 1):
        plan = random_plan(rng) if split == "train" else unseen_plan(rng)
        yield from _store_crops(rng, plan, people, store, crops // stores)


def _store_crops(
    rng: np.random.Generator, plan: StorePlan, people: dict[str, Person], store: int, wanted: int
) -> Iterator[Crop]:
    """About `wanted` crops of each of the people in one store, few from the same camera."""
    # Market-1501 has cameras 1 to 6 and its readers expect one digit.
    cameras = dict(list(camera_models(plan).items())[:MOST_CAMERAS])
    exposures = {name: draw_exposure(rng) for name in cameras}
    quota = _Quota(wanted, -(-wanted * 3 // (2 * len(cameras))))
    with StoreRenderer(plan, people, cameras, rng, RenderSettings(noise_sd=0.0)) as renderer:
        crowd = Crowd(plan, list(people.values()), rng)
        numbers = {person: number for number, person in enumerate(people)}
        for instant in range(8 * wanted):
            scene = SceneState(float(instant), crowd.postures(STANDING_AROUND))
            pictures, boxes = renderer.render(scene), renderer.truth_boxes(scene)
            for c, (camera, picture) in enumerate(pictures.items()):
                frame = exposed(picture, exposures[camera], rng, jitter=0.05, noise=1.0)
                for label in labels_of(boxes[camera], renderer.who(camera), numbers):
                    if _usable(label) and quota.take(label.person, camera):
                        yield Crop(int(label.person[1:]), c + 1, store, instant, cut(frame, label.box, rng))
            if quota.filled(people):
                return


class _Quota:
    """Counts crops, so that no camera and no person gets more than their share."""

    def __init__(self, a_person: int, a_camera: int) -> None:
        self._a_person, self._a_camera = a_person, a_camera
        self._of_person: Counter[str] = Counter()
        self._of_pair: Counter[tuple[str, str]] = Counter()

    def take(self, person: str, camera: str) -> bool:
        """Whether one more is wanted; counts it."""
        if self._of_person[person] >= self._a_person or self._of_pair[person, camera] >= self._a_camera:
            return False
        self._of_person[person] += 1
        self._of_pair[person, camera] += 1
        return True

    def filled(self, people: Iterable[str]) -> bool:
        """Whether everybody has their share."""
        return all(self._of_person[person] >= self._a_person for person in people)


def _usable(label: Label) -> bool:
    return label.visible >= LEAST_VISIBLE and bool(label.box[3] - label.box[1] >= LEAST_HEIGHT_PX)


def cut(frame: NDArray[np.uint8], box: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The box's crop, its edges a few percent off as a detector's are, at 128 x 64."""
    size = np.array([box[2] - box[0], box[3] - box[1]] * 2)
    x1, y1, x2, y2 = box + rng.normal(0, 0.04, 4) * size
    height, width = frame.shape[:2]
    left, top = int(np.clip(round(x1), 0, width - 2)), int(np.clip(round(y1), 0, height - 2))
    right, bottom = int(np.clip(round(x2), left + 2, width)), int(np.clip(round(y2), top + 2, height))
    crop = cv2.resize(frame[top:bottom, left:right], (CROP_WIDTH, CROP_HEIGHT), interpolation=cv2.INTER_LINEAR)
    return np.asarray(crop, np.uint8)
