"""Applying a policy to a period: collect, search and expire day by day, then count."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from store.privacy.attacks.attack import attack_figures
from store.privacy.case import Case, PictureReader
from store.privacy.day import Period
from store.privacy.figures import Figure, PolicyFigures
from store.privacy.governance.figures import governance_figures
from store.privacy.keeping.collect import collect_day
from store.privacy.keeping.exposure import exposure_figures, made_in
from store.privacy.keeping.kept_store import KeptStore
from store.privacy.keeping.noise_figures import noise_figures
from store.privacy.metric import Metric
from store.privacy.metrics import METRICS
from store.privacy.policy import DAY_S, Policy
from store.privacy.service.cost import CostSheet, load_costs, storage_usd
from store.privacy.service.desk import serve
from store.privacy.service.entry import enter
from store.privacy.service.usage import reviewed, usage_figures
from store.privacy.uses.figures import use_figures
from store.privacy.uses.outcome import outcome_of, search_figures
from store.privacy.uses.result import write_uses
from store.privacy.uses.searches import search_day


def apply_policy(
    policy: Policy,
    period: Period,
    out: Path,
    rng: np.random.Generator,
    costs: CostSheet | None = None,
    reader: PictureReader | None = None,
    seed: int | None = None,
) -> PolicyFigures:
    """The figures of a period under one policy, computed from what its store in `out` holds.

    `out` becomes the policy's folder: kept.sqlite (as it stands one day after the last closing), audit.jsonl,
    audit.head and uses.json. `costs` None takes costs.yaml; `reader` reads kept pictures for the attacks. `seed`
    decides people's faces and who opts out, so that policies with one seed meet the same people; None draws one from
    `rng`, which decides everything else.
    A period without visits gives figures without values.
    """
    store = KeptStore.create(out)
    try:
        if not period.visits:
            nobody = Figure(None, "nobody came")
            write_uses(out, policy.name, 0, ())
            return PolicyFigures(policy.name, policy.title, dict.fromkeys(METRICS, nobody))
        drawn = int(rng.integers(2**31))
        people = drawn if seed is None else seed
        return _applied(Case(policy, period, store, people, rng, costs or load_costs(), reader))
    finally:
        store.close()


def _applied(case: Case) -> PolicyFigures:
    policy, period, store = case.policy, case.period, case.store
    stored_usd = _live_through(case)
    made = made_in(policy, store)
    outcomes = [outcome_of(search, policy, period, case.rng) for search in policy.searches]
    entry = enter(policy, period, case.rng)
    desk = serve(period, case.costs) if policy.billing == "cash_desk" else None
    found = {
        **exposure_figures(case, made),
        **noise_figures(case),
        **governance_figures(case),
        **attack_figures(case),
        **search_figures(case, outcomes, reviewed(policy, period) * case.per_1000),
        **use_figures(case, outcomes),
        **usage_figures(policy, period, desk, entry, outcomes, stored_usd, case.costs),
    }
    return PolicyFigures(policy.name, policy.title, {name: found[name] for name in METRICS})


def _live_through(case: Case) -> float:
    """Day after day as the store lives it, until one day after the last closing; returns USD of storage."""
    policy, store, stored_usd = case.policy, case.store, 0.0
    for day in case.period.days:
        store.advance(day.opens)
        collect_day(policy, day, store, case.seed, case.rng)
        for search in policy.searches:
            search_day(search, policy, day, store, case.seed, case.rng)
        stored_usd += storage_usd(policy, store, day.opens, case.costs) * case.per_1000
        store.advance(day.closes)
    store.advance(case.period.closes + DAY_S)
    return stored_usd


@dataclass(frozen=True, slots=True)
class ComparisonRow:
    """One metric under several policies, in the order in which they were given."""

    metric: Metric
    figures: tuple[Figure, ...]


def compare(applied: Sequence[PolicyFigures]) -> list[ComparisonRow]:
    """Policies side by side, one row a metric; never a merged score."""
    return [ComparisonRow(metric, tuple(figures[name] for figures in applied)) for name, metric in METRICS.items()]
