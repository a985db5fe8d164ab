"""Receipt scores against small days whose figures were worked out by hand."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.errors import BadInput
from store.receipt import Receipt
from store.scoring import score_receipts, score_visits

PRICES = {"a": 100, "b": 200, "c": 350}
items = st.dictionaries(st.sampled_from(sorted(PRICES)), st.integers(1, 3))


def bill(account: str, lines: dict[str, int], flagged: bool = False) -> Receipt:
    cents = sum(PRICES[product] * count for product, count in lines.items())
    return Receipt(f"visit-{account}", account, lines, cents, 1.0, flagged, 0.0, 1.0)


def due(**accounts: dict[str, int]) -> list[dict[str, Any]]:
    return [{"account": account, "people": [account], "items": items} for account, items in accounts.items()]


def labelled(account: str, items: dict[str, int], *labels: str) -> dict[str, Any]:
    return {"account": account, "people": [account], "items": items, "labels": list(labels)}


def test_right_bills_score_one_and_cost_nobody_anything():
    score = score_receipts(due(ann={"a": 2}, bob={}), [bill("ann", {"a": 2}), bill("bob", {})], PRICES)
    assert score["exact"] == score["count"] == 2
    assert score["item_f1"] == 1.0
    assert score["overcharged_cents"] == score["undercharged_cents"] == 0


def test_an_item_on_anothers_bill_is_wrong_person():
    score = score_receipts(due(ann={"a": 1, "b": 1}, bob={}), [bill("ann", {"a": 1}), bill("bob", {"b": 1})], PRICES)
    assert (score["exact"], score["count"]) == (0, 2)
    assert score["wrong_person_cents"] == 200
    assert score["wrong_item_cents"] == 0
    assert (score["overcharged_cents"], score["undercharged_cents"]) == (200, 200)
    assert score["item_precision"] == score["item_recall"] == 0.5


def test_another_product_on_the_right_bill_is_wrong_item():
    score = score_receipts(due(ann={"a": 1}), [bill("ann", {"b": 1})], PRICES)
    assert score["wrong_item_cents"] == 200
    assert score["wrong_person_cents"] == 0
    assert score["item_f1"] == 0.0


def test_one_too_many_is_an_overcharge_without_other_cause():
    score = score_receipts(due(ann={"a": 1}), [bill("ann", {"a": 3}, flagged=True)], PRICES)
    assert score["overcharged_cents"] == 200
    assert score["wrong_person_cents"] == score["wrong_item_cents"] == 0
    assert score["item_precision"] == pytest.approx(1 / 3)
    assert score["item_recall"] == 1.0
    assert score["reviewed"] == 1


def test_who_is_not_billed_at_all_is_not_exact():
    score = score_receipts(due(ann={"a": 1}, bob={}), [], PRICES)
    assert (score["exact"], score["count"], score["exact_rate"]) == (0, 2, 0.0)
    assert score["undercharged_cents"] == 100


def test_two_visits_of_one_account_are_scored_together():
    first, second = bill("ann", {"a": 1}), Receipt("visit-9", "ann", {"b": 1}, 200, 1.0, False, 5.0, 6.0)
    assert score_receipts(due(ann={"a": 1, "b": 1}), [first, second], PRICES)["exact"] == 1


@given(st.dictionaries(st.sampled_from(["ann", "bob"]), items), st.dictionaries(st.sampled_from(["ann", "bob"]), items))
def test_money_over_less_money_under_is_the_difference_of_the_totals(
    truth: dict[str, dict[str, int]], billed: dict[str, dict[str, int]]
):
    score = score_receipts(due(**truth), [bill(account, lines) for account, lines in billed.items()], PRICES)
    total = sum((bill(account, lines).cents for account, lines in billed.items()), 0)
    owed = sum(PRICES[p] * n for lines in truth.values() for p, n in Counter(lines).items())
    assert score["overcharged_cents"] - score["undercharged_cents"] == total - owed
    assert score["wrong_person_cents"] + score["wrong_item_cents"] <= score["overcharged_cents"]
    assert 0 <= score["item_f1"] <= 1


def test_a_truth_row_without_items_or_a_product_without_price_is_refused():
    with pytest.raises(BadInput, match=r"\[0\]\.items"):
        score_receipts([{"account": "ann"}], [], PRICES)
    with pytest.raises(BadInput, match="no price"):
        score_receipts(due(ann={"z": 1}), [], PRICES)


def test_every_cause_of_an_error_is_told_apart():
    truth = due(ann={"a": 1, "b": 1}, bob={"c": 1}, cem={"a": 1}, dee={})
    billed = [bill("ann", {"a": 1}), bill("bob", {"a": 1}), bill("cem", {"a": 2}), bill("dee", {"b": 1})]
    score = score_receipts(truth, billed, PRICES)
    # dee has ann's b; bob's c was billed as an a; cem's second a nobody took
    assert score["money"]["over"] == {"wrong_person": 200, "wrong_item": 100, "phantom_item": 100}
    assert score["money"]["under"] == {"wrong_person": 200, "wrong_item": 350, "missed_item": 0}
    assert (score["phantom_item_cents"], score["missed_item_cents"]) == (100, 0)


def test_an_item_on_no_bill_is_missed():
    score = score_receipts(due(ann={"a": 1, "c": 1}), [bill("ann", {"a": 1})], PRICES)
    assert score["missed_item_cents"] == score["undercharged_cents"] == 350


@given(st.dictionaries(st.sampled_from(["ann", "bob", "cem"]), items), st.data())
def test_causes_add_up_to_what_was_charged_too_much_and_too_little(
    truth: dict[str, dict[str, int]], data: st.DataObject
):
    billed = data.draw(st.dictionaries(st.sampled_from(["ann", "bob", "cem", "dee"]), items))
    score = score_receipts(due(**truth), [bill(account, lines) for account, lines in billed.items()], PRICES)
    over, under = score["money"]["over"], score["money"]["under"]
    assert sum(over.values()) == score["overcharged_cents"]
    assert sum(under.values()) == score["undercharged_cents"]
    assert over["wrong_person"] == under["wrong_person"]  # the same items at the same prices
    assert min(*over.values(), *under.values()) >= 0


def test_figures_are_split_by_the_labels_of_visits():
    truth = [
        labelled("ann", {"a": 1}, "family", "pram"), labelled("bob", {"b": 1}, "family"), labelled("cem", {"c": 1}),
        *due(dee={}),
    ]  # fmt: skip
    score = score_receipts(truth, [bill("ann", {"a": 1}), bill("bob", {}), bill("cem", {"c": 1}, True)], PRICES)
    by_label = score["by_label"]
    assert list(by_label) == ["family", "pram", "unlabelled"]
    assert (by_label["family"]["count"], by_label["family"]["exact_rate"]) == (2, 0.5)
    assert by_label["family"]["missed_item_cents"] == 200
    assert by_label["pram"]["exact_rate"] == 1.0
    assert (by_label["unlabelled"]["count"], by_label["unlabelled"]["reviewed"]) == (2, 1)


def test_another_persons_item_counts_where_it_was_billed_and_where_it_was_taken():
    truth = [labelled("ann", {"b": 1}, "couple"), labelled("bob", {}, "elder")]
    by_label = score_receipts(truth, [bill("ann", {}), bill("bob", {"b": 1})], PRICES)["by_label"]
    assert by_label["elder"]["wrong_person_cents"] == 200
    assert by_label["couple"]["money"]["under"]["wrong_person"] == 200


@pytest.mark.parametrize("labels", ["family", [3], [""], {"family": 1}])
def test_labels_that_are_no_list_of_words_are_refused(labels: object):
    with pytest.raises(BadInput, match="labels"):
        score_receipts([{"account": "ann", "items": {}, "labels": labels}], [], PRICES)


def test_visits_are_in_order_of_account_and_know_who_was_billed_without_having_come():
    visits = score_visits(due(bob={"a": 1}), [bill("zoe", {"c": 1}), bill("ann", {})], PRICES)
    assert [(visit.account, visit.counted, visit.exact) for visit in visits] == [
        ("ann", False, False), ("bob", True, False), ("zoe", True, False),
    ]  # fmt: skip
