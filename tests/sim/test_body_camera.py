"""An officer with a chest camera: walks, sees faces from near by, is never billed; the view is that of any camera."""

import itertools
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.body_camera import BodyCameraFiles, BodyCameraView, BodyShot, ChestMount, moved_on
from sim.cameras import RenderSettings, StoreRenderer
from sim.day import face_captures
from sim.errors import BadInput
from sim.face_capture import FaceView
from sim.footage import Footage, film
from sim.handover import gates_of, planogram_of
from sim.officer import officer_visitor, patrol
from sim.routing import Router
from sim.run_folder import (
    FACE_COLUMNS,
    TRUTH_PEOPLE_COLUMNS,
    RunFolder,
    RunManifest,
    write_json,
    write_manifest,
    write_table,
)
from sim.scenario import BODY_CAMERA, OFFICER, BodyCamera, Scenario, load_scenario
from sim.scene import SceneState
from sim.stopwatch import Stopwatch
from sim.store_plan import camera_models, load_store
from sim.world import World, WorldTick
from store.events import TrackPosition
from store.ledger import Ledger, read_receipts
from store.shop import Shop
from tests.sim.worlds import run, script, small_plan
from tracking.camera import Camera
from tracking.video import read_frames

SMALL = BodyCamera(arrive=0.0, stay=9.0, width=320, height=180, fps=5)
CLEAN = RenderSettings(noise_sd=0.0, contact_shadow=0.0, supersample=1)


def patrolled(seconds: float = 45) -> Scenario:
    """Two shoppers who buy and leave again, and an officer."""
    return script(
        {"id": "ann", "arrive": 4, "actions": [{"do": "pick", "product": "soup", "quantity": 2}]},
        {"id": "bob", "arrive": 7, "actions": [{"do": "pick", "product": "water"}, {"do": "wait", "seconds": 3}]},
        seconds=seconds,
        body_camera=SMALL.model_dump(),
    )


@pytest.fixture(scope="module")
def walked() -> tuple[World, list[WorldTick]]:
    world = World(small_plan(), patrolled(), seed=3)
    return world, run(world)[0]


@pytest.fixture(scope="module")
def filmed() -> list[Footage]:
    plan, scenario = small_plan(), patrolled()
    return list(film(World(plan, scenario, seed=3), plan, camera_models(plan), 3, Stopwatch()))


def states_of(ticks: list[WorldTick], role: str) -> list[tuple[float, float]]:
    return [(state.x, state.y) for tick in ticks for state in tick.people if state.role == role]


def test_the_officer_walks_through_the_store_and_leaves(walked: tuple[World, list[WorldTick]]) -> None:
    _, ticks = walked
    places = states_of(ticks, OFFICER)
    assert sum(math.dist(a, b) for a, b in itertools.pairwise(places)) > 5
    assert places[0][1] < 0 < max(y for _, y in places)
    assert all(state.person != OFFICER for state in ticks[-1].people)
    assert any(OFFICER in tick.inside for tick in ticks)
    assert OFFICER not in ticks[-1].inside


def test_roles_are_officer_and_shopper(walked: tuple[World, list[WorldTick]]) -> None:
    roles = {(state.person, state.role) for tick in walked[1] for state in tick.people}
    assert roles == {("ann", "shopper"), ("bob", "shopper"), (OFFICER, OFFICER)}


def test_the_officer_shows_no_token_and_has_no_account(walked: tuple[World, list[WorldTick]]) -> None:
    world, ticks = walked
    assert {scan.token for tick in ticks for scan in tick.gate_scans} == {"token-ann", "token-bob"}
    assert set(world.accounts().values()) == {"account-ann", "account-bob"}
    assert [receipt["account"] for receipt in world.truth_receipts()] == ["account-ann", "account-bob"]
    kinds = [event.kind for tick in ticks for event in tick.events if event.person == OFFICER]
    assert kinds == ["enter", "leave"]


