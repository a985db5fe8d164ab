"""All figures of the uses beyond billing, and the results that a policy's folder keeps of them."""

from collections.abc import Sequence

from store.privacy.case import Case
from store.privacy.figures import Figure
from store.privacy.uses.company import company_figures
from store.privacy.uses.following import following_figures
from store.privacy.uses.missing_child import child_figures
from store.privacy.uses.month import month_figures, month_results
from store.privacy.uses.outcome import SearchOutcome
from store.privacy.uses.presence import kept_presence
from store.privacy.uses.result import write_uses
from store.privacy.uses.returning import returning_figures


def use_figures(case: Case, outcomes: Sequence[SearchOutcome]) -> dict[str, Figure]:
    """The figures of `uses.metrics` but those of the searches' rates; writes `uses.json` into the policy's folder."""
    figures, results = month_figures(case, outcomes), month_results(case, outcomes)
    presence = kept_presence(case.store, case.period)
    for found, result in (
        following_figures(case, presence),
        returning_figures(case),
        company_figures(case, presence),
        child_figures(case),
    ):
        figures |= found
        results.append(result)
    write_uses(case.store.folder, case.policy.name, len(case.period.visits), results)
    return figures
