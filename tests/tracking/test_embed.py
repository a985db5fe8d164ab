from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tracking.embed import ColourEmbedder, Embedder, ReidEmbedder, crops
from tracking.errors import MissingWeights

FIXTURES = Path(__file__).parent / "pictures"


def people(prefix: str) -> list[NDArray[np.uint8]]:
    images = [cv2.imread(str(file)) for file in sorted((FIXTURES / "people").glob(f"{prefix}*.jpg"))]
    return [image.astype(np.uint8) for image in images if image is not None]


@pytest.fixture(scope="module", params=[ReidEmbedder, ColourEmbedder], ids=lambda kind: kind.__name__)
def embedder(request: pytest.FixtureRequest) -> Embedder:
    made: Embedder = request.param()
    return made


def whole(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.array([[0, 0, image.shape[1], image.shape[0]]], np.float32)


def test_vectors_have_unit_length_and_one_row_a_box(embedder: Embedder) -> None:
    image = np.random.default_rng(1).integers(0, 256, (360, 640, 3), np.uint8)
    boxes = np.array([[10, 10, 60, 200], [-20, -20, 30, 60], [600, 300, 700, 400], [5, 5, 5, 5]], np.float32)
    vectors = embedder.embed(image, boxes)
    assert vectors.shape[0] == 4
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_nobody_gives_no_rows(embedder: Embedder) -> None:
    image = np.zeros((360, 640, 3), np.uint8)
    one = embedder.embed(image, np.array([[0, 0, 10, 20]]))
    assert embedder.embed(image, np.zeros((0, 4))).shape == (0, one.shape[1])


def test_the_same_picture_gives_the_same_vector_alone_or_in_company(embedder: Embedder) -> None:
    image = np.random.default_rng(2).integers(0, 256, (360, 640, 3), np.uint8)
    boxes = np.array([[10, 10, 60, 200], [100, 20, 150, 180]], np.float32)
    together = embedder.embed(image, boxes)
    np.testing.assert_allclose(embedder.embed(image, boxes[:1])[0], together[0], atol=1e-5)
    np.testing.assert_array_equal(embedder.embed(image, boxes), together)


def test_the_same_person_is_nearer_than_another(embedder: Embedder) -> None:
    """Pictures of two unseen identities from several cameras each: means over pairs."""
    first = np.concatenate([embedder.embed(image, whole(image)) for image in people("a")])
    second = np.concatenate([embedder.embed(image, whole(image)) for image in people("b")])
    between = (first @ second.T).mean()
    for group in (first, second):
        pairs = (group @ group.T)[np.triu_indices(len(group), 1)]
        assert pairs.mean() > between


def test_crops_leave_out_what_lies_outside_the_image() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    image[:, 50:] = 200
    crop = crops(image, np.array([[50, -40, 180, 140]], np.float32))[0]
    assert crop.shape == (128, 64, 3)
    assert (crop == 200).all()


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(MissingWeights, match=r"nothing\.xml"):
        ReidEmbedder(tmp_path / "nothing.xml")
    (tmp_path / "broken.xml").write_text("no network")
    with pytest.raises(MissingWeights, match=r"broken\.xml"):
        ReidEmbedder(tmp_path / "broken.xml")
