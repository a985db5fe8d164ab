"""Frames of people in random stores and of crowds in halls, with their empty pictures, in YOLO's folder layout."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal

import cv2
import numpy as np

from sim.cameras import RenderSettings, StoreRenderer
from sim.dataset.clutter import Clutter
from sim.dataset.crowd import Crowd
from sim.dataset.exposure import draw_exposure, exposed
from sim.dataset.hall_frames import MOST_PEOPLE, hall_samples
from sim.dataset.labels import Sample, ignore_line, labels_of, pose_line
from sim.people import Person, sample_appearance
from sim.random_plan import random_plan, unseen_plan
from sim.scene import SceneState
from sim.store_plan import StorePlan, camera_models

Progress = Callable[[int, int], None]
FLIP = "[0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]"
CAST = 24  # people who take turns in one store
HALLS = 0.1  # share of stores that are halls with a crowd
_MOST_STORES = 10_000  # of one seed, for numbering people


def render_dataset(
    out: Path | str,
    frames: int,
    seed: int,
    split: Literal["train", "test"] = "train",
    *,
    folder: str | None = None,
    frames_per_plan: int = 64,
    progress: Progress | None = None,
) -> int:
    """Renders `frames` labelled frames under `out`; returns how many were written.

    Writes `images/FOLDER/*.jpg`, `labels/FOLDER/*.txt` (YOLO pose), `identities/FOLDER/*.txt` (a number for each of
    these rows: the same person has the same one in all frames), `ignore/FOLDER/*.txt` (people who do not count),
    `empties/FOLDER/*.jpg` (one a camera), `frames-FOLDER-SEED.csv` (image, empty, plan, people) and `data.yaml`.
    Several processes may write into one folder with different seeds.

    Args:
        out: folder of the data set.
        frames: how many.
        seed: same seed, same frames; names start with it.
        split: "train" draws random stores and halls and training bodies; "test" the built-in ones, which are never
            trained on, under random light and partly with random cameras, and bodies held out.
        folder: name of the sub-folder, `split` if not given.
        frames_per_plan: a new store and new people after so many frames.
        progress: called with frames done and `frames`.
    """
    out, folder = Path(out), folder or split
    for kind in ("images", "labels", "identities", "ignore", "empties"):
        (out / kind / folder).mkdir(parents=True, exist_ok=True)
    _write_data_yaml(out)
    done = 0
    with (out / f"frames-{folder}-{seed}.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["image", "empty", "plan", "people", "ignored"])
        for store in range(10**9):
            rng = np.random.default_rng([seed, store])
            samples = hall_samples if rng.uniform() < HALLS else store_samples
            for sample in samples(rng, split, f"{seed}-{store:04d}", out / "empties" / folder, frames_per_plan):
                _write_sample(out, folder, sample, (seed * _MOST_STORES + store) * MOST_PEOPLE)
                counted = sum(label.counts for label in sample.labels)
                rows.writerow([sample.name, sample.empty, store, counted, len(sample.labels) - counted])
                done += 1
                if progress is not None:
                    progress(done, frames)
                if done >= frames:
                    return done
            file.flush()
    return done


def store_samples(
    rng: np.random.Generator, split: Literal["train", "test"], name: str, empties: Path, frames: int
) -> Iterator[Sample]:
    """Samples of one store with one cast; writes the empty picture of each camera into `empties` first."""
    plan = random_plan(rng) if split == "train" else unseen_plan(rng)
    bodies: Literal["train", "held-out"] = "train" if split == "train" else "held-out"
    people = {f"p{i}": Person(f"p{i}", sample_appearance(rng, bodies)) for i in range(CAST)}
    settings = RenderSettings(noise_sd=0.0, contact_shadow=float(rng.uniform(0, 0.5)))
    cameras = camera_models(plan)
    exposures = {camera: draw_exposure(rng) for camera in cameras}
    clutter = Clutter(plan, rng, bodies)
    with StoreRenderer(plan, people, cameras, rng, settings, props=clutter.props) as renderer:
        before = SceneState(-1.0, (), _some_taken(plan, rng, 0.1), props=clutter.learnt())
        for camera, picture in renderer.render(before).items():
            learnt = exposed(picture, exposures[camera], rng, jitter=0.0, noise=0.3)
            cv2.imwrite(str(empties / f"{name}-{camera}.jpg"), learnt, [cv2.IMWRITE_JPEG_QUALITY, 95])
        crowd = Crowd(plan, list(people.values()), rng, clutter.taken)
        numbers = {person: number for number, person in enumerate(people)}
        stock = before.shelf_stock
        for instant in range(-(-frames // len(cameras))):
            # The shelves change now and then, not at every instant: each change redraws every camera's store.
            stock = _some_taken(plan, rng, 0.25) if rng.uniform() < 0.12 else stock
            standing, props = clutter.among(crowd.postures(_headcount(rng)))
            scene = SceneState(float(instant), standing, stock, props=props)
            pictures, boxes = renderer.render(scene), renderer.truth_boxes(scene)
            for camera, picture in pictures.items():
                labels = labels_of(boxes[camera], renderer.who(camera), numbers)
                frame = exposed(picture, exposures[camera], rng, jitter=0.05, noise=1.0)
                yield Sample(f"{name}-{camera}-{instant:03d}", f"{name}-{camera}", frame, labels)


def _headcount(rng: np.random.Generator) -> int:
    """People in the store: none in one instant of twelve, a few mostly, up to two dozen in one of six."""
    low, high = ((0, 1), (1, 4), (3, 8), (7, 13), (12, 25))[int(rng.choice(5, p=[0.06, 0.2, 0.34, 0.24, 0.16]))]
    return int(rng.integers(low, high))


def _some_taken(plan: StorePlan, rng: np.random.Generator, share: float) -> dict[str, int]:
    """Stock by slot after `share` of the slots lost some items."""
    places = plan.slot_places()
    return {
        place.key: int(rng.integers(place.stock // 2, place.stock + 1)) if rng.uniform() < share else place.stock
        for place in places
    }


def _write_sample(out: Path, folder: str, sample: Sample, first_identity: int) -> None:
    height, width = sample.picture.shape[:2]
    path = out / "images" / folder / f"{sample.name}.jpg"
    cv2.imwrite(str(path), sample.picture, [cv2.IMWRITE_JPEG_QUALITY, 92])
    counted = [pose_line(label, width, height) for label in sample.labels if label.counts]
    ignored = [ignore_line(label, width, height) for label in sample.labels if not label.counts]
    (out / "labels" / folder / f"{sample.name}.txt").write_text("\n".join(counted))
    identities = [str(first_identity + int(label.person[1:])) for label in sample.labels if label.counts]
    (out / "identities" / folder / f"{sample.name}.txt").write_text("\n".join(identities))
    (out / "ignore" / folder / f"{sample.name}.txt").write_text("\n".join(ignored))


def _write_data_yaml(out: Path) -> None:
    (out / "data.yaml").write_text(
        "# Frames rendered by Glass Aisle. Boxes are the visible part of a person; people of whom less than a quarter\n"
        "# or less than 24 px of height is visible are in ignore/. The empty picture of 1-0002-c0-003 is 1-0002-c0.\n"
        f"path: {out.resolve()}\ntrain: images/train\nval: images/test\ntest: images/test\n"
        f"kpt_shape: [17, 3]\nflip_idx: {FLIP}\nnames: {{0: person}}\n"
    )
