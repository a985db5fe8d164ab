"""A cash desk: what the same day's baskets would have met without tracking."""

from dataclasses import dataclass

from store.privacy.day import Basket, Period
from store.privacy.service.cost import CostSheet


@dataclass(frozen=True, slots=True)
class DeskDay:
    """A day at the desk: mean seconds queueing and being served, mean seconds of service, exactness, money error."""

    paying_seconds: float
    service_seconds: float
    exact_share: float | None
    error_cents: float | None


def baskets(period: Period) -> tuple[Basket, ...]:
    """What visits carried to the desk; the receipts' contents where the run does not say."""
    if period.baskets:
        return period.baskets
    closed = {visit.visit: visit.closed for visit in period.visits}
    return tuple(
        Basket(row.visit, closed.get(row.visit, row.t), row.items, row.cents)
        for row in period.receipts
        if row.items > 0
    )


def serve(period: Period, costs: CostSheet) -> DeskDay:
    """One open desk, first come first served; each item is missed with a cashier's probability (expected values)."""
    queue = sorted((basket for basket in baskets(period) if basket.items > 0), key=lambda basket: basket.t)
    if not queue:
        return DeskDay(0.0, 0.0, None, None)
    free, paying, serving = 0.0, 0.0, 0.0
    for basket in queue:
        service = costs.desk_seconds.value + costs.desk_item_seconds.value * basket.items
        free = max(free, basket.t) + service
        paying, serving = paying + free - basket.t, serving + service
    miss, visits = costs.cashier_miss.value, len(period.visits)
    exact = sum((1 - miss) ** basket.items for basket in queue) / len(queue)
    lost = miss * sum(basket.cents for basket in queue)
    return DeskDay(paying / visits, serving / visits, exact, lost / visits)
