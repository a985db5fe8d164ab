import cv2
import numpy as np
import pytest

from sim.picture_reader import NetworkReader, colours_of_head
from tracking.embed import ReidEmbedder


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


def figure(shirt: tuple[int, int, int]) -> bytes:
    """A crude person before a wall: enough for the pose network."""
    pixels = np.full((150, 80, 3), 170, np.uint8)
    parts = [(0, 28, 9, 11, (120, 150, 200)), (0, 21, 9, 6, (20, 30, 40))]
    parts += [(0, 60, 17, 24, shirt), (-20, 62, 5, 22, shirt), (20, 62, 5, 22, shirt)]
    parts += [(-8, 108, 8, 28, (70, 40, 30)), (8, 108, 8, 28, (70, 40, 30))]
    for x, y, width, height, colour in parts:
        cv2.ellipse(pixels, (40 + x, y), (width, height), 0, 0, 360, colour, -1)
    return cv2.imencode(".jpg", cv2.GaussianBlur(pixels, (0, 0), 0.7))[1].tobytes()


def test_a_head_is_found_and_read_alike_alone_and_in_any_company() -> None:
    figures = [figure(shirt) for shirt in ((200, 40, 40), (40, 160, 40), (40, 40, 200))]
    together = NetworkReader().head_colours(figures)
    alone = [NetworkReader().head_colours([one])[0] for one in figures]
    np.testing.assert_array_equal(together, alone)
    assert (together[:, 0] < together[:, 3] - 30).all()  # dark hair over a light face
