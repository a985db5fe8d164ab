"""Whatever happens in whatever order, twice or over again: the books balance and say what a simple model says."""

import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine
from sqlalchemy import create_engine, text

from store.disputes import DisputeDesk, DisputeRules
from store.errors import LedgerError
from store.ledger import Ledger
from store.receipt import Receipt
from store.review import ReviewQueue

PRICES = {"cola": 129, "milk": 139, "tea": 249, "gratis": 0, "bulk": 3_000_000_000}
ACCOUNTS = ("ann", "bob", "cid")
baskets = st.dictionaries(st.sampled_from(sorted(PRICES)), st.integers(1, 5), max_size=3)
times = st.floats(0, 1e5)
RULES = DisputeRules(appeals=9)


@dataclass
class Model:
    """What the books should say, kept in plain dictionaries."""

    carts: dict[str, dict[str, int]] = field(default_factory=dict)
    receipts: dict[str, Receipt] = field(default_factory=dict)
    owed: Counter[str] = field(default_factory=Counter)
    given: int = 0
    charged: dict[str, Counter[str]] = field(default_factory=dict)
    back: dict[str, Counter[str]] = field(default_factory=dict)
    disputes: dict[int, tuple[str, str, int, str]] = field(default_factory=dict)
    paid: dict[int, int] = field(default_factory=dict)
    reviewed: set[str] = field(default_factory=set)

    def bill(self, receipt: Receipt) -> None:
        self.receipts[receipt.visit] = receipt
        self.owed[receipt.account] += receipt.cents
        self.charged[receipt.visit], self.back[receipt.visit] = Counter(receipt.lines), Counter()

    def pay_back(self, dispute: int, count: int) -> None:
        name, product, claimed, _ = self.disputes[dispute]
        self.disputes[dispute], self.paid[dispute] = (name, product, claimed, "refunded"), count
        self.charged[name][product] -= count
        self.back[name][product] += count
        self.owed[self.receipts[name].account] -= count * PRICES[product]

    def correct(self, name: str, lines: dict[str, int]) -> int:
        """What was paid back stays paid back; returns by how many cents the bill changes."""
        receipt, back, before = self.receipts[name], self.back[name], total(self.charged[name])
        most = {product: max(0, receipt.lines.get(product, 0) - back[product]) for product in back if back[product]}
        self.charged[name] = Counter(
            {product: min(count, most.get(product, count)) for product, count in lines.items()}
        )
        self.reviewed.add(name)
        self.owed[receipt.account] += total(self.charged[name]) - before
        return total(self.charged[name]) - before


def total(lines: Mapping[str, int]) -> int:
    return sum(PRICES[product] * count for product, count in lines.items())


def fresh(url: str, number: int) -> str:
    """The URL of empty books in the same database."""
    if url.startswith("sqlite"):
        return url.replace("books.sqlite", f"books{number}.sqlite")
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("drop schema public cascade"))
        connection.execute(text("create schema public"))
    engine.dispose()
    return url


