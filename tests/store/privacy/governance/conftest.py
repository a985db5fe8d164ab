"""Stores of a made-up period, filled as a policy would, without computing figures."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from made_up import made_up_period

from store.privacy import Period, Policy
from store.privacy.keeping.collect import collect_day
from store.privacy.keeping.kept_store import KeptStore
from store.privacy.uses.searches import search_day

Fill = Callable[..., KeptStore]
GALLERY = 2_000


@pytest.fixture(scope="session")
def period() -> Period:
    return made_up_period(days=2, people=9, comes=0.9)


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """fill(policy, period, seed=1, until=None): a store in a folder of its own, its clock at `until` or the closing."""

    def filled(policy: Policy, period: Period, seed: int = 1, until: float | None = None) -> KeptStore:
        store = KeptStore.create(tmp_path / f"{policy.name}-{len(list(tmp_path.iterdir()))}")
        rng = np.random.default_rng(seed)
        for day in period.days:
            store.advance(day.opens)
            collect_day(policy, day, store, seed, rng)
            for search in policy.searches:
                small = search.model_copy(update={"gallery": min(search.gallery, GALLERY)})
                search_day(small, policy, day, store, seed, rng)
        store.advance(period.closes if until is None else until)
        return store

    return filled
