"""Hard negatives: drawn, in the way of people, moved or not, and never a person in any label."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.cameras import RenderSettings, StoreRenderer
from sim.dataset.clutter import Clutter
from sim.dataset.crowd import Crowd, Posture
from sim.people import Person, Reach, sample_appearance
from sim.props import Cart, Mannequin, Placement, Poster, Prop, pram, shopping_basket, trolley
from sim.props.poster import portraits
from sim.random_plan import random_plan
from sim.scene import SceneState
from sim.store_plan import StorePlan, camera_models, plan_from

AT = (3.0, 2.6)


@pytest.fixture(scope="module")
def plan() -> StorePlan:
    """A store whose one camera looks at `AT` from 4 m away."""
    content = random_plan(np.random.default_rng(3)).model_dump()
    content["room"] |= {"width_m": 8.0, "depth_m": 8.0, "height_m": 3.0}
    content["gondolas"] = [content["gondolas"][0] | {"x": 7.0, "y": 7.0, "heading_deg": -90.0, "length_m": 1.0}]
    content["gondolas"][0]["shelves"] = [shelf | {"slots": []} for shelf in content["gondolas"][0]["shelves"]]
    content["gates"] = [{"id": "gate", "x": 6.5, "y": 0.0, "width_m": 1.1, "direction": "both"}]
    content["cameras"] = [{"name": "eye", "position": (3.0, 6.6, 2.4), "look_at": (*AT, 0.9), "fov_deg": 70}]
    return plan_from(content, "test")


def every_prop() -> list[Prop]:
    rng = np.random.default_rng(5)
    picture = portraits(rng, 1)[0]
    return [
        Mannequin("mannequin", rng),
        Poster("banner", picture, (0.9, 1.8), standing=True),
        trolley("trolley", rng),
        pram("pram", rng),
        shopping_basket("basket", rng),
    ]


def stood(name: str, y: float = AT[1]) -> Placement:
    return Placement(name, AT[0], y, np.pi / 2)


def pictures(plan: StorePlan, props: Sequence[Prop], scenes: list[SceneState]) -> list[NDArray[np.int16]]:
    still = RenderSettings(noise_sd=0.0)
    with StoreRenderer(plan, {}, camera_models(plan), np.random.default_rng(0), still, props=props) as renderer:
        return [renderer.render(scene)["eye"].astype(np.int16) for scene in scenes]


def test_every_prop_is_seen_where_it_is_placed_and_gone_when_it_is_not(plan: StorePlan) -> None:
    props = every_prop()
    scenes = [SceneState(float(k), props=(stood(prop.name),)) for k, prop in enumerate(props)]
    empty, *shown, last = pictures(plan, props, [SceneState(-1.0), *scenes, SceneState(9.0)])
    np.testing.assert_array_equal(last, empty)
    for prop, picture in zip(props, shown, strict=True):
        rows, columns = np.nonzero(np.abs(picture - empty).max(2) > 12)
        assert len(rows) > 300, prop.name
        assert abs(columns.mean() - 320) < 60, prop.name


def test_no_pixel_of_a_prop_is_a_person_and_what_it_hides_is_not_in_the_box(plan: StorePlan) -> None:
    rng = np.random.default_rng(7)
    people = {"ann": Person("ann", sample_appearance(rng, age_group="adult"))}
    props = every_prop()
    ann = Posture("ann", *AT, np.pi / 2)
    banner = Placement("banner", AT[0], AT[1] + 0.5, np.pi / 2)
    still = RenderSettings(noise_sd=0.0)
    with StoreRenderer(plan, people, camera_models(plan), rng, still, props=props) as renderer:
        alone, dummy = SceneState(0.0, (ann,)), SceneState(1.0, (), props=(stood("mannequin"),))
        hidden = SceneState(2.0, (ann,), props=(banner,))
        renderer.render(alone)
        pixels, free = (renderer.who("eye") == 0).sum(), renderer.truth_boxes(alone)["eye"][0].visible
        renderer.render(dummy)
        assert (renderer.who("eye") == -1).all()
        assert not renderer.truth_boxes(dummy)["eye"]
        renderer.render(hidden)
        assert (renderer.who("eye") == 0).sum() < 0.5 * pixels
        assert renderer.truth_boxes(hidden)["eye"][0].visible < 0.5 * free


def test_a_fixed_poster_belongs_to_the_empty_store(plan: StorePlan) -> None:
    picture = np.zeros((64, 32, 3), np.uint8)
    picture[:32] = (255, 0, 0)
    where = Placement("print", AT[0], 0.03, np.pi / 2, 0.8)
    bare, hung = (
        pictures(plan, props, [SceneState(0.0)])[0]
        for props in ([], [Poster("print", picture, (0.7, 1.4), fixed=where)])
    )
    rows, columns = np.nonzero((hung[..., 2] > 100) & (hung[..., 0] < 40))
    dark = np.nonzero((hung.max(2) < 40) & (bare.max(2) > 60))[0]
    assert abs(columns.mean() - 320) < 30
    assert rows.mean() < dark.mean()  # the picture's top is up


def test_a_mannequin_has_no_skin_and_no_face() -> None:
    rng = np.random.default_rng(2)
    dummies = [Mannequin(f"m{k}", rng) for k in range(4)]
    for one in dummies:
        colours = {tuple(c) for c in one.paint()[8:120, 70:122].reshape(-1, 3).tolist()}
        assert len(colours) == 1


def test_whoever_pushes_has_both_hands_on_the_bar() -> None:
    cart = trolley("t", np.random.default_rng(1))
    person = Person("ann", sample_appearance(np.random.default_rng(4), age_group="adult"))
    at, left, right = cart.pushed_by(1.0, 2.0, 0.7)
    pose = person.pose(1.0, 2.0, 0.7, 0.0, 0.9, (Reach("L", left, 1.0), Reach("R", right, 1.0)))
    assert np.hypot(at.x - 1.0, at.y - 2.0) == pytest.approx(0.34 + 0.45)
    for side, target in (("L", left), ("R", right)):
        assert np.linalg.norm(person.hand(pose, side) - target) < 0.05


def test_props_stand_clear_of_racks_people_and_each_other() -> None:
    pushed = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        plan = random_plan(rng)
        clutter = Clutter(plan, rng, "train")
        people = [Person(f"p{k}", sample_appearance(rng)) for k in range(4)]
        crowd = Crowd(plan, people, rng, clutter.taken)
        before = crowd.postures(4)
        after, placed = clutter.among(before)
        radii = {prop.name: prop.radius_m for prop in clutter.props if not isinstance(prop, Cart)}
        pushed += sum(one != other for one, other in zip(before, after, strict=True))
        assert [(one.person, one.x, one.y) for one in after] == [(one.person, one.x, one.y) for one in before]
        for at in placed:
            for one in after:
                assert np.hypot(at.x - one.x, at.y - one.y) > max(0.2, radii.get(at.prop, 0.0)) or at.z > 0
    assert pushed >= 3


def test_half_of_the_mannequins_are_new_to_the_empty_picture() -> None:
    new = known = 0
    for seed in range(60):
        rng = np.random.default_rng([8, seed])
        clutter = Clutter(random_plan(rng), rng, "train")
        learnt = {at.prop: at for at in clutter.learnt()}
        for at in clutter.among([])[1]:
            if at.prop.startswith("mannequin"):
                known += learnt.get(at.prop) == at
                new += learnt.get(at.prop) != at
    assert new >= 12
    assert known >= 12
