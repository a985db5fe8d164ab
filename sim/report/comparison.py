"""The privacy policies side by side: one row a metric, one column a policy, and which of them are on the front."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sim.run_folder import RunFolder
from store.errors import PolicyError
from store.privacy.catalogue import load_policy
from store.privacy.figures import Figure
from store.privacy.metric import Metric
from store.privacy.metrics import METRICS


@dataclass(frozen=True, slots=True)
class Row:
    """One metric over all policies of a run; `cells` has a figure or None for each policy in order."""

    name: str
    metric: Metric
    cells: tuple[Figure | None, ...]

    @property
    def values(self) -> tuple[float, ...]:
        """Figures of the policies that have one."""
        return tuple(cell.value for cell in self.cells if cell is not None and cell.value is not None)

    @property
    def differs(self) -> bool:
        """Whether the policies differ in this metric at all."""
        return len(set(self.values)) > 1

    def is_best(self, cell: Figure) -> bool:
        """Whether a cell is the best of a row whose policies differ."""
        return self.differs and cell.value == (max if self.metric.better == "higher" else min)(self.values)


@dataclass(frozen=True, slots=True)
class PolicyCard:
    """A policy in plain words."""

    name: str
    title: str
    summary: str = ""
    precedent: str = ""
    sources: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParetoPoint:
    """A policy at its two figures; `best` where no other policy is better in one and at least as good in the other."""

    policy: str
    x: float
    y: float
    best: bool


def comparison_rows(figures: Mapping[str, Mapping[str, Figure]], group: str) -> list[Row]:
    """Rows of the metrics of one group (a key of `GROUPS`) that at least one policy reports."""
    return [
        Row(name, metric, tuple(own.get(name) for own in figures.values()))
        for name, metric in METRICS.items()
        if metric.group == group and any(name in own for own in figures.values())
    ]


def comparable(figures: Mapping[str, Mapping[str, Figure]], group: str) -> list[str]:
    """Names of the group's metrics for which at least two policies have a number."""
    return [
        row.name
        for row in comparison_rows(figures, group)
        if sum(cell is not None and cell.value is not None for cell in row.cells) >= 2
    ]


PREFERRED_AXES = (("identified_share", "exact_receipts"), ("templates_without_consent", "entry_seconds"))
"""Pairs of metrics that tell most, if the policies differ in them."""


def axes(figures: Mapping[str, Mapping[str, Figure]], charts: int = 1) -> list[tuple[str, str]]:
    """Pairs of a privacy and a usage metric worth plotting: preferred ones first, then any in which policies differ."""
    privacy = [row.name for row in comparison_rows(figures, "privacy") if row.differs]
    usage = [row.name for row in comparison_rows(figures, "usage") if row.differs]
    pairs = [*PREFERRED_AXES, *((x, y) for x in privacy[:2] for y in usage[:2])]
    return [(x, y) for x, y in pairs if x in privacy and y in usage and len(pareto(figures, x, y)) > 1][:charts]


def policy_cards(run: RunFolder) -> list[PolicyCard]:
    """The run's policies in plain words, from their own files; one whose file is gone keeps its name."""
    return [policy_card(name) for name in (run.summary.policies if run.has_summary else run.manifest.policies)]


def policy_card(name: str) -> PolicyCard:
    """One policy in plain words."""
    try:
        policy = load_policy(name)
    except PolicyError:
        return PolicyCard(name, name)
    return PolicyCard(
        policy.name, policy.title, policy.summary, policy.precedent, tuple(policy.sources), tuple(policy.assumptions)
    )


def pareto(figures: Mapping[str, Mapping[str, Figure]], x: str, y: str) -> list[ParetoPoint]:
    """Policies that have both figures; which is better comes from the metrics themselves."""
    places = {
        policy: (own[x].value, own[y].value)
        for policy, own in figures.items()
        if x in own and y in own and own[x].value is not None and own[y].value is not None
    }
    numbers = {policy: (float(a or 0.0), float(b or 0.0)) for policy, (a, b) in places.items()}
    goodness = {policy: (_good(x, a), _good(y, b)) for policy, (a, b) in numbers.items()}
    return [
        ParetoPoint(policy, a, b, not any(_dominates(other, goodness[policy]) for other in goodness.values()))
        for policy, (a, b) in numbers.items()
    ]


def together(points: Sequence[ParetoPoint], near: float = 0.03) -> list[list[ParetoPoint]]:
    """Points in groups that one label serves: those closer than `near` of the whole range in both figures."""
    spans = [max(values) - min(values) or 1.0 for values in ([p.x for p in points], [p.y for p in points])]
    groups: list[list[ParetoPoint]] = []
    for point in points:
        for group in groups:
            if abs(point.x - group[0].x) <= near * spans[0] and abs(point.y - group[0].y) <= near * spans[1]:
                group.append(point)
                break
        else:
            groups.append([point])
    return groups


def front(points: Sequence[ParetoPoint]) -> list[ParetoPoint]:
    """The best points in order of x."""
    return sorted((point for point in points if point.best), key=lambda point: (point.x, point.y))


def _good(metric: str, value: float) -> float:
    return value if METRICS[metric].better == "higher" else -value


def _dominates(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] >= other[0] and one[1] >= other[1] and one != other
