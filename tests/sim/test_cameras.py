"""Pictures agree with the camera model, with a full drawing of the scene, and with what is said to be in them."""

from collections.abc import Iterator
from typing import Any

import mujoco
import numpy as np
import pytest
from numpy.typing import NDArray

from sim.cameras import RenderSettings, StoreRenderer
from sim.dataset.crowd import Posture
from sim.dataset.labels import labels_of
from sim.drawing import Pencil, metres
from sim.errors import MissingLibrary
from sim.lens import Lens
from sim.people import Person, Reach, sample_appearance
from sim.scene import MisplacedItem, SceneState
from sim.store_plan import StorePlan, camera_models, plan_from
from tracking.camera import Camera

CLEAN = RenderSettings(noise_sd=0.0, contact_shadow=0.0, supersample=1)
ITEM_X, ITEM_Y = 2.2, 3.54  # middle of the island's middle plate, see `small_store`


def small_store() -> StorePlan:
    """One gondola with a single large orange box on its only shelf, seen by two distorting cameras."""
    return plan_from(
        {
            "name": "small",
            "title": "A small store for tests",
            "room": {"width_m": 4.4, "depth_m": 4.4, "floor": "plain", "floor_colour": "#808080"},
            "products": [
                {
                    "id": "box",
                    "name": "Box",
                    "weight_g": 100,
                    "price_cents": 1,
                    "size_m": [0.3, 0.3, 0.3],
                    "colour": "#ff7f00",
                }
            ],
            "gondolas": [
                {
                    "id": "A",
                    "x": ITEM_X,
                    "y": ITEM_Y,
                    "heading_deg": -90,
                    "length_m": 1.2,
                    "height_m": 0.7,
                    "shelves": [
                        {
                            "height_m": 0.7,
                            "plates_per_shelf": 3,
                            "slots": [{"product": "box", "plates": [2], "stock": 1}],
                        }
                    ],
                }
            ],
            "gates": [{"id": "gate", "x": 1, "y": 0, "direction": "both"}],
            "cameras": [
                {
                    "name": name,
                    "position": [x, 0.2, 2.7],
                    "look_at": [2.2, 2.6, 0.7],
                    "fov_deg": 80,
                    "distortion": [-0.14, 0.02, 0.002, -0.001, 0.0],
                }
                for name, x in (("left", 0.2), ("right", 4.2))
            ],
        }
    )


@pytest.fixture(scope="module")
def people() -> dict[str, Person]:
    rng = np.random.default_rng(5)
    return {name: Person(name, sample_appearance(rng, "train", "adult")) for name in ("ann", "bob")}


@pytest.fixture(scope="module")
def renderer(people: dict[str, Person]) -> Iterator[StoreRenderer]:
    plan = small_store()
    with StoreRenderer(plan, people, camera_models(plan), np.random.default_rng(0), CLEAN) as one:
        yield one


def standing(person: str, x: float, y: float, heading: float = 0.0) -> Posture:
    return Posture(person, x, y, heading)


def orange(frame: NDArray[np.uint8]) -> NDArray[np.bool_]:
    blue, green, red = (frame[..., i].astype(int) for i in range(3))
    found: NDArray[np.bool_] = (red > 90) & (red > 1.5 * green) & (green > 2 * blue)
    return found


def slot_key(renderer: StoreRenderer) -> str:
    return renderer.stage.plan.slot_places()[0].key


def test_a_box_appears_where_the_calibration_says(renderer: StoreRenderer) -> None:
    frames = renderer.render(SceneState(0.0))
    stage = renderer.stage
    centre = stage.data.geom("item:A:0:0:0").xpos
    half = 0.15
    corners = centre + half * np.array([[i, j, k] for i in (-1, 1) for j in (-1, 1) for k in (-1, 1)])
    for name, camera in renderer.cameras.items():
        rows, columns = np.nonzero(orange(frames[name]))
        corner_pixels = camera.project(corners)
        found = [columns.min() - 0.5, rows.min() - 0.5, columns.max() + 0.5, rows.max() + 0.5]
        expected = [*corner_pixels.min(0), *corner_pixels.max(0)]
        # The lowest corner hides behind the shelf's price strip, so the bottom edge is left out.
        assert np.abs(np.array(found) - expected)[:3].max() < 1.5


def test_the_pinhole_picture_covers_the_whole_distorted_frame() -> None:
    for k1 in (-0.25, 0.0, 0.05):
        camera = Camera.look_at("c", (0, 0, 2.5), (2, 2, 0.5), 90, 640, 360, (k1, 0.02, 0.0, 0.0, 0.0))
        lens = Lens.of(camera)
        border = np.array([[x, y] for x in (0, 320, 639) for y in (0, 180, 359)], float)
        reach = np.abs(camera.normalised(border)) * lens.pinhole.focal
        assert (reach[:, 0] <= (lens.pinhole.width - 1) / 2).all()
        assert (reach[:, 1] <= (lens.pinhole.height - 1) / 2).all()


