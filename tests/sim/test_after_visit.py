"""After closing time: reviewers find the truth but for their errors, shoppers dispute, and the books balance."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from sim.after_visit import Work, after_the_visits, careless, items_by_visit
from sim.people_after import AfterVisit, ReviewDesk
from sim.review_curve import Case, as_row, best_within, review_curve, waiting
from sim.run_folder import RunFolder, write_json
from sim.scenario import load_scenario
from sim.settled import settled_block
from store.disputes import Dispute, DisputeDesk
from store.ledger import Ledger
from store.receipt import Evidence, Receipt
from store.review import ReviewQueue
from tests.dashboard.fake_run import copy_run, write_fake_run
from tests.sim.modelled_run import Errors, write_modelled_run

PRICES = {"cola": 129, "milk": 139, "tea": 249}
FAULTLESS = ReviewDesk(misses=0, spoils=0)
SILENT = AfterVisit(notices=0, disputes_falsely=0)
LOUD = AfterVisit(notices=1, disputes_falsely=0, sends_twice=0, appeals=0)


def day(*receipts: tuple[dict[str, int], bool], probability: float = 0.9) -> Ledger:
    """Books with visits v0, v1, ... of accounts a0, a1, ..., and whether each is flagged."""
    ledger = Ledger("sqlite://")
    for number, (lines, flagged) in enumerate(receipts):
        visit, account = f"v{number}", f"a{number}"
        ledger.open_account(account)
        ledger.open_visit(visit, account, 0.0)
        evidence = tuple(Evidence(f"w{n}", 1.0, ("A",), p, c, probability) for n, (p, c) in enumerate(lines.items()))
        cents = sum(PRICES[product] * count for product, count in lines.items())
        issued = 100.0 + number
        ledger.bill(Receipt(visit, account, lines, cents, 0.5, flagged, 0.0, 90.0, 1, evidence, issued), PRICES)
    return ledger


def aftermath(
    ledger: Ledger,
    truth: list[dict[str, int]],
    desk: ReviewDesk = FAULTLESS,
    habits: AfterVisit = SILENT,
    seed: int = 1,
) -> tuple[list[Work], list[Dispute]]:
    items = {f"v{number}": lines for number, lines in enumerate(truth)}
    work = after_the_visits(ledger, items, PRICES, desk, habits, seed)
    disputes = DisputeDesk(ledger)
    ledger.check()
    return work, disputes.all()


def charged(ledger: Ledger, count: int) -> list[dict[str, int]]:
    return [DisputeDesk(ledger).charged(f"v{number}") for number in range(count)]


def test_in_shared_books_reviewers_and_shoppers_leave_other_stores_alone(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    north, south = Ledger(url, "north"), Ledger(url, "south")
    for ledger in (north, south):
        visit = ledger.visit_id(1)
        ledger.open_account("ann")
        ledger.open_visit(visit, "ann", 0.0)
        ledger.bill(Receipt(visit, "ann", {"cola": 2}, 258, 0.5, True, 0.0, 90.0, issued=100.0), PRICES)
    waiting = DisputeDesk(south).open(south.visit_id(1), "cola", 1, "", 101.0, "south")
    after_the_visits(north, {north.visit_id(1): {"milk": 1}}, PRICES, FAULTLESS, LOUD, 1)
    assert {review.visit: review.status for review in ReviewQueue(north).all()} == {
        north.visit_id(1): "corrected",
        south.visit_id(1): "open",
    }
    assert DisputeDesk(south).charged(south.visit_id(1)) == {"cola": 2}
    assert DisputeDesk(south).get(waiting.id).state == "open"
    north.check()


def test_a_faultless_reviewer_mends_flagged_receipts_and_no_others():
    ledger = day(({"cola": 2}, True), ({"cola": 2}, False), ({"tea": 1}, True))
    aftermath(ledger, [{"milk": 1}, {"milk": 1}, {"tea": 1}])
    assert charged(ledger, 3) == [{"milk": 1}, {"cola": 2}, {"tea": 1}]
    assert [review.status for review in ReviewQueue(ledger).all()] == ["corrected", "upheld"]


def test_a_reviewer_who_always_errs_leaves_wrong_receipts_and_spoils_right_ones():
    ledger = day(({"cola": 2}, True), ({"tea": 1, "milk": 1}, True))
    aftermath(ledger, [{"milk": 1}, {"tea": 1, "milk": 1}], ReviewDesk(misses=1, spoils=1))
    assert charged(ledger, 2) == [{"cola": 2}, {"tea": 1}]


def test_one_reviewer_works_in_order_and_two_at_once():
    receipts = [({"cola": 1}, True)] * 4
    for reviewers in (1, 2):
        desk = ReviewDesk(reviewers=reviewers, pick_up_s=10, work_s=50, work_sigma=0)
        work, _ = aftermath(day(*receipts), [{"cola": 1}] * 4, desk)
        ends = [round(one.finished) for one in work]
        assert ends == ([160, 210, 260, 310] if reviewers == 1 else [160, 161, 210, 211])
        assert [one.what for one in work] == ["v0", "v1", "v2", "v3"]


def test_who_is_charged_too_much_and_notices_gets_it_back_once():
    ledger = day(({"cola": 2, "tea": 1}, False), ({"milk": 1}, False))
    _, disputes = aftermath(ledger, [{"cola": 1}, {"milk": 1}], habits=LOUD)
    assert sorted((one.visit, one.product, one.quantity, one.state) for one in disputes) == [
        ("v0", "cola", 1, "granted"), ("v0", "tea", 1, "granted"),
    ]  # fmt: skip
    assert ledger.balance("a0") == 129
    assert ledger.balance("a1") == 139


def test_requests_sent_twice_pay_once():
    ledger = day(({"cola": 2}, False))
    _, disputes = aftermath(ledger, [{"cola": 1}], habits=LOUD.model_copy(update={"sends_twice": 1.0}))
    assert len(disputes) == 1
    assert ledger.balance("a0") == 129


def test_false_disputes_are_rejected_by_evidence_and_granted_by_reviewers_who_err():
    liars = AfterVisit(notices=0, disputes_falsely=1, appeals=0, sends_twice=0)
    for desk, state, owed in ((FAULTLESS, "rejected", 129), (ReviewDesk(misses=0, spoils=1), "granted", 0)):
        ledger = day(({"cola": 1}, False))
        _, disputes = aftermath(ledger, [{"cola": 1}], desk, liars)
        assert [one.state for one in disputes] == [state]
        assert ledger.balance("a0") == owed


def test_weak_evidence_is_paid_back_without_anybody_looking():
    work, disputes = aftermath(day(({"cola": 1}, False), probability=0.3), [{}], habits=LOUD)
    assert work == []
    assert [(one.state, one.decider) for one in disputes] == [("granted", "store")]


def test_who_complains_too_late_is_not_heard_and_who_is_not_answered_in_time_is_paid():
    late = LOUD.model_copy(update={"rules": LOUD.rules.model_copy(update={"window_s": 1.0})})
    assert aftermath(day(({"cola": 1}, False)), [{}], habits=late)[1] == []
    slow = ReviewDesk(pick_up_s=100.0, misses=1)
    unanswered = LOUD.model_copy(update={"rules": LOUD.rules.model_copy(update={"answer_within_s": 50.0})})
    _, disputes = aftermath(day(({"cola": 1}, False)), [{}], slow, unanswered)
    assert [(one.state, one.why) for one in disputes] == [("granted", "not answered in time")]


def test_rejected_shoppers_appeal_until_the_rules_end_it():
    stubborn = LOUD.model_copy(update={"appeals": 1.0})
    _, disputes = aftermath(day(({"cola": 1}, False)), [{}], ReviewDesk(misses=1, spoils=0), stubborn)
    assert [one.state for one in disputes] == ["rejected", "rejected"]


baskets = st.dictionaries(st.sampled_from(sorted(PRICES)), st.integers(1, 2))
people = st.lists(st.tuples(baskets, baskets, st.booleans()), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(people, st.floats(0, 1), st.floats(0, 1), st.integers(0, 99))
def test_whatever_people_do_the_books_balance_and_nobody_else_is_charged(
    visits: list[tuple[dict[str, int], dict[str, int], bool]], errors: float, chatter: float, seed: int
):
    ledger = day(*((lines, flagged) for lines, _, flagged in visits))
    desk = ReviewDesk(misses=errors, spoils=errors)
    habits = AfterVisit(notices=chatter, disputes_falsely=chatter, sends_twice=chatter, appeals=chatter)
    aftermath(ledger, [truth for _, truth, _ in visits], desk, habits, seed)
    for number, (lines, _, flagged) in enumerate(visits):
        owed = ledger.balance(f"a{number}")
        assert owed >= 0
        if not flagged:  # disputes alone never charge anything
            assert owed <= sum(PRICES[product] * count for product, count in lines.items())


def test_the_same_seed_gives_the_same_aftermath():
    def once() -> tuple[list[Work], list[Dispute]]:
        habits = AfterVisit(notices=0.5, disputes_falsely=0.5)
        ledger = day(*[({"cola": 2}, True), ({"tea": 1}, False)] * 3)
        return aftermath(ledger, [{"cola": 1}, {}] * 3, ReviewDesk(misses=0.5, spoils=0.5), habits, seed=7)

    assert once() == once()


def test_two_visits_of_an_account_share_what_it_left_with():
    ledger = day(({"cola": 1}, False), ({"tea": 1}, False))
    first, second = (replace(receipt, account="ann") for receipt in ledger.receipts())
    truth = [{"account": "ann", "people": ["ann"], "items": {"cola": 1, "tea": 1, "milk": 1}}]
    assert items_by_visit(truth, [second, first]) == {"v0": {"cola": 1}, "v1": {"milk": 1, "tea": 1}}


def test_a_careless_reviewer_takes_off_what_is_most_doubtful():
    evidence = (Evidence("w1", 1, ("A",), "cola", 1, 0.9), Evidence("w2", 2, ("A",), "tea", 2, 0.6))
    receipt = Receipt("v", "a", {"cola": 1, "tea": 2}, 627, 0.5, True, 0.0, 1.0, 1, evidence)
    assert careless(receipt) == {"cola": 1, "tea": 1}
    assert careless(replace(receipt, lines={}, evidence=())) == {}


@pytest.mark.parametrize("wrong", [{"reviewers": 0}, {"misses": 1.5}, {"work_s": 0}, {"speed": 3}])
def test_reviewers_that_cannot_be_are_refused(wrong: dict[str, Any]):
    with pytest.raises(ValidationError):
        ReviewDesk.model_validate(wrong)


# The curve


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return RunFolder(write_fake_run(tmp_path_factory.mktemp("runs") / "fake", video=False))


@pytest.fixture(scope="module")
def modelled(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    scenario = load_scenario("quick")
    scenario = scenario.model_copy(update={"review": ReviewDesk(below=1.0, reviewers=1, misses=0, spoils=0)})
    bad = Errors(body_sd=0.3, hand_sd=0.4, hand_seen=0.1)
    return write_modelled_run(scenario, tmp_path_factory.mktemp("runs") / "quick", 5, bad)


def test_the_curve_goes_from_no_review_to_the_truth(fake: RunFolder):
    curve = review_curve([fake], FAULTLESS)
    first, last = curve[0], curve[-1]
    # of six visits two are wrong; the store is least sure of one of them
    assert (first.reviewed, first.exact_rate) == (0.0, pytest.approx(4 / 6))
    assert (last.reviewed, last.exact_rate, last.overcharged_cents) == (1.0, 1.0, 0.0)
    assert [point.exact_rate for point in curve] == sorted(point.exact_rate for point in curve)
    assert [point.reviewed for point in curve] == sorted(point.reviewed for point in curve)
    assert [point.cost_cents for point in curve] == sorted(point.cost_cents for point in curve)
    assert first.reviewed_delay_s is None
    assert first.delay_mean_s < last.delay_mean_s
    assert first.exact_low < first.exact_rate < first.exact_high


def test_reviewers_who_err_do_not_reach_the_truth(fake: RunFolder):
    last = review_curve([fake], ReviewDesk(misses=0.2, spoils=0.1))[-1]
    # two wrong ones of which a fifth is missed; of four right ones three have something to spoil
    assert last.exact_rate == pytest.approx(1 - (2 * 0.2 + 3 * 0.1) / 6)
    assert last.overcharged_cents > 0


def test_a_visit_that_was_never_billed_cannot_be_reviewed(fake: RunFolder, tmp_path: Path):
    copied = copy_run(fake.path, tmp_path / "copy")
    lost = {"account": "gus", "people": ["gus"], "items": {"milk": 1}}
    write_json(copied / "truth" / "receipts.json", [*fake.truth_receipts(), lost])
    last = review_curve([RunFolder(copied)], FAULTLESS)[-1]
    assert (last.reviewed, last.exact_rate) == (pytest.approx(6 / 7), pytest.approx(6 / 7))
    assert last.undercharged_cents > 0


def test_of_the_points_within_a_share_the_one_that_reviews_most_is_taken(fake: RunFolder):
    curve = review_curve([fake], FAULTLESS)
    assert best_within(curve, 0.2).reviewed == pytest.approx(1 / 6)
    assert best_within(curve, 0.0).reviewed == 0.0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 500), st.floats(1, 90)), max_size=12), st.integers(1, 4))
def test_more_reviewers_never_make_anybody_wait_longer(receipts: list[tuple[float, float]], reviewers: int):
    cases = [Case(0.5, True, 0, 0, 0, 0.0, issued, seconds) for issued, seconds in receipts]
    fewer = waiting(cases, ReviewDesk(reviewers=reviewers))
    more = waiting(cases, ReviewDesk(reviewers=reviewers + 1))
    assert all(b <= a + 1e-9 for a, b in zip(fewer, more, strict=True))
    assert all(end >= case.issued + 60 + case.work_s - 1e-9 for end, case in zip(fewer, cases, strict=True))


def test_the_curve_and_the_run_agree_on_who_waits_how_long(modelled: RunFolder):
    desk = ReviewDesk.model_validate(modelled.scenario()["review"])
    work = json.loads((modelled.path / "reviews.json").read_text(encoding="utf-8"))
    reviews = {row["what"]: row["finished"] for row in work if not row["what"].startswith("dispute")}
    assert reviews  # the store is unsure of somebody, or there is nothing to compare
    closed = {receipt.visit: receipt.closed for receipt in modelled.receipts()}
    waits = [finished - closed[visit] for visit, finished in reviews.items()]
    point = next(p for p in reversed(review_curve([modelled], desk)) if p.threshold <= desk.below)
    assert point.reviewed_delay_s == pytest.approx(sum(waits) / len(waits))


def test_the_summary_says_what_was_charged_in_the_end(modelled: RunFolder):
    settled = modelled.summary.receipts["settled"]
    assert settled == json.loads(json.dumps(settled_block(modelled)))
    assert settled["exact"] >= modelled.summary.receipts["exact"]
    assert settled["reviews"]["count"] >= modelled.summary.receipts["reviewed"]
    block = modelled.summary.receipts["review"]
    assert block["at_most_5_percent"] == as_row(best_within(review_curve([modelled]), 0.05))


def test_an_older_run_that_nobody_settled_says_so(fake: RunFolder):
    assert settled_block(fake) is None
