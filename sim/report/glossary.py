"""Every privacy and usage figure in words, as the page docs/figures.md: `python -m sim.report.glossary` prints it."""

from store.privacy.metric import GROUPS, Metric
from store.privacy.metrics import METRICS

HEADING = """# What each figure means

Every figure of `aisle compare`, of the report and of the dashboard, in the order of the tables. A figure is computed
from the records in a policy's own store, one day after the last closing, unless its definition says otherwise. Where a
figure does not apply, the table gives the reason in its place. How the figures come about, and what they cannot say:
[privacy.md](privacy.md).
"""


def glossary() -> str:
    """The page in Markdown."""
    parts = [HEADING]
    for group, title in GROUPS.items():
        own = [metric for metric in METRICS.values() if metric.group == group]
        parts.append(f"## {title}\n\n" + "\n".join(_entry(metric) for metric in own))
    return "\n".join(parts)


def _entry(metric: Metric) -> str:
    return f"**{metric.title}** (`{metric.name}`, {metric.unit}; {metric.better} is better). {metric.definition}\n"


if __name__ == "__main__":
    print(glossary(), end="")
