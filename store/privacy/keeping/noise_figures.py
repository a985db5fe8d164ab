"""What differential privacy spends and costs: the budget of a visit, and the error that a planner gets for it."""

from collections import Counter, defaultdict

import numpy as np

from store.privacy.case import Case
from store.privacy.figures import Figure
from store.privacy.keeping.counts import (
    TENTHS,
    Cell,
    busiest_right,
    count_noise,
    heat_map_noise,
    true_counts,
    true_heat_map,
)
from store.privacy.keeping.noise import mean_distance
from store.privacy.policy import Collect

NO_COUNTS = "no counts of people are released"


def noise_figures(case: Case) -> dict[str, Figure]:
    """`dp_budget`, `count_error` and `heatmap_error`: spent budgets from the audit log, errors from the records."""
    rule = case.policy.collects.get("counts")
    if rule is None:
        return {name: Figure(None, NO_COUNTS) for name in ("dp_budget", "count_error", "heatmap_error")}
    return {
        "dp_budget": _budget(case, rule),
        "count_error": _count_error(case, rule),
        "heatmap_error": _heat_map_error(case, rule),
    }


def _budget(case: Case, rule: Collect) -> Figure:
    spent: dict[float, float] = defaultdict(float)
    for row in (*case.store.made("counts"), *case.store.made("heat_maps")):
        if row["spent"] is None:
            return Figure(None, "counts carry no noise: no budget bounds what they reveal")
        spent[float(row["opens"])] += float(row["spent"])
    note = f"counts: {rule.epsilon:g} each, in at most {rule.most_minutes} of them a visit"
    if rule.heatmap_epsilon is not None:
        note += f"; heat map of the day: {rule.heatmap_epsilon:g}, at most {rule.heatmap_seconds} s a visit"
    return Figure(max(spent.values()), note=note + "; a party of two spends twice that, and so does a second visit")


def _count_error(case: Case, rule: Collect) -> Figure:
    true = {t: count for day in case.period.days for t, count in true_counts(day).items()}
    cut = {t: count for day in case.period.days for t, count in true_counts(day, rule.most_minutes).items()}
    rows = [(float(t or 0), float(value or 0)) for t, value in case.store.rows("SELECT t, inside FROM counts")]
    if not rows:
        return Figure(None, "no count is kept a day later")
    noise = count_noise(rule)
    expected = np.mean([mean_distance(noise.scale, cut[t] - true[t]) if noise else 0.0 for t, _ in rows])
    return Figure(
        float(np.mean([abs(value - true[t]) for t, value in rows])),
        note=f"expected from the noise: {expected:.3g}; OpenDP's noise is new in every run; "
        f"{np.mean(list(true.values())):.3g} people inside on average",
    )


def _heat_map_error(case: Case, rule: Collect) -> Figure:
    noise = heat_map_noise(rule)
    if noise is None:
        return Figure(None, "no heat map is released")
    if any(day.floor_m is None for day in case.period.days):
        return Figure(None, "no heat map: the records do not say how large the floor is")
    true, cut = Counter[Cell](), Counter[Cell]()
    for day in case.period.days:
        true.update(true_heat_map(day))
        cut.update(true_heat_map(day, rule.heatmap_seconds))
    query = "SELECT x, y, sum(tenths) FROM heat_maps GROUP BY x, y"
    released = {(int(x or 0), int(y or 0)): int(value or 0) for x, y, value in case.store.rows(query)}
    total = sum(true.values())
    if not released or not total:
        return Figure(None, "nobody was tracked, or no heat map is kept a day later")
    bias = sum(abs(cut[cell] - true[cell]) for cell in true) / total
    return Figure(
        sum(abs(released[cell] - true[cell]) for cell in true) / total,
        note=f"{busiest_right(true, released):.0%} of the busiest tenth of cells are named rightly; noise of a cell "
        f"and day: {noise.mean_error / TENTHS:.0f} s expected; cutting long stays alone: {bias:.3g}",
    )
