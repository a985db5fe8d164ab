"""The books: money is conserved, entries balance, nothing is charged or refunded twice."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from store.errors import BadInput, LedgerError, UnknownAccount
from store.ledger import Ledger, read_receipts
from store.receipt import Evidence, Receipt

PRICES = {"cola": 129, "milk": 139, "tea": 249, "gratis": 0}
baskets = st.dictionaries(st.sampled_from(sorted(PRICES)), st.integers(1, 5))


def receipt(visit: str, account: str, lines: dict[str, int], **changes: object) -> Receipt:
    cents = sum(PRICES[product] * count for product, count in lines.items())
    values: dict[str, object] = {"confidence": 0.9, "flagged": False, "opened": 1.0, "closed": 9.0, "issued": 10.0}
    return Receipt(visit, account, lines, cents, **(values | changes))  # type: ignore[arg-type]


def books(visits: dict[str, str], url: str = "sqlite://") -> Ledger:
    ledger = Ledger(url)
    for visit, account in visits.items():
        ledger.open_account(account)
        ledger.open_visit(visit, account, 1.0)
    return ledger


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["ann", "bob"]), baskets), max_size=5), st.data())
def test_money_is_conserved_through_charges_and_refunds(bills: list[tuple[str, dict[str, int]]], data: st.DataObject):
    ledger = books({f"v{number}": account for number, (account, _) in enumerate(bills)})
    owed = {"ann": 0, "bob": 0}
    for number, (account, lines) in enumerate(bills):
        bill = ledger.bill(receipt(f"v{number}", account, lines), PRICES)
        owed[account] += bill.cents
        for product, count in lines.items():
            disputed = data.draw(st.integers(0, count))
            if disputed:
                dispute = ledger.open_dispute(f"v{number}", product, disputed, "did not take it", 20.0)
                owed[account] -= ledger.refund(dispute, 30.0)
                ledger.refund(dispute, 31.0)
    ledger.check()
    assert {account: ledger.balance(account) for account in owed} == owed
    assert ledger.sales() == sum(owed.values())
    ledger.close()


def test_the_same_receipt_is_charged_once():
    ledger = books({"v1": "ann"})
    first = ledger.bill(receipt("v1", "ann", {"cola": 2}), PRICES)
    again = ledger.bill(receipt("v1", "ann", {"cola": 2}, issued=99.0), PRICES)
    assert again.issued == first.issued
    assert ledger.balance("ann") == 258


def test_a_visit_cannot_be_billed_two_different_baskets():
    ledger = books({"v1": "ann"})
    ledger.bill(receipt("v1", "ann", {"cola": 2}), PRICES)
    with pytest.raises(LedgerError, match="was billed"):
        ledger.bill(receipt("v1", "ann", {"cola": 1}), PRICES)
    assert ledger.balance("ann") == 258


def test_a_total_that_is_not_the_sum_of_its_lines_is_refused():
    ledger = books({"v1": "ann"})
    with pytest.raises(LedgerError, match="lines sum to 129"):
        ledger.bill(Receipt("v1", "ann", {"cola": 1}, 130, 1.0, False, 0.0, 1.0), PRICES)
    assert ledger.receipts() == []


def test_check_finds_entries_that_were_tampered_with():
    ledger = books({"v1": "ann"})
    ledger.bill(receipt("v1", "ann", {"cola": 1}), PRICES)
    with ledger.session() as session:
        session.execute(text("update entries set cents = cents + 1 where book = 'sales'"))
    with pytest.raises(LedgerError, match="out of balance"):
        ledger.check()


def test_no_more_items_are_refunded_than_were_billed():
    ledger = books({"v1": "ann"})
    ledger.bill(receipt("v1", "ann", {"cola": 2}), PRICES)
    ledger.refund(ledger.open_dispute("v1", "cola", 1, "", 11.0), 12.0)
    with pytest.raises(LedgerError, match="1 can be disputed"):
        ledger.open_dispute("v1", "cola", 2, "", 13.0)
    with pytest.raises(LedgerError, match="0 can be disputed"):
        ledger.open_dispute("v1", "milk", 1, "", 13.0)


def test_a_rejected_dispute_pays_nothing():
    ledger = books({"v1": "ann"})
    ledger.bill(receipt("v1", "ann", {"cola": 1}), PRICES)
    dispute = ledger.open_dispute("v1", "cola", 1, "", 11.0)
    ledger.reject(dispute, 12.0)
    with pytest.raises(LedgerError, match="rejected"):
        ledger.refund(dispute, 13.0)
    assert ledger.balance("ann") == 129


def test_receipts_read_back_from_the_file_equal_those_billed(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'store.sqlite'}"
    ledger = books({"v1": "ann"}, url)
    evidence = (Evidence("w1", 4.0, ("A-1-1", "A-1-2"), "cola", 1, 0.97),)
    bill = receipt("v1", "ann", {"cola": 1}, evidence=evidence, people=2, flagged=True)
    ledger.bill(bill, PRICES)
    ledger.close()
    assert read_receipts(url) == [bill]


def test_the_cart_in_the_books_is_the_last_one_saved():
    ledger = books({"v1": "ann"})
    ledger.save_cart("v1", 2.0, {"cola": 2, "tea": 1}, {"cola": 1.9, "tea": 0.8})
    ledger.save_cart("v1", 3.0, {"cola": 1}, {"cola": 1.0, "milk": 0.2})
    assert ledger.cart("v1") == {"cola": 1}


def test_a_visit_of_an_unknown_account_is_refused():
    with pytest.raises(UnknownAccount):
        Ledger("sqlite://").open_visit("v1", "nobody", 0.0)


def test_a_url_that_is_no_database_is_bad_input(tmp_path: Path):
    with pytest.raises(BadInput):
        Ledger("no database")
    with pytest.raises(BadInput):
        Ledger(f"sqlite:///{tmp_path / 'missing' / 'store.sqlite'}")
    with pytest.raises(BadInput):
        read_receipts(f"sqlite:///{tmp_path / 'store.sqlite'}")
