import numpy as np

from tracking.annotate import annotate, track_colour
from tracking.observation import Observation


def observation(box: tuple[float, float, float, float]) -> Observation:
    keypoints = np.zeros((17, 3), np.float32)
    return Observation(
        "a", 0.0, 1, np.array(box, np.float32), 0.9, keypoints, np.full(4, 0.5, np.float32), np.zeros(2), np.eye(2)
    )


def test_the_frame_itself_is_left_alone_and_a_tracks_colour_appears() -> None:
    frame = np.full((360, 640, 3), 80, np.uint8)
    picture = annotate(frame, [(observation((100, 100, 160, 260)), 3)])
    assert (frame == 80).all()
    assert (picture == track_colour(3)).all(axis=2).sum() > 200


def test_neighbouring_tracks_differ_in_colour() -> None:
    colours = np.array([track_colour(track) for track in range(1, 13)], float)
    gaps = np.linalg.norm(colours[1:] - colours[:-1], axis=1)
    assert gaps.min() > 60


def test_boxes_at_every_edge_and_beyond_are_drawn() -> None:
    frame = np.zeros((90, 160, 3), np.uint8)
    boxes = [(-20.0, -10.0, 30.0, 60.0), (140.0, 60.0, 200.0, 120.0), (0.0, 0.0, 160.0, 90.0)]
    picture = annotate(frame, [(observation(box), k) for k, box in enumerate(boxes)], {1: "a long name indeed"})
    assert picture.shape == frame.shape
    assert picture.any()


def test_what_belongs_to_nobody_is_grey() -> None:
    picture = annotate(np.zeros((360, 640, 3), np.uint8), [(observation((100, 100, 160, 260)), None)])
    shown = picture[picture.any(axis=2)]
    assert (shown == shown[:, :1]).all()
