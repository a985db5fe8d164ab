from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from sim.picture_reader import NetworkReader, colours_of_head
from tracking.crops import head_disc
from tracking.embed import ReidEmbedder

PICTURES = Path(__file__).parents[1] / "tracking" / "pictures"


def picture(seed: int, height: int = 120, width: int = 50) -> bytes:
    rng = np.random.default_rng(seed)
    pixels = cv2.resize(rng.integers(0, 255, (6, 3, 3), np.uint8), (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.imencode(".jpg", pixels)[1].tobytes()


def test_pictures_are_described_as_the_embedder_describes_them() -> None:
    jpegs = [picture(1), picture(2, 90, 40)]
    found = NetworkReader().describe(jpegs)
    for jpeg, vector in zip(jpegs, found, strict=True):
        frame = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        box = np.array([[0, 0, frame.shape[1], frame.shape[0]]])
        np.testing.assert_allclose(vector, ReidEmbedder().embed(frame, box)[0], atol=1e-5)


def test_a_picture_is_read_once_and_nothing_is_loaded_before_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, seen = NetworkReader(), []
    look = reader._see
    monkeypatch.setattr(reader, "_see", lambda jpegs: seen.extend(jpegs) or look(jpegs))
    assert reader.describe([]).shape == (0, 128)
    assert reader.head_colours([]).shape == (0, 6)
    assert "_embedder" not in vars(reader)
    again = [reader.describe([picture(1), picture(2), picture(1)]) for _ in range(2)]
    reader.head_colours([picture(2)])
    assert len(seen) == 2
    np.testing.assert_array_equal(again[0], again[1])
    np.testing.assert_array_equal(again[0][0], again[0][2])


def test_bytes_that_are_no_picture_give_nan_beside_a_picture_that_is_read() -> None:
    found = NetworkReader().describe([b"no picture", picture(1), b""])
    assert np.isnan(found[[0, 2]]).all()
    assert np.linalg.norm(found[1]) == pytest.approx(1, abs=1e-4)


def test_hair_and_skin_are_told_apart_in_a_head() -> None:
    frame = np.zeros((60, 40, 3), np.uint8)
    frame[:30] = 255
    colours = colours_of_head(frame, (20.0, 27.0, 12.0))
    assert colours[0] == pytest.approx(255, abs=3)
    assert colours[3] < 60
    assert np.isnan(colours_of_head(frame, (-50.0, 27.0, 12.0))).all()


def people() -> list[tuple[bytes, NDArray[np.float32]]]:
    """Pictures of the people in a rendered frame, and the true colours of their heads."""
    frame = cv2.imread(str(PICTURES / "frame.jpg")).astype(np.uint8)
    size = np.array([frame.shape[1], frame.shape[0]])
    found = []
    for line in (PICTURES / "frame.txt").read_text().splitlines():
        row = np.array(line.split()[1:], np.float64)
        low, high = (row[:2] - row[2:4] / 2) * size, (row[:2] + row[2:4] / 2) * size
        room = (high[1] - low[1]) / 10
        left, top = np.maximum(low - room, 0).astype(int)
        right, bottom = np.minimum(high + room, size).astype(int)
        points = row[4:].reshape(17, 3) * (*size, 1) - (left, top, 0)
        if (points[[0, 5, 6], 2] > 0).all():
            picture = frame[top:bottom, left:right]
            disc = head_disc(points.astype(np.float32), np.array([*(low - (left, top)), *(high - (left, top))]))
            found.append((cv2.imencode(".png", picture)[1].tobytes(), colours_of_head(picture, disc)))
    return found


def test_a_head_is_found_and_read_alike_alone_and_in_any_company() -> None:
    pictures = people()
    assert len(pictures) >= 2
    together = NetworkReader().head_colours([picture for picture, _ in pictures])
    alone = [NetworkReader().head_colours([picture])[0] for picture, _ in pictures]
    np.testing.assert_array_equal(together, alone)
    errors = np.linalg.norm(together - np.array([colours for _, colours in pictures]), axis=1)
    # Of heads of a dozen pixels, some are read wrongly; one read by chance is 60 and more off.
    assert errors.min() < 30
