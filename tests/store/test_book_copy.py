"""A shop's part of shared books stands on its own."""

from pathlib import Path

from store.book_copy import copy_shop
from store.disputes import DisputeDesk
from store.ledger import Ledger
from store.receipt import Evidence, Receipt
from store.review import ReviewQueue

PRICES = {"cola": 129}


def bill(ledger: Ledger, number: int) -> Receipt:
    visit = ledger.visit_id(number)
    ledger.open_account("ann")
    ledger.open_visit(visit, "ann", 1.0)
    ledger.save_cart(visit, 2.0, {"cola": 2}, {"cola": 1.8})
    evidence = (Evidence("w1", 2.0, ("A-1-1",), "cola", 2, 0.9),)
    return ledger.bill(Receipt(visit, "ann", {"cola": 2}, 258, 0.6, True, 1.0, 9.0, 1, evidence, 10.0), PRICES)


def test_the_copy_holds_one_shop_with_everything_that_hangs_on_its_visits(url: str, tmp_path: Path):
    north, south = Ledger(url, "north"), Ledger(url, "south")
    receipts = [bill(north, 1), bill(north, 2)]
    bill(south, 1)
    desk = DisputeDesk(north)
    dispute = desk.open(north.visit_id(1), "cola", 1, "not mine", 11.0, "first").id
    desk.examine(dispute, "rita", 12.0)
    desk.decide(dispute, 1, "rita", 12.0, "")
    ReviewQueue(north).correct(north.visit_id(2), {"cola": 3}, PRICES, "rita", 12.0)
    copy = Ledger(f"sqlite:///{tmp_path / 'copy.sqlite'}")
    copy_shop(north, copy)
    copy.check()
    assert copy.receipts() == receipts
    assert copy.balance("ann") == 258 * 2 - 129 + 129
    assert DisputeDesk(copy).all() == desk.all()
    assert [DisputeDesk(copy).charged(north.visit_id(number)) for number in (1, 2)] == [{"cola": 1}, {"cola": 3}]
    assert copy.cart(north.visit_id(1)) == {"cola": 2}
    assert [review.status for review in ReviewQueue(copy).all()] == ["open", "corrected"]
    assert copy.visits("north") == north.visits("north")
    assert copy.visits("south") == []
