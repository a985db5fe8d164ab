"""Data sets: labels hold what is drawn, splits keep apart, formats are those of the field, same seed same data."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sim.dataset import render_dataset, render_reid, write_dataset
from sim.dataset.coco import write_coco
from sim.dataset.labels import LEAST_HEIGHT_PX, Label, box_line, pose_line
from sim.errors import BadInput
from sim.random_plan import random_plan, unseen_plan
from sim.store_plan import list_stores

FRAMES = 8


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("frames")
    assert render_dataset(out, FRAMES, 3, "test") == FRAMES
    return out


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("crops")
    render_reid(out, 3, 4, "test", crops=8, first_identity=7)
    return out


def picture(path: Path) -> NDArray[np.uint8]:
    content = cv2.imread(str(path))
    assert content is not None
    return np.asarray(content, np.uint8)


def lines(out: Path, kind: str) -> list[list[float]]:
    texts = [path.read_text().splitlines() for path in sorted((out / kind / "test").glob("*.txt"))]
    return [[float(value) for value in line.split()] for text in texts for line in text]


def test_every_frame_has_its_labels_and_the_empty_picture_of_its_camera(frames: Path) -> None:
    images = sorted((frames / "images" / "test").glob("*.jpg"))
    assert len(images) == FRAMES
    for image in images:
        assert (frames / "labels" / "test" / f"{image.stem}.txt").exists()
        empty = picture(frames / "empties" / "test" / f"{image.stem.rsplit('-', 1)[0]}.jpg")
        assert empty.shape == picture(image).shape == (360, 640, 3)


def test_people_stand_out_from_the_empty_picture_inside_their_boxes(frames: Path) -> None:
    inside, outside = [], []
    for image in sorted((frames / "images" / "test").glob("*.jpg")):
        empty = picture(frames / "empties" / "test" / f"{image.stem.rsplit('-', 1)[0]}.jpg")
        change = np.abs(picture(image).astype(int) - empty).max(2)
        people = np.zeros(change.shape, bool)
        labels = (frames / "labels" / "test" / f"{image.stem}.txt").read_text().splitlines()
        for line in labels:
            x, y, w, h = np.array(line.split()[1:5], float) * (640, 360, 640, 360)
            box = people[int(y - h / 2) : int(y + h / 2), int(x - w / 2) : int(x + w / 2)]
            box[:] = True
        if labels:
            inside.append(change[people].mean())
            outside.append(np.median(change[~people]))
    assert np.mean(inside) > 2 * np.mean(outside)


def test_labels_are_fractions_of_the_frame_with_seventeen_keypoints(frames: Path) -> None:
    labels = lines(frames, "labels")
    assert labels
    for label in labels:
        assert len(label) == 5 + 51
        assert all(0 <= value <= 1 for value in label[1:5])
        assert label[4] * 360 >= LEAST_HEIGHT_PX - 0.01
        assert set(label[7::3]) <= {0.0, 1.0, 2.0}


def test_keypoints_that_are_seen_lie_in_or_near_the_visible_box(frames: Path) -> None:
    for label in lines(frames, "labels"):
        points = np.array(label[5:]).reshape(17, 3)
        seen = points[points[:, 2] == 2, :2]
        centre, half = np.array(label[1:3]), np.array(label[3:5]) / 2 + 0.02
        assert (np.abs(seen - centre) <= half).mean() > 0.9 if len(seen) else True


def test_coco_annotations_agree_with_the_label_files(frames: Path) -> None:
    content = json.loads(write_coco(frames, "test").read_text())
    counted = [entry for entry in content["annotations"] if not entry["iscrowd"]]
    labels = lines(frames, "labels")
    assert len(content["images"]) == FRAMES
    assert len(counted) == len(labels)
    assert len(content["annotations"]) == len(labels) + len(lines(frames, "ignore"))
    assert counted[0]["bbox"][2] == pytest.approx(labels[0][3] * 640, abs=0.02)
    assert len(content["categories"][0]["keypoints"]) == 17
    assert len({entry["id"] for entry in content["annotations"]}) == len(content["annotations"])


@pytest.mark.slow
def test_the_same_seed_gives_the_same_frames(frames: Path, tmp_path: Path) -> None:
    render_dataset(tmp_path, 2, 3, "test")
    for path in sorted((tmp_path / "images" / "test").glob("*.jpg")):
        assert path.read_bytes() == (frames / "images" / "test" / path.name).read_bytes()


def test_crops_are_named_and_sized_as_in_market_1501(crops: Path) -> None:
    paths = [*(crops / "query").glob("*.jpg"), *(crops / "bounding_box_test").glob("*.jpg")]
    assert {path.name[:4] for path in paths} == {"0007", "0008", "0009"}
    for path in paths:
        identity, place, frame, number = path.stem.split("_")
        assert identity.isdigit()
        assert frame.isdigit()
        assert place.startswith("c")
        assert "s" in place
        assert number == "00"
    assert picture(paths[0]).shape == (128, 64, 3)


def test_every_query_has_a_gallery_crop_of_another_camera(crops: Path) -> None:
    gallery = [path.name for path in (crops / "bounding_box_test").glob("*.jpg")]
    queries = [path.name for path in (crops / "query").glob("*.jpg")]
    assert queries
    for query in queries:
        identity, place = query.split("_")[:2]
        assert any(name.startswith(identity) and name.split("_")[1][:2] != place[:2] for name in gallery)


def test_random_stores_are_valid_and_none_is_a_built_in_one() -> None:
    for seed in range(4):
        plan = random_plan(np.random.default_rng(seed))
        assert plan.gondolas
        assert plan.name not in list_stores()


def test_test_stores_are_built_in_layouts_under_other_light() -> None:
    plan = unseen_plan(np.random.default_rng(1))
    assert plan.name in list_stores()


def test_a_label_line_survives_its_way_through_fractions() -> None:
    label = Label("ann", np.array([10.0, 20.0, 42.0, 116.0]), 0.9, np.full((17, 3), 2, np.float32), True)
    fields = [float(value) for value in box_line(label, 640, 360).split()]
    assert fields == pytest.approx([0, 26 / 640, 68 / 360, 32 / 640, 96 / 360], abs=1e-4)
    assert len(pose_line(label, 640, 360).split()) == 56


def test_an_unknown_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="held-out"):
        write_dataset("random", tmp_path, frames=1, identities=2, split="everybody")
