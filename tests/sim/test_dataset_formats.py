"""Each exported format is read by the tool that it is meant for, and says what is true."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
import supervision
import trackeval
import yaml
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from sim.dataset import export_run, render_dataset, render_reid
from sim.dataset.coco import write_coco
from sim.dataset.wildtrack_folder import undistorted_box
from sim.scenario import load_scenario
from tracking.benchmark import evaluate_tracks
from tracking.camera import Camera, load_calibration
from tracking.formats import read_mot
from tracking.wildtrack import WildtrackGrid, load_wildtrack_calibration, read_positions

FPS = 4
CAMERAS = ("northeast", "southwest")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some seconds of a run from two cameras, exported."""
    out = tmp_path_factory.mktemp("export")
    scenario = load_scenario("quick").model_copy(update={"fps": FPS, "cameras": CAMERAS})
    assert export_run(scenario, out, seed=1, seconds=7.0) >= 26
    return out


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("frames")
    render_dataset(out, 6, 3, "test")
    write_coco(out, "test")
    return out


def test_pycocotools_reads_the_annotations_and_scores_the_truth_itself_as_perfect(frames: Path) -> None:
    truth = COCO(str(frames / "annotations" / "person_keypoints_test.json"))
    assert len(truth.getImgIds()) == 6
    found = [
        {key: one[key] for key in ("image_id", "category_id", "bbox", "keypoints")} | {"score": 0.9}
        for one in truth.loadAnns(truth.getAnnIds(iscrowd=False))
    ]
    assert found
    for kind in ("bbox", "keypoints"):
        scored = COCOeval(truth, truth.loadRes([dict(one) for one in found]), kind)
        # Its usual limit, 20 people a picture with keypoints, is less than a crowd has.
        scored.params.maxDets = [len(found)]
        scored.evaluate()
        scored.accumulate()
        precision = scored.eval["precision"]
        assert precision[precision > -1].mean() == pytest.approx(1.0), kind


def test_supervision_reads_the_annotations_with_their_boxes(frames: Path) -> None:
    path = frames / "annotations" / "person_keypoints_test.json"
    data_set = supervision.DetectionDataset.from_coco(str(frames / "images" / "test"), str(path))
    content = json.loads(path.read_text())
    assert data_set.classes == ["person"]
    assert len(data_set) == 6
    assert sum(len(found) for _, _, found in data_set) == len(content["annotations"])
    by_name = {image["file_name"]: image["id"] for image in content["images"]}
    for image_path, picture, found in data_set:
        assert picture.shape == (360, 640, 3)
        number = by_name[Path(image_path).name]
        boxes = [one["bbox"] for one in content["annotations"] if one["image_id"] == number]
        expected = np.array([(x, y, x + w, y + h) for x, y, w, h in boxes]).reshape(-1, 4)
        np.testing.assert_allclose(np.asarray(found.xyxy), expected, atol=1.01)


def trackeval_of(mot: Path, results: Path) -> Any:
    """TrackEval's own evaluation with its own reading of sequence list, lengths, truth and results."""
    quiet = {"PRINT_CONFIG": False, "PRINT_RESULTS": False, "TIME_PROGRESS": False, "PLOT_CURVES": False}
    evaluator = trackeval.Evaluator({**quiet, "OUTPUT_SUMMARY": False, "OUTPUT_DETAILED": False})
    data_set = trackeval.datasets.MotChallenge2DBox({
        "GT_FOLDER": str(mot), "TRACKERS_FOLDER": str(results), "SEQMAP_FILE": str(mot / "seqmap.txt"),
        "SKIP_SPLIT_FOL": True, "PRINT_CONFIG": False,
    })  # fmt: skip
    metrics = [trackeval.metrics.HOTA(), trackeval.metrics.CLEAR(quiet)]
    results_of, _ = evaluator.evaluate([data_set], metrics)
    return results_of["MotChallenge2DBox"]


