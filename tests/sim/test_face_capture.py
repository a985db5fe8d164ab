"""What is said of a face agrees with pictures of it: pixels, turn, what hides it, blur."""

import math
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sim.bodies import BONE, load_body
from sim.cameras import RenderSettings, StoreRenderer
from sim.dataset.crowd import Posture
from sim.drawing import metres
from sim.face_capture import FaceView
from sim.face_geometry import face_patch, turned
from sim.people import Person, Reach, sample_appearance
from sim.scene import SceneState
from sim.store_plan import plan_from
from tracking.camera import Camera

CLEAN = RenderSettings(noise_sd=0.0, contact_shadow=0.0, supersample=1)
EXPOSURE_S = CLEAN.exposure_s
EYE = (0.3, 3.0, 1.7)  # a camera at the height of a face, and one under the ceiling that looks down
CAMERAS = {
    "level": Camera.look_at("level", EYE, (5.0, 3.0, 1.6), 60, 1280, 720),
    "above": Camera.look_at("above", (0.3, 3.0, 2.9), (3.0, 3.0, 1.5), 60, 1280, 720),
    "shelf": Camera.look_at("shelf", (0.3, 1.2, 1.4), (4.0, 1.2, 1.55), 50, 960, 540),
    "bent": Camera.look_at("bent", (0.3, 3.0, 2.2), (4.0, 3.0, 1.4), 80, 960, 540, (-0.15, 0.02, 0.0, 0.0, 0.0)),
}
WIDE = CAMERAS["level"]
CAMERAS["narrow"] = Camera(  # the middle of the level camera's picture
    "narrow", 640, 720, WIDE.matrix - np.array([[0, 0, 320], [0, 0, 0], [0, 0, 0]]), WIDE.distortion, WIDE.rotation,
    WIDE.translation,
)  # fmt: skip


@pytest.fixture(scope="module")
def people() -> dict[str, Person]:
    """Three adults without caps: what hides their faces stands before them."""
    rng, found = np.random.default_rng(5), {}
    for name in ("ann", "bob", "cat"):
        looks = next(a for a in iter(lambda: sample_appearance(rng, "train", "adult"), None) if a.hair == "short")
        found[name] = Person(name, looks)
    return found


@pytest.fixture(scope="module")
def renderer(people: dict[str, Person]) -> Iterator[StoreRenderer]:
    """A room with one shelf of 1.5 m, high enough to hide half a face, seen by fixed cameras."""
    plan = plan_from(
        {
            "name": "faces", "title": "A room for faces", "room": {"width_m": 7.0, "depth_m": 6.0},
            "products": [{"id": "p", "name": "P", "weight_g": 100, "price_cents": 1, "size_m": [0.1, 0.1, 0.1]}],
            "gondolas": [
                {
                    "id": "A", "x": 2.2, "y": 1.2, "heading_deg": 0, "length_m": 1.2, "depth_m": 0.4, "height_m": 1.5,
                    "shelves": [
                        {"height_m": 0.7, "plates_per_shelf": 2, "slots": [{"product": "p", "plates": [1], "stock": 1}]}
                    ],
                }
            ],
            "gates": [{"id": "gate", "x": 5, "y": 0, "direction": "both"}],
            "cameras": [{"name": "unused", "position": [0.3, 0.3, 2.9], "look_at": [3, 3, 1]}],
        }
    )  # fmt: skip
    with StoreRenderer(plan, people, CAMERAS, np.random.default_rng(0), CLEAN) as one:
        yield one


_clock = iter(range(1, 10_000))


def scene(*postures: Posture) -> SceneState:
    """A scene long after the one before, so that nobody moves."""
    return SceneState(float(2 * next(_clock)), list(postures))


def facing(person: str, x: float, y: float, camera: str, turn_deg: float = 0.0) -> Posture:
    """Somebody who stands and looks towards a camera, then turns to the left by `turn_deg`."""
    eye = CAMERAS[camera].centre
    return Posture(person, x, y, math.atan2(eye[1] - y, eye[0] - x) + math.radians(turn_deg))


def view_of(renderer: StoreRenderer, shown: SceneState, camera: str, person: str) -> FaceView | None:
    views = renderer.face_captures(shown)
    return next((view for view in views if (view.camera, view.person) == (camera, person)), None)


