"""Preset files: what is refused, by field, in one line; and anybody's own preset in a policy."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from store.errors import PolicyError
from store.privacy.catalogue import POLICIES, load_policy
from store.privacy.faces.matcher import Matcher
from store.privacy.faces.preset import PRESETS, load_preset

Change = Callable[[dict[str, Any]], object]


def preset_file(folder: Path, base: str, change: Change, name: str = "mine.yaml") -> Path:
    content = yaml.safe_load((PRESETS / f"{base}.yaml").read_text("utf-8"))
    change(content)
    file = folder / name
    file.write_text(yaml.safe_dump(content), "utf-8")
    return file


@pytest.mark.parametrize(
    ("base", "change", "blamed"),
    [
        ("2025-best", lambda it: it.pop("published"), "published"),
        ("2025-best", lambda it: it.pop("sources"), "sources"),
        ("2025-best", lambda it: it["published"].update(fpir=0), "published.fpir"),
        ("2025-best", lambda it: it["published"].update(fpir=float("nan")), "published.fpir"),
        ("2025-best", lambda it: it["published"].update(fnir=0.7), "published.fnir"),
        ("2025-best", lambda it: it["published"].update(gallery=0), "published.gallery"),
        ("2025-best", lambda it: it["published"].update(galery=5), "published.galery"),
        ("2025-best", lambda it: it["published"].update(assumed=["guess"]), "published.assumed.0"),
        ("2025-best", lambda it: it["kiosk"].update(fnir=0.0001), "kiosk.fnir"),
        ("2025-best", lambda it: it["kiosk"].update(gallery=20_000_000), "kiosk.gallery"),
        ("2025-best", lambda it: it.update(groups=[]), "groups"),
        ("2025-median", lambda it: it["groups"][0].update(share=0.5), "groups"),
        ("2025-median", lambda it: it["groups"][0].update(name="East-Asian women"), "groups"),
        ("2025-median", lambda it: it["groups"][3].update(ratio=-1), "groups.3.ratio"),
        ("2018-threshold-80", lambda it: it["published"].update(fpir=0.5), "scale"),
        ("2018-threshold-80", lambda it: it["groups"][1].update(ratio=0), "groups.1.ratio"),
        ("2018-threshold-80", lambda it: it.update(percent=85), "percent"),
        ("2018-threshold-80", lambda it: it.update(scale=[[80, 2.15e-6]]), "scale"),
        ("2018-threshold-80", lambda it: it.update(scale=[[80, 2.15e-6], [99, 1e-5]]), "scale"),
        ("2018-threshold-80", lambda it: it.update(scale=[[80, -1.0], [99, 1e-9]]), "scale.0.1"),
        ("2018-threshold-80", lambda it: it.update(scale=[[80, 2.15e-6], [101, 1e-9]]), "scale.1.0"),
    ],
)
def test_a_wrong_preset_is_refused_by_field(tmp_path: Path, base: str, change: Change, blamed: str) -> None:
    file = preset_file(tmp_path, base, change)
    with pytest.raises(PolicyError) as caught:
        load_preset(file)
    assert caught.value.field == blamed
    assert caught.value.file == str(file)
    assert "\n" not in str(caught.value)


def test_a_group_cannot_be_matched_falsely_more_often_than_always(tmp_path: Path) -> None:
    def change(content: dict[str, Any]) -> None:
        content.update(groups=[{"name": "a", "share": 0.9, "ratio": 1}, {"name": "b", "share": 0.1, "ratio": 900}])
        content["published"].update(fpir=0.2)

    with pytest.raises(PolicyError, match="FPIR below 1"):
        load_preset(preset_file(tmp_path, "2025-best", change))


def policy_file(folder: Path, preset: str) -> Path:
    content = yaml.safe_load((POLICIES / "police-gallery.yaml").read_text("utf-8"))
    content["searches"][0].update(preset=preset, threshold_percent=None)
    file = folder / "policy.yaml"
    file.write_text(yaml.safe_dump(content), "utf-8")
    return file


def test_a_policy_may_name_a_preset_file_beside_it_or_anywhere(tmp_path: Path) -> None:
    mine = preset_file(tmp_path, "2025-best", lambda it: it.update(name="mine"))
    for named in ("mine.yaml", str(mine)):
        policy = load_policy(policy_file(tmp_path, named))
        assert Matcher.of(policy.searches[0].preset).preset.name == "mine"


def test_a_policy_with_a_wrong_preset_file_names_both_files_and_the_field(tmp_path: Path) -> None:
    preset_file(tmp_path, "2025-best", lambda it: it["published"].update(fpir=2))
    with pytest.raises(PolicyError) as caught:
        load_policy(policy_file(tmp_path, "mine.yaml"))
    for part in ("policy.yaml", "searches.0", "mine.yaml", "published.fpir"):
        assert part in str(caught.value)


def test_a_preset_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"preset: found .none\.yaml."):
        load_policy(policy_file(tmp_path, "none.yaml"))
