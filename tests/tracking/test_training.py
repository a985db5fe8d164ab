from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tracking.embed import ReidEmbedder
from tracking.training.augment import augmented
from tracking.training.crops import load_crops
from tracking.training.detector import DetectorTraining, train_detector
from tracking.training.embedder import EmbedderTraining, batch_hard_triplets, train_embedder
from tracking.training.evaluate import evaluate_detector, score
from tracking.training.evaluate_embedder import average_precision, evaluate_embedder
from tracking.training.export import export_detector, export_embedder
from tracking.training.pictures import (
    BadTrainingData,
    empty_view,
    load_pictures,
    read_labels,
    shuffled_batches,
)


def label(x: float, y: float, width: float, height: float) -> str:
    points = " ".join(f"{x} {y + (k - 8) / 17 * height:.5f} 2" for k in range(17))
    return f"0 {x} {y} {width} {height} {points}"


def write_pictures(folder: Path, split: str, count: int) -> None:
    """Coloured blocks as people before a grey wall."""
    rng = np.random.default_rng(1)
    for part in ("images", "labels", "empties"):
        (folder / part / split).mkdir(parents=True)
    wall = np.full((360, 640, 3), 150, np.uint8)
    cv2.imwrite(str(folder / "empties" / split / "1-0000-c0.jpg"), wall)
    for i in range(count):
        x, y = rng.uniform(0.2, 0.8), rng.uniform(0.35, 0.65)
        frame = wall.copy()
        frame[int((y - 0.2) * 360) : int((y + 0.2) * 360), int((x - 0.05) * 640) : int((x + 0.05) * 640)] = (
            40,
            40,
            220,
        )
        cv2.imwrite(str(folder / "images" / split / f"1-0000-c0-{i:03d}.jpg"), frame)
        (folder / "labels" / split / f"1-0000-c0-{i:03d}.txt").write_text(label(x, y, 0.1, 0.4))


def write_crops(folder: Path, identities: range, cameras: int = 2, pictures: int = 2) -> None:
    folder.mkdir(parents=True)
    rng = np.random.default_rng(2)
    for identity in identities:
        colours = np.random.default_rng(identity).integers(0, 256, (4, 3))
        for camera in range(1, cameras + 1):
            for picture in range(pictures):
                image = np.repeat(colours, 32, axis=0)[:, None].repeat(64, axis=1)
                image = np.clip(image + rng.normal(0, 8, image.shape), 0, 255).astype(np.uint8)
                cv2.imwrite(str(folder / f"{identity:04d}_c{camera}s1_{picture:06d}_00.jpg"), image)


@pytest.mark.slow
def test_a_dozen_pictures_train_export_and_resume(tmp_path: Path) -> None:
    write_pictures(tmp_path, "train", 12)
    write_pictures(tmp_path, "test", 4)
    short = DetectorTraining(
        box_pictures=8, pose_pictures=4, polish_pictures=4, batch=4, save_every_pictures=4, threads=1
    )
    told: list[str] = []
    weights = train_detector(tmp_path, tmp_path / "out", short, lambda progress: told.append(progress.stage))
    first = torch.load(weights, weights_only=True)
    assert first["shown"] == 4
    before = weights.stat().st_mtime_ns
    train_detector(tmp_path, tmp_path / "out", short)
    assert weights.stat().st_mtime_ns == before, "a finished training has nothing left to do"
    export_detector(weights, tmp_path / "weights")
    result = evaluate_detector(tmp_path / "weights" / "detector.xml", tmp_path)
    assert result.pictures == 4
    assert result.people == 4
    assert 0 <= result.ap50_95 <= result.ap50 <= 1


@pytest.mark.slow
def test_a_few_steps_teach_the_embedder_colours(tmp_path: Path) -> None:
    write_crops(tmp_path / "bounding_box_train", range(1, 13))
    write_crops(tmp_path / "query", range(13, 17), pictures=1)
    write_crops(tmp_path / "bounding_box_test", range(13, 17))
    recipe = EmbedderTraining(steps=8, people=6, save_every_steps=4, threads=1)
    checkpoint = train_embedder(tmp_path, tmp_path / "out", recipe)
    parameters = sum(v.numel() for v in torch.load(checkpoint, weights_only=True)["network"].values())
    assert parameters < 3_000_000
    export_embedder(checkpoint, tmp_path / "weights")
    result = evaluate_embedder(tmp_path, tmp_path / "weights" / "embedder.xml")
    assert (result.identities, result.queries) == (4, 8)
    assert result.rank1 > 0.5
    image = np.random.default_rng(1).integers(0, 256, (200, 200, 3), np.uint8)
    vectors = ReidEmbedder(tmp_path / "weights" / "embedder.xml").embed(image, np.array([[0, 0, 50, 100.0]]))
    assert vectors.shape == (1, 128)


def test_pictures_are_dimmed_once_and_again_when_there_are_more(tmp_path: Path) -> None:
    write_pictures(tmp_path, "train", 3)
    pictures = load_pictures(tmp_path, "train")
    assert pictures.images.shape == (3, 288, 512, 3)
    assert np.median(pictures.images[0]) == pytest.approx(150 / 4 + 96, abs=2)
    name = tmp_path / "images" / "train" / "1-0000-c0-003.jpg"
    cv2.imwrite(str(name), np.full((360, 640, 3), 150, np.uint8))
    assert len(load_pictures(tmp_path, "train")) == 3, "a picture without labels is not complete"
    (tmp_path / "labels" / "train" / "1-0000-c0-003.txt").write_text("")
    assert len(load_pictures(tmp_path, "train")) == 4


