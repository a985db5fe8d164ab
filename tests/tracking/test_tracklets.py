import numpy as np

from tracking.observation import Detection
from tracking.tracklets import Tracklets, TrackletSettings


def detection(x: float, y: float = 100.0, height: float = 120.0) -> Detection:
    box = np.array([x, y, x + 45, y + height], np.float32)
    return Detection(box, 0.9, np.zeros((17, 3), np.float32))


def look(k: int) -> np.ndarray:
    row: np.ndarray = np.eye(8, dtype=np.float32)[k]
    return row


def test_a_walker_keeps_one_tracklet() -> None:
    tracklets = Tracklets()
    ids = [tracklets.update([detection(50 + 6 * k)], look(0)[None])[0] for k in range(20)]
    assert len(set(ids)) == 1


def test_ids_come_back_in_the_order_of_the_detections() -> None:
    tracklets = Tracklets()
    first = tracklets.update([detection(50), detection(400)], np.stack([look(0), look(1)]))
    second = tracklets.update([detection(402), detection(53)], np.stack([look(1), look(0)]))
    assert second == first[::-1]


def test_a_box_without_area_gets_no_tracklet_and_shifts_nobody() -> None:
    tracklets = Tracklets()
    flat = Detection(np.array([5, 5, 5, 90], np.float32), 0.9, np.zeros((17, 3), np.float32))
    for k in range(4):
        ids = tracklets.update([flat, detection(50 + k), detection(400 + k)], np.stack([look(2), look(0), look(1)]))
    swapped = tracklets.update([detection(405), detection(55)], np.stack([look(1), look(0)]))
    assert ids[0] is None
    assert swapped == [ids[2], ids[1]]


def test_cameras_share_nothing() -> None:
    one, other = Tracklets(), Tracklets()
    for k in range(3):
        one.update([detection(50 + 100 * j) for j in range(k + 1)], np.stack([look(j) for j in range(k + 1)]))
    assert other.update([detection(300)], look(0)[None]) == [1]


def test_memory_is_bounded_however_many_frames_come() -> None:
    settings = TrackletSettings(budget=5)
    tracklets = Tracklets(settings)
    rng = np.random.default_rng(1)
    for k in range(600):
        # Somebody stands there all day, others pop up at random.
        people = [detection(50)] + [detection(float(x)) for x in rng.uniform(150, 600, k % 3)]
        noise = rng.normal(0, 0.02, (len(people), 8)).astype(np.float32)
        tracklets.update(people, np.stack([look(j) for j in range(len(people))]) + noise)
    samples = tracklets._sort.tracker.metric.samples
    assert len(samples) < 20
    assert max(len(kept) for kept in samples.values()) <= settings.budget


def test_an_empty_frame_is_fine() -> None:
    assert Tracklets().update([], np.zeros((0, 1), np.float32)) == []
