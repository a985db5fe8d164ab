"""After closing time: reviewers and shoppers settle a day's receipts, and the run folder keeps who worked how long."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sim.after_visit import Work, after_the_visits, items_by_visit
from sim.run_folder import write_json
from sim.scenario import Scenario
from sim.store_plan import StorePlan
from store.ledger import Ledger


def settle(
    scenario: Scenario, plan: StorePlan, ledger: Ledger, truth: Sequence[Mapping[str, Any]], seed: int, out: Path
) -> list[Work]:
    """Lets the scenario's reviewers and shoppers act on the books of a closed day; writes `reviews.json` into `out`."""
    prices = {product.id: product.price_cents for product in plan.products}
    items = items_by_visit(truth, ledger.receipts())
    work = after_the_visits(ledger, items, prices, scenario.review, scenario.after, seed)
    write_json(out / "reviews.json", [asdict(one) for one in work])
    return work
