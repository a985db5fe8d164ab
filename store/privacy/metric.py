"""What a metric is: a name with title, unit, definition, group, and which way is better."""

from dataclasses import dataclass
from typing import Literal

Group = Literal["privacy", "attacks", "uses", "usage"]
"""privacy: what is learnt and kept. attacks: what could be found out from it. uses: what else it could be turned into.
usage: what it does for customers and owner."""
GROUPS: dict[Group, str] = {
    "privacy": "What is learnt and kept about people",
    "attacks": "What could be found out from what is kept",
    "uses": "What else it is or could be used for",
    "usage": "What it does for customers and the store",
}
"""Groups in the order of tables, with their headings."""
Better = Literal["lower", "higher"]


@dataclass(frozen=True, slots=True)
class Metric:
    """What a figure means; `definition` is what the dashboard shows on hover."""

    name: str
    title: str
    unit: str
    definition: str
    group: Group
    better: Better = "lower"
