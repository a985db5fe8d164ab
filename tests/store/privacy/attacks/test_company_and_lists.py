from dataclasses import replace

import numpy as np
import pytest
from made_up import made_up_period

from store.privacy import Period, load_policy
from store.privacy.attacks.company import household_scores, party_scores
from store.privacy.attacks.kept_walks import kept_walks
from store.privacy.attacks.membership import advantage
from store.privacy.attacks.person_visits import PersonVisits
from store.privacy.intervals import wilson
from store.privacy.uses.searches import is_enrolled


def test_a_shared_token_says_who_came_with_whom(applied) -> None:
    figure = applied["app-entry"].figures["infer_party"]
    assert figure.low > 0
    assert "carry one token" in figure.note


def test_walks_without_tokens_say_it_too(applied) -> None:
    case = applied["app-entry"].case
    people = PersonVisits.of(case.period)
    _, loose = party_scores(case.store, people, kept_walks(case.store, people))
    visits = np.array(people.visits)
    together = (visits[:, None] == visits) & ~np.eye(len(people), dtype=bool)
    apart = (people.day[:, None] == people.day) & ~together & ~np.eye(len(people), dtype=bool)
    assert np.median(loose[together]) > np.quantile(loose[apart], 0.95)


def test_where_everybody_comes_alone_there_is_no_company_to_infer(apply) -> None:
    lonely = made_up_period(days=2, people=2, comes=1.0)
    figures = apply("app-entry", lonely).figures
    assert figures["infer_party"].reason
    assert figures["infer_household"].reason


def test_households_are_found_by_shared_accounts_over_days(applied) -> None:
    assert applied["app-entry"].figures["infer_household"].low > 0
    assert applied["counting-only"].figures["infer_household"].value == 0


def test_somebody_belongs_to_whom_their_companion_looks_like() -> None:
    # Day 0: a and b side by side. Day 1: b alone. Nothing but b's look ties a to that visit.
    people = PersonVisits(("v", "v", "w", "x"), (1, 2, 3, 4), np.array([0, 0, 1, 1]))
    together = np.zeros((4, 4))
    together[0, 1] = together[1, 0] = 12.0
    linked = np.full((4, 4), -3.0)
    linked[1, 2] = linked[2, 1] = 5.0
    scores = household_scores(people, together, linked)
    assert scores[0, 2] == scores[2, 0] == 5.0
    assert scores[0, 3] < 0


def watched(share: float, keep_days: float = 30.0):
    policy = load_policy("police-gallery")
    search = policy.searches[0].model_copy(
        update={"gallery": 1000, "enrolled_share": share, "keep_alert_seconds": keep_days * 86_400}
    )
    return policy.model_copy(update={"searches": (search,)})


def test_kept_alerts_give_the_list_away(apply, period: Period) -> None:
    result = apply(watched(0.4), period)
    figure, seed = result.figures["infer_watchlist"], result.case.seed
    subjects = set(period.truth.subject_of_track.values())
    listed = {subject for subject in subjects if is_enrolled(subject, "booking photos", 0.4, seed)}
    assert f"of {len(listed)} visitors on the list" in figure.note
    assert figure.value > 0.4
    assert -1 <= figure.low < figure.value <= figure.high <= 1


def test_alerts_that_are_not_kept_give_nothing_away(apply, period: Period) -> None:
    assert apply(watched(0.4, keep_days=0.0), period).figures.value("infer_watchlist") == 0


def test_a_list_of_which_nobody_came_is_judged_by_the_matchers_error_rates(apply, period: Period) -> None:
    figure = apply(watched(1e-9), period).figures["infer_watchlist"]
    assert "expected" in figure.note
    assert 0 < figure.low < figure.value < figure.high <= 1


def test_without_a_list_there_is_a_reason(applied) -> None:
    assert applied["app-entry"].figures["infer_watchlist"].reason == "faces are searched in no list"


@pytest.mark.parametrize(("right", "listed", "wrong", "others"), [(56, 70, 48, 80)])
def test_difference_of_shares_matches_newcombes_published_example(
    right: int, listed: int, wrong: int, others: int
) -> None:
    # Newcombe 1998, Statistics in Medicine 17, 873-890, table II, method 10: 56/70 - 48/80.
    figure = advantage(right, listed, wrong, others, "list")
    assert figure.value == pytest.approx(0.2)
    assert (figure.low, figure.high) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))
    assert wilson(right, listed)[0] < right / listed


def test_days_without_tracks_are_attacked_too(apply, period: Period) -> None:
    bare = Period(
        tuple(
            replace(
                day,
                visits=tuple(replace(visit, tracks=()) for visit in day.visits),
                positions=day.positions[:0],
                faces=day.faces[:0],
                bodies=None,
                body_vectors=None,
                crops=None,
                poses=None,
                pose_points=None,
            )
            for day in period.days
        )
    )
    for policy in ("app-entry", "face-everywhere", "checkout"):
        figures = apply(policy, bare).figures
        assert figures["link_route"].reason
        assert (figures["linkability"].value > 0) == (policy != "checkout")
