import re
from pathlib import Path

import pytest
import yaml

from store.errors import PolicyError
from store.privacy import list_policies, load_policy
from store.privacy.catalogue import POLICIES
from store.privacy.faces.preset import list_presets, load_preset
from store.privacy.service.cost import load_costs


def changed(tmp_path: Path, base: str, **changes: object) -> Path:
    content = yaml.safe_load((POLICIES / f"{base}.yaml").read_text())
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = content
        for parent in parents:
            place = place[parent]
        place[last] = value
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(content))
    return file


@pytest.mark.parametrize("name", list_policies())
def test_every_built_in_policy_is_valid_and_named_as_its_file(name: str) -> None:
    policy = load_policy(name)
    assert policy.name == name
    assert policy.precedent
    assert policy.sources


@pytest.mark.parametrize("name", list_presets())
def test_every_preset_is_valid_and_names_its_sources(name: str) -> None:
    assert load_preset(name).name == name


def test_unit_costs_lie_within_their_own_ranges() -> None:
    for name in type(load_costs()).model_fields:
        cost = getattr(load_costs(), name)
        assert cost.low <= cost.value <= cost.high, name


def test_the_promised_policies_are_there() -> None:
    named = {"checkout", "counting-only", "app-entry", "card-entry", "palm-entry", "face-entry", "face-everywhere"}
    assert named | {"police-gallery", "entrance-watchlist"} <= set(list_policies())


def test_an_unknown_policy_name_is_answered_with_near_matches() -> None:
    with pytest.raises(PolicyError, match="did you mean app-entry"):
        load_policy("ap-entry")


def test_a_missing_policy_file_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no such file"):
        load_policy(tmp_path / "none.yaml")


def test_a_policy_that_keeps_nothing_cannot_promise_erasure_reports(tmp_path: Path) -> None:
    file = changed(
        tmp_path,
        "counting-only",
        collects={"counts": {"keep_seconds": 60}},
        promises={"subject_access": False, "erasure_reports": True},
    )
    with pytest.raises(PolicyError) as caught:
        load_policy(file)
    assert caught.value.file == str(file)
    assert caught.value.field == "promises.erasure_reports"
    assert caught.value.found is True
    assert "collects" in caught.value.allowed
    assert "\n" not in str(caught.value)


def test_an_unknown_field_is_refused_with_the_field_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=re.escape("collects.tracks.keep_second")) as caught:
        load_policy(changed(tmp_path, "app-entry", collects__tracks={"keep_second": 5}))
    assert "keep_seconds" in caught.value.allowed


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("collects__tracks", {"keep_seconds": -1}),
        ("identification__refused_share", 1.5),
        ("camera_width_px", 3),
        ("billing", "barter"),
        ("name", "Not A Name"),
        ("collects__gait", {"keep_seconds": 1}),
    ],
)
def test_values_out_of_bounds_are_refused_by_field(tmp_path: Path, field: str, value: object) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(changed(tmp_path, "app-entry", **{field: value}))
    assert field.split("__")[-1] in caught.value.field


@pytest.mark.parametrize(
    ("base", "field", "value", "blamed"),
    [
        ("app-entry", "collects", {"tracks": {"keep_seconds": 5}}, "collects.receipts"),
        ("app-entry", "sensing", "count", "sensing"),
        ("app-entry", "sharing", [{"recipient": "x", "what": "frames"}], "sharing.0.what"),
        ("face-entry", "identification__preset", None, "identification.preset"),
        ("face-entry", "identification__preset", "2024-typo", "identification.preset: preset"),
        ("entrance-watchlist", "collects__face_templates", None, "collects.face_templates"),
        ("checkout", "identification", {"method": "none", "where": "gate"}, "identification.where"),
    ],
)
def test_contradictions_are_refused_by_field(tmp_path: Path, base: str, field: str, value: object, blamed: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(changed(tmp_path, base, **{field: value}))
    assert caught.value.field == blamed


def test_a_percent_threshold_needs_a_preset_with_a_percent_scale(tmp_path: Path) -> None:
    content = yaml.safe_load((POLICIES / "entrance-watchlist.yaml").read_text())
    content["searches"][0]["threshold_percent"] = 90
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(content))
    with pytest.raises(PolicyError, match=re.escape("searches.0.threshold_percent")):
        load_policy(file)


def test_yaml_that_cannot_be_read_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: x\ntitle: [")
    with pytest.raises(PolicyError, match=r"line \d"):
        load_policy(file)