def test_trackeval_reads_every_sequence_and_scores_the_truth_itself_as_perfect(run: Path, tmp_path: Path) -> None:
    mot = run / "mot"
    (tmp_path / "perfect" / "data").mkdir(parents=True)
    for name in CAMERAS:
        shutil.copy(mot / name / "gt" / "gt.txt", tmp_path / "perfect" / "data" / f"{name}.txt")
    scores = trackeval_of(mot, tmp_path)["perfect"]
    assert set(scores) == {*CAMERAS, "COMBINED_SEQ"}
    combined = scores["COMBINED_SEQ"]["pedestrian"]
    assert np.mean(combined["HOTA"]["HOTA"]) == pytest.approx(1.0)
    rows = sum(len(read_mot(mot / name / "gt" / "gt.txt")) for name in CAMERAS)
    assert combined["CLEAR"]["CLR_TP"] == rows > 20
    # Our own command says the same of the same files.
    assert evaluate_tracks(mot, tmp_path / "perfect").figures["COMBINED"]["hota"] == pytest.approx(1.0)


def test_the_sequences_have_their_pictures_and_detections_that_are_not_the_truth(run: Path) -> None:
    clear, hit, confidences = 0, 0, set()
    for name in CAMERAS:
        folder = run / "mot" / name
        stated = dict(line.split("=") for line in (folder / "seqinfo.ini").read_text().splitlines() if "=" in line)
        pictures = sorted((folder / "img1").glob("*.jpg"))
        assert len(pictures) == int(stated["seqLength"])
        assert cv2.imread(str(pictures[0])).shape == (int(stated["imHeight"]), int(stated["imWidth"]), 3)
        truth, found = read_mot(folder / "gt" / "gt.txt"), read_mot(folder / "det" / "det.txt")
        assert {row.track for row in found} <= {-1}
        assert {row.frame for row in found} <= set(range(1, len(pictures) + 1))
        confidences |= {row.confidence for row in found}
        well_seen = [row for row in truth if visible_share(folder, row) > 0.7]
        clear += len(well_seen)
        hit += sum(any(near(row, other) for other in found if other.frame == row.frame) for row in well_seen)
    assert clear > 8
    assert hit > 0.7 * clear
    assert len(confidences) > 3


def visible_share(folder: Path, row: Any) -> float:
    """The ninth column of a truth row, which `read_mot` leaves out."""
    lines = (folder / "gt" / "gt.txt").read_text().splitlines()
    return next(float(line.split(",")[8]) for line in lines if line.startswith(f"{row.frame},{row.track},"))


def near(row: Any, other: Any) -> bool:
    return abs(row.left - other.left) < 25 and abs(row.top - other.top) < 25


def market_1501(folder: Path) -> list[tuple[str, int, int]]:
    """Pictures with identity and camera, as Torchreid's reader of Market-1501 finds and checks them."""
    pattern = re.compile(r"([-\d]+)_c(\d)")
    found = []
    for path in sorted(folder.glob("*.jpg")):
        match = pattern.search(path.name)
        assert match is not None
        identity, camera = map(int, match.groups())
        assert 0 <= identity <= 1501
        assert 1 <= camera <= 6
        found.append((path.name, identity, camera))
    return found


@pytest.mark.parametrize("split", ["train", "test"])
def test_crops_are_read_as_market_1501_with_the_camera_that_took_them(tmp_path: Path, split: Any) -> None:
    render_reid(tmp_path, 3, 4, split, crops=8, first_identity=40)
    folders = ["bounding_box_train"] if split == "train" else ["query", "bounding_box_test"]
    found = [one for folder in folders for one in market_1501(tmp_path / folder)]
    assert {identity for _, identity, _ in found} == {40, 41, 42}
    assert len({camera for _, _, camera in found}) > 1
    for name, _, camera in found:
        assert f"_c{camera}s" in name  # the digit is the whole number


def test_the_wildtrack_calibration_gives_the_same_pixels_as_our_yaml(run: Path) -> None:
    ours = load_calibration(run / "calibration.yaml")
    sizes = {name: (camera.width, camera.height) for name, camera in ours.items()}
    theirs = load_wildtrack_calibration(run / "wildtrack" / "calibrations" / "intrinsic_original", sizes)
    points = np.random.default_rng(1).uniform((0, 0, 0), (8, 6, 2), (500, 3))
    for name, camera in ours.items():
        seen = np.isfinite(camera.project(points)).all(axis=1)
        assert seen.sum() > 100
        gaps = np.linalg.norm(theirs[name].project(points)[seen] - camera.project(points)[seen], axis=1)
        assert gaps.max() < 0.1


