import itertools
import json
import math

import mujoco
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.bodies import BONE, BONES, body_indices, load_body
from sim.errors import BadInput
from sim.figure import Mesh
from sim.gait import stride_length
from sim.people import LEFT_TO_RIGHT, Appearance, Person, Reach, advance_phase, sample_appearance


def somebody(seed: int = 1, **kind: str) -> Person:
    return Person("somebody", sample_appearance(np.random.default_rng(seed), **kind))


def skinned(person: Person, pose: np.ndarray) -> np.ndarray:
    """World vertices (V, 3) of the drawn mesh, by linear blending as MuJoCo does it."""
    mesh: Mesh = person.mesh()
    joints = np.concatenate([load_body(person.appearance.body).joints, np.zeros((1, 3))])
    local = mesh.vertices[:, None] - joints[None]
    moved = np.einsum("bij,vbj->vbi", pose[:, :3, :3], local) + pose[:, :3, 3]
    return np.asarray((moved * mesh.weights[:, :, None]).sum(1))


phases = st.floats(0, 2 * math.pi)
speeds = st.sampled_from([0.0, 0.4, 0.9, 1.3, 1.7])


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), phase=phases, speed=speeds)
def test_a_walker_always_touches_the_floor_and_never_sinks_into_it(seed: int, phase: float, speed: float) -> None:
    person = somebody(seed)
    lowest = skinned(person, person.pose(1, 2, 0.7, phase, speed))[:, 2].min()
    assert abs(lowest) < 0.005


@pytest.mark.parametrize("side", ["L", "R"])
@pytest.mark.parametrize("height", [0.2, 0.5, 0.9, 1.3, 1.6])
@pytest.mark.parametrize("group", ["adult", "elder"])
def test_the_palm_reaches_a_target_within_reach(side: str, height: float, group: str) -> None:
    for seed in range(6):
        person = somebody(seed, age_group=group)
        if height > 0.95 * person.height_m:
            continue
        target = (3 + 0.4 * math.cos(2.0), 1 + 0.4 * math.sin(2.0), height)
        pose = person.pose(3, 1, 2.0, 0, 0, Reach(side, target, 1.0))
        assert np.linalg.norm(person.hand(pose, side) - target) < 0.03


def test_a_tall_person_reaches_the_top_shelf_and_nobody_grows_to_reach_beyond_their_arm() -> None:
    person = max((somebody(s) for s in range(20)), key=lambda p: p.height_m)
    for height, reached in ((1.9, True), (3.0, False)):
        pose = person.pose(0, 0, 0, 0, 0, Reach("R", (0.35, 0, height), 1.0))
        assert bool(np.linalg.norm(person.hand(pose, "R") - (0.35, 0, height)) < 0.03) == reached
    lengths = np.linalg.norm(
        np.diff(pose[[BONE["upperarm01.R"], BONE["lowerarm01.R"], BONE["wrist.R"]], :3, 3], axis=0), axis=1
    )
    rest = load_body(person.appearance.body).joints[[BONE["upperarm01.R"], BONE["lowerarm01.R"], BONE["wrist.R"]]]
    assert np.allclose(lengths, np.linalg.norm(np.diff(rest, axis=0), axis=1), atol=1e-6)


def test_the_hand_comes_nearer_as_the_reach_blends_in() -> None:
    person, target = somebody(3, age_group="adult"), (0.45, 0.1, 1.2)
    away = [
        np.linalg.norm(person.hand(person.pose(0, 0, 0, 0, 0, Reach("R", target, b)), "R") - target)
        for b in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert all(a > b for a, b in itertools.pairwise(away))


def test_both_hands_can_reach_at_once() -> None:
    person = somebody(3, age_group="adult")
    goals = [Reach("L", (0.4, 0.15, 1.1), 1.0), Reach("R", (0.4, -0.15, 1.1), 1.0)]
    pose = person.pose(0, 0, 0, 0, 0, goals)
    assert all(np.linalg.norm(person.hand(pose, g.side) - g.target) < 0.03 for g in goals)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), phase=phases, speed=speeds, heading=st.floats(-7, 7))
def test_keypoints_lie_inside_the_drawn_body(seed: int, phase: float, speed: float, heading: float) -> None:
    person = somebody(seed)
    pose = person.pose(-2, 5, heading, phase, speed)
    vertices, points = skinned(person, pose), person.keypoints(pose)
    assert points.shape == (17, 3)
    assert (points > vertices.min(0) - 0.02).all()
    assert (points < vertices.max(0) + 0.02).all()
    # Each keypoint is near some vertex: no farther than a torso is thick.
    assert np.linalg.norm(points[:, None] - vertices[None], axis=2).min(1).max() < 0.16


