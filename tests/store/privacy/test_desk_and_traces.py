from dataclasses import replace

import numpy as np
import pytest

from store.privacy import Basket, DayRecords, Period
from store.privacy.attacks.kept_walks import Walks, kept_walks
from store.privacy.attacks.person_visits import PersonVisits
from store.privacy.attacks.traces import trace_figures
from store.privacy.intervals import wilson
from store.privacy.keeping.kept_store import KeptStore, Record
from store.privacy.service.cost import load_costs
from store.privacy.service.desk import serve


def test_two_customers_at_once_wait_for_each_other(day: DayRecords) -> None:
    costs = load_costs()
    two = replace(day, visits=day.visits[:2], baskets=(Basket("a", 10.0, 5, 500), Basket("b", 10.0, 1, 100)))
    served = serve(Period.of(two), costs)
    assert served.service_seconds == pytest.approx((55 + 43) / 2)  # 40 s and 3 s an item
    assert served.paying_seconds == pytest.approx((55 + 55 + 43) / 2)
    assert served.exact_share == pytest.approx(((1 - 0.0021) ** 5 + (1 - 0.0021)) / 2)


def walks_of(store: KeptStore) -> Walks:
    return kept_walks(store, PersonVisits((), (), np.zeros(0, np.int64)))


def _walked(store: KeptStore, track: int, cells: list[tuple[float, float, float]]) -> None:
    rows = [Record(f"v{track}", t, 1.0, (track, x, y, 0.1)) for x, y, t in cells]
    store.collect("tracks", rows, 1000)


def test_identical_traces_hide_each_other_and_a_lone_one_stands_out(folder) -> None:
    store, rng = KeptStore.create(folder), np.random.default_rng(1)
    shared = [(0.5, 0.5, 5.0), (1.5, 0.5, 15.0), (2.5, 0.5, 25.0), (3.5, 0.5, 35.0), (4.5, 0.5, 45.0)]
    _walked(store, 1, shared)
    _walked(store, 2, shared)
    assert trace_figures(walks_of(store), rng)["unicity"].value == 0
    assert trace_figures(walks_of(store), rng)["k_anonymity"].value == 2
    _walked(store, 3, [(9.5, 9.5, t) for _, _, t in shared])
    assert trace_figures(walks_of(store), rng)["unicity"].value == pytest.approx(1 / 3)
    store.close()


def test_without_traces_there_is_a_reason(folder) -> None:
    store = KeptStore.create(folder)
    assert trace_figures(walks_of(store), np.random.default_rng(1))["unicity"].reason
    store.close()


def test_wilson_interval_matches_the_published_example() -> None:
    # Newcombe 1998, table I: 81 of 263.
    low, high = wilson(81, 263)
    assert (low, high) == (pytest.approx(0.2553, abs=5e-5), pytest.approx(0.3662, abs=5e-5))
