"""How well kept pictures link people over two days: a crowd large enough for narrow intervals.

    python -m sim.attack_crowd --people 100 --out crowd.json

People are rendered by the store's own cameras on a first day, and on a second day in the same clothes and in others;
pictures are cut as a run cuts them, plain and with the head blurred. An attacker who holds the first day's pictures
names, for everybody of the second day, the likeliest of all. What is measured is the simulation: its bodies have
heads, hair and skin but no faces, so that a face is simulated where the pixels would suffice (`store.privacy.faces`).
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sim.cameras import RenderSettings, StoreRenderer
from sim.dataset.crowd import Crowd
from sim.demand import Regulars
from sim.people import Person, sample_appearance
from sim.picture_reader import NetworkReader, colours_of_head
from sim.scene import SceneState
from sim.store_plan import StorePlan, camera_models, load_store
from sim.visibility import TruthBox
from sim.wardrobe import clothes_of_day
from store.privacy.attacks.by_head import by_head
from store.privacy.attacks.by_template import BODIES, FACES
from store.privacy.attacks.ranking import rank
from store.privacy.attacks.scores import Scores, added, by_measure, by_similarity, cosines
from store.privacy.faces.matcher import DIMENSION, Matcher, faces_of, loss
from tracking.camera import Camera
from tracking.crops import crop_of, head_blurred, head_disc, jpeg
from tracking.embed import EMBEDDING_SIZE
from tracking.lift import lift_keypoints

Floats = NDArray[np.float64]

CAST = 12
STANDING_AROUND = 6
LEAST_VISIBLE = 0.5
LEAST_HEIGHT_PX = 60
PICTURES = 8
"""Pictures of each person and day, as many as the linkage attack reads."""
INSTANTS = 60
UPRIGHT = 0.7
"""Quantile of heights that stands for the upright person."""
HEIGHT_ERROR_M = 0.03
UHD = 3840 / 640
"""Pixels of a 4K camera for each of the recorded ones."""


@dataclass(frozen=True, slots=True)
class Look:
    """What an attacker has of one person on one day.

    plain, blurred: JPEG pictures, with and without the head. heads: colours of the head where it truly is in the
    pictures of each kind. heights: metres of the head's key points. faces: face
    views as (face_px, yaw_deg, pitch_deg, occluded, blur_px) at the cameras' own resolution.
    """

    plain: list[bytes] = field(default_factory=list)
    blurred: list[bytes] = field(default_factory=list)
    heads: dict[str, list[Floats]] = field(default_factory=lambda: {"plain": [], "blurred": []})
    heights: list[float] = field(default_factory=list)
    faces: list[tuple[float, float, float, float, float]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class CrowdFigure:
    """Linkage of a kind of picture by an attacker: share named rightly above chance, 95 % interval, AUC.

    `separation` is d' of the scores (`store.privacy.attacks.scores`), None without any; the control as in the attacks.
    """

    attacker: str
    pictures: str
    clothes: str
    above_chance: float
    low: float
    high: float
    auc: float
    separation: float | None
    control_low: float
    control_high: float


def crowd_figures(people: int, seed: int, progress: Callable[[int, int], None] | None = None) -> list[CrowdFigure]:
    """Render `people` people on two days and attack their pictures; the same seed gives the same figures."""
    days: dict[str, dict[str, Look]] = defaultdict(dict)
    plan = load_store("corner-shop")
    for start in range(0, people, CAST):
        rng = np.random.default_rng([seed, start])
        usual = {f"p{number}": sample_appearance(rng, "held-out") for number in range(start, min(start + CAST, people))}
        other = {name: clothes_of_day(look, Regulars(other_clothes=1.0), rng) for name, look in usual.items()}
        for day, looks in (("first", usual), ("same clothes", usual), ("other clothes", other)):
            cast = {name: Person(name, look) for name, look in looks.items()}
            days[day].update(_seen(plan, cast, rng))
        if progress is not None:
            progress(min(start + CAST, people), people)
    return list(_attacked(days, seed))


def _seen(plan: StorePlan, cast: dict[str, Person], rng: np.random.Generator) -> dict[str, Look]:
    """What the store's cameras get of a cast on one day."""
    cameras = camera_models(plan)
    looks = {name: Look() for name in cast}
    with StoreRenderer(plan, cast, cameras, rng, RenderSettings()) as renderer:
        crowd = Crowd(plan, list(cast.values()), rng)
        for instant in range(INSTANTS):
            postures = crowd.postures(STANDING_AROUND)
            scene = SceneState(float(instant), postures)
            places = {posture.person: (posture.x, posture.y) for posture in postures}
            frames, boxes = renderer.render(scene), renderer.truth_boxes(scene)
            for camera, frame in frames.items():
                for box in boxes[camera]:
                    if len(looks[box.person].plain) < PICTURES and _usable(box):
                        _note(looks[box.person], frame, box, cameras[camera], places[box.person])
            for view in renderer.face_captures(scene):
                geometry = (view.face_px, view.yaw_deg, view.pitch_deg, float(view.occluded), view.blur_px)
                looks[view.person].faces.append(geometry)
            if all(len(look.plain) >= PICTURES for look in looks.values()):
                break
    return looks