def test_pictures_of_one_camera_share_its_empty_view() -> None:
    assert empty_view(Path("d"), "train", "1-0002-c0-003") == Path("d/empties/train/1-0002-c0.jpg")


def test_missing_pictures_and_broken_labels_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadTrainingData, match="images"):
        load_pictures(tmp_path, "train")
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.1 0.2\n")
    with pytest.raises(BadTrainingData, match=r"a\.txt.*5 values"):
        read_labels(tmp_path / "a.txt")
    (tmp_path / "someone.jpg").write_bytes(b"")
    with pytest.raises(BadTrainingData, match="Market-1501"):
        load_crops(tmp_path)


def blob(x: int, y: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    image = np.full((216, 384, 3), 128, np.uint8)
    image[y - 20 : y + 20, x - 8 : x + 8] = (0, 0, 255)
    points = np.zeros((17, 3), np.float32)
    points[5], points[6] = ((x - 4) / 384, (y - 10) / 216, 2), ((x + 4) / 384, (y - 10) / 216, 1)
    box = np.array([x / 384, y / 216, 16 / 384, 40 / 216], np.float32)
    return image, np.concatenate([box, points.ravel()])[None]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), x=st.integers(20, 360), y=st.integers(30, 180))
def test_labels_move_with_the_picture(seed: int, x: int, y: int) -> None:
    image, people = blob(x, y)
    changed, moved = augmented(image, people, (384, 224), np.random.default_rng(seed))
    assert changed.shape == (224, 384, 3)
    if not len(moved):
        return
    red = (changed[..., 2].astype(int) - changed[..., 0]) > 90
    ys, xs = np.nonzero(red)
    box = moved[0, :4] * np.array([384, 224, 384, 224])
    np.testing.assert_allclose(box[0], (xs.min() + xs.max() + 1) / 2, atol=2)
    np.testing.assert_allclose(box[1], (ys.min() + ys.max() + 1) / 2, atol=2)
    np.testing.assert_allclose(box[2], np.ptp(xs) + 1, atol=3)
    left, right = moved[0, 4:].reshape(17, 3)[[5, 6]]
    if left[2] and right[2]:
        # A mirrored left shoulder is a right shoulder, so the label "left" stays on the left of the picture.
        assert left[0] < right[0]


def test_every_pass_shows_every_picture_and_resuming_changes_nothing() -> None:
    whole = np.concatenate(shuffled_batches(10, 5, 0, 30, seed=1))
    for shown in np.split(whole, 3):
        assert sorted(shown.tolist()) == list(range(10))
    rest = np.concatenate(shuffled_batches(10, 5, 15, 30, seed=1))
    np.testing.assert_array_equal(rest, whole[15:])
    assert shuffled_batches(10, 5, 30, 30, seed=1) == []


def coco(image: int, box: list[float], **more: object) -> dict[str, object]:
    keypoints = [value for k in range(17) for value in (box[0] + k, box[1] + k, 2)]
    area = box[2] * box[3]
    shared = {"image_id": image, "category_id": 1, "bbox": box, "keypoints": keypoints}
    return {**shared, "area": area, "iscrowd": 0, "num_keypoints": 17, **more}


def test_perfect_detections_score_one_and_those_on_ignored_people_do_not_count() -> None:
    truths = [coco(1, [10, 10, 40, 90]), coco(1, [200, 10, 30, 60], iscrowd=1, num_keypoints=0)]
    right = {**coco(1, [10, 10, 40, 90]), "score": 0.9}
    on_ignored = {**coco(1, [200, 10, 30, 60]), "score": 0.95}
    wrong = {**coco(1, [400, 10, 30, 60]), "score": 0.95}
    perfect = score(truths, [right, on_ignored], [(640, 360)])
    assert (perfect.people, perfect.ap50, perfect.ap50_95, perfect.keypoint_ap50) == pytest.approx((1, 1.0, 1.0, 1.0))
    # One wrong before one right: precision 1/2 at every recall.
    assert score(truths, [right, wrong], [(640, 360)]).ap50 == pytest.approx(0.5)
    assert score(truths, [], [(640, 360)]).ap50 == 0


def test_average_precision_of_a_ranking() -> None:
    # Right at ranks 1 and 3: (1/1 + 2/3) / 2.
    assert average_precision(np.array([True, False, True])) == pytest.approx(5 / 6)


def test_triplets_that_are_apart_by_the_margin_cost_nothing() -> None:
    labels = torch.tensor([0, 0, 1, 1])
    apart = torch.tensor([[1.0, 0], [1, 0], [-1, 0], [-1, 0]])
    assert batch_hard_triplets(apart, labels, 0.3).item() == 0
    mixed = torch.tensor([[1.0, 0], [-1, 0], [1, 0], [-1, 0]])
    # Farthest same at distance 2, nearest other at 0.
    assert batch_hard_triplets(mixed, labels, 0.3).item() == pytest.approx(2.3)
