"""Metrics of the attacks on what is kept."""

from store.privacy.metric import Metric

METRICS = (
    Metric(
        "linkability",
        "Visits linkable above chance",
        "share above chance",
        "An attacker holding what the store keeps one day after closing sees each person come back once (same "
        "account, newly captured face from the same views, other clothes) and links the visit to a first one by "
        "account or nearest face template. Share linked rightly minus the chance of guessing; 0 is chance. Gait, "
        "body shape, basket and route are not attacked yet.",
        "attacks",
    ),
    Metric(
        "unicity",
        "Traces unique from 4 points",
        "share",
        "Share of the movement traces kept one day after closing that no other kept trace shares at 4 of their own "
        "points, picked at random and coarsened to 1 m and 10 s (after de Montjoye et al., PMC7961185). Mean of 20 "
        "picks.",
        "attacks",
    ),
    Metric(
        "k_anonymity",
        "People alike in kept traces",
        "people (median)",
        "Median number of kept traces, the person's own included, that agree with one random point of a trace "
        "coarsened to 1 m and 10 s. 1 means: seen once in one place, and you are singled out.",
        "attacks",
        "higher",
    ),
)