def face_pixels(renderer: StoreRenderer, shown: SceneState, camera: str, person: str) -> NDArray[np.bool_]:
    """(H, W) of the upside-down pinhole picture: pixels that show this person's face, by segmentation and depth."""
    renderer.render(shown, [camera])
    view = renderer._views[camera]
    skin, depth = renderer._pencil.segment(view.lens.pinhole)
    mine = np.isin(skin, renderer.stage.people[person].skin_ids) & (depth > view.depth)
    rows, columns = np.nonzero(mine)
    pinhole, z = view.lens.pinhole, metres(depth[rows, columns]).astype(np.float64)
    x = (columns - (pinhole.width - 1) / 2) / pinhole.focal * z
    y = (pinhole.height - 1 - rows - (pinhole.height - 1) / 2) / pinhole.focal * z
    world = pinhole.position + np.stack([x, y, z], 1) @ pinhole.rotation
    head = renderer.stage.poses[person][BONE["head"]]
    local = (world - head[:3, 3]) @ head[:3, :3]
    patch = renderer.stage.people[person].face_patch
    middle = (patch.points[:, 2].max() + patch.points[:, 2].min()) / 2
    on_face = (2 * local[:, 0] / patch.width_m) ** 2 + (2 * (local[:, 2] - middle) / patch.height_m) ** 2 < 1
    on_face &= local[:, 1] < 0
    found = np.zeros(mine.shape, bool)
    found[rows[on_face], columns[on_face]] = True
    return found


def hidden_share(renderer: StoreRenderer, camera: str, person: Posture, *others: Posture) -> float:
    """By counting pixels: of the face that the camera shows of the person alone, the share that others take away."""
    alone = face_pixels(renderer, scene(person), camera, person.person)
    together = face_pixels(renderer, scene(person, *others), camera, person.person)
    return 1 - int((alone & together).sum()) / int(alone.sum())


@pytest.mark.parametrize("distance", [1.0, 2.0, 4.0, 6.0])
def test_face_width_is_that_of_the_face_in_the_picture(renderer: StoreRenderer, distance: float) -> None:
    shown = scene(facing("ann", EYE[0] + distance, EYE[1], "level"))
    view = view_of(renderer, shown, "level", "ann")
    assert view is not None
    columns = np.nonzero(face_pixels(renderer, shown, "level", "ann"))[1]
    assert view.face_px == pytest.approx(np.ptp(columns) + 1, rel=0.1, abs=2)


def test_face_width_falls_with_distance_and_not_with_the_turn(renderer: StoreRenderer) -> None:
    near, far, turned_away = (
        view_of(renderer, scene(facing("ann", 0.3 + away, 3.0, "level", turn)), "level", "ann")
        for away, turn in ((2.0, 0), (4.0, 0), (2.0, 50))
    )
    assert near is not None
    assert far is not None
    assert turned_away is not None
    assert near.face_px / far.face_px == pytest.approx(2, rel=0.08)
    assert near.face_px == pytest.approx(turned_away.face_px, rel=0.08)


@pytest.mark.parametrize("body", [0, 9, 27, 63, 90])
def test_a_face_lies_on_the_front_of_the_head_and_is_as_wide_as_people_are(body: int) -> None:
    patch, shape = face_patch(body), load_body(body)
    used = patch.areas > 0
    assert used.sum() > 60
    assert (patch.points[used, 1] < 0.02).all()
    assert (patch.normals[used] @ (0, -1, 0) > 0).all()
    # Real heads: cheekbones about 2.2 times as far apart as the pupils (14 cm to 6.3 cm in men).
    assert 2.0 < patch.width_m / np.ptp(shape.eyes[:, 0]) < 2.6


@pytest.mark.parametrize("turn", [-80, -60, -30, 0, 20, 45, 70])
def test_yaw_is_the_turn_of_the_head_away_from_the_camera(renderer: StoreRenderer, turn: float) -> None:
    """Turning to the left leaves the camera to the right, so yaw falls."""
    for camera in ("level", "above", "bent"):
        posture = facing("ann", 2.5, 3.4, camera, turn)
        view = view_of(renderer, scene(posture), camera, "ann")
        assert view is not None
        eye, centre = CAMERAS[camera].centre, renderer.stage.people["ann"].face(renderer.stage.poses["ann"])[0]
        # The face lies 0.1 m before the axis about which the body turned.
        aside = math.degrees(math.atan2(eye[1] - centre[1], eye[0] - centre[0]) - posture.heading)
        assert view.yaw_deg == pytest.approx((aside + 180) % 360 - 180, abs=3)
        assert view.yaw_deg == pytest.approx(-turn, abs=8)


