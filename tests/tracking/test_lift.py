import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tracking.camera import Camera
from tracking.lift import LEAST_DISTANCE_M, lift_keypoints

CAMERA = Camera.look_at("corner", (0.2, 0.3, 2.7), (3.0, 2.5, 0.8), 90.0, 640, 360, (-0.2, 0.05, 0.001, 0.0, 0.0))


def seen_flat(x: float, y: float, offsets: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """(17, 3) keypoints of a person who is flat and faces the camera."""
    towards = CAMERA.centre[:2] - (x, y)
    towards = towards / np.linalg.norm(towards)
    # Right as the camera sees it: its view goes against `towards`.
    right = np.array([-towards[1], towards[0]])
    places = np.column_stack([np.array([x, y]) + offsets[:, None] * right, heights])
    return np.column_stack([CAMERA.project(places), np.full(17, 0.9)])


@given(st.floats(1.5, 4.5), st.floats(1.5, 4.0), st.integers(0, 10_000))
def test_what_lies_in_the_plane_of_the_person_gets_its_true_offset_and_height(x: float, y: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    offsets, heights = rng.uniform(-0.5, 0.5, 17), rng.uniform(0.0, 1.9, 17)
    keypoints = seen_flat(x, y, offsets, heights)
    there = np.isfinite(keypoints).all(axis=1)
    lifted = lift_keypoints(CAMERA, np.nan_to_num(keypoints)[None], [(x, y)])[0]
    np.testing.assert_allclose(lifted[there, 0], offsets[there], atol=1e-3)
    np.testing.assert_allclose(lifted[there, 1], heights[there], atol=1e-3)
    np.testing.assert_allclose(lifted[there, 2], 0.9, atol=1e-6)


def test_offsets_grow_to_the_right_of_the_picture() -> None:
    keypoints = seen_flat(3.0, 2.5, np.linspace(-0.4, 0.4, 17), np.full(17, 1.2))
    assert (np.diff(keypoints[:, 0]) > 0).all()
    assert (np.diff(lift_keypoints(CAMERA, keypoints[None], [(3.0, 2.5)])[0, :, 0]) > 0).all()


def test_of_a_point_above_the_horizon_of_the_plane_and_of_people_under_the_camera_nothing_is_said() -> None:
    sky = np.full((1, 17, 3), (320.0, -2000.0, 0.8))
    under = np.full((1, 17, 3), (320.0, 300.0, 0.8))
    for points, place in ((sky, (3.0, 2.5)), (under, (0.2 + LEAST_DISTANCE_M / 2, 0.3))):
        lifted = lift_keypoints(CAMERA, points, [place])
        assert np.isnan(lifted[..., :2]).all()
        assert (lifted[..., 2] == 0).all()


def test_nobody_is_lifted_from_nothing() -> None:
    assert lift_keypoints(CAMERA, np.zeros((0, 17, 3)), np.zeros((0, 2))).shape == (0, 17, 3)
