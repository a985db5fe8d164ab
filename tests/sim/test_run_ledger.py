"""A run's books: a file in its folder, or a part of books that others write to as well."""

from pathlib import Path

import pytest

from sim.run_ledger import check_ledger, run_ledger, shop_name
from store.errors import BadInput
from store.ledger import Ledger, read_receipts
from store.receipt import Receipt


def bill(ledger: Ledger) -> Receipt:
    visit = ledger.visit_id(1)
    ledger.open_account("ann")
    ledger.open_visit(visit, "ann", 1.0)
    return ledger.bill(Receipt(visit, "ann", {"cola": 2}, 258, 0.9, False, 1.0, 9.0, issued=10.0), {"cola": 129})


def test_runs_that_share_a_ledger_each_keep_their_own_part_in_their_folder(tmp_path: Path) -> None:
    shared = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    billed = []
    for name in ("one", "one", "days/2"):
        folder = tmp_path / str(len(billed)) / name
        folder.mkdir(parents=True)
        with run_ledger(folder, shared) as ledger:
            billed.append(bill(ledger))
        assert read_receipts(f"sqlite:///{folder / 'store.sqlite'}") == billed[-1:]
    assert sorted(read_receipts(shared), key=lambda one: one.visit) == sorted(billed, key=lambda one: one.visit)
    assert len({receipt.visit for receipt in billed}) == 3


def test_a_run_that_fails_leaves_its_part_too(tmp_path: Path) -> None:
    told = []

    def fail_after_a_bill() -> None:
        with run_ledger(tmp_path, f"sqlite:///{tmp_path / 'shared.sqlite'}") as ledger:
            told.append(bill(ledger))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_a_bill()
    (receipt,) = told
    assert read_receipts(f"sqlite:///{tmp_path / 'store.sqlite'}") == [receipt]


def test_a_run_without_a_url_has_plain_visits(tmp_path: Path) -> None:
    with run_ledger(tmp_path, None) as ledger:
        assert bill(ledger).visit == "visit-1"
    assert len(read_receipts(f"sqlite:///{tmp_path / 'store.sqlite'}")) == 1


@pytest.mark.parametrize("folder", ["runs/corner-shop-seed7", "x/days/12", "42", "ein Laden", "a" * 90])
def test_every_folder_gives_a_name_that_a_ledger_takes(folder: str) -> None:
    first, second = (Ledger("sqlite://", shop_name(Path(folder))) for _ in range(2))
    assert first.store != second.store


@pytest.mark.parametrize("url", ["books", "sqlite://", "sqlite:///:memory:", "mysql://host/books"])
def test_a_ledger_that_cannot_stay_is_refused_before_the_run(url: str) -> None:
    with pytest.raises(BadInput, match="sqlite:///FILE or postgresql://"):
        check_ledger(url)
