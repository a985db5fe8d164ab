"""Temperatures change how sure the store says it is, in order, and nothing of what it bills."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.confidence import Confidence, confidence_in_use, load_confidence, tempered
from store.errors import BadInput
from store.events import Attribution
from store.ledger import Ledger
from store.shop import Shop, ShopSettings
from tests.store.synthetic import IN, OUT, PLANOGRAM, Day, billed

probabilities = st.floats(0, 1)
temperatures = st.floats(0.1, 10)


@given(probabilities, probabilities, temperatures)
def test_a_temperature_keeps_the_order_and_the_middle(p: float, q: float, temperature: float):
    low, high = sorted((p, q))
    assert tempered(low, temperature) <= tempered(high, temperature)
    assert tempered(0.5, temperature) == pytest.approx(0.5)
    assert (tempered(p, temperature) - 0.5) * (p - 0.5) >= 0


@given(st.floats(0.001, 0.999), temperatures)
def test_the_inverse_temperature_undoes_it(p: float, temperature: float):
    if 1e-7 < tempered(p, temperature) < 1 - 1e-7:
        assert tempered(tempered(p, temperature), 1 / temperature) == pytest.approx(p, abs=1e-3)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=5), temperatures)
def test_shares_stay_a_distribution(raw: list[float], temperature: float):
    shares = {f"v{number}": share / max(1.0, sum(raw)) for number, share in enumerate(raw)}
    found = Confidence(attribution_temperature=temperature).shares(shares)
    assert sum(found.values()) <= 1 + 1e-9
    ranked = sorted(shares, key=lambda name: shares[name])
    assert all(found[a] <= found[b] + 1e-12 for a, b in pairwise(ranked))


def test_two_people_in_one_change_may_both_be_sure():
    found = Confidence(attribution_temperature=0.5).shares({"a": 0.9, "b": 0.9})
    assert found["a"] == found["b"] > 0.9


def crossing() -> Day:
    """Two people at neighbouring plates, with hands that are badly seen."""
    day = Day(seed=4, hand_seen=0.3, hand_sd=0.2, body_sd=0.2)
    ann, bob = day.enter("ann", 1.0), day.enter("bob", 3.0)
    day.pick(ann, "choc", at=12.0)
    day.pick(bob, "honey", at=12.3)
    day.pick(ann, "jam", at=16.0, beside=0.3)
    day.leave(ann)
    day.leave(bob)
    return day


def test_bolder_statements_bill_the_same_and_send_fewer_to_review():
    said = {}
    for temperature in (0.5, 1.0, 2.0):
        day = crossing()
        confidence = Confidence(attribution_temperature=temperature, receipt_temperature=temperature)
        tokens = {person.token: person.token for person in day.people}
        shop = Shop(
            PLANOGRAM, [IN, OUT], tokens, Ledger("sqlite://"), day.events.append, ShopSettings(confidence=confidence)
        )
        receipts = day.run(shop)
        told = [max(event.candidates.values(), default=0.0) for event in day.events if isinstance(event, Attribution)]
        said[temperature] = (billed(receipts), [receipt.confidence for receipt in receipts], told)
    assert said[0.5][0] == said[1.0][0] == said[2.0][0]
    assert min(said[1.0][1]) < 0.999  # otherwise there is nothing to correct
    for bolder, shyer in ((0.5, 1.0), (1.0, 2.0)):
        for kind in (1, 2):
            assert all(a >= b - 1e-6 for a, b in zip(said[bolder][kind], said[shyer][kind], strict=True) if b > 0.5)
            assert said[bolder][kind] != said[shyer][kind]


def test_the_file_in_use_is_valid_and_a_wrong_one_is_refused(tmp_path: Path):
    assert confidence_in_use().receipt_temperature > 0
    path = tmp_path / "confidence.yaml"
    path.write_text("receipt_temperature: 0\n", encoding="utf-8")
    with pytest.raises(BadInput, match="receipt_temperature"):
        load_confidence(path)
    with pytest.raises(BadInput):
        load_confidence(tmp_path / "missing.yaml")