class Streams(RuleBasedStateMachine):
    """Two tills at the same books, in any order; `url` and `number` are set by the test."""

    url: str
    number: "itertools.count[int]"

    visits, billed, disputes, posted = (Bundle(name) for name in ("visits", "billed", "disputes", "posted"))

    @initialize()
    def open_books(self) -> None:
        self.books = fresh(self.url, next(self.number))
        self.tills = [Ledger(self.books), Ledger(self.books)]
        self.model = Model()
        self.names = itertools.count(1)

    def teardown(self) -> None:
        for till in getattr(self, "tills", []):
            till.close()

    @rule(target=visits, account=st.sampled_from(ACCOUNTS), t=times, till=st.integers(0, 1), again=st.booleans())
    def open_a_visit(self, account: str, t: float, till: int, again: bool) -> tuple[str, str]:
        visit = f"visit-{next(self.names)}"
        for one in (till, 1 - till) if again else (till,):
            self.tills[one].open_account(account)
            self.tills[one].open_visit(visit, account, t)
        return visit, account

    @rule(visit=visits, lines=baskets, t=times, till=st.integers(0, 1))
    def save_a_cart(self, visit: tuple[str, str], lines: dict[str, int], t: float, till: int) -> None:
        self.tills[till].save_cart(visit[0], t, lines, {product: count - 0.1 for product, count in lines.items()})
        self.model.carts[visit[0]] = lines

    @rule(target=billed, visit=consumes(visits), lines=baskets, t=times, till=st.integers(0, 1), flagged=st.booleans())
    def bill(self, visit: tuple[str, str], lines: dict[str, int], t: float, till: int, flagged: bool) -> str:
        name, account = visit
        receipt = Receipt(name, account, lines, total(lines), 0.5, flagged, 0.0, t, issued=t)
        self.tills[till].close_visit(name, t, 1)
        assert self.tills[till].bill(receipt, PRICES) == receipt
        self.model.bill(receipt)
        return name

    @rule(name=billed, t=times, till=st.integers(0, 1))
    def bill_again(self, name: str, t: float, till: int) -> None:
        first = self.model.receipts[name]
        again = Receipt(name, first.account, first.lines, first.cents, 0.9, False, 0.0, t, issued=t)
        assert self.tills[till].bill(again, PRICES) == first

    @rule(name=billed, lines=baskets, till=st.integers(0, 1))
    def bill_something_else(self, name: str, lines: dict[str, int], till: int) -> None:
        first = self.model.receipts[name]
        if lines != first.lines:
            other = Receipt(name, first.account, lines, total(lines), 0.9, False, 0.0, 1.0)
            with pytest.raises(LedgerError, match="was billed"):
                self.tills[till].bill(other, PRICES)

    @rule(visit=visits, lines=baskets, cents=st.integers(-3, 3).filter(bool), till=st.integers(0, 1))
    def bill_a_wrong_total(self, visit: tuple[str, str], lines: dict[str, int], cents: int, till: int) -> None:
        with pytest.raises(LedgerError, match="lines sum to"):
            self.tills[till].bill(Receipt(*visit, lines, total(lines) + cents, 0.9, False, 0.0, 1.0), PRICES)

    @rule(target=disputes, name=billed, product=st.sampled_from(sorted(PRICES)), count=st.integers(0, 6),
          till=st.integers(0, 1))  # fmt: skip
    def dispute(self, name: str, product: str, count: int, till: int):  # type: ignore[no-untyped-def]
        desk, t = DisputeDesk(self.tills[till], RULES), self.model.receipts[name].issued + 1.0
        waiting = sum(one[2] for one in self.model.disputes.values() if one[:2] == (name, product) and one[3] == "open")
        key = f"request-{next(self.names)}"
        if not 1 <= count <= self.model.charged[name][product] - waiting:
            with pytest.raises(LedgerError, match="can be disputed"):
                desk.open(name, product, count, "not mine", t, key)
            return multiple()
        number = desk.open(name, product, count, "not mine", t, key).id
        assert DisputeDesk(self.tills[1 - till], RULES).open(name, product, count, "not mine", t, key).id == number
        self.model.disputes[number] = (name, product, count, "open")
        return number

    @rule(number=disputes, t=times, till=st.integers(0, 1))
    def refund(self, number: int, t: float, till: int) -> None:
        desk, (name, product, count, status) = DisputeDesk(self.tills[till]), self.model.disputes[number]
        desk.examine(number, "rita", t)
        if status == "rejected":
            with pytest.raises(LedgerError, match="was rejected"):
                desk.decide(number, count, "rita", t, "")
            return
        paid = min(count, self.model.charged[name][product]) if status == "open" else self.model.paid[number]
        assert desk.decide(number, count, "rita", t, "") == paid * PRICES[product]
        if status == "open":
            self.model.pay_back(number, paid)

    @rule(number=disputes, t=times, till=st.integers(0, 1))
    def reject(self, number: int, t: float, till: int) -> None:
        desk, (name, product, count, status) = DisputeDesk(self.tills[till]), self.model.disputes[number]
        desk.examine(number, "rita", t)
        if status == "refunded":
            with pytest.raises(LedgerError, match="before, not rejected"):
                desk.decide(number, 0, "rita", t, "")
            return
        assert desk.decide(number, 0, "rita", t, "") == 0
        self.model.disputes[number] = (name, product, count, "rejected")

    @rule(name=billed, lines=baskets, t=times, till=st.integers(0, 1))
    def correct(self, name: str, lines: dict[str, int], t: float, till: int) -> None:
        queue, receipt = ReviewQueue(self.tills[till]), self.model.receipts[name]
        if not receipt.flagged or name in self.model.reviewed:
            with pytest.raises(LedgerError, match="not under review"):
                queue.correct(name, lines, PRICES, "rita", t)
            return
        assert queue.correct(name, lines, PRICES, "rita", t) == self.model.correct(name, lines)

    @rule(
        target=posted, account=st.sampled_from(ACCOUNTS), cents=st.integers(-(10**12), 10**12), till=st.integers(0, 1)
    )
    def give(self, account: str, cents: int, till: int) -> tuple[str, str, int]:
        key = f"gift:{next(self.names)}"
        assert self.tills[till].post(key, 1.0, {"gifts": cents, f"receivable:{account}": -cents})
        self.model.owed[account] -= cents
        self.model.given += cents
        return key, account, cents

    @rule(gift=posted, change=st.integers(-1, 1), till=st.integers(0, 1))
    def give_again(self, gift: tuple[str, str, int], change: int, till: int) -> None:
        key, account, cents = gift
        entries = {"gifts": cents + change, f"receivable:{account}": -cents - change}
        if change:
            with pytest.raises(LedgerError, match="other entries"):
                self.tills[till].post(key, 2.0, entries)
        else:
            assert not self.tills[till].post(key, 2.0, entries)

    @rule(till=st.integers(0, 1))
    def reopen(self, till: int) -> None:
        self.tills[till].close()
        self.tills[till] = Ledger(self.books)

    @invariant()
    def books_balance(self) -> None:
        for till in getattr(self, "tills", []):
            till.check()

    @invariant()
    def both_tills_see_what_the_model_says(self) -> None:
        for till in getattr(self, "tills", []):
            assert {account: till.balance(account) for account in ACCOUNTS} == {a: self.model.owed[a] for a in ACCOUNTS}
            assert till.sales() == sum(self.model.owed.values()) + self.model.given
            assert {one.visit: one for one in till.receipts()} == self.model.receipts
            for visit, lines in self.model.carts.items():
                assert till.cart(visit) == lines


def test_no_stream_of_events_brings_the_books_out_of_balance(url: str, tmp_path: Path):
    few = settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    run_machine(type("StreamsHere", (Streams,), {"url": url, "number": itertools.count(1)}), settings=few)
