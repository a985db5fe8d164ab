import numpy as np
import pytest
from deep_sort_realtime.deep_sort.kalman_filter import KalmanFilter

from tracking.box_filter import BoxFilter


def rows_of(covariance: np.ndarray) -> np.ndarray:
    """The three diagonals of an 8 x 8 covariance."""
    return np.stack([np.diag(covariance)[:4], np.diag(covariance, 4), np.diag(covariance)[4:]])


@pytest.mark.parametrize("seed", range(5))
def test_it_is_the_librarys_filter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    ours, theirs = BoxFilter(), KalmanFilter()
    box = np.array([300.0, 200.0, 0.4, 120.0])
    mean, cov = ours.initiate(box)
    mean_, cov_ = theirs.initiate(box)
    for _ in range(30):
        mean, cov = ours.predict(mean, cov)
        mean_, cov_ = theirs.predict(mean_, cov_)
        box = box + rng.normal(0, [3, 3, 0.01, 2])
        if rng.random() < 0.7:
            mean, cov = ours.update(mean, cov, box)
            mean_, cov_ = theirs.update(mean_, cov_, box)
        assert mean == pytest.approx(mean_)
        assert cov == pytest.approx(rows_of(cov_))
    boxes = box + rng.normal(0, 5, (6, 4))
    for only_position in (False, True):
        expected = theirs.gating_distance(mean_, cov_, boxes.copy(), only_position)
        assert ours.gating_distance(mean, cov, boxes, only_position) == pytest.approx(expected)