@pytest.mark.parametrize("turn", [100, 135, 180, -100])
def test_a_head_turned_beyond_a_right_angle_is_no_face(renderer: StoreRenderer, turn: float) -> None:
    shown = scene(facing("ann", 2.5, 3.4, "level", turn))
    assert view_of(renderer, shown, "level", "ann") is None


@pytest.mark.parametrize("x", [2.0, 2.8, 4.0])
def test_pitch_is_the_height_of_the_camera_over_the_line_of_sight(renderer: StoreRenderer, x: float) -> None:
    """By trigonometry from where the camera and the face are, less the nod of the standing head itself."""
    shown = scene(facing("ann", x, 3.0, "above"))
    view = view_of(renderer, shown, "above", "ann")
    assert view is not None
    centre, forward, _ = renderer.stage.people["ann"].face(renderer.stage.poses["ann"])
    eye = CAMERAS["above"].centre
    elevation = math.degrees(math.atan2(eye[2] - centre[2], math.hypot(*(eye[:2] - centre[:2]))))
    nod = math.degrees(math.asin(forward[2]))
    assert view.pitch_deg == pytest.approx(elevation - nod, abs=1)
    assert abs(nod) < 15
    assert view.pitch_deg > 10


@given(yaw=st.floats(-179, 179), pitch=st.floats(-85, 85))
def test_turned_undoes_its_own_definition(yaw: float, pitch: float) -> None:
    level = math.cos(math.radians(pitch))
    left, ahead = level * math.sin(math.radians(yaw)), level * math.cos(math.radians(yaw))
    found = turned(3 * np.array([[left, -ahead, math.sin(math.radians(pitch))]]))
    assert float(found[0][0]) == pytest.approx(yaw, abs=1e-6)
    assert float(found[1][0]) == pytest.approx(pitch, abs=1e-6)


@pytest.mark.parametrize("turn", [0, 40, -60])
@pytest.mark.parametrize("camera", ["level", "above", "bent"])
def test_nothing_hides_a_face_in_the_open(renderer: StoreRenderer, camera: str, turn: float) -> None:
    view = view_of(renderer, scene(facing("ann", 2.8, 3.2, camera, turn)), camera, "ann")
    assert view is not None
    assert view.occluded < 0.06


@pytest.mark.parametrize("aside", [0.0, 0.03, 0.06, 0.09, 0.12, 0.2, 0.4])
def test_the_hidden_share_behind_somebody_is_that_of_the_picture(renderer: StoreRenderer, aside: float) -> None:
    person = facing("ann", 3.6, 3.0, "level")
    other = Posture("bob", 2.6, 3.0 + aside, 0.0)
    expected = hidden_share(renderer, "level", person, other)
    view = view_of(renderer, scene(person, other), "level", "ann")
    assert (view.occluded if view else 1.0) == pytest.approx(expected, abs=0.06)


def test_people_hide_faces_by_every_share_from_none_to_all(renderer: StoreRenderer) -> None:
    """So that the test above compares more than zeros and ones."""
    person = facing("ann", 3.6, 3.0, "level")
    shares = [
        hidden_share(renderer, "level", person, Posture("bob", 2.6, 3.0 + aside, 0.0))
        for aside in (0.0, 0.06, 0.09, 0.5)
    ]
    assert shares[0] > 0.8
    assert any(0.2 < share < 0.8 for share in shares)
    assert shares[-1] == 0


@settings(max_examples=8, deadline=None)
@given(
    x=st.floats(2.9, 4.5),
    y=st.floats(2.6, 3.4),
    ox=st.floats(1.2, 2.3),
    oy=st.floats(2.7, 3.3),
    turn=st.floats(-50, 50),
)
def test_wherever_two_people_stand_the_hidden_share_is_that_of_the_picture(
    renderer: StoreRenderer, x: float, y: float, ox: float, oy: float, turn: float
) -> None:
    person, other = facing("ann", x, y, "above", turn), Posture("bob", ox, oy, 0.0)
    expected = hidden_share(renderer, "above", person, other)
    view = view_of(renderer, scene(person, other), "above", "ann")
    assert (view.occluded if view else 1.0) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("x", [2.75, 3.0, 3.3, 3.8, 4.6, 5.6])
