"""Faults of cameras: what a scenario may say, and which pictures there are at each tick."""

from pathlib import Path

import numpy as np
import pytest

from sim.errors import BadInput
from sim.faults import Clock, Down, Drops, Fault, Knock
from sim.faulty_cameras import FaultyCameras, turned
from sim.scenario import load_scenario
from tracking.camera import Camera

CAMERA = Camera.look_at("left", (0.2, 0.2, 2.7), (2.2, 2.6, 0.7), 80, 640, 360)
CAMERAS = {"left": CAMERA, "right": Camera.look_at("right", (4.2, 0.2, 2.7), (2.2, 2.6, 0.7), 80, 640, 360)}


def faulty(*faults: Fault, seed: int = 1) -> FaultyCameras:
    return FaultyCameras(CAMERAS, faults, np.random.default_rng(seed))


def angle_deg(one: Camera, other: Camera) -> float:
    """By which the second camera's whole view is turned against the first."""
    turn = one.rotation @ other.rotation.T
    return float(np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1))))


@pytest.mark.parametrize(
    ("faults", "field"),
    [
        ("[{kind: down, camera: northwst, at: 5}]", "faults.0.camera"),
        ("[{kind: down, camera: southwest, at: 5}]", "faults.0.camera"),
        ("[{kind: down, camera: northwest, at: 60}]", "faults.0.at"),
        ("[{kind: down, camera: northwest, at: 50, seconds: 11}]", "faults.0.seconds"),
        ("[{kind: drops, camera: northwest, share: 0}]", "faults.0.drops.share"),
        ("[{kind: drops, camera: northwest, share: 1.2}]", "faults.0.drops.share"),
        ("[{kind: knock, camera: northwest, at: 3}]", "faults.0.knock.pan_deg"),
        ("[{kind: knock, camera: northwest, pan_deg: 100}]", "faults.0.knock.pan_deg"),
        ("[{kind: clock, camera: northwest, late_by: 6}]", "faults.0.clock.late_by"),
        ("[{kind: melt, camera: northwest}]", "faults.0"),
    ],
)
def test_a_wrong_fault_is_named_in_one_line(tmp_path: Path, faults: str, field: str) -> None:
    path = tmp_path / "mine.yaml"
    text = "name: mine\ntitle: Mine\nseconds: 60\ncameras: [northwest, southeast]\n"
    path.write_text(f"{text}faults: {faults}\n", encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load_scenario(path)
    assert caught.value.field == field
    assert "\n" not in str(caught.value)


def test_without_faults_every_camera_gives_a_picture_of_the_instant() -> None:
    assert [(one.camera, one.pose, one.late_by) for one in faulty().at(3.0)] == [
        ("left", "left", 0.0),
        ("right", "right", 0.0),
    ]


def test_a_camera_is_down_from_its_time_on_and_comes_back() -> None:
    cameras = faulty(Down(kind="down", camera="left", at=2, seconds=3))
    present = {t: "left" in {one.camera for one in cameras.at(t)} for t in (1.9, 2.0, 4.9, 5.0)}
    assert present == {1.9: True, 2.0: False, 4.9: False, 5.0: True}


def test_a_camera_that_is_down_without_an_end_stays_so() -> None:
    assert [one.camera for one in faulty(Down(kind="down", camera="left")).at(80_000)] == ["right"]


def test_the_share_of_pictures_that_get_lost_is_as_asked_for_and_seeded() -> None:
    fault = Drops(kind="drops", camera="left", share=0.3)
    first, again = ([len(cameras.at(t / 10)) for t in range(4000)] for cameras in (faulty(fault), faulty(fault)))
    lost = 2 - np.mean(first)
    assert 0.27 < lost < 0.33
    assert first == again


def test_a_camera_that_is_down_does_not_change_which_other_pictures_get_lost() -> None:
    drops = Drops(kind="drops", camera="right", share=0.5)
    alone, beside = faulty(drops), faulty(drops, Down(kind="down", camera="left", at=1, seconds=5))
    for t in range(100):
        right = [["right" in {one.camera for one in cameras.at(t / 10)}] for cameras in (alone, beside)]
        assert right[0] == right[1]


def test_a_wrong_clock_asks_for_another_moment() -> None:
    cameras = faulty(Clock(kind="clock", camera="left", late_by=0.2), Clock(kind="clock", camera="right", late_by=-0.1))
    assert [one.late_by for one in cameras.at(1.0)] == [0.2, -0.1]
    assert (cameras.latest, cameras.earliest) == (0.2, 0.1)


@pytest.mark.parametrize("angles", [(2.0, 0.0, 0.0), (0.0, -2.0, 0.0), (0.0, 0.0, 2.0)])
def test_a_knock_turns_the_view_by_the_stated_angle_and_moves_nothing(angles: tuple[float, float, float]) -> None:
    after = turned(CAMERA, *angles)
    assert np.allclose(after.centre, CAMERA.centre)
    assert angle_deg(CAMERA, after) == pytest.approx(2.0, abs=1e-6)


def test_signs_of_a_knock_left_up_and_clockwise() -> None:
    ahead = CAMERA.centre + CAMERA.rotation[2] * 3  # in the middle of the picture
    above = ahead - CAMERA.rotation[1] * 0.5
    middle = CAMERA.project(ahead[None])[0]
    assert turned(CAMERA, 3, 0, 0).project(ahead[None])[0][0] > middle[0] + 5  # looks left: things move right
    assert turned(CAMERA, 0, 3, 0).project(ahead[None])[0][1] > middle[1] + 5  # looks up: things move down
    before, after = CAMERA.project(above[None])[0], turned(CAMERA, 0, 0, 5).project(above[None])[0]
    assert after[0] < before[0] - 2  # the camera turns clockwise, so the picture turns the other way


def test_knocks_add_up_and_keep_the_cameras_name() -> None:
    one, two = (Knock(kind="knock", camera="left", at=at, roll_deg=2) for at in (1, 3))
    cameras = faulty(two, one)
    poses = [next(e.pose for e in cameras.at(t) if e.camera == "left") for t in (0.9, 1.0, 3.0)]
    assert [angle_deg(CAMERA, cameras.poses[pose]) for pose in poses] == pytest.approx([0, 2, 4], abs=1e-6)
    assert {camera.name for key, camera in cameras.poses.items() if key.startswith("left")} == {"left"}
