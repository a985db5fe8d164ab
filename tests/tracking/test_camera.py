from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracking.camera import Camera, load_calibration, save_calibration
from tracking.errors import BadInput

LENSES = [
    (0.0, 0.0, 0.0, 0.0, 0.0),
    (-0.12, 0.02, 0.001, -0.0005, 0.0),
    (-0.25, 0.08, 0.0, 0.0, -0.01),
    (0.05, -0.01, 0.0, 0.001, 0.0),
]


def camera(lens: tuple[float, ...] = LENSES[1], fov: float = 90.0) -> Camera:
    return Camera.look_at("corner", (0.2, 0.3, 2.8), (4.0, 3.0, 0.6), fov, 640, 360, lens)


@settings(deadline=None)
@given(
    lens=st.sampled_from(LENSES),
    u=st.floats(0, 639),
    v=st.floats(120, 359),
    height=st.floats(0.0, 1.2),
)
def test_projection_and_back_projection_agree(lens: tuple[float, ...], u: float, v: float, height: float) -> None:
    view = camera(lens)
    floor = view.back_project([[u, v]], height)
    pixel = view.project(np.column_stack([floor, [height]]))
    assert np.abs(pixel - [u, v]).max() < 1e-3


@given(x=st.floats(1.5, 8), y=st.floats(1.5, 6), z=st.floats(0, 2))
def test_a_point_lies_on_the_ray_of_its_pixel(x: float, y: float, z: float) -> None:
    view = camera()
    pixel = view.project([[x, y, z]])
    if np.isnan(pixel).any() or not (0 <= pixel[0, 0] < 640 and 0 <= pixel[0, 1] < 360):
        return
    towards = np.array([x, y, z]) - view.centre
    assert np.linalg.norm(np.cross(view.ray(pixel)[0], towards)) < 1e-3


def test_the_target_appears_in_the_middle_and_up_is_up() -> None:
    view = camera(LENSES[0])
    middle, above = view.project([[4.0, 3.0, 0.6], [4.0, 3.0, 1.6]])
    assert middle == pytest.approx([319.5, 179.5], abs=1e-6)
    assert above[1] < middle[1] - 10


def test_the_field_of_view_spans_the_frame() -> None:
    view = Camera.look_at("c", (0, 0, 1), (1, 0, 1), 90.0, 640, 360)
    edge = view.project([[1.0, -1.0, 1.0]])
    assert edge[0, 0] == pytest.approx(319.5 + 320)


def test_a_point_behind_the_camera_has_no_pixel() -> None:
    assert np.isnan(camera().project([[-5.0, -5.0, 3.0]])).all()


def test_a_pixel_above_the_horizon_has_no_floor_point() -> None:
    level = Camera.look_at("level", (0, 0, 1.5), (5, 0, 1.5), 80, 640, 360)
    assert np.isnan(level.back_project([[320, 100]])).all()


def test_points_far_outside_the_view_are_not_folded_into_the_picture() -> None:
    view = Camera.look_at("c", (0, 0, 1), (1, 0, 1), 90.0, 640, 360, (-0.3, 0.0, 0.0, 0.0, 0.0))
    assert np.isnan(view.project([[0.3, 0.6, 1.0]])).all()


def test_floor_covariance_matches_the_spread_of_noisy_pixels() -> None:
    view = camera()
    pixel = view.project([[4.0, 2.0, 0.0]])[0]
    rng = np.random.default_rng(3)
    spread = np.cov(view.back_project(pixel + rng.normal(0, 2.0, (4000, 2))).T)
    assert view.floor_covariance(pixel, 2.0) == pytest.approx(spread, rel=0.15, abs=2e-4)


def test_a_straight_down_camera_is_possible() -> None:
    view = Camera.look_at("top", (2, 2, 3), (2, 2, 0), 90, 640, 360)
    assert view.back_project(view.project([[2.5, 1.5, 0.0]]))[0] == pytest.approx([2.5, 1.5])


def test_calibration_survives_a_round_trip(tmp_path: Path) -> None:
    cameras = {"a": camera(), "b": camera(LENSES[2], 70.0)}
    save_calibration(tmp_path / "c.yaml", cameras)
    loaded = load_calibration(tmp_path / "c.yaml")
    assert list(loaded) == ["a", "b"]
    for name, view in cameras.items():
        for field in ("matrix", "distortion", "rotation", "translation"):
            assert (getattr(loaded[name], field) == getattr(view, field)).all()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (("width: 640", "width: -1"), "cameras.a.width"),
        (("width: 640", "wide: 640"), "cameras.a"),
        (("cameras:", "cams:"), "cameras"),
        (("cameras:", "cameras: ["), "file"),
    ],
)
def test_a_bad_calibration_names_its_field(tmp_path: Path, change: tuple[str, str], field: str) -> None:
    path = tmp_path / "c.yaml"
    save_calibration(path, {"a": camera()})
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(BadInput) as problem:
        load_calibration(path)
    assert problem.value.field.startswith(field)


def test_a_mirrored_rotation_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    view = camera()
    mirrored = Camera("a", 640, 360, view.matrix, view.distortion, -view.rotation, view.translation)
    save_calibration(path, {"a": mirrored})
    with pytest.raises(BadInput, match="rotation"):
        load_calibration(path)
