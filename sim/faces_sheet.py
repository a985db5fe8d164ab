"""Faces as cameras see them, beside what the tables say of them: `python -m sim.faces_sheet SCENARIO --out FILE.png`.

Every cell is drawn at the resolution of the cameras asked for, with the motion blur of its numbers, and enlarged. The
verdict is that of a matcher preset's limits (`store.privacy.faces.matcher.Usable`).
"""

import argparse
import itertools
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sim.body_camera import BodyCameraView
from sim.cameras import RenderSettings, StoreRenderer
from sim.configuration import validated
from sim.drawing import Pinhole, Window
from sim.errors import BadInput, SimError
from sim.face_capture import Faces, FaceView
from sim.run_folder import RunFolder
from sim.scenario import BODY_CAMERA, OFFICER, Scenario, load_scenario
from sim.scene import SceneState
from sim.store_plan import camera_models, load_store
from sim.world import World
from store.errors import StoreError
from store.privacy.faces.matcher import Matcher, blur_share
from tracking.camera import Camera

CELL, TEXT, COLUMNS = 200, 78, 6
"""Sides of a cell's picture and height of its text, pixels; cells in a row."""

AROUND = 2.0
"""A cell shows so many widths of the face."""

SMALLEST_PX = 10.0
"""Smaller faces are left out: there is nothing to look at."""

EVERY = 2
"""Ticks from one look for faces to the next."""

REASONS = {
    "face_px": "too small", "yaw_deg": "turned away", "pitch_deg": "too steep", "occluded": "hidden", "blur": "blurred",
}  # fmt: skip
GREEN, RED, INK, PAPER = (60, 140, 40), (50, 50, 200), (40, 40, 40), (245, 245, 245)

JPEG_QUALITY = 70

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A face view in the pixels of the cameras asked for, and where it came from.

    camera: at its own resolution; scale: how many pixels of the cameras asked for make one of it. smear: (2,) pixels of
    motion blur to the right and down. at: (3,) metres. wrong: what the preset finds wrong with it.
    """

    view: FaceView
    scene: SceneState
    camera: Camera
    scale: float
    smear: tuple[float, float]
    at: NDArray[np.float64]
    wrong: tuple[str, ...]


def wrong_with(view: FaceView, matcher: Matcher) -> tuple[str, ...]:
    """In words, every limit of the matcher's preset that a view breaks; nothing where it is usable."""
    limit = matcher.preset.usable
    broken = {
        "face_px": view.face_px < limit.face_px,
        "yaw_deg": abs(view.yaw_deg) > limit.yaw_deg,
        "pitch_deg": abs(view.pitch_deg) > limit.pitch_deg,
        "occluded": view.occluded > limit.occluded,
        "blur": float(blur_share(view.face_px, view.blur_px)) > limit.blur_share,
    }
    return tuple(words for name, words in REASONS.items() if broken[name])


class FaceSheet:
    """Simulates a day without tracking, looks for faces, and draws some of them."""

    def __init__(self, world: World, matcher: Matcher, width_px: int) -> None:
        """`width_px`: picture width of the fixed cameras that a policy would install; a body camera keeps its own."""
        self.world, self.matcher, self.width_px = world, matcher, width_px
        names = world.scenario.cameras
        models = camera_models(world.plan)
        self._cameras = {name: models[name] for name in names or models}
        settings = world.scenario.body_camera
        self._body = BodyCameraView(world.people[OFFICER], settings, world.fps) if settings else None

    def draw(self, count: int, seed: int) -> Picture:
        """The sheet (H, W, 3) BGR of at most `count` faces; half of them usable ones, where there are so many."""
        moving = [self._body.lens] if self._body else []
        still = RenderSettings(noise_sd=0.0, supersample=1)
        with StoreRenderer(
            self.world.plan, self.world.people, self._cameras, np.random.default_rng(seed), still, moving
        ) as renderer:
            found = list(self._look(renderer))
            chosen = chosen_of(found, count, np.random.default_rng(seed))
            return _sheet([_cell(one, renderer) for one in chosen])

    def _look(self, renderer: StoreRenderer) -> Iterator[Sighting]:
        for number in itertools.count():
            if self.world.done:
                return
            tick = self.world.step()
            scene = SceneState(tick.t, tick.people, tick.shelf_stock, tick.misplaced)
            if number % EVERY == 0:
                for view in renderer.face_captures(scene):
                    camera = self._cameras[view.camera]
                    yield from self._sighting(view, scene, renderer.faces, camera, camera)
            else:
                renderer.face_captures(scene)  # velocities are those since the last tick
            if self._body is not None:
                shot = self._body.shoot(scene, renderer)
                if shot is None:
                    continue
                for view in shot.faces:
                    yield from self._sighting(view, scene, renderer.faces, shot.camera, shot.later)

    def _sighting(
        self, view: FaceView, scene: SceneState, faces: Faces, camera: Camera, later: Camera
    ) -> Iterator[Sighting]:
        scale = 1.0 if view.camera == BODY_CAMERA else self.width_px / camera.width
        row = faces.names.index(view.person)
        at = faces.centres[row]
        ends = camera.project(at)[0], later.project(at + faces.moved[row])[0]
        smear = np.nan_to_num(ends[1] - ends[0]) * scale
        seen = replace(view, face_px=view.face_px * scale, blur_px=view.blur_px * scale)
        if seen.face_px >= SMALLEST_PX:
            wrong = wrong_with(seen, self.matcher)
            yield Sighting(seen, scene, camera, scale, (float(smear[0]), float(smear[1])), at, wrong)