def test_the_store_bills_the_others_right_and_never_the_officer(tmp_path: Path) -> None:
    """Tracks are the truth here: whether the gate and the plates can live with one more whom nobody announced."""
    plan = small_plan()
    world = World(plan, patrolled(), seed=3)
    ledger = Ledger(f"sqlite:///{tmp_path / 'store.sqlite'}")
    shop = Shop(planogram_of(plan), gates_of(plan), world.accounts(), ledger, lambda event: None)
    numbers: dict[str, int] = {}
    t = 0.0
    while not world.done:
        tick = world.step()
        t = tick.t
        for scan in tick.gate_scans:
            shop.gate_scan(scan)
        for crossing in tick.gate_crossings:
            shop.gate_crossing(crossing)
        shop.positions(
            t,
            [
                TrackPosition(numbers.setdefault(s.person, len(numbers) + 1), t, s.x, s.y, 0.1, (), True)
                for s in tick.people
            ],
        )
        shop.weights(tick.weights_t, tick.weights_g.astype(np.float64))
        assert shop.account_of(numbers.get(OFFICER, -1)) is None
    shop.close(t)
    ledger.close()
    billed = {r.account: dict(r.lines) for r in read_receipts(f"sqlite:///{tmp_path / 'store.sqlite'}")}
    assert billed == {receipt["account"]: receipt["items"] for receipt in world.truth_receipts()}


def test_the_same_seed_gives_the_same_patrol(walked: tuple[World, list[WorldTick]]) -> None:
    again, _ = run(World(small_plan(), patrolled(), seed=3))
    assert [tick.people for tick in again] == [tick.people for tick in walked[1]]


def test_a_patrol_passes_every_shelf_once_and_keeps_off_it() -> None:
    plan = load_store("corner-shop")
    router = Router(plan)
    spots = patrol(plan, router)
    assert all(router.standable(spot) for spot in spots)
    assert all(math.dist(a, b) >= 1.0 for a, b in itertools.combinations(spots, 2))
    assert all(min(math.dist(place.access, spot) for spot in spots) < 1.6 for place in plan.slot_places())


def test_pictures_come_at_the_cameras_own_rate_while_the_officer_is_there(filmed: list[Footage]) -> None:
    times = [shot.tick.t for shot in filmed if shot.tick and shot.body]
    there = [shot.tick.t for shot in filmed if shot.tick and any(s.role == OFFICER for s in shot.tick.people)]
    assert np.allclose(np.diff(times), 1 / SMALL.fps)
    assert there[0] <= times[0] <= times[-1] <= there[-1]
    assert len(times) == pytest.approx(len(there) / 2, abs=1)


def test_the_camera_sees_faces_from_nearer_and_more_from_the_front_than_one_under_the_ceiling(
    filmed: list[Footage],
) -> None:
    body = [face for shot in filmed if shot.body for face in shot.body.faces]
    fixed = [face for shot in filmed for face in shot.faces if face.person != OFFICER]
    assert len({face.person for face in body}) == 2
    assert all(face.camera == BODY_CAMERA and face.person != OFFICER for face in body)
    assert abs(float(np.median([face.pitch_deg for face in body]))) < 15
    assert float(np.median([face.pitch_deg for face in fixed])) > 15
    # In radians of view, so that the two pictures' sizes do not matter.
    nearest_body = max(face.face_px for face in body) / (160 / math.tan(math.radians(50)))
    nearest_fixed = max(face.face_px for face in fixed) / float(fixed_cameras()["corner"].matrix[0, 0])
    assert nearest_body > nearest_fixed


def fixed_cameras() -> dict[str, Camera]:
    return camera_models(small_plan())


def test_the_same_seed_gives_the_same_pictures_and_faces(filmed: list[Footage]) -> None:
    plan, scenario = small_plan(), patrolled()
    again = film(World(plan, scenario, seed=3), plan, camera_models(plan), 3, Stopwatch())
    pairs = list(itertools.islice(zip(filmed, again, strict=False), 130))
    assert sum(one.body is not None for one, _ in pairs) > 20
    for one, other in pairs:
        assert (one.body is None) == (other.body is None)
        if one.body and other.body:
            assert np.array_equal(one.body.picture, other.body.picture)
            assert one.body.faces == other.body.faces


