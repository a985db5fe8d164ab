"""All figures of the uses beyond billing, and the results that a policy's folder keeps of them."""

from collections.abc import Sequence

from store.privacy.case import Case
from store.privacy.figures import Figure
from store.privacy.uses.month import month_figures, month_results
from store.privacy.uses.outcome import SearchOutcome
from store.privacy.uses.result import write_uses


def use_figures(case: Case, outcomes: Sequence[SearchOutcome]) -> dict[str, Figure]:
    """The figures of `uses.metrics` but those of the searches' rates; writes `uses.json` into the policy's folder."""
    write_uses(case.store.folder, case.policy.name, len(case.period.visits), month_results(case, outcomes))
    return month_figures(case, outcomes)