def test_people_put_into_the_empty_store_look_as_in_a_full_drawing(renderer: StoreRenderer) -> None:
    scene = SceneState(1.0, [standing("ann", 2.2, 3.05, 1.5), standing("bob", 2.4, 4.1, -1.5)])
    frames = renderer.render(scene)
    stage = renderer.stage
    views = {name: Lens.of(camera) for name, camera in renderer.cameras.items()}
    size = (max(v.pinhole.width for v in views.values()), max(v.pinhole.height for v in views.values()))
    with Pencil(stage.model, *size) as pencil:
        pencil.load(stage.data, int(mujoco.mjtCatBit.mjCAT_ALL))
        for name, lens in views.items():
            whole = lens.bend(pencil.draw(lens.pinhole)[0])
            differs = np.abs(whole.astype(int) - frames[name]).max(2) > 12
            assert differs.mean() < 0.001


def test_depth_is_the_distance_along_the_optical_axis(renderer: StoreRenderer) -> None:
    renderer.render(SceneState(2.0))
    for view in renderer._views.values():
        pinhole = view.lens.pinhole
        floor = np.argwhere(view.floor == 255)[:: max(1, int((view.floor == 255).sum() / 50))]
        for row, column in floor:
            x = (column - (pinhole.width - 1) / 2) / pinhole.focal
            y = (pinhole.height - 1 - row - (pinhole.height - 1) / 2) / pinhole.focal
            point = pinhole.position + pinhole.rotation.T @ np.array([x, y, 1.0]) * metres(view.depth[row, column])
            assert abs(point[2]) < 0.03


def test_a_taken_item_disappears_from_the_picture_and_a_put_back_one_returns(renderer: StoreRenderer) -> None:
    full = renderer.render(SceneState(3.0))
    taken = renderer.render(SceneState(3.1, (), {slot_key(renderer): 0}))
    back = renderer.render(SceneState(3.2, (), {slot_key(renderer): 1}))
    for name in renderer.cameras:
        assert orange(full[name]).sum() > 200
        assert orange(taken[name]).sum() == 0
        assert np.abs(back[name].astype(int) - full[name]).max() <= 2


def test_a_redrawn_part_equals_a_whole_redrawing(renderer: StoreRenderer) -> None:
    """Drawing only the window around the taken item must leave no seam or trace of it."""
    taken = renderer.render(SceneState(4.0, (), {slot_key(renderer): 0}))
    plan = renderer.stage.plan
    with StoreRenderer(plan, {}, camera_models(plan), np.random.default_rng(0), CLEAN) as fresh:
        fresh.stage.show(SceneState(4.0, (), {slot_key(fresh): 0}))
        fresh._pencil.load(fresh.stage.data, int(mujoco.mjtCatBit.mjCAT_STATIC))
        for name, view in fresh._views.items():
            whole = view.lens.bend(fresh._pencil.draw(view.lens.pinhole)[0])
            assert (np.abs(whole.astype(int) - taken[name]).max(2) > 12).mean() < 0.001
    renderer.render(SceneState(4.1, (), {slot_key(renderer): 1}))


def test_a_misplaced_item_appears_on_its_plate(renderer: StoreRenderer) -> None:
    empty = renderer.render(SceneState(5.0, (), {slot_key(renderer): 0}))
    moved = renderer.render(SceneState(5.1, (), {slot_key(renderer): 0}, (MisplacedItem("box", "A-1-3"),)))
    for name in renderer.cameras:
        assert orange(empty[name]).sum() == 0
        assert orange(moved[name]).sum() > 200
    gone = renderer.render(SceneState(5.2, (), {slot_key(renderer): 1}))
    plain = renderer.render(SceneState(5.3))
    assert all(np.abs(gone[name].astype(int) - plain[name]).max() <= 2 for name in renderer.cameras)


def test_a_held_product_is_drawn_at_the_reaching_hand(renderer: StoreRenderer) -> None:
    target = (1.6, 2.0, 1.2)
    posture = Posture("ann", 1.2, 1.8, 0.4, reach=Reach("R", target, 1.0), held_product="box")
    frames = renderer.render(SceneState(6.0, [posture], {slot_key(renderer): 0}))
    hand = renderer.stage.people["ann"].hand(renderer.stage.poses["ann"], "R")
    for name, camera in renderer.cameras.items():
        x, y = camera.project(hand[None])[0]
        rows, columns = np.nonzero(orange(frames[name]))
        assert len(rows) > 100
        assert np.hypot(columns.mean() - x, rows.mean() - y) < 40
    renderer.render(SceneState(6.1))


