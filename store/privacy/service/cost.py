"""What a policy costs to run, from unit costs that carry their range, year and source."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from store.privacy.files import load_model
from store.privacy.keeping.kept_store import KeptStore
from store.privacy.policy import DAY_S, Policy

COSTS = Path(__file__).parent / "costs.yaml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UnitCost(_Section):
    """One unit cost; `low` and `high` are the range of the sources."""

    value: float = Field(ge=0)
    low: float = Field(ge=0)
    high: float = Field(ge=0)
    unit: str
    year: str
    source: str


class CostSheet(_Section):
    """Unit costs of a store."""

    desk_seconds: UnitCost
    desk_item_seconds: UnitCost
    cashier_miss: UnitCost
    wage: UnitCost
    review_seconds: UnitCost
    search_call: UnitCost
    watchlist_month: UnitCost
    storage_gb_month: UnitCost
    frame_bytes: UnitCost
    crop_bytes: UnitCost
    visits_a_day: UnitCost


def load_costs(path: Path = COSTS) -> CostSheet:
    """The unit costs in a file. Raises `PolicyError`."""
    return load_model(CostSheet, path, path.parent, "cost sheet")


@dataclass(frozen=True, slots=True)
class Work:
    """What happens in 1,000 visits: seconds at the desk, reviews, alerts checked, search calls that are paid for."""

    desk_seconds: float
    reviews: float
    alert_checks: float
    search_calls: float


def running_cost(policy: Policy, work: Work, stored_usd: float, costs: CostSheet) -> dict[str, float]:
    """USD per 1,000 visits, by part."""
    second = costs.wage.value / 3600
    month = costs.visits_a_day.value * 30
    parts = {
        "cash desk": work.desk_seconds * second,
        "reviews": work.reviews * costs.review_seconds.value * second,
        "alert checks": work.alert_checks * costs.review_seconds.value * second,
        "search calls": work.search_calls * costs.search_call.value,
        "subscription": 1000 * costs.watchlist_month.value / month if _subscribes(policy) else 0.0,
        "storage": stored_usd,
    }
    return {name: usd for name, usd in parts.items() if usd > 0}


def _subscribes(policy: Policy) -> bool:
    return any(search.recipient == "watch-list service" for search in policy.searches)


def storage_usd(policy: Policy, store: KeptStore, since: float, costs: CostSheet) -> float:
    """USD to keep the pictures taken `since` that are there now until they expire."""
    frames = store.rows("SELECT coalesce(sum(frames), 0) FROM frames WHERE t >= ?", (since,))[0][0]
    pictures = store.rows("SELECT count(*) FROM crops WHERE t >= ?", (since,))[0][0]
    total = 0.0
    for kind, count, size in (("frames", frames, costs.frame_bytes), ("crops", pictures, costs.crop_bytes)):
        rule = next((rule for name, rule in policy.collects.items() if name == kind), None)
        months = rule.keep_seconds / (30 * DAY_S) if rule else 0.0
        total += float(count or 0) * size.value / 1e9 * months * costs.storage_gb_month.value
    return total
