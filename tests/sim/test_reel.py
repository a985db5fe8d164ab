"""Moments around a tick, as cameras with wrong clocks see them."""

import pytest

from sim.reel import Reel
from sim.scene import SceneState
from sim.world import PersonState, World
from tests.sim.worlds import script, small_plan

WALK = {"id": "ann", "arrive": 0.5, "actions": [{"do": "walk", "x": 3.5, "y": 2.5}]}


def world() -> World:
    return World(small_plan(), script(WALK, seconds=8), seed=1)


def ann(scene: SceneState) -> PersonState:
    (person,) = scene.people
    assert isinstance(person, PersonState)
    return person


def test_the_reel_gives_the_worlds_own_ticks() -> None:
    plain, reel = world(), Reel(world(), before=0.4, after=0.3)
    ticks = list(reel)
    assert [tick.t for tick in ticks] == [plain.step().t for _ in range(len(ticks))]
    assert plain.done


def test_a_moment_on_a_tick_is_that_tick() -> None:
    reel, seen = Reel(world(), before=0.4, after=0.3), {}
    later = {}
    for tick in reel:
        seen[round(tick.t, 6)] = tick.people
        if tick.t > 1:
            assert reel.scene(tick.t).people == tick.people
            assert reel.scene(tick.t - 0.4).people == seen[round(tick.t - 0.4, 6)]
        later[round(tick.t + 0.3, 6)] = reel.scene(tick.t + 0.3).people
    matched = [t for t in later if t in seen]
    assert len(matched) > 50
    assert all(later[t] == seen[t] for t in matched)


def test_between_two_ticks_people_are_in_between() -> None:
    reel = Reel(world(), before=0.4)
    for tick in reel:
        if tick.t > 4:
            before, middle, after = (ann(reel.scene(tick.t - back)) for back in (0.2, 0.15, 0.1))
            assert middle.x == pytest.approx((before.x + after.x) / 2)
            assert middle.y == pytest.approx((before.y + after.y) / 2)
            return


def test_before_opening_the_store_is_empty_and_stocked() -> None:
    reel = Reel(world(), before=0.5)
    tick = next(iter(reel))
    scene = reel.scene(tick.t - 0.5)
    assert scene.people == ()
    assert scene.shelf_stock == tick.shelf_stock


def test_the_same_moment_is_one_object_so_that_it_is_drawn_once() -> None:
    reel = Reel(world(), before=0.5)
    for tick in reel:
        if tick.t > 1:
            assert reel.scene(tick.t - 0.25) is reel.scene(tick.t - 0.25)
            return
