"""Following through a day and over days: perfect with accounts, nothing or chance where nothing is kept."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made_up import made_up_period
from use_scenes import keeping, shrunk

from store.privacy import Period, apply_policy
from store.privacy.uses.following import follow, thread
from store.privacy.uses.presence import Span, Stay, ratio_interval, strays_of
from store.privacy.uses.returning import Evidence, links


def span(person: str, track: int, first: int, last: int, subject: str, place: float = 0.0) -> Span:
    seconds = np.arange(first, last + 1)
    return Span(person, track, seconds, np.full((len(seconds), 2), place), subject)


def test_a_visit_is_followed_whole_where_tracks_are_kept_and_not_at_all_where_nothing_is(
    period: Period, tmp_path: Path
) -> None:
    kept, none = (
        apply_policy(shrunk(name), period, tmp_path / name, np.random.default_rng(1))
        for name in ("app-entry", "counting-only")
    )
    assert kept.value("followed_day") > 0.99
    assert kept.value("followed_wrong") == 0
    assert none.value("followed_day") == 0
    assert none["followed_wrong"].reason


def test_a_lost_track_is_taken_up_again_under_the_same_visit_but_not_under_another() -> None:
    spans = [span("v1", 1, 0, 10, "ann"), span("v1", 2, 30, 40, "ann"), span("v2", 3, 12, 40, "bob")]
    assert [s.track for s in thread(spans[0], [s for s in spans if s.person == "v1"])] == [1, 2]
    followed = {
        row.stay.subject: row for row in follow(spans, [Stay("ann", 0, "v1", 0, 40), Stay("bob", 0, "v2", 12, 40)])
    }
    assert followed["ann"].right == 22
    assert followed["ann"].wrong == followed["bob"].wrong == {}


def test_a_companions_track_on_the_same_token_is_not_taken_for_the_holders() -> None:
    spans = [span("v1", 1, 0, 30, "ann"), span("v1", 2, 0, 30, "bob")]
    assert [s.track for s in thread(spans[0], spans)] == [1]


def test_a_nameless_track_is_continued_by_whoever_appears_nearby_and_they_are_blamed() -> None:
    spans = [
        span("track-1", 1, 0, 10, "ann", 1.0),
        span("track-2", 2, 12, 30, "bob", 1.5),
        span("track-3", 3, 12, 30, "ann", 9.0),
        span("track-4", 4, 60, 70, "ann", 1.0),
    ]
    (followed,) = follow(spans, [Stay("ann", 0, "v1", 0, 30)])
    assert followed.right == 11
    assert followed.wrong == {"bob": 19}


def test_a_track_that_goes_over_to_somebody_else_blames_the_one_who_is_followed(period: Period) -> None:
    day = period.days[0]
    (one, *_), (other, *_) = day.visits[0].tracks, day.visits[1].tracks
    stranger, second = day.truth.subject_of_track[other], int(day.visits[0].opened) + 20
    swapped = pd.DataFrame({"t": second + np.arange(5) / 10, "track": one, "subject": stranger, "camera": "cam0"})
    passer = swapped.head(4).assign(t=second + 5 + np.arange(4) / 10)
    seen = Period.of(replace(day, faces=pd.concat([day.faces, swapped, passer], ignore_index=True)))
    assert strays_of(seen) == {one: {second: stranger}}
    own = Span("v1", one, np.arange(second - 5, second + 5), np.zeros((10, 2)), "ann", strays_of(seen)[one])
    (followed,) = follow([own], [Stay("ann", 0, "v1", second - 5, second + 4)])
    assert followed.right == 9
    assert followed.wrong == {stranger: 1}


def test_whoever_is_followed_is_blamed_and_their_group_counts(period: Period, folder: Path) -> None:
    taken, *_ = period.days[0].visits[0].tracks
    days = [
        replace(d, truth=replace(d.truth, group_of={name: f"of {name}" for name in d.truth.household_of}))
        for d in period.days
    ]
    owner = days[0].truth.subject_of_track[taken]
    start = int(days[0].visits[0].opened)
    others = [name for name in days[0].truth.household_of if name != owner]
    views = [{"t": start + 5 + n / 10, "track": taken, "subject": others[0], "camera": "cam0"} for n in range(60)]
    days[0] = replace(days[0], faces=pd.concat([days[0].faces, pd.DataFrame(views)], ignore_index=True))
    figures = apply_policy(shrunk("app-entry"), Period(tuple(days)), folder, np.random.default_rng(1))
    assert figures.value("followed_wrong") > 0
    groups = json.loads((folder / "uses.json").read_text())["uses"][1]["wronged"]["groups"]
    minutes = {group: estimate["value"] for group, estimate in groups.items() if estimate["value"]}
    assert minutes == {f"of {owner}": pytest.approx(0.1 * 1000 / len(period.visits))}


def test_time_that_is_not_tracked_is_time_that_is_not_followed() -> None:
    (followed,) = follow([span("v1", 1, 0, 9, "ann")], [Stay("ann", 0, "v1", 0, 19)])
    assert followed.right / followed.stay.seconds == 0.5


def test_accounts_string_all_visits_together_and_without_records_it_is_a_guess(period: Period, tmp_path: Path) -> None:
    kept, none = (
        apply_policy(shrunk(name), period, tmp_path / name, np.random.default_rng(1))
        for name in ("app-entry", "checkout")
    )
    assert kept.value("followed_days") == 1
    people = len({subject for day in period.days for subject in day.truth.subject_of_track.values()})
    assert none.value("followed_days") == pytest.approx(1 / people)
    assert (none["followed_days"].low, none["followed_days"].high) == (none.value("followed_days"),) * 2


def test_expired_accounts_string_nothing_together(period: Period, tmp_path: Path) -> None:
    forgetful = keeping(shrunk("app-entry"), tracks=60, crops=60, body_embeddings=0, receipts=60)
    figures = apply_policy(forgetful, period, tmp_path, np.random.default_rng(1))
    assert "guessed" in str(figures["followed_days"].note)


def test_bodies_link_days_better_the_less_clothes_change(tmp_path: Path) -> None:
    shares = []
    for clothes in (0.0, 6.0):
        period = made_up_period(days=2, people=12, comes=1.0, seed=2, clothes=clothes)
        nameless = Period(
            tuple(replace(d, visits=tuple(replace(v, account=None) for v in d.visits)) for d in period.days)
        )
        policy = keeping(shrunk("app-entry"), body_embeddings=864_000)
        shares.append(
            apply_policy(policy, nameless, tmp_path / str(clothes), np.random.default_rng(1)).value("followed_days")
        )
    assert shares[0] == 1
    assert shares[1] < 0.7


def stay(subject: str, day: int) -> Stay:
    return Stay(subject, day, f"{subject}-{day}", 0, 10)


def test_a_visit_on_a_housemates_account_is_attributed_to_the_housemate() -> None:
    stays = [stay("ann", 0), stay("bob", 0), stay("bob", 1)]
    evidence = Evidence({"ann-0": "home", "bob-1": "home"}, {}, {})
    (link,) = links(stays, evidence)
    assert (link.by, link.to, link.right) == ("account", "ann", False)


def test_an_account_leads_to_the_latest_visit_on_it() -> None:
    stays = [stay("ann", 0), stay("bob", 1), stay("bob", 2)]
    evidence = Evidence({"ann-0": "home", "bob-1": "home", "bob-2": "home"}, {}, {})
    (link,) = links(stays, evidence)
    assert (link.stay.day, link.to, link.right) == (2, "bob", True)


def test_a_face_links_only_where_a_stranger_would_hardly_score_as_high() -> None:
    mine, other = np.eye(128, dtype=np.float32)[:1], np.eye(128, dtype=np.float32)[1:2]
    stays = [stay("ann", 0), stay("bob", 0), stay("ann", 1)]
    (near,) = links(stays, Evidence({}, {("ann", 0): mine, ("bob", 0): other, ("ann", 1): mine}, {}))
    assert (near.by, near.to) == ("face", "ann")
    (far,) = links(stays, Evidence({}, {("bob", 0): other, ("ann", 1): mine}, {}))
    assert (far.by, far.chance) == ("guess", 0.5)


def test_a_bootstrapped_ratio_holds_the_ratio_of_sums() -> None:
    value, low, high = ratio_interval([1, 0, 1, 1], [1, 1, 1, 1], np.random.default_rng(1))
    assert value == 0.75
    assert 0 <= low < value < high <= 1


def test_one_day_says_that_nobody_came_back(period: Period, tmp_path: Path) -> None:
    figures = apply_policy(shrunk("app-entry"), Period(period.days[:1]), tmp_path, np.random.default_rng(1))
    assert figures["followed_days"].reason == "nobody came on two days"
