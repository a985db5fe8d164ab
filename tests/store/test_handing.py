"""Hand-overs: when hands have met, what the belief makes of it, and who is billed under each rule."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.attribution import Belief, Story
from store.events import HandPosition, TrackPosition, WeightChange
from store.handing import HandingSettings, HandOverRule, Meeting, Meetings
from store.identification import Identification
from store.ledger import Ledger
from store.shop import Shop, ShopSettings
from tests.store.synthetic import IN, OUT, PLANOGRAM, Day, Reaching, billed

VISITS = {1: "v1", 2: "v2"}
SETTINGS = HandingSettings(rule="carrier-pays", handed=0.6)


def hands_at(track: int, t: float, *places: tuple[float, float, float]) -> TrackPosition:
    return TrackPosition(track, t, 0.0, 0.0, 0.1, tuple(HandPosition(*place, 0.1) for place in places))


def meetings(gap_m: float, ticks: int, every: float = 0.1, tracks: tuple[int, int] = (1, 2)) -> list[Meeting]:
    watch = Meetings(SETTINGS)
    found = []
    for number in range(ticks):
        t = number * every
        pair = [hands_at(tracks[0], t, (1, 1, 1)), hands_at(tracks[1], t, (1 + gap_m, 1, 1), (5, 5, 1))]
        found += watch.update(t, [replace(pair[0], x=4.0), pair[1]], VISITS)
    return found + watch.update(ticks * every + 9.0, [], VISITS) + watch.update(ticks * every + 18.0, [], VISITS)


def test_hands_that_stay_together_meet_once_and_it_is_known_when_they_have_parted():
    watch, found = Meetings(SETTINGS), []
    for number in range(80):
        t, gap_m = number * 0.1, 0.1 if 10 <= number < 20 else 3.0
        pair = [hands_at(1, t, (1, 1, 1)), hands_at(2, t, (1 + gap_m, 1, 1))]
        found += watch.update(t, [replace(one, x=gap_m * one.track) for one in pair], VISITS)
    (met,) = found
    assert (met.first, met.second, met.tracks) == ("v1", "v2", (frozenset({1}), frozenset({2})))
    assert (met.started, met.ended) == (pytest.approx(1.0), pytest.approx(1.9))
    assert met.t == pytest.approx(met.ended + SETTINGS.settle_s)


def test_a_hand_halfway_to_somebody_whose_own_hands_are_hidden_is_a_meeting():
    def found(x: float) -> int:
        watch, count = Meetings(SETTINGS), 0
        for number in range(80):
            t = number * 0.1
            hand = (HandPosition(x if number < 10 else 0.0, 0.0, 1.0, 0.1),)
            far = (HandPosition(0.7, 0.0, 0.2, 0.1, seen=0.1),)
            pair = [TrackPosition(1, t, 0.0, 0.0, 0.1, hand), TrackPosition(2, t, 0.7, 0.0, 0.1, far)]
            count += len(watch.update(t, pair, VISITS))
        return count

    assert found(0.35) == 1
    assert found(0.0) == 0


@pytest.mark.parametrize(("gap_m", "ticks", "every", "tracks"), [
    (1.5, 30, 0.1, (1, 2)), (0.1, 2, 0.1, (1, 2)), (0.1, 9, 1.0, (1, 2)), (0.1, 30, 0.1, (1, 3)),
    (0.1, 30, 0.1, (1, 1)),
])  # fmt: skip
def test_hands_far_apart_for_a_moment_or_of_nobody_known_do_not_meet(
    gap_m: float, ticks: int, every: float, tracks: tuple[int, int]
):
    assert meetings(gap_m, ticks, every, tracks) == []


def belief() -> Belief:
    """v1 has taken a honey and a tuna for sure, v2 nothing."""
    found = Belief(Identification(PLANOGRAM))
    found.open("v1")
    found.open("v2")
    for number, (product, plate, grams) in enumerate((("honey", "B-1-5", 648), ("tuna", "A-3-6", 186)), start=1):
        assert PLANOGRAM.slots_on[plate][0].product_id == product
        change = WeightChange(
            number * 10.0, f"w{number}", (plate,), -float(grams), 0.5, number * 10.0 - 1, number * 10.0, ()
        )
        found.observe(change, {"v1": 50.0, "v2": 1e-5})
    return found


@given(st.floats(0.01, 0.95))
def test_where_hands_met_either_item_may_have_passed_and_none_is_lost(handed: float):
    after = belief()
    after.hand_over("v1", "v2", handed)
    chances = dict(after.carts("v2"))
    assert chances[()] == pytest.approx(1 - handed, abs=0.01)
    assert chances[(("honey", 1),)] == pytest.approx(chances[(("tuna", 1),)], rel=0.05)
    assert {together(story) for story in after.stories} <= {together(story) for story in belief().stories}


def together(story: Story) -> tuple[tuple[str, int], ...]:
    """What both hold in a story."""
    content = Counter(dict(story.carts["v1"])) + Counter(dict(story.carts["v2"]))
    return tuple(sorted(content.items()))


def passing(before: str | None, after: str | None, product: str, *passed: tuple[str, str, str]) -> float:
    """Log ratio of hands in which only what `passed` was seen, first in one's hands and then in the other's."""
    return 6.0 if (before, after, product) in passed else -2.0


def test_what_was_seen_in_their_hands_tells_what_passed_and_which_way():
    after = belief()
    after.hand_over("v1", "v2", 0.3, lambda *what: passing(*what, ("v1", "v2", "honey")))
    assert after.carts("v1")[0][0] == (("tuna", 1),)
    assert after.carts("v2")[0][0] == (("honey", 1),)
    after.hand_over("v1", "v2", 0.3, lambda *what: passing(*what, ("v1", "v2", "tuna")))
    after.hand_over("v1", "v2", 0.3, lambda *what: passing(*what, ("v2", "v1", "honey")))
    assert after.carts("v1")[0][0] == (("honey", 1),)
    assert after.carts("v2")[0][0] == (("tuna", 1),)


def test_hands_in_which_nothing_was_seen_or_that_kept_what_they_showed_change_no_cart():
    for shown in ((), (("v1", "v1", "honey"),)):
        after = belief()
        after.hand_over("v1", "v2", 0.3, lambda *what, shown=shown: passing(*what, *shown))
        cart, sure = after.carts("v1")[0]
        assert cart == (("honey", 1), ("tuna", 1))
        assert sure > 0.9


def test_what_is_taken_after_they_parted_cannot_have_passed():
    after = belief()
    after.hand_over("v1", "v2", 0.9, until=15.0)
    sure = after.expected("v2")
    assert sure["honey"] > 0.8
    assert sure.get("tuna", 0.0) < 0.01


@given(st.floats(0.01, 0.9), st.lists(st.floats(-3, 7), min_size=18, max_size=18))
def test_whatever_was_seen_no_item_is_lost_or_doubled(handed: float, ratios: list[float]):
    after, who = belief(), ("v1", "v2", None)
    keys = [(before, to, product) for before in who for to in who for product in ("honey", "tuna")]
    seen = dict(zip(keys, ratios, strict=True))
    after.hand_over("v1", "v2", handed, lambda *what: seen.get(what, 0.0))
    assert {together(story) for story in after.stories} <= {together(story) for story in belief().stories}
    assert sum(sure for _, sure in after.carts("v1")) == pytest.approx(1.0)


def test_the_hand_that_shows_it_afterwards_took_it():
    found = Belief(Identification(PLANOGRAM))
    found.open("v1")
    found.open("v2")
    found.observe(WeightChange(10.0, "w1", ("B-1-5",), -648.0, 0.5, 9.0, 10.0, ()), {"v1": 10.0, "v2": 5.0})
    assert found.culprits("w1")["v1"] > 0.6
    found.saw("w1", lambda visit, product: 4.0 if (visit, product) == ("v2", "honey") else -1.0)
    assert found.culprits("w1")["v2"] > 0.95


def test_putting_it_back_tells_what_had_passed():
    after = belief()
    after.hand_over("v1", "v2", 0.6)
    after.observe(WeightChange(40.0, "w3", ("B-1-5",), 648.0, 0.5, 39.0, 40.0, ()), {"v2": 50.0, "v1": 1e-5})
    assert after.carts("v1")[0][0] == (("tuna", 1),)
    cart, sure = after.carts("v2")[0]
    assert cart == ()
    assert sure > 0.9


def test_whoever_holds_nothing_has_nothing_to_give():
    after = Belief(Identification(PLANOGRAM))
    after.open("v1")
    after.open("v2")
    after.hand_over("v1", "v2", 0.9)
    assert after.carts("v1") == [((), 1.0)]


def exchange(rule: HandOverRule, handed: float, families: dict[str, str] | None = None) -> dict[str, dict[str, int]]:
    """Ann takes a honey, meets Bob away from the shelves and gives it to him; the bills by account."""
    day = Day(seed=2, hand_seen=0.95)
    ann, bob = day.enter("ann", 1.0), day.enter("bob", 4.0)
    day.pick(ann, "honey", at=14.0)
    for person, x in ((ann, 2.0), (bob, 2.6)):
        person.way += [(24.0, x, 2.2), (32.0, x, 2.2)]
        person.reaches.append(Reaching(28.0, (2.3, 2.2, 1.0), 1.0))
    day.leave(ann)
    day.leave(bob)
    tokens = {person.token: person.name for person in day.people}
    settings = ShopSettings(handing=HandingSettings(rule=rule, handed=handed))
    shop = Shop(PLANOGRAM, [IN, OUT], tokens, Ledger("sqlite://"), day.events.append, settings, families)
    return billed(day.run(shop))


def test_who_pays_for_what_was_handed_over_is_the_rules_choice():
    assert exchange("picker-pays", 0.9) == {"ann": {"honey": 1}, "bob": {}}
    assert exchange("carrier-pays", 0.9) == {"ann": {}, "bob": {"honey": 1}}


def test_a_store_that_does_not_look_for_hand_overs_bills_the_picker():
    assert exchange("carrier-pays", 0.0) == {"ann": {"honey": 1}, "bob": {}}


def test_where_parties_pay_a_family_gets_its_bills_on_one_account_and_strangers_pay_themselves():
    day = Day(seed=2)
    ann, bob = day.enter("ann", 1.0), day.enter("bob", 6.0)
    day.pick(ann, "honey")
    day.pick(bob, "tuna")
    day.leave(ann)
    day.leave(bob)
    tokens = {person.token: person.name for person in day.people}
    for rule, accounts in (("party-pays", ["ann", "ann"]), ("carrier-pays", ["ann", "bob"])):
        settings = ShopSettings(handing=HandingSettings.model_validate({"rule": rule}))
        ledger = Ledger("sqlite://")
        shop = Shop(PLANOGRAM, [IN, OUT], tokens, ledger, day.events.append, settings, {"bob": "ann"})
        assert sorted(receipt.account for receipt in day.run(shop)) == accounts
        ledger.check()
        assert ledger.balance("ann") == sum(r.cents for r in ledger.receipts() if r.account == "ann")


def test_a_shop_that_comes_back_still_knows_the_families():
    day = Day(seed=2)
    ann, bob = day.enter("ann", 1.0), day.enter("bob", 6.0)
    day.pick(bob, "tuna")
    day.leave(ann)
    day.leave(bob)
    tokens, families = {person.token: person.name for person in day.people}, {"bob": "ann"}
    ledger, settings = Ledger("sqlite://"), ShopSettings(handing=HandingSettings(rule="party-pays"))
    day.run(Shop(PLANOGRAM, [IN, OUT], tokens, ledger, day.events.append, settings, families), until=20.0)
    again = Shop.recover(PLANOGRAM, [IN, OUT], tokens, ledger, day.events.append, list(day.events), settings, families)
    again.close(30.0)
    assert {receipt.account for receipt in ledger.receipts()} == {"ann"}
    ledger.check()
