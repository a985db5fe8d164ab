"""Applying a policy to a day: collect, search, expire, count."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from store.privacy.attacks.linkage import linkability
from store.privacy.attacks.traces import trace_figures
from store.privacy.day import DayRecords
from store.privacy.exposure import exposure_figures, made_today, search_figures
from store.privacy.figures import Figure, PolicyFigures
from store.privacy.keeping.collect import collect_day
from store.privacy.keeping.kept_store import KeptStore
from store.privacy.metrics import METRICS, Metric
from store.privacy.policy import DAY_S, Policy
from store.privacy.service.cost import CostSheet, load_costs, storage_usd
from store.privacy.service.desk import serve
from store.privacy.service.entry import enter
from store.privacy.service.usage import reviewed, usage_figures
from store.privacy.uses.searches import run_search


def apply_policy(
    policy: Policy, day: DayRecords, out: Path, rng: np.random.Generator, costs: CostSheet | None = None
) -> PolicyFigures:
    """The figures of one day under one policy, computed from what its store in `out` holds.

    `out` becomes the policy's folder: kept.sqlite (as it stands one day after closing), audit.jsonl and audit.head.
    `rng` decides the faces; `costs` None takes costs.yaml. A day without visits gives figures without values.
    """
    store = KeptStore.create(out)
    try:
        if not day.visits:
            nobody = Figure(None, "nobody came")
            return PolicyFigures(policy.name, policy.title, dict.fromkeys(METRICS, nobody))
        return _applied(policy, day, store, rng, costs or load_costs())
    finally:
        store.close()


def _applied(
    policy: Policy, day: DayRecords, store: KeptStore, rng: np.random.Generator, costs: CostSheet
) -> PolicyFigures:
    seed = int(rng.integers(2**31))
    collect_day(policy, day, store, seed, rng)
    outcomes = [run_search(search, policy, day, store, seed, rng) for search in policy.searches]
    made, stored_usd = made_today(policy, store), storage_usd(policy, store, len(day.visits), costs)
    store.advance(day.store_seconds + DAY_S)
    entry = enter(policy, day, rng)
    desk = serve(day, costs) if policy.billing == "cash_desk" else None
    found = {
        **exposure_figures(policy, day, store, made),
        "linkability": linkability(policy, day, store, seed, rng),
        **trace_figures(store, rng),
        **search_figures(policy, day, outcomes, 1000 * reviewed(policy, day) / len(day.visits)),
        **usage_figures(policy, day, desk, entry, outcomes, stored_usd, costs),
    }
    return PolicyFigures(policy.name, policy.title, {name: found[name] for name in METRICS})


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One metric under several policies, in the order in which they were given."""

    metric: Metric
    figures: tuple[Figure, ...]


def compare(applied: Sequence[PolicyFigures]) -> list[ComparisonRow]:
    """Policies side by side, one row a metric; never a merged score."""
    return [ComparisonRow(metric, tuple(figures[name] for figures in applied)) for name, metric in METRICS.items()]
