"""Frames of dense crowds before one wide camera, cut to what a detector sees of such a picture.

A detector makes a wide picture as small as any other, and looks at parts of it at twice that size; a second look cuts
people out of the picture as it is. So a frame is the whole picture made small, or a part of it at one of these scales.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.cameras import RenderSettings, StoreRenderer
from sim.dataset.crowd import Crowd
from sim.dataset.exposure import draw_exposure, exposed
from sim.dataset.labels import Label, Sample, labels_of
from sim.people import Person, sample_appearance
from sim.random_plan import HALL_PIXELS, random_hall, unseen_hall
from sim.scene import SceneState
from sim.store_plan import camera_models
from sim.visibility import TruthBox

LEAST_PEOPLE, MOST_PEOPLE = 30, 100
PART_WIDTH, PART_HEIGHT = 640, 360
Pixel = TypeVar("Pixel", np.uint8, np.int16)
_SCALES = (("whole", 3), ("near0", 1.5), ("near1", 1.5), ("near2", 1.5), ("close", 1))


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a wide picture: `left` and `top` px of it, made `times` smaller, is 640 x 360 px."""

    name: str
    left: int
    top: int
    times: float

    def of(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The part of a picture (H, W, 3), made small as the detector makes it."""
        return np.asarray(cv2.resize(self._cut(picture), (PART_WIDTH, PART_HEIGHT), interpolation=cv2.INTER_LINEAR))

    def labels(self, boxes: Sequence[TruthBox], who: NDArray[np.int16], numbers: dict[str, int]) -> list[Label]:
        """Labels (`labels_of`) in the part; what lies outside of it is as hidden as what others hide."""
        size = (PART_WIDTH, PART_HEIGHT)
        shown = np.asarray(cv2.resize(self._cut(who), size, interpolation=cv2.INTER_NEAREST), np.int16)
        whole, part = (np.bincount(pixels[pixels >= 0], minlength=len(numbers)) for pixels in (who, self._cut(who)))
        moved = []
        for one in boxes:
            number = numbers[one.person]
            if part[number]:
                visible = one.visible * float(part[number] / whole[number])
                moved.append(replace(one, visible=visible, keypoints=self._keypoints(one.keypoints)))
        return labels_of(moved, shown, numbers)

    def _cut(self, picture: NDArray[Pixel]) -> NDArray[Pixel]:
        width, height = round(PART_WIDTH * self.times), round(PART_HEIGHT * self.times)
        return picture[self.top : self.top + height, self.left : self.left + width]

    def _keypoints(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Keypoints (17, 3) px of the wide picture in px of the part, zeros where they lie outside."""
        moved = points.copy()
        moved[:, :2] = (points[:, :2] + 0.5 - (self.left, self.top)) / self.times - 0.5
        inside = (moved[:, :2] >= -0.5).all(1) & (moved[:, 0] < PART_WIDTH - 0.5) & (moved[:, 1] < PART_HEIGHT - 0.5)
        return np.where((inside & (points[:, 2] > 0))[:, None], moved, 0).astype(np.float32)


def parts_of_hall(rng: np.random.Generator) -> list[Part]:
    """The whole picture and random parts of it, each a view of its own with its own empty picture."""
    parts = []
    for name, times in _SCALES:
        room = HALL_PIXELS[0] - round(PART_WIDTH * times), HALL_PIXELS[1] - round(PART_HEIGHT * times)
        parts.append(Part(name, int(rng.integers(0, room[0] + 1)), int(rng.integers(0, room[1] + 1)), times))
    return parts


def hall_samples(
    rng: np.random.Generator, split: Literal["train", "test"], name: str, empties: Path, frames: int
) -> Iterator[Sample]:
    """Samples of one hall with 30 to 100 people in it; writes the empty picture of each part into `empties` first."""
    plan = random_hall(rng) if split == "train" else unseen_hall(rng)
    bodies: Literal["train", "held-out"] = "train" if split == "train" else "held-out"
    count = int(rng.integers(LEAST_PEOPLE, MOST_PEOPLE + 1))
    people = {f"p{i}": Person(f"p{i}", sample_appearance(rng, bodies)) for i in range(count)}
    numbers = {person: number for number, person in enumerate(people)}
    settings = RenderSettings(noise_sd=0.0, contact_shadow=float(rng.uniform(0, 0.5)))
    exposure, parts = draw_exposure(rng), parts_of_hall(rng)
    with StoreRenderer(plan, people, camera_models(plan), rng, settings) as renderer:
        (camera,) = renderer.cameras
        learnt = exposed(renderer.render_empty()[camera], exposure, rng, jitter=0.0, noise=0.3)
        for part in parts:
            path = empties / f"{name}-{part.name}.jpg"
            cv2.imwrite(str(path), part.of(learnt), [cv2.IMWRITE_JPEG_QUALITY, 95])
        crowd = Crowd(plan, list(people.values()), rng)
        for instant in range(-(-frames // len(parts))):
            scene = SceneState(float(instant), crowd.postures(count))
            picture, boxes = renderer.render(scene)[camera], renderer.truth_boxes(scene)[camera]
            frame, who = exposed(picture, exposure, rng, jitter=0.05, noise=1.0), renderer.who(camera)
            for part in parts:
                labels = part.labels(boxes, who, numbers)
                yield Sample(f"{name}-{part.name}-{instant:03d}", f"{name}-{part.name}", part.of(frame), labels)