@pytest.mark.parametrize("heading", [0.0, 1.0, -2.5])
def test_a_person_faces_their_heading_with_the_left_side_on_the_left(heading: float) -> None:
    person = somebody(2, age_group="adult")
    pose = person.pose(4, -1, heading, 0, 0)
    ahead, left = (
        np.array([math.cos(heading), math.sin(heading), 0]),
        np.array([-math.sin(heading), math.cos(heading), 0]),
    )
    points = person.keypoints(pose)
    centre, forward, width = person.face(pose)
    assert forward @ ahead > 0.98
    assert (points[0] - points[3:5].mean(0)) @ ahead > 0.05
    for k in (1, 3, 5, 7, 9, 11, 13, 15):
        assert (points[k] - points[LEFT_TO_RIGHT[k]]) @ left > 0.02
    assert 0.10 < width < 0.22
    assert np.allclose(centre[:2], (4, -1), atol=0.25)


@settings(max_examples=15, deadline=None)
@given(phase=phases, speed=speeds)
def test_half_a_cycle_later_the_gait_is_its_own_mirror_image(phase: float, speed: float) -> None:
    person = somebody(5)
    mirrored = person.keypoints(person.pose(0, 0, 0, phase + math.pi, speed))[list(LEFT_TO_RIGHT)] * (1, -1, 1)
    assert np.allclose(person.keypoints(person.pose(0, 0, 0, phase, speed)), mirrored, atol=0.01)


def test_a_standing_foot_does_not_slide() -> None:
    person, speed, distance = somebody(5, age_group="adult"), 1.3, 0.01
    phase, x, slides = 0.4, 0.0, []
    for _ in range(20):
        before = person.pose(x, 0, 0, phase, speed)[BONE["foot.L"], 0, 3]
        x, phase = x + distance, advance_phase(phase, distance, person, speed)
        slides.append(abs(person.pose(x, 0, 0, phase, speed)[BONE["foot.L"], 0, 3] - before))
    assert 0.6 < phase < 2.0  # the left foot stands from its strike at 0 until its heel rises
    assert max(slides) < 0.003


def test_one_stride_is_one_cycle() -> None:
    person = somebody(5)
    stride = stride_length(person.height_m, 1.0)
    phase = 0.1
    for _ in range(50):
        phase = advance_phase(phase, stride / 50, person, 1.0)
    assert phase == pytest.approx(0.1, abs=1e-6)


def test_carrying_bends_the_left_arm_only() -> None:
    person = somebody(4, age_group="adult")
    empty, carrying = (person.pose(0, 0, 0, 1.0, 0, carrying=c) for c in (0.0, 1.0))
    moved = np.linalg.norm(person.keypoints(carrying) - person.keypoints(empty), axis=1)
    assert moved[9] > 0.1
    assert np.delete(moved, [7, 9]).max() < 1e-9


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_an_appearance_survives_json(seed: int) -> None:
    looks = sample_appearance(np.random.default_rng(seed))
    assert Appearance.from_dict(json.loads(json.dumps(looks.to_dict()))) == looks


def test_the_same_seed_gives_the_same_person_and_others_differ() -> None:
    looks = [sample_appearance(np.random.default_rng(s)) for s in (1, 1, 2)]
    assert looks[0] == looks[1] != looks[2]


def test_train_and_held_out_bodies_are_disjoint_and_sampling_keeps_to_its_split() -> None:
    train, held_out = (set(body_indices(s).tolist()) for s in ("train", "held-out"))
    assert (len(train), len(held_out), len(train & held_out)) == (64, 32, 0)
    rng = np.random.default_rng(0)
    assert {sample_appearance(rng, "train").body for _ in range(200)} <= train
    assert {sample_appearance(rng, "held-out").body for _ in range(200)} <= held_out


@pytest.mark.parametrize(("group", "low", "high"), [("child", 0.85, 1.65), ("adult", 1.4, 2.05), ("elder", 1.35, 2.0)])
def test_age_groups_have_their_stature(group: str, low: float, high: float) -> None:
    people = [somebody(s, age_group=group) for s in range(30)]
    assert all(p.age_group == group and low < p.height_m < high for p in people)
    assert all(0.10 < p.shoulder_half_width_m < 0.32 for p in people)


