import numpy as np
import pytest

from store.privacy.attacks.by_gait import Poses, height, pace, rhythm
from store.privacy.attacks.by_head import by_head
from store.privacy.attacks.kept_walks import Walk
from store.privacy.attacks.person_visits import PersonVisits
from store.privacy.attacks.singling_out import singling_out_figures
from store.privacy.keeping.kept_store import KeptStore, Record, lines_text

NOBODY = PersonVisits((), (), np.zeros(0, np.int64))


def with_receipts(folder, baskets: list[tuple[str, ...]]) -> KeptStore:
    store = KeptStore.create(folder)
    rows = [
        Record(None, float(number), 0.0, (100, lines_text(dict.fromkeys(lines, 1))))
        for number, lines in enumerate(baskets)
    ]
    store.collect("receipts", rows, 1000)
    return store


def test_baskets_that_repeat_hide_each_other_and_a_lone_one_stands_out(folder) -> None:
    rng = np.random.default_rng(1)
    store = with_receipts(folder, [("milk", "bread"), ("milk", "bread"), ("milk", "saffron")])
    figure = singling_out_figures(store, NOBODY, rng)["unicity_basket"]
    assert figure.value == pytest.approx(1 / 3)
    assert "no name is on them" in figure.note
    store.close()


def test_one_product_seen_is_less_than_two(folder) -> None:
    store = with_receipts(folder, [("milk",), ("milk", "bread"), ("bread",)])
    # Only the second is alone with all the products that can be picked of it.
    assert singling_out_figures(store, NOBODY, np.random.default_rng(1))["unicity_basket"].value == pytest.approx(1 / 3)
    store.close()


def poses_of(heights: list[float], folder) -> tuple[KeptStore, PersonVisits]:
    store = KeptStore.create(folder)
    for track, metres in enumerate(heights, start=1):
        points = np.ones((17, 3), np.float16)
        points[:5, 1] = metres
        store.collect(
            "poses", [Record(f"v{track}", 0.1 * k, 0.1, (track, "c", points.tobytes())) for k in range(20)], 1e6
        )
    count = len(heights)
    return store, PersonVisits(
        tuple(f"v{n + 1}" for n in range(count)), tuple(range(1, count + 1)), np.zeros(count, int)
    )


def test_a_height_that_nobody_shares_singles_out(folder) -> None:
    store, people = poses_of([1.60, 1.61, 1.75, 1.90], folder)
    figure = singling_out_figures(store, people, np.random.default_rng(1))["unicity_body"]
    assert figure.value == 0.5
    assert figure.low < 0.5 < figure.high
    store.close()


def test_nothing_kept_is_a_reason(folder) -> None:
    store = KeptStore.create(folder)
    figures = singling_out_figures(store, NOBODY, np.random.default_rng(1))
    assert figures["unicity_basket"].reason
    assert figures["unicity_body"].reason
    store.close()


@pytest.mark.parametrize("hertz", [0.7, 0.9, 1.1])
def test_the_rhythm_of_steps_is_read_from_the_ankles_of_two_cameras(hertz: float) -> None:
    t = np.arange(0, 12, 0.1)
    points = np.ones((len(t), 17, 3))
    swing = 0.2 * np.sin(2 * np.pi * hertz * t)
    points[:, 15, 0], points[:, 16, 0] = 0.1 + swing, -0.1 - swing
    points += np.random.default_rng(1).normal(0, 0.02, points.shape) * [1, 1, 0]
    poses = Poses(t, np.arange(len(t)) // 60, points)
    assert rhythm(poses) == pytest.approx(hertz, abs=0.03)


def test_a_stooping_minute_does_not_shrink_a_person() -> None:
    points = np.ones((100, 17, 3))
    points[:, :5, 1] = np.where(np.arange(100) < 45, 1.2, 1.7)[:, None]
    assert height(Poses(np.arange(100) / 10, np.zeros(100, int), points)) == pytest.approx(1.7)


def test_pace_is_that_of_walking_not_of_standing() -> None:
    t = np.arange(0, 40, 0.1)
    x = np.where(t < 20, 1.3 * t, 26.0)
    assert pace(Walk(t, np.column_stack([x, np.zeros_like(x)]))) == pytest.approx(1.3, abs=0.05)
    assert np.isnan(pace(Walk(t, np.zeros((len(t), 2)))))


def test_hair_and_skin_link_the_same_head_on_another_day() -> None:
    rng = np.random.default_rng(1)
    heads = rng.normal(128, [30, 4, 7, 30, 4, 6], (20, 6))
    colours = {row: heads[row % 20] + rng.normal(0, [8, 1, 1, 8, 1, 1], (8, 6)) for row in range(40)}
    colours[5] = np.full((8, 6), np.nan)
    scores = by_head(colours, np.repeat([0, 1], 20))
    right = np.array([scores[20 + n, n] for n in range(20) if n != 5])
    wrong = scores[20:, :20][~np.eye(20, dtype=bool)]
    assert np.mean(right > np.nanmedian(wrong)) > 0.9
    assert np.isnan(scores[5]).all()


def test_no_heads_say_nothing() -> None:
    assert by_head({0: np.full((8, 6), np.nan)}, np.zeros(2, int)) is None