def _usable(box: TruthBox) -> bool:
    return box.visible >= LEAST_VISIBLE and bool(box.box[3] - box.box[1] >= LEAST_HEIGHT_PX)


def _note(look: Look, frame: NDArray[np.uint8], box: TruthBox, camera: Camera, place: tuple[float, float]) -> None:
    """A picture as a run cuts it, and the height of the head; boxes and key points are true ones, not found ones."""
    crop = crop_of(frame, box.box)
    blurred = head_blurred(crop, box.keypoints, box.box)
    x, y, radius = head_disc(box.keypoints, box.box)
    for kind, picture, jpegs in (("plain", crop.picture, look.plain), ("blurred", blurred, look.blurred)):
        jpegs.append(jpeg(picture))
        look.heads[kind].append(colours_of_head(picture, (x - crop.left, y - crop.top, radius)).astype(np.float64))
    head = lift_keypoints(camera, box.keypoints[None], [place])[0, :5, 1][box.keypoints[:5, 2] > 1]
    if np.isfinite(head).any():
        look.heights.append(float(np.nanmean(head)))


def _attacked(days: dict[str, dict[str, Look]], seed: int) -> Iterator[CrowdFigure]:
    reader, names = NetworkReader(), list(days["first"])
    for clothes in ("same clothes", "other clothes"):
        both = [days["first"][name] for name in names] + [days[clothes][name] for name in names]
        for (pictures, attacker), scores in _scores(both, names, reader, seed).items():
            yield _figure(attacker, pictures, clothes, scores, names, seed)


def _scores(both: Sequence[Look], names: list[str], reader: NetworkReader, seed: int) -> dict[tuple[str, str], Scores]:
    """By kind of picture and attacker, (2 N, 2 N) scores of everybody on both days, made as the linkage attack does."""
    day = _days(len(names))
    heights = np.array([np.quantile(look.heights, UPRIGHT) if look.heights else np.nan for look in both])
    tall = by_measure(heights, day, HEIGHT_ERROR_M)
    found: dict[tuple[str, str], Scores] = {}
    for pictures in ("plain", "blurred"):
        jpegs = [look.plain if pictures == "plain" else look.blurred for look in both]
        vectors = np.stack([_mean(reader, own) for own in jpegs])
        bodies = by_similarity(cosines(_centred(vectors, day)), day, BODIES)
        heads = by_head({row: reader.head_colours(own) for row, own in enumerate(jpegs)}, day)
        found[pictures, "network"] = bodies
        found[pictures, "head colours"] = added(np.full_like(bodies, np.nan), heads)
        known = by_head({row: np.array(look.heads[pictures]) for row, look in enumerate(both) if look.plain}, day)
        found[pictures, "head known exactly"] = added(np.full_like(bodies, np.nan), known)
        found[pictures, "network, head"] = added(bodies, heads)
        found[pictures, "network, head, height"] = added(added(bodies, heads), tall)
    found["positions", "height"] = tall
    for label, scale in (("plain, 640 wide", 1.0), ("plain, 4K", UHD)):
        found[label, "face"] = by_similarity(_faces(both, names, scale, seed), day, FACES)
    return found


