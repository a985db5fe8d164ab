"""After closing time: reviewers and shoppers settle a day's receipts, and the run folder keeps who worked how long."""

from dataclasses import asdict

from sim.after_visit import Work, after_the_visits, items_by_visit
from sim.hand_over_truth import due_of
from sim.run_folder import RunFolder, write_json
from sim.scenario import Scenario
from store.ledger import Ledger


def settle(day: RunFolder, scenario: Scenario, ledger: Ledger, seed: int) -> list[Work]:
    """Lets a scenario's reviewers and shoppers act on the books of a closed day; writes `reviews.json` into its folder.

    `day` has its truth and its store's settings already; `seed` is that of the day.
    """
    prices = {product.id: product.price_cents for product in day.plan().products}
    items = items_by_visit(due_of(day), ledger.receipts(ledger.store))
    work = after_the_visits(ledger, items, prices, scenario.review, scenario.after, seed)
    write_json(day.path / "reviews.json", [asdict(one) for one in work])
    return work