@pytest.mark.parametrize("t", [6.5, 9.0, 11.5])
def test_a_moving_camera_sees_what_a_fixed_one_at_its_place_sees(
    walked: tuple[World, list[WorldTick]], t: float
) -> None:
    world, ticks = walked
    tick = next(tick for tick in ticks if tick.t >= t)
    view = BodyCameraView(world.people[OFFICER], SMALL, 10)
    with StoreRenderer(
        world.plan, world.people, fixed_cameras(), np.random.default_rng(0), CLEAN, moving=[view.lens]
    ) as renderer:
        scene = SceneState(tick.t, tick.people, tick.shelf_stock, tick.misplaced)
        renderer.render(scene)
        shot = view.shoot(scene, renderer)
    assert shot is not None
    with StoreRenderer(
        world.plan, world.people, {BODY_CAMERA: shot.camera}, np.random.default_rng(0), CLEAN
    ) as renderer:
        others = [state for state in tick.people if state.role != OFFICER]
        scene = SceneState(tick.t, others, tick.shelf_stock, tick.misplaced)
        picture = renderer.render(scene)[BODY_CAMERA]
        faces = renderer.face_captures(scene)
    assert (np.abs(picture.astype(int) - shot.picture).max(2) > 12).mean() < 0.002
    assert [face.person for face in faces] == [face.person for face in shot.faces]
    for fixed, moving in zip(faces, shot.faces, strict=True):
        for name in ("face_px", "yaw_deg", "pitch_deg"):
            assert getattr(fixed, name) == pytest.approx(getattr(moving, name))
        assert fixed.occluded == pytest.approx(moving.occluded, abs=0.03)


def test_drawing_the_moving_view_leaves_the_fixed_ones_as_they_were(walked: tuple[World, list[WorldTick]]) -> None:
    world, ticks = walked
    tick = next(tick for tick in ticks if tick.t >= 9)
    view = BodyCameraView(world.people[OFFICER], SMALL, 10)
    scene = SceneState(tick.t, tick.people, tick.shelf_stock, tick.misplaced)
    with StoreRenderer(
        world.plan, world.people, fixed_cameras(), np.random.default_rng(0), CLEAN, moving=[view.lens]
    ) as renderer:
        before, boxes = renderer.render(scene), renderer.truth_boxes(scene)
        view.shoot(scene, renderer)
        after, boxes_after = renderer.render(scene), renderer.truth_boxes(scene)
    assert all(np.array_equal(before[name], after[name]) for name in before)
    assert [b.person for b in boxes["corner"]] == [b.person for b in boxes_after["corner"]]
    assert OFFICER in [b.person for b in boxes["corner"]]


def test_the_lens_is_level_and_as_high_as_asked_for_when_the_officer_stands() -> None:
    officer = officer_visitor(SMALL, seed=1).person
    for tilt in (0.0, 10.0):
        mount = ChestMount(officer, SMALL.model_copy(update={"height_m": 1.25, "tilt_deg": tilt}))
        camera = mount.camera(mount.placed(officer.pose(2.0, 1.0, 0.7, 0.0, 0.0)))
        assert camera.centre[2] == pytest.approx(1.25, abs=1e-6)
        ahead = camera.rotation[2]
        assert math.atan2(ahead[1], ahead[0]) == pytest.approx(0.7, abs=1e-6)
        assert math.degrees(math.asin(ahead[2])) == pytest.approx(tilt, abs=1e-6)
        assert camera.rotation[0][2] == pytest.approx(0, abs=1e-9)
        assert 0.08 < (camera.centre - (2.0, 1.0, 1.25)) @ ahead < 0.4


