"""Judges a finished run under privacy policies: builds the records of its days from the run folder and applies each."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from sim.day import period_of
from sim.erasing import write_witness
from sim.errors import BadInput
from sim.picture_reader import NetworkReader
from sim.run_folder import RunFolder, write_summary
from store.privacy.apply import apply_policy
from store.privacy.case import PictureReader
from store.privacy.catalogue import list_policies, load_policy
from store.privacy.day import Period
from store.privacy.figures import PolicyFigures
from store.privacy.policy import Policy


def judge(run: RunFolder, policies: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Applies each policy to the run's days and returns policy -> metric -> figure, as `summary.json` keeps them.

    What a policy's store really keeps is left in `policies/NAME/` of the run folder.

    Raises:
        PolicyError: an unknown or invalid policy.
    """
    return {name: _figures(judged) for name, judged in _judged(run, policies).items()}


def judge_again(run: RunFolder, policies: Sequence[str] | None) -> list[PolicyFigures]:
    """As `judge`, for `policies` ("all": every built-in one) or those of the run; adds them to `summary.json`."""
    if policies and "all" in policies:
        policies = [*list_policies(), *(name for name in policies if name != "all" and name not in list_policies())]
    judged = _judged(run, policies or run.manifest.policies)
    figures = run.summary.policies | {name: _figures(figure) for name, figure in judged.items()}
    write_summary(run.path, run.summary.model_copy(update={"policies": figures}))
    return list(judged.values())


def judge_runs(runs: Sequence[RunFolder], policies: Sequence[str] | None) -> list[list[PolicyFigures]]:
    """As `judge_again` for each run, all under the same policies.

    Raises:
        BadInput: no policies were named and the runs were judged under different ones.
    """
    own = {tuple(run.manifest.policies) for run in runs}
    if not policies and len(own) > 1:
        found = " against ".join(", ".join(names) for names in sorted(own))
        raise BadInput("command line", "--policy", found, "the same policies for all runs, or --policy to say which")
    return [judge_again(run, policies) for run in runs]


def period_and_reader(run: RunFolder) -> tuple[Period, PictureReader]:
    """What a run hands to every policy: its days, and how somebody who holds pictures would read them."""
    return period_of(run), NetworkReader()


def _judged(run: RunFolder, policies: Sequence[str]) -> dict[str, PolicyFigures]:
    loaded = [load_policy(name) for name in policies]
    if not loaded:
        return {}
    period, reader = period_and_reader(run)
    seed, stores = run.manifest.seed, run.path / "policies"
    judged = {policy.name: judge_policy(policy, period, reader, seed, stores / policy.name) for policy in loaded}
    write_witness(run.path, list(judged))
    return judged


def judge_policy(policy: Policy, period: Period, reader: PictureReader | None, seed: int, out: Path) -> PolicyFigures:
    """The figures of a run's period under one policy; its store goes into the folder `out`. `seed`: the run's."""
    rng = np.random.default_rng([seed, *policy.name.encode()])
    return apply_policy(policy, period, out, rng, reader=reader, seed=seed)


def _figures(judged: PolicyFigures) -> dict[str, Any]:
    figures = judged.to_json()["figures"]
    if not isinstance(figures, dict):
        raise TypeError("figures of a policy are a mapping")
    return figures
