"""The sheet shows what it says: verdicts are the matcher's, crops are parts of the camera's picture."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.cameras import RenderSettings, StoreRenderer
from sim.dataset.crowd import Posture
from sim.errors import BadInput
from sim.face_capture import FaceView
from sim.faces_sheet import AROUND, CELL, COLUMNS, TEXT, FaceSheet, Sighting, _face, chosen_of, main, wrong_with
from sim.people import Person, sample_appearance
from sim.scene import SceneState
from sim.world import World
from store.privacy.faces.matcher import Matcher
from tests.sim.worlds import script, small_plan
from tracking.camera import Camera

MATCHER = Matcher.of("2025-median")
CAMERA = Camera.look_at("c", (0.4, 0.4, 2.2), (2.5, 2.2, 1.4), 70, 960, 540)


def sighting(person: str, camera: str, wrong: tuple[str, ...]) -> Sighting:
    view = FaceView(camera, person, 60.0, 0.0, 0.0, 0.0, 0.0)
    return Sighting(view, SceneState(0.0), CAMERA, 1.0, (0.0, 0.0), np.zeros(3), wrong)


@settings(max_examples=200)
@given(
    px=st.floats(5, 200),
    yaw=st.floats(-90, 90),
    pitch=st.floats(-90, 90),
    hidden=st.floats(0, 1),
    blur=st.floats(0, 60),
)
def test_the_verdict_is_the_matchers_own(px: float, yaw: float, pitch: float, hidden: float, blur: float) -> None:
    view = FaceView("c", "p", px, yaw, pitch, hidden, blur)
    usable = MATCHER.usable(face_px=px, yaw_deg=yaw, pitch_deg=pitch, occluded=hidden, blur_px=blur)
    assert bool(usable) == (not wrong_with(view, MATCHER))


def test_a_cell_shows_that_part_of_the_cameras_picture_where_the_face_is() -> None:
    plan, rng = small_plan(), np.random.default_rng(5)
    people = {"ann": Person("ann", sample_appearance(rng, "train", "adult"))}
    scene = SceneState(0.0, [Posture("ann", 2.3, 1.6, math.atan2(-1.2, -1.9))])
    still = RenderSettings(noise_sd=0, contact_shadow=0, supersample=1)
    with StoreRenderer(plan, people, {"c": CAMERA}, rng, still) as renderer:
        frame = renderer.render(scene)["c"]
        view = renderer.face_captures(scene)[0]
        at = renderer.faces.centres[0]
        crop = _face(Sighting(view, scene, CAMERA, 1.0, (0.0, 0.0), at, ()), renderer)
    side = crop.shape[0]
    assert side == round(AROUND * view.face_px)
    place = cv2.minMaxLoc(cv2.matchTemplate(frame, crop, cv2.TM_SQDIFF))[2]
    part = frame[place[1] : place[1] + side, place[0] : place[0] + side]
    assert np.abs(part.astype(int) - crop).mean() < 6
    assert np.abs(np.array(place) + side / 2 - CAMERA.project(at)[0]).max() < 2


def test_a_sheet_has_so_many_cells() -> None:
    there_and_back = [{"do": "walk", "x": 4.0, "y": 2.8}, {"do": "walk", "x": 1.0, "y": 1.0}]
    world = World(small_plan(), script({"id": "ann", "actions": there_and_back}, seconds=20), seed=1)
    sheet = FaceSheet(world, MATCHER, 3840).draw(8, seed=0)
    assert sheet.shape == (2 * (CELL + TEXT), COLUMNS * CELL, 3)
    assert np.std(sheet[10 : CELL - 10, 10 : CELL - 10]) > 5


@settings(max_examples=30)
@given(
    kinds=st.lists(st.sampled_from(["usable", "hidden", "blurred", "too small"]), min_size=1, max_size=60),
    count=st.integers(1, 30),
)
def test_a_sheet_is_as_full_as_it_can_be_and_at_least_half_usable_where_there_are_enough(
    kinds: list[str], count: int
) -> None:
    found = [sighting(f"p{i % 5}", f"c{i % 3}", () if kind == "usable" else (kind,)) for i, kind in enumerate(kinds)]
    chosen = chosen_of(found, count, np.random.default_rng(0))
    assert len(chosen) == min(count, len(found))
    assert len({id(one) for one in chosen}) == len(chosen)
    usable = sum(not one.wrong for one in chosen)
    assert usable >= min(kinds.count("usable"), math.ceil(count / 2), len(chosen))
    faults = {kind for kind in kinds if kind != "usable"}
    if count - usable >= len(faults):
        assert {one.wrong[0] for one in chosen if one.wrong} == faults


def test_nobody_to_be_seen_is_said_so() -> None:
    with pytest.raises(BadInput, match="sees a face"):
        chosen_of([], 4, np.random.default_rng(0))


@pytest.mark.parametrize(
    "arguments",
    [
        ["quick", "--out", "sheet.txt"],
        ["quick", "--out", "sheet.png", "--width", "10"],
        ["no-such-scenario", "--out", "sheet.png"],
        ["quick", "--out", "sheet.png", "--preset", "no-such-preset"],
    ],
)
def test_bad_input_is_one_line_and_exit_code_two(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("faces sheet: ")
    assert "\n" not in said
