"""WILDTRACK's files: real layouts are read, ours come back to the last digit, wrong ones are named in one line."""

import xml.etree.ElementTree as ET
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.camera import Camera
from tracking.errors import BadInput
from tracking.wildtrack import (
    WILDTRACK_GRID,
    Standing,
    WildtrackGrid,
    load_wildtrack_calibration,
    read_positions,
    save_wildtrack_calibration,
    write_positions,
)

SIZES = {"CVLab1": (1920, 1080)}
LENS = (-0.1, 0.01, 0.001, -0.002, 0.0)


def camera(name: str = "C1") -> Camera:
    return Camera.look_at(name, (0.3, -0.2, 2.9), (4, 3, 0.5), 85.0, 640, 360, LENS)


def wildtrack(folder: Path, principal: str = "969.5 541.7") -> Path:
    """A calibration in the layout, the node types and the number formats of the data set itself."""
    across, down = principal.split()
    for name in ("intrinsic_zero", "extrinsic"):
        (folder / name).mkdir(parents=True)
    (folder / "intrinsic_zero" / "intr_CVLab1.xml").write_text(
        '<?xml version="1.0"?>\n<opencv_storage>\n<calibration_Time>"Tue Mar  7"</calibration_Time>\n'
        '<camera_matrix type_id="opencv-matrix">\n  <rows>3</rows>\n  <cols>3</cols>\n  <dt>d</dt>\n'
        f"  <data>\n    1743.4 0. {across} 0. 1735.1 {down} 0. 0. 1.</data></camera_matrix>\n"
        '<distortion_coefficients type_id="opencv-matrix">\n  <rows>5</rows>\n  <cols>1</cols>\n  <dt>d</dt>\n'
        "  <data>\n    0. 0. 0. 0. 0.</data></distortion_coefficients>\n</opencv_storage>\n"
    )
    (folder / "extrinsic" / "extr_CVLab1.xml").write_text(
        '<?xml version="1.0"?>\n<opencv_storage>\n<rvec>\n  1.7590 0.4671 -0.3317</rvec>\n'
        "<tvec>\n  -525.8941 45.4076 986.7235</tvec>\n</opencv_storage>\n"
    )
    return folder


def test_the_data_sets_own_layout_is_read_with_centimetres_as_metres(tmp_path: Path) -> None:
    read = load_wildtrack_calibration(wildtrack(tmp_path), SIZES)["CVLab1"]
    assert read.translation == pytest.approx([-5.258941, 0.454076, 9.867235])
    assert read.matrix[0] == pytest.approx([1743.4, 0, 969.5])
    # The camera hangs a few metres above the floor, which is z = 0.
    assert 1.5 < read.centre[2] < 4.0
    assert (read.width, read.height) == (1920, 1080)


def test_a_camera_comes_back_within_a_hundredth_of_a_pixel(tmp_path: Path) -> None:
    before = camera()
    save_wildtrack_calibration(tmp_path, {"C1": before})
    after = load_wildtrack_calibration(tmp_path / "intrinsic_original", {"C1": (640, 360)})["C1"]
    points = np.random.default_rng(1).uniform((1, 1, 0), (7, 5, 2), (200, 3))
    seen = np.isfinite(before.project(points)).all(axis=1)
    assert seen.sum() > 50
    np.testing.assert_allclose(after.project(points)[seen], before.project(points)[seen], atol=0.01)
    undistorted = load_wildtrack_calibration(tmp_path / "intrinsic_zero", {"C1": (640, 360)})["C1"]
    assert not undistorted.distortion.any()


def test_our_extrinsics_are_plain_text_as_readers_of_the_data_set_split_it(tmp_path: Path) -> None:
    save_wildtrack_calibration(tmp_path, {"C1": camera()})
    root = ET.parse(tmp_path / "extrinsic" / "extr_C1.xml").getroot()
    rvec, tvec = (np.array([float(v) for v in (root.findtext(name) or "").split()]) for name in ("rvec", "tvec"))
    np.testing.assert_allclose(cv2.Rodrigues(rvec)[0], camera().rotation, atol=1e-9)
    np.testing.assert_allclose(tvec / 100, camera().translation, atol=1e-9)


def test_with_two_intrinsics_the_user_must_say_which(tmp_path: Path) -> None:
    save_wildtrack_calibration(tmp_path, {"C1": camera()})
    with pytest.raises(BadInput, match="intrinsic_original, intrinsic_zero"):
        load_wildtrack_calibration(tmp_path, {"C1": (640, 360)})


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("extrinsic/extr_CVLab1.xml", '<?xml version="1.0"?><opencv_storage><rvec>1 2</rvec></opencv_storage>', "rvec"),
        ("extrinsic/extr_CVLab1.xml", "no xml at all", "extr_CVLab1.xml"),
        ("intrinsic_zero/intr_CVLab1.xml", '<?xml version="1.0"?><opencv_storage></opencv_storage>', "camera_matrix"),
    ],
)
def test_a_broken_file_is_named_with_its_field(tmp_path: Path, file: str, text: str, says: str) -> None:
    folder = wildtrack(tmp_path)
    (folder / file).write_text(text)
    with pytest.raises(BadInput, match=says) as refused:
        load_wildtrack_calibration(folder, SIZES)
    assert "\n" not in str(refused.value)


def test_unknown_cameras_missing_files_and_other_sizes_are_named(tmp_path: Path) -> None:
    folder = wildtrack(tmp_path / "a")
    with pytest.raises(BadInput, match="one of CVLab1"):
        load_wildtrack_calibration(folder, {"cam1": (1920, 1080)})
    with pytest.raises(BadInput, match="as calibrated"):
        load_wildtrack_calibration(folder, {"CVLab1": (960, 540)})
    with pytest.raises(BadInput, match="WILDTRACK's folders"):
        load_wildtrack_calibration(tmp_path, SIZES)
    (folder / "extrinsic" / "extr_CVLab1.xml").unlink()
    with pytest.raises(BadInput, match="no such file"):
        load_wildtrack_calibration(folder, SIZES)


@given(x=st.floats(0, 7.97), y=st.floats(0, 5.97))
def test_a_position_is_within_half_a_cell_of_its_point(x: float, y: float) -> None:
    grid = WildtrackGrid(8, 6)
    back = grid.position(grid.position_id(x, y))
    assert max(abs(back[0] - x), abs(back[1] - y)) <= grid.cell_m / 2 + 1e-9


def test_the_grid_of_wildtrack_is_the_one_its_authors_state() -> None:
    # "480x1440 grid, X-first, with a 2.5cm spacing. The origin is (-3.0,-9.0)": readme of the data set.
    assert (WILDTRACK_GRID.columns, WILDTRACK_GRID.rows) == (480, 1440)
    assert WILDTRACK_GRID.position(480 * 3 + 7) == pytest.approx((-3 + 7 * 0.025, -9 + 3 * 0.025))


def test_positions_come_back_with_their_time(tmp_path: Path) -> None:
    grid = WildtrackGrid(8, 6)
    write_positions(tmp_path, 5, [Standing(3, 1.0, 2.0, (np.array([1.0, 2, 3, 4]), None))], grid)
    assert read_positions(tmp_path, grid) == {"t": [0.5], "person": [3], "x": [1.0], "y": [2.0]}
    (tmp_path / "00000010.json").write_text('[{"personID": 1}]')
    with pytest.raises(BadInput, match="positionID"):
        read_positions(tmp_path, grid)