def chosen_of(found: Sequence[Sighting], count: int, rng: np.random.Generator) -> list[Sighting]:
    """At most `count` sightings of as many kinds, people and cameras as there are, usable ones first.

    Raises:
        BadInput: there are none.
    """
    if not found:
        raise BadInput("faces sheet", "faces", 0, "a scenario in which a camera sees a face")
    kinds: dict[str, list[Sighting]] = {}
    for index in rng.permutation(len(found)):
        wrong = found[index].wrong
        # Views with one fault teach more than those with several.
        kinds.setdefault("".join(wrong) if len(wrong) < 2 else "several", []).append(found[index])
    usable, faults = kinds.pop("", []), [kinds[name] for name in sorted(kinds)]
    used: Counter[str] = Counter()
    taken = _rounds([usable], count - min(count // 2, sum(map(len, faults))), used)
    return [*taken, *sorted(_rounds(faults, count - len(taken), used), key=lambda one: one.wrong)]


def _rounds(kinds: Sequence[list[Sighting]], count: int, used: Counter[str]) -> list[Sighting]:
    """At most `count`, one of each kind after another; each time of the person and camera that `used` counts least."""
    rest, taken = [list(kind) for kind in kinds], list[Sighting]()
    while len(taken) < count and any(rest):
        for kind in rest:
            if kind and len(taken) < count:
                number = min(range(len(kind)), key=lambda i: _taken_before(kind[i].view, used))
                taken.append(kind.pop(number))
                view = taken[-1].view
                used.update((view.person, view.camera, f"{view.person} {view.camera}"))
    return taken


def _taken_before(view: FaceView, used: Counter[str]) -> tuple[int, int]:
    return used[f"{view.person} {view.camera}"], used[view.person] + used[view.camera]


def _cell(one: Sighting, renderer: StoreRenderer) -> Picture:
    cell = np.full((CELL + TEXT, CELL, 3), PAPER, np.uint8)
    cell[:CELL] = cv2.resize(_face(one, renderer), (CELL, CELL), interpolation=cv2.INTER_NEAREST)
    view, colour = one.view, RED if one.wrong else GREEN
    cv2.rectangle(cell, (0, 0), (CELL - 1, CELL - 1), colour, 3)
    lines = (
        f"{view.camera}  {view.person}  {one.scene.t:.1f} s",
        f"{view.face_px:.0f} px  yaw {view.yaw_deg:.0f}  pitch {view.pitch_deg:.0f}",
        f"hidden {view.occluded:.2f}  blur {view.blur_px:.1f} px",
    )
    for row, line in enumerate(lines):
        _write(cell, line, CELL + 15 + 18 * row, INK)
    _write(cell, ", ".join(one.wrong) or "usable", CELL + 15 + 18 * len(lines), colour)
    return cell


def _write(cell: Picture, line: str, low: int, colour: tuple[int, int, int]) -> None:
    cv2.putText(cell, line, (5, low), cv2.FONT_HERSHEY_SIMPLEX, 0.41, colour, 1, cv2.LINE_AA)


def _face(one: Sighting, renderer: StoreRenderer) -> Picture:
    """The face and its surroundings, square, BGR, at the resolution of the cameras asked for or at the cell's."""
    scale = one.scale * min(1.0, 2 * CELL / (AROUND * one.view.face_px))
    side = max(4, round(AROUND * one.view.face_px * scale / one.scale))
    focal = float(one.camera.matrix[0, 0]) * scale
    local = one.camera.rotation @ (one.at - one.camera.centre)
    reach = np.abs(local[:2] / local[2]).max() * focal + 2 * side
    size = 2 * int(np.ceil(reach)) + 2
    pinhole = Pinhole(one.camera.centre, one.camera.rotation, focal, size, size)
    middle = (size - 1) / 2 + local[:2] / local[2] * focal * (1, -1)
    left, low = (round(float(axis) - side / 2) for axis in middle)
    bearer = OFFICER if one.view.camera == BODY_CAMERA else None
    colour, _ = renderer.draw_whole(pinhole, one.scene, bearer, Window(left, low, left + side, low + side))
    picture = np.asarray(cv2.cvtColor(colour[::-1], cv2.COLOR_RGB2BGR), np.uint8)
    return _smeared(picture, *(axis * scale / one.scale for axis in one.smear))


def _smeared(picture: Picture, right: float, down: float) -> Picture:
    """The picture averaged along a straight motion of so many pixels."""
    steps = max(1, round(float(np.hypot(right, down)) * 2))
    if steps == 1:
        return picture
    total = np.zeros(picture.shape, np.float64)
    for share in (np.arange(steps) + 0.5) / steps - 0.5:
        shift = np.array([[1, 0, right * share], [0, 1, down * share]])
        total += cv2.warpAffine(picture, shift, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(np.rint(total / steps), np.uint8)


def _sheet(cells: Sequence[Picture]) -> Picture:
    blank = np.full_like(cells[0], PAPER[0])
    columns = min(COLUMNS, len(cells))
    padded = [*cells, *[blank] * (-len(cells) % columns)]
    return np.vstack([np.hstack(padded[i : i + columns]) for i in range(0, len(padded), columns)])


def world_of(name: str, seed: int | None) -> World:
    """The world of a run folder (the same day again) or of a scenario by name or file.

    Raises:
        BadInput: there is no such run or scenario, or it is wrong.
    """
    if (Path(name) / "run.json").is_file():
        run = RunFolder(name)
        scenario = validated(Scenario, run.scenario(), run.path / "scenario.json")
        return World(run.plan(), scenario, run.manifest.seed if seed is None else seed, run.manifest.day or 1)
    scenario = load_scenario(name)
    return World(load_store(scenario.store), scenario, scenario.seed if seed is None else seed)


def main(arguments: Iterable[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m sim.faces_sheet", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("day", metavar="SCENARIO_OR_RUN")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="a .png or .jpg file")
    parser.add_argument("--preset", default="2025-median", help="matcher preset, by name or file")
    parser.add_argument("--width", type=int, default=3840, help="picture width of the fixed cameras, pixels")
    parser.add_argument("--count", type=int, default=24, help="faces on the sheet")
    parser.add_argument("--seed", type=int, default=None)
    chosen = parser.parse_args(list(arguments) if arguments is not None else None)
    try:
        if chosen.out.suffix.lower() not in (".png", ".jpg", ".jpeg"):
            raise BadInput("command line", "--out", str(chosen.out), "a file name that ends in .png or .jpg")
        if not 160 <= chosen.width <= 8192 or not 1 <= chosen.count <= 200:
            raise BadInput("command line", "--width, --count", (chosen.width, chosen.count), "160 ... 8192, 1 ... 200")
        sheet = FaceSheet(world_of(chosen.day, chosen.seed), Matcher.of(chosen.preset), chosen.width)
        picture = sheet.draw(chosen.count, chosen.seed or 0)
        quality = [] if chosen.out.suffix.lower() == ".png" else [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
        if not cv2.imwrite(str(chosen.out), picture, quality):
            raise BadInput("command line", "--out", str(chosen.out), "a file that can be written")
    except (SimError, StoreError) as error:
        print(f"faces sheet: {' '.join(str(error).split())}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