def test_a_shelf_hides_as_much_of_a_face_as_the_picture_shows(renderer: StoreRenderer, x: float) -> None:
    """A low camera looks over the top of the shelf; nobody is before the shelf in the picture without it."""
    shown = scene(facing("ann", x, 1.2, "shelf"))
    view = view_of(renderer, shown, "shelf", "ann")
    there = face_pixels(renderer, shown, "shelf", "ann")
    store = renderer._views["shelf"]
    kept, store.depth = store.depth, np.zeros_like(store.depth)
    whole = face_pixels(renderer, shown, "shelf", "ann")
    store.depth = kept
    assert (view.occluded if view else 1.0) == pytest.approx(1 - there.sum() / whole.sum(), abs=0.08)


def test_shelves_hide_all_most_and_nothing_of_faces_in_the_cases_above(renderer: StoreRenderer) -> None:
    views = [view_of(renderer, scene(facing("ann", x, 1.2, "shelf")), "shelf", "ann") for x in (2.75, 3.3, 5.6)]
    shares = [view.occluded if view else 1.0 for view in views]
    assert shares == sorted(shares) or shares == sorted(shares, reverse=True)
    assert max(shares) - min(shares) > 0.3


@pytest.mark.parametrize("aside", [0.55, 0.6, 0.65, 0.7, 0.75, 0.85])
def test_what_the_frame_cuts_off_is_hidden(renderer: StoreRenderer, aside: float) -> None:
    shown = scene(facing("ann", 2.8, 3.0 + aside, "narrow"))
    view = view_of(renderer, shown, "narrow", "ann")
    whole = face_pixels(renderer, shown, "level", "ann")
    left = whole.shape[1] // 2 - 320
    inside = whole[:, left : left + 640].sum() / whole.sum()
    assert (view.occluded if view else 1.0) == pytest.approx(1 - inside, abs=0.1)


def test_a_product_held_up_before_the_face_hides_some_of_it(renderer: StoreRenderer) -> None:
    posture = facing("ann", 2.5, 3.0, "level")
    before = (2.5 - 0.35, 3.0, 1.6)
    hand = Posture("ann", posture.x, posture.y, posture.heading, reach=Reach("R", before, 1.0))
    with_box = Posture("ann", posture.x, posture.y, posture.heading, reach=hand.reach, held_product="p")
    empty, full = (view_of(renderer, scene(one), "level", "ann") for one in (hand, with_box))
    assert empty is not None
    assert full is not None
    pixels = [face_pixels(renderer, scene(one), "level", "ann").sum() for one in (hand, with_box)]
    assert (1 - full.occluded) / (1 - empty.occluded) == pytest.approx(pixels[1] / pixels[0], abs=0.1)
    assert full.occluded > empty.occluded + 0.1


@pytest.mark.parametrize("speed", [0.3, 1.0, 1.8])
def test_blur_is_how_far_a_face_moves_across_the_picture_during_the_exposure(
    renderer: StoreRenderer, speed: float
) -> None:
    first = scene(Posture("ann", 3.3, 2.9, math.pi))
    renderer.face_captures(first)
    after = SceneState(first.t + 0.1, [Posture("ann", 3.3, 2.9 + 0.1 * speed, math.pi)])
    view = view_of(renderer, after, "level", "ann")
    assert view is not None
    centre = renderer.stage.people["ann"].face(renderer.stage.poses["ann"])[0]
    away = float((centre - CAMERAS["level"].centre) @ CAMERAS["level"].rotation[2])
    focal = float(CAMERAS["level"].matrix[0, 0])
    assert view.blur_px == pytest.approx(speed * EXPOSURE_S * focal / away, rel=0.02)


def test_a_face_that_comes_straight_on_hardly_blurs(renderer: StoreRenderer) -> None:
    first = scene(Posture("ann", 3.3, 3.0, math.pi))
    renderer.face_captures(first)
    view = view_of(renderer, SceneState(first.t + 0.1, [Posture("ann", 3.2, 3.0, math.pi)]), "level", "ann")
    assert view is not None
    assert view.blur_px < 1


def test_a_face_behind_everything_is_not_in_the_table(renderer: StoreRenderer) -> None:
    """Nothing of it shows, so no camera saw it."""
    shown = scene(facing("ann", 3.6, 3.0, "level"), Posture("bob", 2.6, 3.0, 0.0))
    assert view_of(renderer, shown, "level", "ann") is None
