"""Who was here with whom, from tokens and from walking side by side, beside pairs picked at random."""

from pathlib import Path

import numpy as np
import pytest
from use_scenes import shrunk

from store.privacy import Period, apply_policy
from store.privacy.uses.company import Company, are_pair, control
from store.privacy.uses.presence import Span


def walk(person: str, track: int, first: int, last: int, x: float) -> Span:
    seconds = np.arange(first, last + 1)
    return Span(
        person, track, seconds, np.stack([np.full(len(seconds), x), np.zeros(len(seconds))], axis=1), f"s{track}"
    )


@pytest.mark.parametrize(
    ("other", "pair"),
    [
        (walk("v1", 2, 5, 50, 9.0), True),  # one token, wherever they walk
        (walk("v1", 2, 70, 90, 0.0), False),  # the same token later: not at the same time
        (walk("v2", 2, 3, 57, 1.0), True),  # came and left together, side by side
        (walk("v2", 2, 3, 57, 5.0), False),  # came and left together, far apart
        (walk("v2", 2, 30, 60, 1.0), False),  # side by side, but came later
    ],
)
def test_a_pair_shares_a_token_or_comes_goes_and_walks_together(other: Span, pair: bool) -> None:
    one = walk("v1", 1, 0, 60, 0.0)
    assert are_pair(one, other) == are_pair(other, one) == pair


def test_parties_on_one_token_are_all_found_and_beat_pairs_at_random(now_and_then: Period, tmp_path: Path) -> None:
    figures = apply_policy(shrunk("app-entry"), now_and_then, tmp_path, np.random.default_rng(1))
    assert figures.value("company_recall") == 1
    chance = float(str(figures["company_precision"].note).split("random pairs: ")[1].split()[0])
    assert figures["company_precision"].low > chance
    assert 0 < chance < 0.2


def test_random_pairs_are_right_as_often_as_pairs_are_true() -> None:
    present = frozenset((0, frozenset({f"a{n}", f"b{n}"})) for n in range(100))
    true = frozenset(list(present)[:25])
    mean, low, high = control(Company(frozenset(list(present)[:40]), true, present), np.random.default_rng(1))
    assert mean == pytest.approx(0.25, abs=0.02)
    assert low < 0.25 < high


def test_where_no_tracks_are_kept_no_pair_is_found(now_and_then: Period, tmp_path: Path) -> None:
    figures = apply_policy(shrunk("counting-only"), now_and_then, tmp_path, np.random.default_rng(1))
    assert figures.value("company_recall") == 0
    assert figures["company_precision"].reason