def _mean(reader: NetworkReader, jpegs: Sequence[bytes]) -> Floats:
    if not jpegs:
        return np.full(EMBEDDING_SIZE, np.nan)
    return np.asarray(reader.describe(jpegs).mean(axis=0), np.float64)


def _centred(vectors: Floats, day: NDArray[np.int64]) -> Floats:
    """Less the mean of each day, as light and cameras are the same for all."""
    return np.concatenate([vectors[day == number] - np.nanmean(vectors[day == number], axis=0) for number in (0, 1)])


def _days(count: int) -> NDArray[np.int64]:
    return np.repeat([0, 1], count)


def _faces(both: Sequence[Look], names: list[str], scale: float, seed: int) -> Floats:
    """Similarities of the best face view of each person and day that a matcher could use, nan without one."""
    matcher, rng = Matcher.of("2025-median"), np.random.default_rng([seed, 7])
    truth = faces_of(names, seed)
    vectors = np.full((len(both), DIMENSION), np.nan)
    for row, look in enumerate(both):
        if not look.faces:
            continue
        px, yaw, pitch, occluded, blur = np.array(look.faces).T
        geometry = {
            "face_px": px * scale, "yaw_deg": yaw, "pitch_deg": pitch, "occluded": occluded, "blur_px": blur * scale,
        }  # fmt: skip
        usable = matcher.usable(**geometry)
        if usable.any():
            least = loss(**geometry)[usable].min()
            vectors[row] = matcher.capture(truth[[row % len(names)]], np.array([least]), rng)[0]
    return cosines(vectors)


def _figure(attacker: str, pictures: str, clothes: str, scores: Scores, names: list[str], seed: int) -> CrowdFigure:
    rng, day, people = np.random.default_rng([seed, 11]), _days(len(names)), names * 2
    right = np.array(people)[:, None] == np.array(people)
    earlier = day[:, None] > day
    found = rank(np.nan_to_num(scores), earlier, right, people, day, rng)
    if found is None:
        raise ValueError(f"people: found {len(names)}, allowed: at least one")
    figure, control = found.figure("people", "", rng), found.control_figure()
    low, high, control_low, control_high = (
        float(bound or 0.0) for bound in (figure.low, figure.high, control.low, control.high)
    )
    separation = _separation(scores[earlier & right], scores[earlier & ~right])
    return CrowdFigure(
        attacker, pictures, clothes, found.above_chance, low, high, float(found.auc.mean()), separation,
        control_low, control_high,
    )  # fmt: skip


def _separation(right: Floats, wrong: Floats) -> float | None:
    """d': distance of the mean score of the same and of different people in strangers' standard deviations."""
    spread = float(np.nanstd(wrong)) if np.isfinite(wrong).any() else 0.0
    return float((np.nanmean(right) - np.nanmean(wrong)) / spread) if spread and np.isfinite(right).any() else None


def main(arguments: Sequence[str] | None = None) -> None:
    """Render, attack, print a table, and write it as JSON with `--out`."""
    parser = argparse.ArgumentParser(prog="python -m sim.attack_crowd", description=__doc__.splitlines()[0])
    parser.add_argument("--people", type=int, default=100, help="people rendered")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same figures")
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    options = parser.parse_args(arguments)
    if options.people < 2:
        parser.error(f"--people: found {options.people}, allowed: at least 2")
    figures = crowd_figures(options.people, options.seed, lambda done, all_: print(f"{done} of {all_}", flush=True))
    for row in figures:
        print(
            f"{row.pictures:15}  {row.clothes:13}  {row.attacker:21} {row.above_chance:6.1%} "
            f"({row.low:.1%} ... {row.high:.1%})  AUC {row.auc:.2f}  "
            f"control {row.control_low:.1%} ... {row.control_high:.1%}"
        )
    if options.out is not None:
        options.out.write_text(json.dumps([asdict(row) for row in figures], indent=1))


if __name__ == "__main__":
    main()
