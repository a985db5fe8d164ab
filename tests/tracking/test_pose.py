from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.tracking.test_training import write_pictures
from tracking.background import Background
from tracking.box_overlap import overlaps
from tracking.errors import MissingWeights
from tracking.observation import Detection
from tracking.pose import CROP_HEIGHT, CROP_WIDTH, CropPose, Sight, crop_window, cut
from tracking.training.evaluate_pose import evaluate_keypoints
from tracking.training.export import export_pose
from tracking.training.people import load_people
from tracking.training.pose import PoseTraining, box_loss, changed_person, heat_loss, pose_loss, train_pose
from tracking.training.pose_network import Reading

FIXTURES = Path(__file__).parent / "pictures"
LEFT_HIP, RIGHT_HIP = 11, 12


@pytest.fixture(scope="module")
def pose() -> CropPose:
    return CropPose()


@pytest.fixture(scope="module")
def scene() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A rendered frame that was in no training data, and what is new in it."""
    background = Background()
    background.learn(read("empty.jpg"))
    frame = read("frame.jpg")
    return frame, background.foreground(frame)


def read(name: str) -> NDArray[np.uint8]:
    image = cv2.imread(str(FIXTURES / name))
    assert image is not None
    return image.astype(np.uint8)


def labelled(width: int, height: int) -> list[tuple[Detection, NDArray[np.float64]]]:
    """Boxes and true keypoints (17, 3) of the people in the frame, in px."""
    people = []
    for line in (FIXTURES / "frame.txt").read_text().splitlines():
        row = np.array(line.split()[1:], np.float64)
        centre, half = row[:2] * (width, height), row[2:4] * (width, height) / 2
        points = row[4:].reshape(17, 3) * (width, height, 1)
        box = np.concatenate([centre - half, centre + half]).astype(np.float32)
        people.append((Detection(box, 1.0, np.zeros((17, 3), np.float32)), points))
    return people


def test_keypoints_in_view_lie_on_the_body_within_a_twentieth_of_its_height(
    pose: CropPose, scene: tuple[NDArray[np.uint8], NDArray[np.uint8]]
) -> None:
    frame, new = scene
    people = labelled(frame.shape[1], frame.shape[0])
    (found,) = pose.look([Sight(frame, new, [person for person, _ in people])])
    errors = []
    for one, (_, truth) in zip(found, people, strict=True):
        seen = truth[:, 2] > 1
        gaps = np.linalg.norm(one.keypoints[seen, :2] - truth[seen, :2], axis=1)
        errors.append(np.median(gaps) / (one.box[3] - one.box[1]))
    assert np.median(errors) < 0.05


def test_every_keypoint_has_an_error(pose: CropPose, scene: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> None:
    people = [person for person, _ in labelled(scene[0].shape[1], scene[0].shape[0])]
    for after in pose.look([Sight(*scene, people)])[0]:
        assert after.keypoint_sd is not None
        assert (after.keypoint_sd > 0).all()
        assert ((after.keypoints[:, 2] >= 0) & (after.keypoints[:, 2] <= 1)).all()


def test_a_box_that_is_off_is_put_right(pose: CropPose, scene: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> None:
    people = [person for person, _ in labelled(scene[0].shape[1], scene[0].shape[0])]
    truth = np.stack([one.box for one in people])
    size = np.tile(truth[:, 2:] - truth[:, :2], 2)
    off = truth + size * np.array([-0.12, -0.1, 0.1, -0.12])
    moved = [replace(one, box=box) for one, box in zip(people, off.astype(np.float32), strict=True)]
    (found,) = pose.look([Sight(*scene, moved)])
    before = np.diag(overlaps(truth, off))
    after = np.diag(overlaps(truth, np.stack([one.box for one in found])))
    assert (after > before).all()
    assert np.median(after) > 0.8


def test_two_boxes_of_one_person_become_one_and_a_piece_of_floor_nobody(
    pose: CropPose, scene: tuple[NDArray[np.uint8], NDArray[np.uint8]]
) -> None:
    frame, new = scene
    person = labelled(frame.shape[1], frame.shape[0])[0][0]
    again = replace(person, box=person.box + np.float32(4), confidence=0.8)
    busy = np.pad(new, 1)
    empty = next(
        np.array([x, y, x + 60, y + 120], np.float32)
        for x in range(0, 560, 20)
        for y in range(0, 230, 20)
        if not busy[int(y * 0.6) : int((y + 120) * 0.6), int(x * 0.6) : int((x + 60) * 0.6)].any()
    )
    (found,) = pose.refine([Sight(frame, new, [person, again, replace(person, box=empty)])])
    assert len(found) == 1
    assert overlaps(found[0].box, person.box)[0, 0] > 0.7


def test_the_same_person_alone_and_among_others_has_the_same_keypoints(
    pose: CropPose, scene: tuple[NDArray[np.uint8], NDArray[np.uint8]]
) -> None:
    people = [person for person, _ in labelled(scene[0].shape[1], scene[0].shape[0])]
    together = pose.look([Sight(*scene, people)])[0]
    alone = pose.look([Sight(*scene, people[:1])])[0][0]
    np.testing.assert_allclose(together[0].keypoints, alone.keypoints, atol=0.2)


def test_nobody_has_no_keypoints(pose: CropPose, scene: tuple[NDArray[np.uint8], NDArray[np.uint8]]) -> None:
    assert pose.refine([Sight(*scene, [])]) == [[]]
    assert pose.refine([]) == []


def test_a_hidden_body_is_told_with_a_larger_error_than_a_seen_one(
    pose: CropPose, scene: tuple[NDArray[np.uint8], NDArray[np.uint8]]
) -> None:
    frame, new = scene
    person = labelled(frame.shape[1], frame.shape[0])[0][0]
    left, top, right, bottom = person.box.astype(int)
    covered, changed = frame.copy(), new.copy()
    middle = (top + bottom) // 2
    covered[middle : bottom + 10, left - 10 : right + 10] = 128
    scale = new.shape[1] / frame.shape[1]
    changed[int(middle * scale) :, int(left * scale) : int(right * scale)] = 0
    ankles = [15, 16]
    clear = pose.look([Sight(frame, new, [person])])[0][0].keypoint_sd
    hidden = pose.look([Sight(covered, changed, [person])])[0][0].keypoint_sd
    assert clear is not None
    assert hidden is not None
    assert hidden[ankles].mean() > 1.5 * clear[ankles].mean()


@given(x=st.floats(60, 500), y=st.floats(60, 300), height=st.floats(30, 200), width=st.floats(10, 150))
@settings(max_examples=40, deadline=None)
def test_a_crop_holds_its_box_with_room_and_keeps_its_shape(x: float, y: float, height: float, width: float) -> None:
    box = np.array([x - width / 2, y - height / 2, x + width / 2, y + height / 2])
    middle_x, middle_y, tall = crop_window(box)
    assert (middle_x, middle_y) == pytest.approx((x, y))
    assert tall >= 1.2 * height
    assert tall * CROP_WIDTH / CROP_HEIGHT >= 1.2 * width


def test_the_frame_and_what_is_new_are_cut_alike() -> None:
    frame = np.zeros((360, 640, 3), np.uint8)
    frame[100:200, 300:340] = 255
    new = cv2.resize(frame[..., 0], (384, 216), interpolation=cv2.INTER_AREA)
    crop = cut(frame, new.astype(np.uint8), crop_window(np.array([300, 100, 340, 200])))
    assert crop.shape == (CROP_HEIGHT, CROP_WIDTH, 4)
    both = (crop[..., 0] > 127) == (crop[..., 3] > 127)
    assert both.mean() > 0.97
    assert (crop[..., 0] > 127).any()


@given(seed=st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_keypoints_move_with_the_crop_and_sides_swap_in_the_mirror(seed: int) -> None:
    crop = np.full((192, 144, 4), 90, np.uint8)
    crop[..., 3] = 0
    points = np.zeros((17, 3), np.float32)
    points[LEFT_HIP], points[RIGHT_HIP] = (60, 90, 2), (84, 90, 2)
    crop[84:97, 54:67, 3], crop[84:97, 78:91, 3] = 120, 250
    box = np.array([54, 84, 91, 97], np.float32)
    moved, found, edges = changed_person(crop, points, box, np.random.default_rng(seed))
    if np.isfinite(edges).all():
        left, top, right, bottom = np.rint(edges * CROP_HEIGHT).astype(int)
        outside = moved[..., 3].copy()
        outside[max(top - 2, 0) : bottom + 2, max(left - 2, 0) : right + 2] = 0
        assert not outside.any()
        assert (moved[top:bottom, left:right, 3] > 0).mean() > 0.3
    if (found[[LEFT_HIP, RIGHT_HIP], 2] > 0).all():
        # In the mirror the hip on the left of the picture stays a left one, or the network would learn to mix them up.
        assert found[LEFT_HIP, 0] < found[RIGHT_HIP, 0]
    for side, value in ((LEFT_HIP, 120), (RIGHT_HIP, 250)):
        if found[side, 2] < 2:
            continue
        x, y = (found[side, :2] * CROP_HEIGHT).astype(int)
        here = moved[min(y, CROP_HEIGHT - 1), min(x, CROP_WIDTH - 1), 3]
        mirrored = {120: 250, 250: 120}[value]
        assert min(abs(int(here) - value), abs(int(here) - mirrored)) < 25


def test_nobody_stays_nobody_however_the_crop_is_changed() -> None:
    crop, nothing = np.full((192, 144, 4), 90, np.uint8), np.full(4, np.nan, np.float32)
    for seed in range(20):
        _, found, edges = changed_person(crop, np.zeros((17, 3), np.float32), nothing, np.random.default_rng(seed))
        assert np.isneginf(edges).all()
        assert not found[:, 2].any()


def reading(places: torch.Tensor, log_scale: torch.Tensor, seen: torch.Tensor) -> Reading:
    """What a network would say of keypoints alone."""
    count = len(places)
    across, down = torch.zeros(count, 24), torch.zeros(count, 32)
    edges = (across, down, across, down)
    return Reading(
        torch.zeros(count, 17, 32, 24), places, log_scale, seen, edges, torch.zeros(count, 4), torch.zeros(count)
    )


def test_a_box_that_fits_and_says_so_costs_least() -> None:
    truth = torch.tensor([[0.1, 0.1, 0.5, 0.9]])
    nobody = torch.full((1, 4), -torch.inf)

    def cost(box: torch.Tensor, score: float, told: torch.Tensor = truth) -> float:
        said = reading(torch.zeros(1, 17, 2), torch.zeros(1, 17), torch.zeros(1, 17))
        return float(box_loss(replace(said, box=box, score=torch.tensor([score])), told, PoseTraining()))

    shifted = truth + 0.1
    assert cost(truth, 6.0) < cost(shifted, 6.0)
    assert cost(truth, 6.0) < cost(truth, 0.0)
    assert cost(shifted, 6.0) > cost(shifted, 0.0)
    assert cost(torch.zeros(1, 4), -6.0, nobody) < cost(torch.zeros(1, 4), 6.0, nobody)


def test_a_surer_right_answer_costs_less_and_a_surer_wrong_one_more() -> None:
    points = torch.tensor([[[0.5, 0.5, 2.0]]])
    seen = torch.zeros(1, 1)

    def cost(place: float, log_scale: float) -> float:
        said = reading(torch.full((1, 1, 2), place), torch.full((1, 1), log_scale), seen)
        return float(pose_loss(said, points, torch.tensor([True]), 0.3))

    assert cost(0.5, -5.0) < cost(0.5, -2.0)
    assert cost(0.7, -5.0) > cost(0.7, -2.0)


def test_a_heat_map_that_peaks_at_the_keypoint_costs_least() -> None:
    points = torch.tensor([[[12.5 / 32, 20.5 / 32, 2.0]]])

    def cost(row: int, column: int) -> float:
        heat = torch.zeros(1, 1, 32, 24)
        heat[0, 0, row, column] = 5.0
        return float(heat_loss(heat, points))

    best = cost(20, 12)
    assert all(best < cost(20 + dy, 12 + dx) for dy, dx in ((1, 0), (-1, 0), (0, 1), (0, -1), (-8, 8)))


def test_keypoints_outside_the_crop_teach_no_place() -> None:
    outside = torch.full((1, 17, 3), 0.5)
    outside[..., 2] = 1.0
    outside[0, 0] = torch.tensor([9.0, 9.0, 0.0])
    places, scales, seen = torch.full((1, 17, 2), 0.5), torch.zeros(1, 17), torch.zeros(1, 17)
    elsewhere = places.clone()
    elsewhere[0, 0] = 0.1
    somebody = torch.tensor([True])
    costs = [pose_loss(reading(where, scales, seen), outside, somebody, 0.3) for where in (places, elsewhere)]
    assert costs[0] == costs[1]


@pytest.mark.slow
def test_a_few_steps_train_resume_export_and_measure(tmp_path: Path) -> None:
    write_pictures(tmp_path, "train", 6)
    write_pictures(tmp_path, "test", 3)
    people = load_people(tmp_path, "train")
    assert people.crops.shape[1:] == (192, 144, 4)
    assert np.isfinite(people.boxes).all(1).sum() == 6
    recipe = PoseTraining(crops=32, batch=4, save_every_steps=4, threads=1)
    weights = train_pose(tmp_path, tmp_path / "out", recipe)
    before = torch.load(weights, weights_only=True)
    assert before["step"] == 8
    train_pose(tmp_path, tmp_path / "out", recipe)
    assert torch.load(weights, weights_only=True)["step"] == 8, "a finished training has nothing left to do"
    export_pose(weights, tmp_path / "weights")
    result = evaluate_keypoints(CropPose(tmp_path / "weights" / "pose.xml"), tmp_path)
    assert result.people == 3
    assert 0 <= result.similar <= 1


@pytest.mark.parametrize("name", ["missing.xml", "broken.xml"])
def test_a_file_that_is_no_network_is_named_in_the_error(tmp_path: Path, name: str) -> None:
    if name.startswith("broken"):
        (tmp_path / name).write_bytes(b"not a network at all")
    with pytest.raises(MissingWeights, match=name):
        CropPose(tmp_path / name)