def test_boxes_hold_what_is_drawn_of_each_person(renderer: StoreRenderer) -> None:
    scene = SceneState(7.0, [standing("ann", 1.6, 1.9), standing("bob", 2.9, 2.4, 2.0)])
    renderer.render(scene)
    boxes = renderer.truth_boxes(scene)
    for name in renderer.cameras:
        who = renderer.who(name)
        for label in labels_of(boxes[name], who, {"ann": 0, "bob": 1}):
            amodal = next(box.box for box in boxes[name] if box.person == label.person)
            assert (label.box[:2] >= amodal[:2] - 1.5).all()
            assert (label.box[2:] <= amodal[2:] + 1.5).all()
            assert label.visible > 0.7


def test_a_hidden_person_has_a_box_but_little_of_it_is_visible(renderer: StoreRenderer) -> None:
    camera = renderer.cameras["left"]
    away = np.array([2.4, 2.4]) - camera.centre[:2]
    away = away / np.linalg.norm(away)
    behind = np.array([2.4, 2.4]) + away * 0.42
    scene = SceneState(8.0, [standing("ann", 2.4, 2.4), standing("bob", float(behind[0]), float(behind[1]))])
    visible = {box.person: box.visible for box in renderer.truth_boxes(scene)["left"]}
    assert visible["ann"] > 0.75
    assert visible["bob"] < 0.6


def test_keypoints_of_somebody_in_the_open_are_seen_and_lie_on_them(renderer: StoreRenderer) -> None:
    scene = SceneState(9.0, [standing("ann", 1.5, 1.8, -1.0)])
    renderer.render(scene)
    box = renderer.truth_boxes(scene)["right"][0]
    inside = box.keypoints[box.keypoints[:, 2] > 0]
    assert len(inside) == 17
    assert (inside[:, 2] == 2).mean() > 0.8
    assert (inside[:, :2] >= box.box[:2] - 2).all()
    assert (inside[:, :2] <= box.box[2:] + 2).all()


def test_a_face_is_captured_from_the_front_only(renderer: StoreRenderer) -> None:
    left = renderer.cameras["left"].centre
    towards = float(np.arctan2(left[1] - 2.0, left[0] - 2.0))
    facing = renderer.face_captures(SceneState(10.0, [standing("ann", 2.0, 2.0, towards)]))
    turned = renderer.face_captures(SceneState(10.1, [standing("ann", 2.0, 2.0, towards + np.pi)]))
    front = next(face for face in facing if face.camera == "left")
    assert abs(front.yaw_deg) < 12
    assert front.occluded < 0.05
    assert 10 < front.face_px < 60
    assert all(face.camera != "left" for face in turned)


def test_the_face_of_a_walker_is_blurred(renderer: StoreRenderer) -> None:
    left = renderer.cameras["left"].centre
    heading = float(np.arctan2(left[1] - 2.0, left[0] - 2.0)) + 0.6
    renderer.face_captures(SceneState(11.0, [standing("ann", 2.0, 2.0, heading)]))
    still = renderer.face_captures(SceneState(11.1, [standing("ann", 2.0, 2.0, heading)]))
    moved = renderer.face_captures(SceneState(11.2, [standing("ann", 2.0, 2.15, heading)]))
    assert max(face.blur_px for face in still) < 0.05
    assert max(face.blur_px for face in moved) > 1


def test_the_same_seed_gives_the_same_noise(people: dict[str, Person]) -> None:
    plan = small_store()
    frames: list[dict[str, Any]] = []
    for _ in range(2):
        with StoreRenderer(plan, people, camera_models(plan), np.random.default_rng(3)) as one:
            frames.append(one.render(SceneState(0.0, [standing("ann", 2.0, 2.0)])))
    assert all(np.array_equal(frames[0][name], frames[1][name]) for name in frames[0])
    assert 1.5 < np.std(frames[0]["left"][:60, 250:390].astype(float) - np.median(frames[0]["left"][:60, 250:390])) < 20


def test_a_machine_without_a_drawing_library_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    monkeypatch.setattr("sim.graphics._loads", lambda name: False)
    plan = small_store()
    with pytest.raises(MissingLibrary, match="apt install libosmesa6"):
        StoreRenderer(plan, {}, camera_models(plan), np.random.default_rng(0))


def test_drawing_only_where_people_are_leaves_the_same_frame(renderer: StoreRenderer) -> None:
    """The part that is drawn and bent must hold the whole person, wherever in the frame they are."""
    for x, y in ((0.6, 0.7), (2.2, 2.4), (3.9, 2.2), (1.2, 3.9), (3.6, 0.5)):
        scene = SceneState(12.0 + x, [standing("ann", x, y, x)])
        frames = renderer.render(scene)
        for name, view in renderer._views.items():
            moving, depth = renderer._pencil.draw(view.lens.pinhole)
            whole = view.lens.bend(np.where((depth > view.depth)[..., None], moving, view.colour))
            assert (np.abs(whole.astype(int) - frames[name]).max(2) > 12).mean() < 0.0002
