"""A figure of a policy: a value with its interval, or the reason why there is none."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from store.privacy.metrics import METRICS


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure; `value` None needs a `reason`. `low`, `high`: 95 % interval. `note`: what a reader must know."""

    value: float | None
    reason: str | None = None
    low: float | None = None
    high: float | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        """Refuse an empty figure without a reason."""
        if self.value is None and not self.reason:
            raise ValueError("a figure without a value needs a reason")


@dataclass(frozen=True, slots=True)
class PolicyFigures:
    """All figures of one policy, by the names of `METRICS`; every metric is there."""

    policy: str
    title: str
    figures: Mapping[str, Figure]

    def __post_init__(self) -> None:
        """Refuse a table with holes: every metric has a figure, every figure a definition."""
        if missing := METRICS.keys() - self.figures.keys():
            raise ValueError(f"{self.policy}: figures missing: {', '.join(sorted(missing))}")
        if unknown := self.figures.keys() - METRICS.keys():
            raise ValueError(f"{self.policy}: figures without a definition: {', '.join(sorted(unknown))}")

    def __getitem__(self, metric: str) -> Figure:
        """The figure of one metric."""
        return self.figures[metric]

    def value(self, metric: str) -> float | None:
        """The figure's value, or None."""
        return self.figures[metric].value

    def to_json(self) -> dict[str, object]:
        """{"title": ..., "figures": {metric: {value, reason, low, high, note}}}, ready for summary.json."""
        return {"title": self.title, "figures": {name: asdict(figure) for name, figure in self.figures.items()}}

    @classmethod
    def from_json(cls, policy: str, row: Mapping[str, object]) -> "PolicyFigures":
        """The reverse of `to_json`."""
        figures = row["figures"]
        if not isinstance(figures, Mapping):
            raise TypeError(f"{policy}: figures: found {type(figures).__name__}, allowed: a mapping")
        return cls(policy, str(row["title"]), {name: Figure(**figure) for name, figure in figures.items()})
