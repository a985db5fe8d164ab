"""Figures of frauds: found out on the bill of who did it, and innocents who are blamed."""

import pytest

from sim.fraud import fraud_figures
from sim.scenario import load_scenario
from store.events import LeftUnpaid
from store.receipt import Receipt

HIDDEN = load_scenario("hard/hidden-under-clothes")
DUE = [
    {"account": "account-ann", "people": ["ann"], "items": {"batteries": 1, "toothpaste": 1}},
    {"account": "account-bo", "people": ["bo"], "items": {"shampoo": 1}},
    {"account": "account-cem", "people": ["cem"], "items": {"jam": 1}},
]


def receipt(account: str, **lines: int) -> Receipt:
    return Receipt(f"visit-{account}", f"account-{account}", lines, 0, 1.0, False, 0.0, 1.0, 1, (), 1.0)


def test_a_fraud_is_found_out_where_the_item_is_on_the_thiefs_bill() -> None:
    figures = fraud_figures(HIDDEN, DUE, [receipt("ann", batteries=1, toothpaste=1), receipt("bo", shampoo=1)])
    assert (figures["recall"], figures["accused"], figures["innocents"]) == (1.0, 0, 2)


def test_somebody_else_with_the_stolen_item_on_the_bill_is_accused() -> None:
    figures = fraud_figures(HIDDEN, DUE, [receipt("ann", toothpaste=1), receipt("bo", shampoo=1, batteries=1)])
    assert (figures["recall"], figures["accused"]) == (0.0, 1)
    assert figures["accused_per_1000"] == pytest.approx(500)


def test_an_error_about_other_things_accuses_nobody() -> None:
    figures = fraud_figures(HIDDEN, DUE, [receipt("ann", batteries=1), receipt("bo", shampoo=2), receipt("cem")])
    assert (figures["recall"], figures["accused"]) == (1.0, 0)


def test_too_many_of_the_item_on_the_thiefs_bill_count_once() -> None:
    assert fraud_figures(HIDDEN, DUE, [receipt("ann", batteries=5)])["recall"] == 1.0


def test_whoever_has_no_account_is_not_caught_by_bills() -> None:
    tailgater = load_scenario("hard/tailgater")
    due = [{"account": "account-ann", "people": ["ann"], "items": {"soup": 1}}]
    assert fraud_figures(tailgater, due, [receipt("ann", soup=1, coffee=1)])["recall"] == 0.0


def left(**lines: int) -> LeftUnpaid:
    return LeftUnpaid(9.0, "guest-1", 1.0, "exit", lines, 0.9)


def test_whoever_has_no_account_is_found_out_by_what_the_store_saw_leave_unpaid() -> None:
    tailgater = load_scenario("hard/tailgater")
    due = [{"account": "account-ann", "people": ["ann"], "items": {"soup": 1}}]
    figures = fraud_figures(tailgater, due, [receipt("ann", soup=1)], [left(coffee=1, jam=1)])
    assert (figures["recall"], figures["accused"]) == (1.0, 0)


def test_where_all_have_an_account_who_is_said_to_have_left_unpaid_is_accused() -> None:
    figures = fraud_figures(HIDDEN, DUE, [receipt("ann"), receipt("bo", shampoo=1)], [left(batteries=1), left(jam=1)])
    assert (figures["recall"], figures["accused"]) == (0.0, 1)


def test_a_scenario_without_a_fraud_has_no_such_figures() -> None:
    with pytest.raises(ValueError, match="no attack"):
        fraud_figures(load_scenario("quick"), DUE, [])
