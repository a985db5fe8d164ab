"""Carts never go negative; reviewed receipts are upheld or corrected once, and money still balances."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.accounts import Accounts
from store.cart import Cart
from store.errors import LedgerError, StoreError, UnknownAccount
from store.ledger import Ledger
from store.receipt import Receipt
from store.review import ReviewQueue

PRICES = {"cola": 129, "milk": 139}
acts = st.lists(st.tuples(st.booleans(), st.sampled_from(["cola", "milk"]), st.integers(0, 3)), max_size=20)


@given(acts)
def test_a_cart_never_goes_negative(acts: list[tuple[bool, str, int]]):
    cart = Cart()
    for taking, product, quantity in acts:
        before = cart.lines
        try:
            (cart.take if taking else cart.put_back)(product, quantity)
        except StoreError:
            assert not taking
            assert before.get(product, 0) < quantity
            assert cart.lines == before
    assert all(count > 0 for count in cart.lines.values())
    assert cart.cents(PRICES) == sum(PRICES[product] * count for product, count in cart.lines.items())


def flagged() -> Ledger:
    ledger = Ledger("sqlite://")
    ledger.open_account("ann")
    ledger.open_visit("v1", "ann", 0.0)
    ledger.bill(Receipt("v1", "ann", {"cola": 2}, 258, 0.6, True, 0.0, 9.0, issued=10.0), PRICES)
    return ledger


def test_a_flagged_receipt_waits_for_review_until_somebody_decides():
    ledger = flagged()
    queue = ReviewQueue(ledger)
    assert [review.visit for review in queue.open()] == ["v1"]
    queue.uphold("v1", "kim", 20.0)
    assert queue.open() == []
    assert ledger.balance("ann") == 258
    with pytest.raises(LedgerError, match="not under review"):
        queue.uphold("v1", "kim", 21.0)


@pytest.mark.parametrize(("lines", "cents"), [({"cola": 1}, -129), ({"cola": 2, "milk": 1}, 139), ({}, -258)])
def test_a_correction_moves_the_difference_once(lines: dict[str, int], cents: int):
    ledger = flagged()
    queue = ReviewQueue(ledger)
    assert queue.correct("v1", lines, PRICES, "kim", 20.0) == cents
    ledger.check()
    assert ledger.balance("ann") == 258 + cents == ledger.sales()
    with pytest.raises(LedgerError, match="not under review"):
        queue.correct("v1", lines, PRICES, "kim", 21.0)


def test_a_token_without_account_is_refused():
    accounts = Accounts({"t1": "ann", "t2": "ann"})
    assert list(accounts) == ["ann"]
    with pytest.raises(UnknownAccount, match="t9"):
        accounts.account("t9")
