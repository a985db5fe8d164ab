import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.crops import clearness, crop_of, head_blurred, head_disc, jpeg
from tracking.observation import Observation

RNG = np.random.default_rng(0)
FRAME = RNG.integers(0, 256, (360, 640, 3), dtype=np.uint8)
BOX = np.array((200, 100, 260, 280), np.float32)


def standing(box: np.ndarray) -> np.ndarray:
    """(17, 3) keypoints of somebody who stands in the box and looks at the camera."""
    x, top, tall = (box[0] + box[2]) / 2, box[1], box[3] - box[1]
    shares = [(0, 0.07), (0.02, 0.06), (-0.02, 0.06), (0.04, 0.07), (-0.04, 0.07), (0.11, 0.18), (-0.11, 0.18)]
    shares += [(side * wide, low) for wide, low in ((0.13, 0.33), (0.14, 0.45)) for side in (1, -1)]
    shares += [(side * 0.05, low) for low in (0.52, 0.74, 0.95) for side in (1, -1)]
    return np.array([(x + dx * tall, top + dy * tall, 0.9) for dx, dy in shares], np.float32)


def sighting(box: np.ndarray, confidence: float) -> Observation:
    keypoints = standing(box)
    keypoints[:, 2] = confidence
    nothing = np.zeros(2)
    return Observation("c", 0.0, 1, box, 0.9, keypoints, np.ones(1, np.float32), nothing, np.eye(2))


@given(st.floats(-50, 600), st.floats(-50, 330), st.floats(5, 300), st.floats(5, 300))
def test_a_crop_is_a_piece_of_the_frame_that_holds_the_box(x: float, y: float, width: float, height: float) -> None:
    box = np.array((x, y, x + width, y + height), np.float32)
    crop = crop_of(FRAME, box)
    tall, wide = crop.picture.shape[:2]
    assert tall > 0
    assert wide > 0
    np.testing.assert_array_equal(crop.picture, FRAME[crop.top : crop.top + tall, crop.left : crop.left + wide])
    inside = np.clip(box, 0, (639, 359, 639, 359))
    assert crop.left <= inside[0] <= inside[2] <= crop.left + wide
    assert crop.top <= inside[1] <= inside[3] <= crop.top + tall


def test_only_the_head_is_blurred_and_of_it_nothing_is_left_to_see() -> None:
    crop = crop_of(FRAME, BOX)
    blurred = head_blurred(crop, standing(BOX), BOX)
    x, y, radius = head_disc(standing(BOX), BOX)
    rows, columns = np.indices(blurred.shape[:2])
    away = np.hypot(columns + crop.left - x, rows + crop.top - y)
    np.testing.assert_array_equal(blurred[away > radius + 1], crop.picture[away > radius + 1])
    head = away < radius - 1
    assert blurred[head].std() < 0.15 * crop.picture[head].std()
    assert not np.array_equal(blurred, crop.picture)


def test_the_disc_covers_face_and_crown_and_leaves_the_chest() -> None:
    keypoints = standing(BOX)
    x, y, radius = head_disc(keypoints, BOX)
    assert np.hypot(*(keypoints[:5, :2] - (x, y)).T).max() < radius
    assert y - radius <= BOX[1]
    assert y + radius < keypoints[7, 1]


def test_a_pose_gone_astray_does_not_blur_the_whole_person() -> None:
    keypoints = standing(BOX)
    keypoints[5:7, :2] += 5000
    assert head_disc(keypoints, BOX)[2] < 0.25 * (BOX[3] - BOX[1])


def test_the_camera_that_sees_more_of_a_larger_person_sees_better() -> None:
    large, small = np.array((0, 0, 40, 120), np.float32), np.array((0, 0, 30, 90), np.float32)
    assert clearness(sighting(large, 0.9)) > clearness(sighting(small, 0.9))
    assert clearness(sighting(small, 0.9)) > clearness(sighting(large, 0.4))


def test_a_crop_is_kept_as_a_jpeg_of_its_size() -> None:
    smooth = cv2.GaussianBlur(crop_of(FRAME, BOX).picture, (0, 0), 5)
    again = cv2.imdecode(np.frombuffer(jpeg(smooth), np.uint8), cv2.IMREAD_COLOR)
    assert again is not None
    assert again.shape == smooth.shape
    assert np.abs(again.astype(int) - smooth).mean() == pytest.approx(0, abs=4)
