import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tracking.background import dim
from tracking.box_overlap import suppress
from tracking.detect import (
    COMMITTED_WEIGHTS,
    INPUT_HEIGHT,
    INPUT_WIDTH,
    DetectorSettings,
    YoloDetector,
    decode,
    letterbox,
)
from tracking.errors import MissingWeights
from tracking.training.export import export_detector

FIXTURES = Path(__file__).parent / "pictures"
LEAST_OVERLAP = 0.5


@pytest.fixture(scope="module")
def detector() -> YoloDetector:
    return YoloDetector()


@pytest.fixture(scope="module")
def frame() -> NDArray[np.uint8]:
    """A rendered frame of a store that was in no training data, dimmed by its own empty picture."""
    return dim(read("frame.jpg"), read("empty.jpg"))


def read(name: str) -> NDArray[np.uint8]:
    image = cv2.imread(str(FIXTURES / name))
    assert image is not None
    return image.astype(np.uint8)


def truth(width: int, height: int) -> NDArray[np.float64]:
    rows = np.array([line.split()[1:5] for line in (FIXTURES / "frame.txt").read_text().splitlines()], float)
    centre, half = rows[:, :2], rows[:, 2:] / 2
    boxes: NDArray[np.float64] = np.concatenate([centre - half, centre + half], 1) * np.tile([width, height], 2)
    return boxes


def overlap(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    sides = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None)
    shared = sides.prod()
    return float(shared / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - shared))


def test_people_are_found_where_they_are_in_full_resolution(detector: YoloDetector, frame: NDArray[np.uint8]) -> None:
    people = detector.detect([frame])[0]
    for box in truth(frame.shape[1], frame.shape[0]):
        assert max(overlap(person.box, box) for person in people) > LEAST_OVERLAP


def test_an_image_of_twice_the_size_gives_boxes_of_twice_the_size(
    detector: YoloDetector, frame: NDArray[np.uint8]
) -> None:
    large = cv2.resize(frame, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    first, second = detector.detect([frame])[0][0], detector.detect([large])[0][0]
    np.testing.assert_allclose(second.box, first.box * 2, atol=12)


def test_a_wide_frame_is_searched_closely_enough_for_small_people(
    detector: YoloDetector, frame: NDArray[np.uint8]
) -> None:
    half = cv2.resize(frame, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA).astype(np.uint8)
    height, width = half.shape[:2]
    wide = np.tile(half, (6, 6, 1))
    places = [np.array([x * width, y * height] * 2) for x in range(6) for y in range(6)]
    people = [box + place for box in truth(width, height) for place in places]
    small = YoloDetector(settings=DetectorSettings(input_size=(INPUT_WIDTH, INPUT_HEIGHT)))

    def seen(by: YoloDetector) -> int:
        found = by.detect([wide])[0]
        return sum(max((overlap(one.box, box) for one in found), default=0.0) > LEAST_OVERLAP for box in people)

    assert seen(detector) > 0.9 * len(people) > 1.5 * seen(small)


def test_an_empty_store_holds_nobody(detector: YoloDetector) -> None:
    empty = read("empty.jpg")
    assert detector.detect([dim(empty, empty)]) == [[]]


def test_no_images_give_no_results(detector: YoloDetector) -> None:
    assert detector.detect([]) == []


def test_a_batch_gives_what_each_image_gives_alone(detector: YoloDetector, frame: NDArray[np.uint8]) -> None:
    images = [frame, frame[:, ::-1].copy(), np.full_like(frame, 128)]
    together = detector.detect(images)
    for people, image in zip(together, images, strict=True):
        alone = detector.detect([image])[0]
        assert len(people) == len(alone)
        for a, b in zip(people, alone, strict=True):
            np.testing.assert_array_equal(a.box, b.box)
            np.testing.assert_array_equal(a.keypoints, b.keypoints)


@pytest.mark.parametrize(("width", "height"), [(640, 360), (320, 240), (300, 500)])
def test_boxes_lie_inside_the_image_with_seventeen_keypoints(
    detector: YoloDetector, frame: NDArray[np.uint8], width: int, height: int
) -> None:
    rng = np.random.default_rng(1)
    images = [cv2.resize(frame, (width, height)).astype(np.uint8), rng.integers(0, 256, (height, width, 3), np.uint8)]
    for people in detector.detect(images):
        confidences = [person.confidence for person in people]
        assert confidences == sorted(confidences, reverse=True)
        for person in people:
            assert person.box.dtype == np.float32
            assert (person.box >= 0).all()
            assert (person.box <= (width, height, width, height)).all()
            assert (person.box[2:] > person.box[:2]).all()
            assert person.keypoints.shape == (17, 3)
            assert 0 <= person.confidence <= 1


def assert_same_boxes(one: YoloDetector, other: YoloDetector, frame: NDArray[np.uint8], px: float) -> None:
    for a, b in zip(one.detect([frame])[0], other.detect([frame])[0], strict=True):
        np.testing.assert_allclose(a.box, b.box, atol=px)


@pytest.mark.slow
def test_the_committed_weights_and_the_openvino_network_made_of_them_agree(
    frame: NDArray[np.uint8], tmp_path: Path
) -> None:
    weights = COMMITTED_WEIGHTS.with_suffix(".pt")
    export_detector(weights, tmp_path)
    exported = YoloDetector(tmp_path / "detector.xml", device="cpu")
    assert_same_boxes(exported, YoloDetector(weights, device="cpu"), frame, px=1.0)


def test_eight_bits_move_no_box_by_more_than_a_few_pixels(detector: YoloDetector, frame: NDArray[np.uint8]) -> None:
    before = YoloDetector(COMMITTED_WEIGHTS.with_suffix(".pt"), device="cpu")
    assert_same_boxes(detector, before, frame, px=3.0)


@pytest.mark.parametrize("name", ["missing.xml", "missing.pt", "weights.txt"])
def test_weights_that_are_not_there_are_named_in_the_error(tmp_path: Path, name: str) -> None:
    if name.endswith(".txt"):
        (tmp_path / name).write_text("not a network")
    with pytest.raises(MissingWeights, match=name):
        YoloDetector(tmp_path / name)


@pytest.mark.parametrize("name", ["broken.xml", "broken.pt"])
def test_a_file_that_is_no_network_is_named_in_the_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"not a network at all")
    with pytest.raises(MissingWeights, match=name):
        YoloDetector(tmp_path / name)


