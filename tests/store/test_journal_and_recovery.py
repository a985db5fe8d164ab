"""The journal outlives a crash, and a shop rebuilt from it bills every visit once."""

from pathlib import Path

import pytest

from store.errors import BadInput
from store.events import GateScan
from store.journal import Journal, read_journal
from store.ledger import Ledger
from store.shop import Shop
from tests.store.synthetic import IN, OUT, PLANOGRAM, Day, billed


def test_a_line_that_a_crash_cut_off_is_dropped_and_the_journal_goes_on(tmp_path: Path):
    path = tmp_path / "events.jsonl"
    with Journal(path) as journal:
        journal.append(GateScan(1.0, "in", "a"))
    with path.open("a") as file:
        file.write('{"id": "e2", "kind": "gate_sc')
    assert list(read_journal(path)) == [GateScan(1.0, "in", "a")]
    with Journal(path) as journal:
        journal.append(GateScan(2.0, "in", "b"))
    assert [event.t for event in read_journal(path)] == [1.0, 2.0]
    assert '"id": "e2"' in path.read_text().splitlines()[1]


def test_every_event_is_on_the_disk_before_the_next_happens(tmp_path: Path):
    journal = Journal(tmp_path / "events.jsonl")
    journal.append(GateScan(1.0, "in", "a"))
    assert len(list(read_journal(tmp_path / "events.jsonl"))) == 1
    journal.close()
    journal.close()


def test_a_bad_line_in_the_middle_is_named(tmp_path: Path):
    path = tmp_path / "events.jsonl"
    path.write_text('{"kind": "gate_scan", "t": 1, "gate": "in", "token": "a"}\nrubbish\n{}\n')
    with pytest.raises(BadInput, match="line 2"):
        list(read_journal(path))


def busy_day() -> Day:
    day = Day(4)
    ann, bob = day.enter("ann", 1.0), day.enter("bob", 4.0)
    day.pick(ann, "cola")
    day.pick(ann, "crisps")
    day.put_back(ann, "cola")
    day.leave(ann)
    day.pick(bob, "rice", at=18.0)
    day.pick(bob, "choc", at=22.0)
    day.put_back(bob, "choc", at=25.0)
    day.leave(bob, at=40.0)
    return day


@pytest.mark.parametrize("crash", [8.0, 14.5, 20.0, 30.0, 39.0])
def test_a_shop_that_crashed_bills_every_visit_once(tmp_path: Path, crash: float):
    day = busy_day()
    url, path = f"sqlite:///{tmp_path / 'store.sqlite'}", tmp_path / "events.jsonl"
    tokens = {person.token: person.token for person in day.people}
    with Journal(path) as journal:
        day.run(Shop(PLANOGRAM, [IN, OUT], tokens, Ledger(url), journal.append), until=crash)
    already = billed(Ledger(url).receipts())
    with Journal(path) as journal:
        ledger = Ledger(url)
        shop = Shop.recover(PLANOGRAM, [IN, OUT], tokens, ledger, journal.append, list(read_journal(path)))
        shop.close(60.0)
    bills = ledger.receipts()
    taken_by_then = {
        8.0: {"token-ann": {"cola": 1}, "token-bob": {}},
        14.5: {"token-ann": {"crisps": 1}, "token-bob": {}},
        20.0: {"token-ann": {"crisps": 1}, "token-bob": {"rice": 1}},
        30.0: {"token-ann": {"crisps": 1}, "token-bob": {"rice": 1}},
        39.0: {"token-ann": {"crisps": 1}, "token-bob": {"rice": 1}},
    }
    assert len(bills) == len({receipt.visit for receipt in bills}) == 2
    assert billed(bills) == taken_by_then[crash]
    assert already.items() <= billed(bills).items()
    ledger.check()


def test_recovering_twice_charges_once(tmp_path: Path):
    day = busy_day()
    url, path = f"sqlite:///{tmp_path / 'store.sqlite'}", tmp_path / "events.jsonl"
    tokens = {person.token: person.token for person in day.people}
    with Journal(path) as journal:
        day.run(Shop(PLANOGRAM, [IN, OUT], tokens, Ledger(url), journal.append), until=30.0)
    for _ in range(2):
        with Journal(path) as journal:
            ledger = Ledger(url)
            Shop.recover(PLANOGRAM, [IN, OUT], tokens, ledger, journal.append, list(read_journal(path))).close(60.0)
    assert ledger.sales() == sum(receipt.cents for receipt in ledger.receipts())
    assert len(ledger.receipts()) == 2
