"""All attacks on one policy's store, and the figures of what they found."""

import numpy as np

from store.privacy.attacks.company import company_figures
from store.privacy.attacks.imagined_return import imagined_figures
from store.privacy.attacks.kept_walks import kept_walks
from store.privacy.attacks.linkage import attack, linkage_figures
from store.privacy.attacks.membership import membership_figure
from store.privacy.attacks.person_visits import PersonVisits
from store.privacy.attacks.singling_out import singling_out_figures
from store.privacy.attacks.traces import trace_figures
from store.privacy.case import Case
from store.privacy.figures import Figure


def attack_figures(case: Case) -> dict[str, Figure]:
    """A figure for every metric of the attacks, each with its interval or the reason why there is none."""
    rng = np.random.default_rng([case.seed, *b"attacks"])
    people = PersonVisits.of(case.period)
    walks = kept_walks(case.store, people)
    linked = None
    if len(case.period.days) > 1:
        linkage = attack(case, people, walks, rng)
        linked = linkage.everything
        figures = linkage_figures(case, people, linkage, rng)
    else:
        figures = imagined_figures(case, rng)
    return {
        **figures,
        **trace_figures(walks, rng),
        **singling_out_figures(case.store, people, rng),
        **company_figures(case, people, walks, linked, rng),
        "infer_watchlist": membership_figure(case),
    }
