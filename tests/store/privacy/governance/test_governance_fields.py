"""A policy file's fields on questions and opting out: bad ones are refused by name."""

from pathlib import Path

import pytest
import yaml

from store.errors import PolicyError
from store.privacy import list_policies, load_policy
from store.privacy.catalogue import POLICIES

LOOK = {"purpose": "look", "who": "guard", "justification": "a case"}
DESK = {"share": 0.1, "billing": "desk", "collection": "nothing", "source": "assumption"}


def changed(tmp_path: Path, base: str, **fields: object) -> Path:
    content = yaml.safe_load((POLICIES / f"{base}.yaml").read_text(encoding="utf-8"))
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(content | fields), encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("change", "blamed"),
    [
        ({"needs": "a hunch"}, "purposes.0.needs"),
        ({"expires_seconds": 0}, "purposes.0.expires_seconds"),
        ({"expires_seconds": 1e12}, "purposes.0.expires_seconds"),
        ({"approver": ""}, "purposes.0.approver"),
        ({"approver": "Guard"}, "purposes.0.approver"),
        ({"reads": ["diaries"]}, "purposes.0.reads.0"),
        ({"expiry": 5}, "purposes.0.expiry"),
        ({"who": None}, "purposes.0.who"),
    ],
)
def test_a_wrong_purpose_is_refused_by_field(tmp_path: Path, change: dict[str, object], blamed: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(changed(tmp_path, "app-entry", purposes=[LOOK | change]))
    assert caught.value.field == blamed
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("base", "change", "blamed"),
    [
        ("app-entry", {"share": 1.2}, "opt_out.share"),
        ("app-entry", {"billing": "barter"}, "opt_out.billing"),
        ("app-entry", {"source": ""}, "opt_out.source"),
        ("app-entry", {"billing": "tracked"}, "opt_out.collection"),
        ("app-entry", {"recognised_by": "face"}, "opt_out.recognised_by"),
        ("checkout", {}, "opt_out"),
    ],
)
def test_a_wrong_opt_out_is_refused_by_field(tmp_path: Path, base: str, change: dict[str, object], blamed: str) -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy(changed(tmp_path, base, opt_out=DESK | change))
    assert caught.value.field == blamed


def test_a_purpose_without_further_words_needs_a_reason_and_expires_within_a_day(tmp_path: Path) -> None:
    (rule,) = load_policy(changed(tmp_path, "app-entry", purposes=[LOOK])).purposes
    assert (rule.needs, rule.approver, rule.expires_seconds, rule.reads, rule.leaves) == (
        "stated",
        None,
        86_400,
        None,
        False,
    )


@pytest.mark.parametrize("name", list_policies())
def test_every_built_in_policy_says_who_may_ask_and_where_its_opt_out_comes_from(name: str) -> None:
    policy = load_policy(name)
    assert policy.purposes
    assert policy.opt_out is None or policy.opt_out.source
