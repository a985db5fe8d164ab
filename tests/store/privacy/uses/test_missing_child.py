"""A missing child: found by faces that are good enough, else by height, else not; and what that asks of others."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import ndtr
from use_scenes import keeping, shrunk, with_children

from store.privacy import DayRecords, Period, Policy, PolicyFigures, apply_policy
from store.privacy.case import Case
from store.privacy.faces.matcher import GENUINE_SD, Matcher
from store.privacy.faces.sensor import looks
from store.privacy.keeping.kept_store import KeptStore
from store.privacy.service.cost import load_costs
from store.privacy.uses.missing_child import hunt
from store.privacy.uses.presence import true_stays

CHILDREN = {"person-002", "person-005", "person-008"}


@pytest.fixture(scope="module")
def family(period: Period) -> Period:
    return with_children(period, CHILDREN)


def judged(policy: Policy, period: Period, folder: Path) -> PolicyFigures:
    return apply_policy(policy, period, folder, np.random.default_rng(6))


def test_better_cameras_find_the_child_more_often(family: Period, tmp_path: Path) -> None:
    found = [
        judged(shrunk("missing-child", camera_width_px=width), family, tmp_path / str(width)).value("child_found")
        for width in (640, 1920, 3840)
    ]
    assert found == sorted(found)
    assert found[0] == 0
    assert found[-1] > 0.5


def test_the_child_is_found_after_it_came_and_before_it_left(family: Period, folder: Path) -> None:
    store = KeptStore.create(folder)
    case = Case(shrunk("missing-child"), family, store, 1, np.random.default_rng(1), load_costs())
    children = [stay for stay in true_stays(case) if stay.subject in CHILDREN]
    seconds = hunt(case, Matcher.of("2025-median"), None, children).seconds
    store.close()
    stays = np.array([[child.closed - child.opened + 1] for child in children])
    assert np.all((seconds >= 0) & ((seconds <= stays) | np.isinf(seconds)))
    assert np.isfinite(seconds).any()


def test_each_look_finds_the_child_as_often_as_the_quality_of_its_view_allows(family: Period, folder: Path) -> None:
    store = KeptStore.create(folder)
    case = Case(shrunk("missing-child"), family, store, 1, np.random.default_rng(1), load_costs())
    children, matcher = [stay for stay in true_stays(case) if stay.subject in CHILDREN], Matcher.of("2025-median")
    found = np.isfinite(hunt(case, matcher, None, children).seconds)
    seen = looks(family, matcher, case.policy.camera_width_px)
    store.close()
    missed = []
    for child in children:
        losses = [c.loss for c in seen if c.subject == child.subject and child.opened <= c.t <= child.closed]
        scores = (matcher.threshold() - matcher.genuine_mean(losses)) / GENUINE_SD
        missed.append(float(np.prod(ndtr(scores))))
    assert 1 - found.mean() == pytest.approx(np.mean(missed), abs=0.03)
    assert np.mean(missed) > 0.1


def test_a_loose_threshold_costs_false_alarms_at_the_matchers_own_rate(family: Period, folder: Path) -> None:
    store = KeptStore.create(folder)
    case = Case(
        shrunk("careless-watchlist", camera_width_px=3840), family, store, 1, np.random.default_rng(1), load_costs()
    )
    matcher, percent = Matcher.of("2018-threshold-80"), 30
    children = [stay for stay in true_stays(case) if stay.subject in CHILDREN]
    found = hunt(case, matcher, percent, children)
    store.close()
    assert not found.expected
    rate = matcher.wrong_rate(1, percent)
    # Each pair of a child and somebody else is drawn many times: their faces are the same each time, so that the count
    # varies more than a binomial one.
    assert found.false_alarms.value == pytest.approx(found.others * rate, rel=0.5)


def test_a_store_that_only_keeps_pictures_finds_the_child_afterwards(family: Period, folder: Path) -> None:
    figures = judged(shrunk("app-entry", camera_width_px=3840), family, folder)
    assert figures.value("child_found") > 0.5
    assert "afterwards" in str(figures["child_seconds"].reason)


def test_key_points_tell_a_child_by_height_and_whoever_else_is_small(family: Period, tmp_path: Path) -> None:
    heights = keeping(shrunk("edge-only"), poses=604_800)
    figures = judged(heights, family, tmp_path / "some")
    assert figures.value("child_found") == 1
    assert figures.value("child_false_alarms") == 0
    one = with_children(family, CHILDREN)  # all shrunk again: now only the truth's age tells them apart
    grown = Period(tuple(_aged(day, {"person-002"}) for day in one.days))
    assert judged(heights, grown, tmp_path / "others").value("child_false_alarms") > 0


def _aged(day: DayRecords, children: set[str]) -> DayRecords:
    ages = {name: "child" if name in children else "adult" for name in day.truth.age_group_of}
    return replace(day, truth=replace(day.truth, age_group_of=ages))


def test_blurred_pictures_find_no_child_and_say_why(family: Period, folder: Path) -> None:
    figures = judged(shrunk("blurred", camera_width_px=3840), family, folder)
    for metric in ("child_found", "child_seconds", "child_false_alarms", "child_usd"):
        assert "no pictures with faces" in str(figures[metric].reason)


def test_where_no_child_came_others_stand_in_and_the_note_says_so(period: Period, tmp_path: Path) -> None:
    figures = judged(shrunk("missing-child"), with_children(period, set()), tmp_path)
    assert figures.value("child_found") > 0.5
    assert "no child came" in str(figures["child_found"].note)


def test_nobody_is_taken_for_a_child_by_height_where_no_child_came(period: Period, tmp_path: Path) -> None:
    figures = judged(keeping(shrunk("edge-only"), poses=604_800), with_children(period, set()), tmp_path)
    assert "no child came" in str(figures["child_found"].reason)


def test_a_child_is_no_false_alarm_of_the_search_for_it(family: Period, folder: Path) -> None:
    store = KeptStore.create(folder)
    case = Case(shrunk("missing-child"), family, store, 1, np.random.default_rng(1), load_costs())
    alone = [stay for stay in true_stays(case) if stay.subject == "person-002"]
    found = hunt(case, Matcher.of("2018-threshold-80"), 80, alone)
    everybody = hunt(case, Matcher.of("2018-threshold-80"), 80, true_stays(case))
    store.close()
    assert np.isfinite(found.seconds).any()
    assert found.expected, "its own looks match, and are no false alarms"
    assert everybody.expected