def test_the_lens_sways_with_the_walk() -> None:
    officer = officer_visitor(SMALL, seed=1).person
    mount = ChestMount(officer, SMALL)
    heights = [mount.placed(officer.pose(0, 0, 0, phase, 1.2))[2, 3] for phase in np.linspace(0, 2 * np.pi, 12)]
    assert 0.005 < np.ptp(heights) < 0.15
    assert np.mean(heights) == pytest.approx(SMALL.height_m, abs=0.1)


@settings(max_examples=30, deadline=None)
@given(turn=st.floats(-0.4, 0.4), step=st.floats(-0.3, 0.3), share=st.floats(0.05, 1))
def test_a_camera_moved_on_goes_on_turning_and_travelling(turn: float, step: float, share: float) -> None:
    def place(angle: float, x: float) -> np.ndarray:
        c, s = math.cos(angle), math.sin(angle)
        return np.array([[c, -s, 0, x], [s, c, 0, 0], [0, 0, 1, 1.3], [0, 0, 0, 1]])

    after = moved_on(place(0, 0), place(turn, step), share)
    assert np.allclose(after, place(turn * (1 + share), step * (1 + share)), atol=1e-5)


def test_turning_blurs_even_faces_that_stand_still(walked: tuple[World, list[WorldTick]]) -> None:
    """A camera that turns by w radians a second smears its picture by w times exposure times focal length."""
    world, ticks = walked
    tick = next(t for t in ticks if {s.person for s in t.people} >= {OFFICER, "ann"})
    officer = next(s for s in tick.people if s.person == OFFICER)
    ann = next(s for s in tick.people if s.person == "ann")
    rate = 1.5
    officer = replace(officer, x=2.5, y=1.0, heading=math.pi / 2 - rate * 0.1, speed=0.0, phase=0.0)
    ann = replace(ann, x=2.5, y=2.6, heading=-math.pi / 2, speed=0.0, phase=0.0, reach=None)
    view = BodyCameraView(world.people[OFFICER], SMALL.model_copy(update={"fps": 10, "width": 640, "height": 360}), 10)
    with StoreRenderer(
        world.plan, world.people, fixed_cameras(), np.random.default_rng(0), CLEAN, moving=[view.lens]
    ) as renderer:
        blurs = []
        for t, heading in ((50.0, officer.heading), (50.1, math.pi / 2), (50.2, math.pi / 2)):
            scene = SceneState(t, [replace(officer, heading=heading), ann])
            renderer.render(scene, only=["corner"])
            shot = view.shoot(scene, renderer)
            assert shot is not None
            blurs.append(next(face.blur_px for face in shot.faces))
        face = renderer.faces.centres[renderer.faces.names.index("ann")]
    focal = 320 / math.tan(math.radians(50))
    # The lens goes round the body's axis, so a near face passes it faster than one at the horizon.
    nearer = (face[1] - officer.y) / (face[1] - shot.camera.centre[1])
    assert 1.1 < nearer < 1.5
    assert blurs[1] == pytest.approx(rate * CLEAN.exposure_s * focal * nearer, rel=0.08)
    assert blurs[2] < 0.1


def test_the_files_have_a_picture_and_a_place_for_every_shot(filmed: list[Footage], tmp_path: Path) -> None:
    (tmp_path / "video").mkdir()
    shots = [(shot.tick.t, shot.body) for shot in filmed if shot.tick and shot.body]
    with BodyCameraFiles(tmp_path, video=True) as files:
        for t, shot in shots:
            files.write(t, shot)
    frames = [frame for _, frame in read_frames(tmp_path / "video" / "body-camera.mp4")]
    path = json.loads((tmp_path / "body-camera.json").read_text(encoding="utf-8"))
    assert len(frames) == len(shots) == len(path["path"])
    assert frames[0].shape == (180, 320, 3)
    assert path["fps"] == SMALL.fps
    assert path["fov_deg"] == pytest.approx(SMALL.fov_deg)
    assert [place["t"] for place in path["path"]] == [t for t, _ in shots]
    where = np.array([place["position"] for place in path["path"]])
    assert np.ptp(where[:, :2], axis=0).max() > 1
    assert (np.abs(where[:, 2] - SMALL.height_m) < 0.15).all()


