"""The books: money is conserved, entries balance, nothing is charged or refunded twice."""

from pathlib import Path

import pytest
from sqlalchemy import text

from store.books import EntryRow, TransactionRow
from store.disputes import DisputeDesk
from store.errors import BadInput, IntegrityRefused, LedgerError, UnknownAccount
from store.ledger import Ledger, read_receipts
from store.receipt import Evidence, Receipt
from store.safeguards import FINAL

PRICES = {"cola": 129, "milk": 139, "tea": 249, "gratis": 0}


def receipt(visit: str, account: str, lines: dict[str, int], **changes: object) -> Receipt:
    cents = sum(PRICES[product] * count for product, count in lines.items())
    values: dict[str, object] = {"confidence": 0.9, "flagged": False, "opened": 1.0, "closed": 9.0, "issued": 10.0}
    return Receipt(visit, account, lines, cents, **(values | changes))  # type: ignore[arg-type]


def books(visits: dict[str, str], url: str) -> Ledger:
    ledger = Ledger(url)
    for visit, account in visits.items():
        ledger.open_account(account)
        ledger.open_visit(visit, account, 1.0)
    return ledger


def test_the_same_receipt_is_charged_once(url: str):
    ledger = books({"v1": "ann"}, url)
    first = ledger.bill(receipt("v1", "ann", {"cola": 2}), PRICES)
    again = ledger.bill(receipt("v1", "ann", {"cola": 2}, issued=99.0), PRICES)
    assert again.issued == first.issued
    assert ledger.balance("ann") == 258


def test_a_visit_cannot_be_billed_two_different_baskets(url: str):
    ledger = books({"v1": "ann"}, url)
    ledger.bill(receipt("v1", "ann", {"cola": 2}), PRICES)
    with pytest.raises(LedgerError, match="was billed"):
        ledger.bill(receipt("v1", "ann", {"cola": 1}), PRICES)
    assert ledger.balance("ann") == 258


def test_a_total_that_is_not_the_sum_of_its_lines_is_refused(url: str):
    ledger = books({"v1": "ann"}, url)
    with pytest.raises(LedgerError, match="lines sum to 129"):
        ledger.bill(Receipt("v1", "ann", {"cola": 1}, 130, 1.0, False, 0.0, 1.0), PRICES)
    assert ledger.receipts() == []


def drop_triggers(ledger: Ledger) -> None:
    """What somebody would do first who wants to change what stands in the books."""
    with ledger.session() as session:
        if session.get_bind().dialect.name == "sqlite":
            rows = session.execute(text("select name from sqlite_master where type = 'trigger'"))
            for (name,) in rows.all():
                session.execute(text(f"drop trigger {name}"))
        else:
            for table in FINAL:
                session.execute(text(f"alter table {table} disable trigger user"))


def test_check_finds_entries_that_were_tampered_with(url: str):
    ledger = books({"v1": "ann"}, url)
    ledger.bill(receipt("v1", "ann", {"cola": 1}), PRICES)
    drop_triggers(ledger)
    with ledger.session() as session:
        session.execute(text("update entries set cents = cents + 1 where book = 'sales'"))
    with pytest.raises(LedgerError, match="out of balance"):
        ledger.check()


def test_no_more_items_are_refunded_than_were_billed(url: str):
    ledger = books({"v1": "ann"}, url)
    ledger.bill(receipt("v1", "ann", {"cola": 2}), PRICES)
    desk = DisputeDesk(ledger)
    dispute = desk.open("v1", "cola", 1, "", 11.0, "first").id
    desk.examine(dispute, "rita", 12.0)
    assert desk.decide(dispute, 1, "rita", 12.0, "") == desk.decide(dispute, 1, "rita", 13.0, "") == 129
    with pytest.raises(LedgerError, match="1 can be disputed"):
        desk.open("v1", "cola", 2, "", 13.0, "second")
    with pytest.raises(LedgerError, match="0 can be disputed"):
        desk.open("v1", "milk", 1, "", 13.0, "third")
    ledger.check()
    assert ledger.balance("ann") == 129


def test_a_rejected_dispute_pays_nothing(url: str):
    ledger = books({"v1": "ann"}, url)
    ledger.bill(receipt("v1", "ann", {"cola": 1}), PRICES)
    desk = DisputeDesk(ledger)
    dispute = desk.open("v1", "cola", 1, "", 11.0, "first").id
    desk.examine(dispute, "rita", 12.0)
    desk.decide(dispute, 0, "rita", 12.0, "")
    with pytest.raises(LedgerError, match="rejected"):
        desk.decide(dispute, 1, "rita", 13.0, "")
    assert ledger.balance("ann") == 129


def test_receipts_read_back_from_the_database_equal_those_billed(url: str):
    ledger = books({"v1": "ann"}, url)
    evidence = (Evidence("w1", 4.0, ("A-1-1", "A-1-2"), "cola", 1, 0.97),)
    bill = receipt("v1", "ann", {"cola": 1}, evidence=evidence, people=2, flagged=True)
    ledger.bill(bill, PRICES)
    ledger.close()
    assert read_receipts(url) == [bill]


