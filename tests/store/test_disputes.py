"""The dispute desk: what can be disputed, what a decision pays, and books that balance whatever happens in between."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select, text

from store.books import AuditRow
from store.disputes import DAY_S, DisputeDesk, DisputeRules
from store.errors import LedgerError
from store.ledger import Ledger
from store.receipt import Evidence, Receipt
from store.review import ReviewQueue
from store.standing import read_standing, standing

PRICES = {"cola": 129, "milk": 139, "tea": 249}


def billed(lines: dict[str, int], flagged: bool = False, probability: float = 0.9) -> Ledger:
    ledger = Ledger("sqlite://")
    ledger.open_account("ann")
    ledger.open_visit("v1", "ann", 0.0)
    cents = sum(PRICES[product] * count for product, count in lines.items())
    evidence = tuple(
        Evidence(f"w{number}", 5.0 + number, ("A-1-1",), product, count, probability - 0.1 * number)
        for number, (product, count) in enumerate(lines.items())
    )
    ledger.bill(Receipt("v1", "ann", lines, cents, 0.6, flagged, 0.0, 9.0, evidence=evidence, issued=10.0), PRICES)
    return ledger


def decided(desk: DisputeDesk, dispute: int, granted: int, t: float = 30.0) -> int:
    desk.examine(dispute, "kim", t)
    return desk.decide(dispute, granted, "kim", t, "seen")


def test_a_granted_dispute_pays_back_once():
    ledger = billed({"cola": 2})
    desk = DisputeDesk(ledger)
    one = desk.open("v1", "cola", 1, "I put it back", 20.0, "ann-1")
    assert decided(desk, one.id, 1) == decided(desk, one.id, 1) == 129
    assert ledger.balance("ann") == 129
    assert desk.get(one.id).state == "granted"
    ledger.check()


def test_the_same_request_sent_again_is_one_dispute_even_after_its_decision():
    desk = DisputeDesk(billed({"cola": 1}))
    one = desk.open("v1", "cola", 1, "", 20.0, "ann-1")
    assert desk.open("v1", "cola", 1, "", 21.0, "ann-1").id == one.id
    decided(desk, one.id, 1)
    assert desk.open("v1", "cola", 1, "", 40.0, "ann-1").state == "granted"
    assert len(desk.all()) == 1
    with pytest.raises(LedgerError, match="before"):
        desk.open("v1", "cola", 2, "", 41.0, "ann-1")


def test_several_disputes_of_one_receipt_cannot_claim_an_item_twice():
    desk = DisputeDesk(billed({"cola": 2, "milk": 1}))
    desk.open("v1", "cola", 1, "", 20.0, "1")
    desk.open("v1", "milk", 1, "", 20.0, "2")
    with pytest.raises(LedgerError, match="1 can be disputed"):
        desk.open("v1", "cola", 2, "", 21.0, "3")
    desk.open("v1", "cola", 1, "", 22.0, "4")
    with pytest.raises(LedgerError, match="0 can be disputed"):
        desk.open("v1", "cola", 1, "", 23.0, "5")


@pytest.mark.parametrize(
    ("visit", "product", "quantity", "t"),
    [("v9", "cola", 1, 20.0), ("v1", "tea", 1, 20.0), ("v1", "cola", 0, 20.0), ("v1", "cola", 1, 9.0)],
)
def test_what_was_not_billed_cannot_be_disputed(visit: str, product: str, quantity: int, t: float):
    with pytest.raises(LedgerError, match="dispute"):
        DisputeDesk(billed({"cola": 1})).open(visit, product, quantity, "", t, "1")


def test_after_the_window_it_is_too_late():
    desk = DisputeDesk(billed({"cola": 1}), DisputeRules(window_s=30 * DAY_S))
    with pytest.raises(LedgerError, match="within 30 days"):
        desk.open("v1", "cola", 1, "", 10.0 + 30 * DAY_S + 1, "1")
    desk.open("v1", "cola", 1, "", 10.0 + 30 * DAY_S, "2")


def test_nobody_decides_without_having_looked_at_the_evidence():
    ledger = billed({"cola": 1, "milk": 1})
    desk = DisputeDesk(ledger)
    one = desk.open("v1", "milk", 1, "", 20.0, "1")
    with pytest.raises(LedgerError, match="evidence"):
        desk.decide(one.id, 0, "kim", 30.0, "")
    evidence = desk.examine(one.id, "kim", 25.0)
    assert [(line.change, line.product) for line in evidence.lines] == [("w1", "milk")]
    assert evidence.strength == pytest.approx(0.8)
    desk.decide(one.id, 0, "kim", 30.0, "seen taking it")
    with ledger.session() as session:
        audit = [row.action for row in session.scalars(select(AuditRow).order_by(AuditRow.id))]
    assert audit == ["bill", "dispute", "examine", "rejected"]


def test_weak_evidence_is_granted_without_a_person_and_strong_is_not():
    weak, strong = (DisputeDesk(billed({"cola": 1}, probability=p)) for p in (0.4, 0.9))
    assert weak.decide_by_evidence(weak.open("v1", "cola", 1, "", 20.0, "1").id, 20.0)
    assert weak.get(1).paid_cents == 129
    assert not strong.decide_by_evidence(strong.open("v1", "cola", 1, "", 20.0, "1").id, 20.0)
    assert strong.get(1).state == "open"


@pytest.mark.parametrize(("overdue", "state", "cents"), [("grant", "granted", 129), ("reject", "rejected", 0)])
def test_what_is_not_answered_in_time_is_decided_by_the_rules(overdue: str, state: str, cents: int):
    desk = DisputeDesk(billed({"cola": 1}), DisputeRules.model_validate({"overdue": overdue, "answer_within_s": 100.0}))
    one = desk.open("v1", "cola", 1, "", 20.0, "1")
    assert desk.expire(119.0) == []
    assert desk.expire(120.0) == [one.id]
    assert desk.expire(200.0) == []
    assert (desk.get(one.id).state, desk.get(one.id).paid_cents, desk.get(one.id).decided) == (state, cents, 120.0)


def test_a_decision_stands():
    desk = DisputeDesk(billed({"cola": 2}))
    one = desk.open("v1", "cola", 2, "", 20.0, "1")
    assert decided(desk, one.id, 1) == 129
    assert desk.get(one.id).state == "partly"
    with pytest.raises(LedgerError, match="partly before"):
        desk.decide(one.id, 2, "lee", 40.0, "")
    with pytest.raises(LedgerError, match="partly before"):
        desk.withdraw(one.id, 40.0)


def test_what_was_rejected_can_be_disputed_again_as_often_as_the_rules_say():
    desk = DisputeDesk(billed({"cola": 1}), DisputeRules(appeals=1))
    for key in ("1", "2"):
        decided(desk, desk.open("v1", "cola", 1, "", 20.0, key).id, 0)
    with pytest.raises(LedgerError, match="on appeal"):
        desk.open("v1", "cola", 1, "", 20.0, "3")


def test_what_was_withdrawn_pays_nothing_and_can_be_disputed_again():
    ledger = billed({"cola": 1})
    desk = DisputeDesk(ledger)
    one = desk.open("v1", "cola", 1, "", 20.0, "1")
    desk.withdraw(one.id, 21.0)
    desk.withdraw(one.id, 22.0)
    assert desk.get(one.id).state == "withdrawn"
    desk.open("v1", "cola", 1, "", 23.0, "2")
    assert ledger.balance("ann") == 129


def test_a_review_that_took_the_item_off_settles_the_dispute():
    ledger = billed({"cola": 1, "milk": 1}, flagged=True)
    desk, queue = DisputeDesk(ledger), ReviewQueue(ledger)
    one = desk.open("v1", "cola", 1, "", 20.0, "1")
    assert queue.correct("v1", {"milk": 1}, PRICES, "kim", 25.0) == -129
    assert decided(desk, one.id, 1) == 0
    assert desk.get(one.id).state == "settled"
    assert decided(desk, one.id, 1) == 0
    assert ledger.balance("ann") == 139
    ledger.check()


def test_after_a_correction_what_was_added_can_be_disputed_and_what_was_removed_cannot():
    ledger = billed({"cola": 1}, flagged=True)
    desk = DisputeDesk(ledger)
    ReviewQueue(ledger).correct("v1", {"tea": 2}, PRICES, "kim", 15.0)
    with pytest.raises(LedgerError, match="0 can be disputed"):
        desk.open("v1", "cola", 1, "", 20.0, "1")
    assert decided(desk, desk.open("v1", "tea", 1, "", 20.0, "2").id, 1) == 249
    assert ledger.balance("ann") == 249
    ledger.check()


@pytest.mark.parametrize(("found", "owed"), [(2, 129), (1, 129), (0, 0)])
def test_a_later_review_never_charges_again_what_was_paid_back(found: int, owed: int):
    ledger = billed({"cola": 2}, flagged=True)
    desk = DisputeDesk(ledger)
    decided(desk, desk.open("v1", "cola", 1, "", 20.0, "1").id, 1)
    ReviewQueue(ledger).correct("v1", {"cola": found} if found else {}, PRICES, "kim", 50.0)
    assert ledger.balance("ann") == owed
    ledger.check()


def test_the_check_finds_a_refund_that_nobody_granted():
    ledger = billed({"cola": 2})
    desk = DisputeDesk(ledger)
    decided(desk, desk.open("v1", "cola", 1, "", 20.0, "1").id, 1)
    with ledger.session() as session:
        session.execute(text("update dispute_cases set granted = 2"))
    with pytest.raises(LedgerError, match="charged for"):
        ledger.check()


def test_books_without_these_tables_stand_as_billed(tmp_path: Path):
    url = f"sqlite:///{tmp_path / 'old.sqlite'}"
    ledger = Ledger(url)
    ledger.open_account("ann")
    ledger.open_visit("v1", "ann", 0.0)
    ledger.bill(Receipt("v1", "ann", {"cola": 1}, 129, 0.9, False, 0.0, 9.0, issued=10.0), PRICES)
    with ledger.session() as session:
        session.execute(text("drop table correction_lines"))
        session.execute(text("drop table dispute_cases"))
    ledger.close()
    assert read_standing(url) == {"v1": {"cola": 1}}


products = st.sampled_from(["cola", "tea"])
baskets = st.dictionaries(products, st.integers(1, 2))
"""Few products and visits, so that reviews and disputes meet."""


class AfterTheVisit(RuleBasedStateMachine):
    """Bills, reviews and disputes in any order, beside a model of what each visit should be charged."""

    @initialize()
    def begin(self) -> None:
        self.ledger = Ledger("sqlite://")
        self.desk, self.queue = DisputeDesk(self.ledger, DisputeRules(appeals=9)), ReviewQueue(self.ledger)
        self.t, self.requests = 0.0, 0
        self.issued: dict[str, float] = {}
        self.receipts: dict[str, Counter[str]] = {}
        self.model: dict[str, Counter[str]] = {}
        self.back: dict[str, Counter[str]] = {}
        self.reviewed: set[str] = set()

    def teardown(self) -> None:
        self.ledger.close()

    def now(self) -> float:
        self.t += 1.0
        return self.t

    @precondition(lambda self: len(self.receipts) < 2)
    @rule(lines=baskets, account=st.sampled_from(["ann", "bob"]))
    def bill(self, lines: dict[str, int], account: str) -> None:
        visit, t = f"v{len(self.receipts)}", self.now()
        self.ledger.open_account(account)
        self.ledger.open_visit(visit, account, t)
        cents = sum(PRICES[product] * count for product, count in lines.items())
        receipt = Receipt(visit, account, lines, cents, 0.5, True, t, t, issued=t)
        assert self.ledger.bill(receipt, PRICES) == self.ledger.bill(receipt, PRICES)
        self.receipts[visit], self.model[visit] = Counter(lines), Counter(lines)
        self.back[visit], self.issued[visit] = Counter(), t

    @precondition(lambda self: self.receipts)
    @rule(data=st.data(), lines=baskets)
    def review(self, data: st.DataObject, lines: dict[str, int]) -> None:
        visit = data.draw(st.sampled_from(sorted(self.receipts)))
        if visit in self.reviewed:
            with pytest.raises(LedgerError):
                self.queue.correct(visit, lines, PRICES, "kim", self.now())
            return
        self.queue.correct(visit, lines, PRICES, "kim", self.now())
        self.reviewed.add(visit)
        back = self.back[visit]
        left = {p: max(0, self.receipts[visit][p] - back[p]) for p in back if back[p]}
        self.model[visit] = Counter({p: min(n, left.get(p, n)) for p, n in lines.items()})

    @precondition(lambda self: self.receipts)
    @rule(data=st.data(), product=products, quantity=st.integers(1, 2))
    def dispute(self, data: st.DataObject, product: str, quantity: int) -> None:
        visit, t = data.draw(st.sampled_from(sorted(self.receipts))), self.now()
        self.requests += 1
        claimed = sum(
            one.quantity for one in self.desk.all() if (one.visit, one.product, one.state) == (visit, product, "open")
        )
        late = t > self.issued[visit] + self.desk.rules.window_s
        if late or quantity > self.model[visit][product] - claimed:
            with pytest.raises(LedgerError):
                self.desk.open(visit, product, quantity, "", t, f"k{self.requests}")
        else:
            self.desk.open(visit, product, quantity, "", t, f"k{self.requests}")

    @precondition(lambda self: self.receipts and self.desk.all())
    @rule(data=st.data(), share=st.integers(0, 2))
    def decide(self, data: st.DataObject, share: int) -> None:
        one = data.draw(st.sampled_from(self.desk.all()))
        granted = min(share, one.quantity)
        self.desk.examine(one.id, "kim", self.now())
        try:
            cents = self.desk.decide(one.id, granted, "kim", self.now(), "")
        except LedgerError:
            assert one.state != "open"
            return
        if one.state == "open":
            paid = min(granted, self.model[one.visit][one.product])
            assert cents == paid * PRICES[one.product]
            self.model[one.visit][one.product] -= paid
            self.back[one.visit][one.product] += paid

    @precondition(lambda self: self.receipts and self.desk.all())
    @rule(data=st.data())
    def withdraw(self, data: st.DataObject) -> None:
        one = data.draw(st.sampled_from(self.desk.all()))
        if one.state in ("open", "withdrawn"):
            self.desk.withdraw(one.id, self.now())

    @rule()
    def wait_long(self) -> None:
        self.t += 15 * DAY_S
        for number in self.desk.expire(self.t):
            one = self.desk.get(number)
            self.model[one.visit][one.product] -= one.granted
            self.back[one.visit][one.product] += one.granted

    @invariant()
    def everything_balances(self) -> None:
        if not hasattr(self, "ledger"):
            return
        self.ledger.check()
        with self.ledger.session() as session:
            for visit, wanted in self.model.items():
                stands = {name: line.quantity for name, line in standing(session, visit).items() if line.quantity}
                assert stands == {name: n for name, n in wanted.items() if n}
        owed = self.ledger.balance("ann") + self.ledger.balance("bob")
        assert owed == sum(PRICES[p] * n for basket in self.model.values() for p, n in basket.items())
        assert owed == self.ledger.sales() >= 0


AfterTheVisit.TestCase.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
TestAfterTheVisit = AfterTheVisit.TestCase