def test_without_an_officer_there_is_no_file(tmp_path: Path) -> None:
    with BodyCameraFiles(tmp_path, video=True):
        pass
    assert list(tmp_path.iterdir()) == []


def test_faces_of_a_body_camera_belong_to_no_track_and_those_of_fixed_cameras_still_do(tmp_path: Path) -> None:
    write_manifest(tmp_path, RunManifest(scenario="s", seed=1, status="finished"))
    write_table(
        tmp_path / "truth" / "people.parquet",
        [dict(zip(TRUTH_PEOPLE_COLUMNS, (0.1, "ann", "shopper", 1.0, 1.0, 0.0, "north", True), strict=True))],
        TRUTH_PEOPLE_COLUMNS,
    )
    write_json(tmp_path / "truth" / "numbers.json", {"ann": 1})
    views = [(0.1, camera, "ann", 50.0, 0.0, 0.0, 0.0, 0.0) for camera in ("north", BODY_CAMERA)]
    views.append((0.1, BODY_CAMERA, "stranger-to-fixed-cameras", 50.0, 0.0, 0.0, 0.0, 0.0))
    write_table(
        tmp_path / "truth" / "faces.parquet",
        [dict(zip(FACE_COLUMNS, view, strict=True)) for view in views],
        FACE_COLUMNS,
    )
    for folder, number in (("truth/boxes", 1), ("tracks", 7)):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / "north.txt").write_text(f"1,{number},10,10,50,120,1,-1,-1,-1\n", encoding="utf-8")
    faces = face_captures(RunFolder(tmp_path))
    tracks = faces.groupby("camera")["track"].unique().map(list).to_dict()
    assert tracks == {"north": [7], BODY_CAMERA: [-1]}
    assert set(faces[faces["camera"] == BODY_CAMERA]["subject"]) == {"ann", "stranger-to-fixed-cameras"}
    assert pd.api.types.is_integer_dtype(faces["track"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("{fps: 3}", "body_camera.fps"),
        ("{fps: 0}", "body_camera.fps"),
        ("{arrive: 59}", "body_camera.arrive"),
        ("{stay: 0}", "body_camera.stay"),
        ("{width: 321}", "body_camera.width"),
        ("{height_m: 3}", "body_camera.height_m"),
        ("{fov_deg: 170}", "body_camera.fov_deg"),
        ("{distortion: [0.1]}", "body_camera.distortion"),
        ("{zoom: 2}", "body_camera.zoom"),
    ],
)
def test_bad_body_cameras_are_refused_in_one_line(tmp_path: Path, body: str, field: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"name: mine\ntitle: Mine\nseconds: 60\nbody_camera: {body}\n", encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load_scenario(path)
    assert "\n" not in str(caught.value)
    assert caught.value.field.startswith(field)


def test_nobody_else_may_be_called_officer_and_no_fixed_camera_body_camera(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\ntitle: Mine\nseconds: 60\nbody_camera: {}\nshoppers: {scripted: [{id: officer}]}\n",
        encoding="utf-8",
    )
    with pytest.raises(BadInput, match="another id"):
        load_scenario(path)
    plan = small_plan()
    named = plan.model_copy(update={"cameras": (plan.cameras[0].model_copy(update={"name": BODY_CAMERA}),)})
    with pytest.raises(BadInput, match="another name"):
        World(named, patrolled(), seed=1)


def test_a_shot_says_whose_camera_it_is(filmed: list[Footage]) -> None:
    shot = next(shot.body for shot in filmed if shot.body)
    assert isinstance(shot, BodyShot)
    assert all(isinstance(face, FaceView) for face in shot.faces)
    assert shot.camera.name == BODY_CAMERA