def test_the_cart_in_the_books_is_the_last_one_saved(url: str):
    ledger = books({"v1": "ann"}, url)
    ledger.save_cart("v1", 2.0, {"cola": 2, "tea": 1}, {"cola": 1.9, "tea": 0.8})
    ledger.save_cart("v1", 3.0, {"cola": 1}, {"cola": 1.0, "milk": 0.2})
    assert ledger.cart("v1") == {"cola": 1}


def test_a_visit_of_an_unknown_account_is_refused(url: str):
    with pytest.raises(UnknownAccount):
        Ledger(url).open_visit("v1", "nobody", 0.0)


@pytest.mark.parametrize("statement", [
    "insert into entries (\"transaction\", book, cents) values ('charge:v1', 'sales2', 5)",
    "insert into entries (\"transaction\", book, cents) values ('nothing', 'sales', 5)",
    "insert into transactions (key, t) values ('nothing', 5)",
    "update entries set cents = 0",
    "delete from entries",
    "update transactions set t = 5",
    "delete from transactions",
    "update receipts set cents = 0",
    "delete from receipt_lines",
    "update evidence set quantity = 9",
])  # fmt: skip
def test_the_database_itself_refuses_what_does_not_balance_and_changed_history(url: str, statement: str):
    ledger = books({"v1": "ann"}, url)
    evidence = (Evidence("w1", 4.0, ("A-1-1",), "cola", 1, 0.97),)
    bill = ledger.bill(receipt("v1", "ann", {"cola": 1}, evidence=evidence), PRICES)
    with pytest.raises(LedgerError), ledger.session() as session:
        session.execute(text(statement))
    assert ledger.receipts() == [bill]
    ledger.check()


def test_a_transaction_whose_entries_do_not_balance_is_refused_by_the_database(url: str):
    ledger = books({}, url)

    def write() -> None:
        with ledger.session() as session:
            session.add_all(EntryRow(transaction="odd", book=book, cents=5) for book in ("sales", "receivable:ann"))
            session.flush()
            session.add(TransactionRow(key="odd", t=1.0))

    with pytest.raises(IntegrityRefused, match="sum to zero"):
        write()
    assert ledger.sales() == 0


def test_a_transaction_of_the_same_key_is_written_once(url: str):
    ledger = books({}, url)
    assert ledger.post("gift:1", 1.0, {"gifts": 500, "receivable:ann": -500})
    assert not ledger.post("gift:1", 9.0, {"gifts": 500, "receivable:ann": -500})
    with pytest.raises(LedgerError, match="other entries"):
        ledger.post("gift:1", 1.0, {"gifts": 400, "receivable:ann": -400})
    assert ledger.balance("ann") == -500


@pytest.mark.parametrize("entries", [{"sales": 5}, {"sales": 5, "gifts": -4}, {}])
def test_entries_that_do_not_balance_are_refused(url: str, entries: dict[str, int]):
    with pytest.raises(LedgerError, match="sum to zero"):
        books({}, url).post("odd", 1.0, entries)


def test_shops_with_names_share_books_and_keep_their_own_visits(url: str):
    north, south = Ledger(url, "north"), Ledger(url, "south")
    for shop in (north, south):
        shop.open_account("ann")
        shop.open_visit(shop.visit_id(1), "ann", 1.0)
        shop.bill(receipt(shop.visit_id(1), "ann", {"cola": 1}), PRICES)
    assert [one.visit for one in north.receipts("north")] == ["north/visit-1"] == north.visits("north")
    assert len(south.receipts()) == len(south.visits()) == 2
    assert north.balance("ann") == 258


@pytest.mark.parametrize("name", ["no name", "1st", "a/b", "x" * 41])
def test_a_shop_needs_a_plain_name(name: str):
    with pytest.raises(BadInput, match="letters, digits"):
        Ledger("sqlite://", name)


@pytest.mark.parametrize("bad", ["no database", "", "mysql://host/books", "postgresql+asyncpg://host/books", "sqlite:"])
def test_a_url_that_is_no_database_is_named_in_one_line(bad: str):
    with pytest.raises(BadInput, match=r"url: found .*, allowed: sqlite:///FILE or postgresql://") as error:
        Ledger(bad)
    assert "\n" not in str(error.value)


def test_a_database_that_cannot_be_reached_is_bad_input_and_its_password_is_not_told(tmp_path: Path):
    with pytest.raises(BadInput, match="a database that can be written"):
        Ledger(f"sqlite:///{tmp_path / 'missing' / 'store.sqlite'}")
    with pytest.raises(BadInput, match="a database that can be written") as error:
        Ledger(f"postgresql://ann:secret@/books?host={tmp_path}")
    assert "secret" not in str(error.value)
    assert "\n" not in str(error.value)
    with pytest.raises(BadInput, match="books with receipts"):
        read_receipts(f"sqlite:///{tmp_path / 'store.sqlite'}")