def test_a_frame_of_sixteen_by_nine_keeps_its_size_and_wastes_less_than_seven_percent_on_padding() -> None:
    canvas, (scale, left, top) = letterbox(np.zeros((360, 640, 3), np.uint8))
    assert canvas.shape == (INPUT_HEIGHT, INPUT_WIDTH, 3)
    assert (left, top) == (0, 12)
    assert scale == pytest.approx(1)
    assert (canvas == 0).mean() > 0.93


def test_of_two_boxes_on_one_person_the_more_certain_remains() -> None:
    boxes = np.array([[0, 0, 10, 20], [1, 0, 11, 20], [30, 0, 40, 20]], np.float32)
    kept = suppress(boxes, np.array([0.5, 0.9, 0.4], np.float32), overlap=0.65)
    assert kept.tolist() == [1, 2]


def test_public_networks_of_eighty_classes_and_of_own_suppression_are_understood() -> None:
    coco = np.zeros((84, 10), np.float32)
    coco[:4, 3] = (50, 60, 20, 40)
    coco[4, 3], coco[5, 7] = 0.9, 0.9  # a person, and a bicycle
    boxes, confidences, keypoints = decode(coco, 0.5)
    np.testing.assert_allclose(boxes, [[40, 40, 60, 80]])
    np.testing.assert_allclose(confidences, [0.9])
    assert keypoints.shape == (1, 17, 3)
    rows = np.zeros((300, 57), np.float32)
    rows[0, :6] = (1, 2, 3, 4, 0.8, 0)
    rows[1, :6] = (1, 2, 3, 4, 0.8, 2)
    boxes, confidences, keypoints = decode(rows, 0.5)
    np.testing.assert_allclose(boxes, [[1, 2, 3, 4]])
    assert keypoints.shape == (1, 17, 3)


def test_nothing_that_calls_home_is_loaded_with_the_networks() -> None:
    load = (
        "from tracking.detect import YoloDetector; YoloDetector(); import sys; print(sys.modules['openvino_telemetry'])"
    )
    told = subprocess.run([sys.executable, "-c", load], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "None"