def test_skin_tones_cover_the_whole_human_range() -> None:
    rng = np.random.default_rng(0)
    tones = [sample_appearance(rng).skin_tone for _ in range(300)]
    assert min(tones) < 0.5
    assert max(tones) > 8.5


def scene(*people: Person) -> tuple[mujoco.MjModel, mujoco.MjData]:
    spec = mujoco.MjSpec.from_string(
        '<mujoco><worldbody><light pos="0 0 4"/><geom type="plane" size="5 5 .1" rgba=".8 .8 .8 1"/>'
        '<camera name="c" pos="-3 0 1.5" xyaxes="0 -1 0 .15 0 1"/></worldbody></mujoco>'
    )
    for person in people:
        person.add_to(spec)
    model = spec.compile()
    for person in people:
        person.bind(model)
    return model, mujoco.MjData(model)


def test_a_placed_person_is_drawn_and_a_hidden_one_leaves_no_pixel() -> None:
    person = somebody(6)
    bare, _ = scene()
    model, data = scene(person)
    images = {}
    with mujoco.Renderer(bare, 120, 160) as renderer:
        renderer.update_scene(_forward(bare, mujoco.MjData(bare)), "c")
        images["empty"] = renderer.render().copy()
    with mujoco.Renderer(model, 120, 160) as renderer:
        person.place(data, person.pose(0, 0, 0, 0, 0))
        renderer.update_scene(_forward(model, data), "c")
        images["placed"] = renderer.render().copy()
        renderer.enable_segmentation_rendering()
        renderer.update_scene(data, "c")
        ids = renderer.render().copy()
        renderer.disable_segmentation_rendering()
        person.hide(data)
        renderer.update_scene(_forward(model, data), "c")
        images["hidden"] = renderer.render().copy()
    drawn = (ids[..., 1] == mujoco.mjtObj.mjOBJ_SKIN) & (ids[..., 0] == person.skin_ids[0])
    assert drawn.sum() > 200
    assert (images["placed"] != images["empty"]).any(axis=2)[drawn].mean() > 0.9
    assert (images["hidden"] == images["empty"]).all()


def _forward(model: mujoco.MjModel, data: mujoco.MjData) -> mujoco.MjData:
    mujoco.mj_forward(model, data)
    return data


def test_mocap_bodies_take_the_pose() -> None:
    person = somebody(7)
    model, data = scene(person)
    pose = person.pose(0.5, -0.3, 2.2, 1.0, 1.2, Reach("L", (0.2, 0.0, 0.6), 0.7))
    person.place(data, pose)
    mujoco.mj_forward(model, data)
    for b, bone in enumerate(BONES):
        assert np.allclose(data.body(f"somebody:{bone}").xpos, pose[b, :3, 3], atol=1e-9)
        assert np.allclose(data.body(f"somebody:{bone}").xmat.reshape(3, 3), pose[b, :3, :3], atol=1e-9)
    assert model.nv == 0
    assert data.ncon == 0


def test_bad_values_are_refused_with_field_and_what_is_allowed() -> None:
    looks = somebody(1).appearance.to_dict()
    for change in ({"hair": "mohawk"}, {"skin_tone": 12}, {"body": 96}, {"upper_colour": [2, 0, 0]}, {"wings": 2}):
        with pytest.raises(BadInput) as error:
            Appearance.from_dict(looks | change)
        assert next(iter(change)) in str(error.value)
    with pytest.raises(BadInput):
        Appearance.from_dict({k: v for k, v in looks.items() if k != "bag"})
    person = somebody(1)
    for wrong in (
        lambda: Reach("M", (0, 0, 1), 1.0),
        lambda: Reach("L", (0, 0, math.nan), 1.0),
        lambda: Reach("L", (0, 0, 1), 1.5),
        lambda: person.pose(0, 0, 0, 0, -1),
        lambda: person.pose(math.inf, 0, 0, 0, 1),
        lambda: person.pose(0, 0, 0, 0, 1, carrying=2),
        lambda: person.hand(person.pose(0, 0, 0, 0, 0), "X"),
        lambda: Person("two words", person.appearance),
        lambda: sample_appearance(np.random.default_rng(0), split="test"),
        lambda: sample_appearance(np.random.default_rng(0), age_group="teen"),
        lambda: person.bind(scene()[0]),
    ):
        with pytest.raises(BadInput):
            wrong()
