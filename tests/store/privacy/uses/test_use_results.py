"""uses.json: the same counts as the store's, for every use of every policy, and nobody's name."""

import json
from pathlib import Path

import numpy as np
import pytest
from use_scenes import shrunk, with_children, with_officer

from store.privacy import Period, apply_policy, list_policies
from store.privacy.keeping.kept_store import COLUMNS, KeptStore
from store.privacy.uses.result import FILE, UseResult, write_uses

USES = (
    "visitors searched",
    "following one person through",
    "following one person over",
    "who was here",
    "a missing child",
)


@pytest.fixture(scope="module")
def everything(period: Period) -> Period:
    return with_officer(with_children(period, {"person-002", "person-008"}))


@pytest.mark.parametrize("name", list_policies())
def test_every_policy_answers_for_every_use_from_records_that_it_really_holds(
    name: str, everything: Period, folder: Path
) -> None:
    apply_policy(shrunk(name, 2000), everything, folder, np.random.default_rng(1))
    text = (folder / FILE).read_text()
    content = json.loads(text)
    assert (content["schema"], content["policy"], content["visits"]) == (1, name, len(everything.visits))
    assert [use["use"].startswith(start) for use, start in zip(content["uses"], USES, strict=True)] == [True] * 5
    store = KeptStore.open(folder)
    for use in content["uses"]:
        assert use["status"] in {"done", "possible", "impossible"}
        assert use["reason"] or use["status"] != "impossible"
        assert use["found"] or use["status"] == "impossible" or use["reason"]
        for kind, count in use["remains"].items():
            if kind in COLUMNS:
                assert count == store.count(kind), (use["use"], kind)
        for estimate in (*use["found"].values(), *use["wronged"]["groups"].values(), *use["cost"].values()):
            assert estimate["low"] - 1e-9 <= estimate["value"] <= estimate["high"] + 1e-9, use["use"]
    store.close()
    names = {visit.visit for visit in everything.visits} | {str(visit.account) for visit in everything.visits}
    names |= set(everything.truth.household_of)
    assert not [name for name in names if name in text]


def test_an_impossible_use_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="reason"):
        UseResult("anything", "impossible", "nothing")


def test_nobody_coming_leaves_no_uses(tmp_path: Path) -> None:
    write_uses(tmp_path, "app-entry", 0, ())
    assert json.loads((tmp_path / FILE).read_text())["uses"] == []
