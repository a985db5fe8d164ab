"""Policies applied to a made-up period, and their stores opened again as an attacker would."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from made_up import Reader, made_up_period

from store.privacy import Period, Policy, PolicyFigures, apply_policy, load_policy
from store.privacy.case import Case
from store.privacy.keeping.kept_store import KeptStore
from store.privacy.service.cost import load_costs

POLICIES = ("app-entry", "blurred", "checkout", "counting-only", "edge-only", "face-everywhere")


@dataclass(frozen=True)
class Applied:
    """A policy's figures, and the case with its store."""

    figures: PolicyFigures
    case: Case


Apply = Callable[[str | Policy, Period], Applied]


@pytest.fixture(scope="session")
def period() -> Period:
    return made_up_period(days=4, people=15, seed=3)


@pytest.fixture(scope="session")
def apply(tmp_path_factory: pytest.TempPathFactory) -> Apply:
    def run(policy: str | Policy, period: Period) -> Applied:
        loaded = load_policy(policy) if isinstance(policy, str) else policy
        out: Path = tmp_path_factory.mktemp("attacked")
        figures = apply_policy(loaded, period, out, np.random.default_rng(5), reader=Reader())
        seed = int(np.random.default_rng(5).integers(2**31))
        store = KeptStore.open(out, period.closes + 86_400)
        return Applied(figures, Case(loaded, period, store, seed, np.random.default_rng(6), load_costs(), Reader()))

    return run


@pytest.fixture(scope="session")
def applied(apply: Apply, period: Period) -> dict[str, Applied]:
    return {name: apply(name, period) for name in POLICIES}
