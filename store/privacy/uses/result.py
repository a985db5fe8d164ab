"""What came of one use of a store beyond billing, and the file in which a policy's folder keeps such results.

`uses.json` holds counts and shares only, no person's name, number or picture:

    {"schema": 1, "policy": NAME, "visits": N, "uses": [
        {"use": ..., "status": "done" | "possible" | "impossible", "basis": ..., "reason": null | ...,
         "found":   {what, with its unit: {"value": v, "low": l, "high": h}},
         "wronged": {"unit": ..., "groups": {group: {"value": v, "low": l, "high": h}}},
         "cost":    {what, with its unit: {"value": v, "low": l, "high": h}},
         "remains": {kind of record: number in the policy's store one day after the last closing}}, ...]}

"done": the policy does it. "possible": it does not, but the records that it keeps would allow it. "impossible": they
would not, and `reason` says why. Intervals are 95 %; low and high equal the value where nothing is uncertain but the
model itself.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

SCHEMA = 1
FILE = "uses.json"

Status = Literal["done", "possible", "impossible"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float

    @classmethod
    def exactly(cls, value: float) -> "Estimate":
        """A number without an interval."""
        return cls(value, value, value)


@dataclass(frozen=True, slots=True)
class UseResult:
    """What a use found, whom it wronged, what it cost and what record remains; see the module for the fields."""

    use: str
    status: Status
    basis: str
    reason: str | None = None
    found: Mapping[str, Estimate] = field(default_factory=dict)
    wronged_unit: str = ""
    wronged: Mapping[str, Estimate] = field(default_factory=dict)
    cost: Mapping[str, Estimate] = field(default_factory=dict)
    remains: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a use that is impossible without saying why."""
        if self.status == "impossible" and not self.reason:
            raise ValueError("a use that is impossible needs a reason")

    def to_json(self) -> dict[str, object]:
        """The use as in `uses.json`."""
        return {
            "use": self.use,
            "status": self.status,
            "basis": self.basis,
            "reason": self.reason,
            "found": _plain(self.found),
            "wronged": {"unit": self.wronged_unit, "groups": _plain(self.wronged)},
            "cost": _plain(self.cost),
            "remains": dict(self.remains),
        }


def _plain(estimates: Mapping[str, Estimate]) -> dict[str, dict[str, float]]:
    return {name: asdict(estimate) for name, estimate in estimates.items()}


def write_uses(folder: Path, policy: str, visits: int, results: Sequence[UseResult]) -> Path:
    """Write `uses.json` into a policy's folder; returns its path."""
    path = folder / FILE
    content = {"schema": SCHEMA, "policy": policy, "visits": visits, "uses": [row.to_json() for row in results]}
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
