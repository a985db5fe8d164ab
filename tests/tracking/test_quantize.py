import sys
from pathlib import Path

import numpy as np
import pytest

from tests.tracking.test_training import write_pictures
from tracking.observation import Detection
from tracking.pose import COMMITTED_WEIGHTS, KEYPOINTS, CropPose, Sight
from tracking.training.export import export_pose
from tracking.training.pictures import read_picture
from tracking.training.quantize import QuantizerMissing, quantize_pose


@pytest.mark.slow
def test_eight_bits_move_no_keypoint_and_no_edge_by_more_than_a_few_pixels(tmp_path: Path) -> None:
    write_pictures(tmp_path, "train", 24)
    for name, data in (("whole", None), ("eight", tmp_path)):
        export_pose(COMMITTED_WEIGHTS.with_suffix(".pt"), tmp_path / name, data)
    assert (tmp_path / "eight" / "pose.bin").stat().st_size < 0.6 * (tmp_path / "whole" / "pose.bin").stat().st_size
    frame = read_picture(tmp_path / "images" / "train" / "1-0000-c0-000.jpg")
    new = np.full((216, 384), 255, np.uint8)
    people = [
        Detection(np.array([x, 90, x + 60, 230], np.float32), 0.9, np.zeros((KEYPOINTS, 3), np.float32))
        for x in (40, 200, 300, 420)
    ]
    whole, eight = (
        CropPose(tmp_path / name / "pose.xml").look([Sight(frame, new, people)])[0] for name in ("whole", "eight")
    )
    for one, other in zip(whole, eight, strict=True):
        np.testing.assert_allclose(one.box, other.box, atol=6)
        assert np.median(np.abs(one.keypoints[:, :2] - other.keypoints[:, :2])) < 4


def test_without_the_quantiser_one_line_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pictures(tmp_path, "train", 2)
    monkeypatch.setitem(sys.modules, "nncf", None)
    with pytest.raises(QuantizerMissing, match="nncf: not installed"):
        quantize_pose(COMMITTED_WEIGHTS, tmp_path, tmp_path / "pose.xml")
