"""What is truly owed for items that went from hand to hand, under each rule, and runs scored by their own rule."""

from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.errors import BadInput
from sim.hand_over_truth import due_by_rule, due_of, families_of, picked_by_account
from sim.run_folder import RunFolder
from sim.scenario import Scenario
from sim.statements import line_statements
from sim.truth import Truth, TruthEvent, TruthKind
from store.handing import HandOverRule
from store.scoring import score_receipts
from tests.sim.modelled_run import Errors, write_modelled_run

Act = tuple[str, TruthKind]


def happened(*acts: Act, product: str = "tea") -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The events of acts by people, each on an account of their own name, and the rows of the receipts."""
    truth = Truth()
    for t, (person, kind) in enumerate(acts):
        truth.add(TruthEvent(float(t), person, person, kind, product, 1))
    rows = [dict(row) for row in truth.receipts()]
    fields = ("t", "person", "account", "kind", "product", "quantity")
    return rows, [{name: getattr(event, name) for name in fields} for event in truth.drain()]


def owed(rule: HandOverRule, *acts: Act, families: dict[str, str] | None = None) -> dict[str, dict[str, int]]:
    rows, events = happened(*acts)
    for row in rows:
        row.pop("picked", None)
    return {row["account"]: row["items"] for row in due_by_rule(rule, rows, events, families or {})}


GIVEN: list[Act] = [("ann", "pick"), ("ann", "hand_over"), ("bob", "receive")]


def test_each_rule_bills_somebody_else_for_a_hand_over():
    assert owed("picker-pays", *GIVEN) == {"ann": {"tea": 1}, "bob": {}}
    assert owed("carrier-pays", *GIVEN) == {"ann": {}, "bob": {"tea": 1}}
    assert owed("party-pays", *GIVEN, families={"bob": "cem", "ann": "dee"}) == {"dee": {}, "cem": {"tea": 1}}
    assert owed("party-pays", *GIVEN) == {"ann": {}, "bob": {"tea": 1}}


def test_what_the_receiver_puts_back_nobody_owes():
    for rule in get_args(HandOverRule):
        assert owed(rule, *GIVEN, ("bob", "put_back")) == {"ann": {}, "bob": {}}


def test_an_item_that_goes_on_to_a_third_is_still_the_pickers():
    acts: list[Act] = [*GIVEN, ("bob", "hand_over"), ("cem", "receive")]
    assert owed("picker-pays", *acts) == {"ann": {"tea": 1}, "bob": {}, "cem": {}}


def test_what_is_received_last_is_put_back_first():
    acts: list[Act] = [("bob", "pick"), *GIVEN, ("bob", "put_back")]
    assert owed("picker-pays", *acts) == {"ann": {}, "bob": {"tea": 1}}


def test_the_truth_by_item_is_taken_where_the_run_has_it():
    rows, events = happened(*GIVEN)
    for row in rows:
        row["picked"] = {"water": 7}
    assert {row["account"]: row["items"] for row in due_by_rule("picker-pays", rows, events, {})} == {
        "ann": {"water": 7}, "bob": {"water": 7},
    }  # fmt: skip


def test_something_received_that_nobody_gave_is_refused():
    with pytest.raises(BadInput, match="receive"):
        picked_by_account(happened(("bob", "receive"))[1])


steps = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["pick", "put_back", "give"]), st.sampled_from("abc"))
)


@given(steps)
def test_every_rule_bills_all_that_left_the_shelves_and_no_more(acts: list[tuple[str, str, str]]):
    held: Counter[str] = Counter()
    done: list[Act] = []
    for who, what, other in acts:
        if what == "pick":
            held[who] += 1
            done.append((who, "pick"))
        elif held[who] and what == "put_back":
            held[who] -= 1
            done.append((who, "put_back"))
        elif held[who] and who != other:
            held[who] -= 1
            held[other] += 1
            done += [(who, "hand_over"), (other, "receive")]
    for rule in get_args(HandOverRule):
        bills = owed(rule, *done, families={"a": "b"})
        assert sum(items.get("tea", 0) for items in bills.values()) == held.total()


def test_a_scenarios_families_are_named_by_party():
    assert families_of({"hand_overs": {"families": {"bo": "ann"}}}) == {"account-bo": "account-ann"}
    assert families_of({}) == {}


SCRIPT: dict[str, Any] = {
    "name": "gift", "title": "A gift", "store": "corner-shop", "seconds": 90, "end_when_empty": True,
    "shoppers": {"scripted": [
        {"id": "ann", "arrive": 1, "actions": [
            {"do": "pick", "product": "chocolate"}, {"do": "hand_over", "product": "chocolate", "to": "bo"},
        ]},
        {"id": "bo", "arrive": 4, "actions": [{"do": "walk", "x": 6.2, "y": 4.4}, {"do": "wait", "seconds": 35}]},
    ]},
}  # fmt: skip


def gift(out: Path, **hand_overs: Any) -> RunFolder:
    scenario = Scenario.model_validate(SCRIPT | {"hand_overs": hand_overs})
    return write_modelled_run(scenario, out, 3, Errors(0.05, 0.05, 0.95))


def test_a_run_is_scored_by_the_rule_of_its_own_store(tmp_path: Path):
    """The picker is billed right where pickers pay; where carriers do, only a store that looks for hand-overs is."""
    runs = {
        "picker": gift(tmp_path / "picker", rule="picker-pays"),
        "blind": gift(tmp_path / "blind", rule="carrier-pays"),
        "carrier": gift(tmp_path / "carrier", rule="carrier-pays", handed=0.9),
        "party": gift(tmp_path / "party", rule="party-pays", families={"bo": "ann"}),
    }
    exact = {name: run.summary.receipts["exact_rate"] for name, run in runs.items()}
    assert exact == {"picker": 1.0, "blind": 0.0, "carrier": 1.0, "party": 1.0}
    due = {name: {row["account"]: row["items"] for row in due_of(run)} for name, run in runs.items()}
    assert due["picker"] == {"account-ann": {"chocolate": 1}, "account-bo": {}}
    assert due["carrier"] == {"account-ann": {}, "account-bo": {"chocolate": 1}}
    assert due["party"] == {"account-ann": {"chocolate": 1}}
    prices = {product.id: product.price_cents for product in runs["blind"].plan().products}
    assert [one.right for one in line_statements(runs["party"]) if one.probability > 0.9] == [True]
    wrong_rule = score_receipts(due_of(runs["picker"]), runs["carrier"].receipts(), prices)
    assert wrong_rule["exact_rate"] < 1