def test_positions_are_those_of_the_people_inside_to_a_cell(run: Path) -> None:
    grid = WildtrackGrid(**yaml.safe_load((run / "wildtrack" / "grid.yaml").read_text()))
    read = pd.DataFrame(read_positions(run / "wildtrack" / "annotations_positions", grid))
    table = pd.read_csv(run / "positions.csv")
    both = read.merge(table[table["inside"]], on=["t", "person"], suffixes=("", "_true"))
    assert len(both) == len(read) > 5
    gaps = np.hypot(both["x"] - both["x_true"], both["y"] - both["y_true"])
    assert gaps.max() < grid.cell_m
    # The very positions, called tracks, score as perfect on the annotations.
    tracks = table.rename(columns={"person": "track"})
    tracks[tracks["inside"]].to_csv(run / "tracks.csv", index=False)
    figures = evaluate_tracks(run / "wildtrack" / "annotations_positions", run / "tracks.csv").figures
    assert figures["annotations_positions"]["mota"] == pytest.approx(1.0)


def views_of(run: Path) -> list[tuple[int, int, Any]]:
    """View, position and box of everybody in every annotation who is in view."""
    found = []
    for path in sorted((run / "wildtrack" / "annotations_positions").glob("*.json")):
        for row in json.loads(path.read_text()):
            for view in row["views"]:
                box = [view[side] for side in ("xmin", "ymin", "xmax", "ymax")]
                if box[0] >= 0 or box[2] > 0:
                    found.append((view["viewNum"], row["positionID"], np.array(box)))
    return found


def test_rectangles_and_annotated_boxes_agree_on_where_people_are(run: Path) -> None:
    """The lines are taken apart as MVDet's reader does."""
    wanted = {(view, position) for view, position, _ in views_of(run)}
    pattern = re.compile(r"(\d+) (\d+) ([-\d]+) ([-\d]+) ([-\d]+) ([-\d]+)")
    boxes = {}
    for line in (run / "wildtrack" / "rectangles.pom").open():
        view, position = map(int, re.compile(r"(\d+) (\d+)").search(line).groups())  # type: ignore[union-attr]
        if (view, position) in wanted and "visible" not in line:
            match = pattern.search(line)
            assert match is not None
            boxes[view, position] = np.array([int(value) for value in match.groups()[2:]])
    inside = [(box, boxes[view, position]) for view, position, box in views_of(run) if (view, position) in boxes]
    assert len(inside) > 5
    for box, drawn in inside:
        middle = (drawn[:2] + drawn[2:]) / 2
        assert np.abs((box[:2] + box[2:]) / 2 - middle).max() < 0.35 * max(drawn[3] - drawn[1], 60)


def test_pictures_are_undistorted_and_numbered_as_their_annotations(run: Path) -> None:
    folder = run / "wildtrack"
    numbers = sorted(path.stem for path in (folder / "annotations_positions").glob("*.json"))
    assert numbers[:3] == ["00000000", "00000005", "00000010"]
    cameras = load_calibration(run / "calibration.yaml")
    for view, name in enumerate(sorted(CAMERAS), start=1):
        pictures = folder / "Image_subsets" / f"C{view}"
        assert sorted(path.stem for path in pictures.glob("*.png")) == numbers
        camera = cameras[name]
        plain = cv2.imread(str(run / "mot" / name / "img1" / "000003.jpg"))
        expected = cv2.undistort(plain, np.array(camera.matrix), np.array(camera.distortion))
        gap = cv2.absdiff(cv2.imread(str(pictures / "00000005.png")), expected).mean()
        assert gap < 3.0


@pytest.mark.parametrize("corner", [lambda box: box[:2], lambda box: box[2:]])
def test_an_undistorted_box_holds_what_the_box_held(corner: Callable[[Any], Any]) -> None:
    camera = Camera.look_at("a", (0, 0, 3), (3, 3, 0), 90, 640, 360, (-0.2, 0.02, 0, 0, 0))
    box = np.array([300, 150, 360, 300], np.float32)
    flat = undistorted_box(box, camera)
    point = cv2.undistortPoints(
        corner(box)[None, None].astype(float), camera.matrix, camera.distortion, P=camera.matrix
    )
    assert (point.ravel() >= flat[:2] - 1e-3).all()
    assert (point.ravel() <= flat[2:] + 1e-3).all()
