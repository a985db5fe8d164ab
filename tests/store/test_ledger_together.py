"""Several shops, each a process of its own, write to one ledger at once."""

import multiprocessing
from multiprocessing.synchronize import Barrier
from threading import Thread

from store.disputes import DisputeDesk
from store.ledger import Ledger
from store.receipt import Receipt
from store.review import ReviewQueue

PRICES = {"cola": 129, "milk": 139}
SHOPS, VISITS = 4, 12


def receipt(visit: str, account: str, colas: int, flagged: bool = False) -> Receipt:
    return Receipt(visit, account, {"cola": colas}, 129 * colas, 0.9, flagged, 1.0, 9.0, issued=10.0)


def keep_shop(url: str, name: str, barrier: Barrier, told: "multiprocessing.Queue[tuple[str, int, int]]") -> None:
    """One shop's day: its own visits, and between them what all shops ask for at the same moment."""
    barrier.wait()
    ledger = Ledger(url, name)
    posted = cents = 0
    for number in range(1, VISITS + 1):
        visit, account = ledger.visit_id(number), f"account-{number % 3}"
        ledger.open_account(account)
        ledger.open_visit(visit, account, 1.0)
        ledger.save_cart(visit, 2.0, {"cola": 2}, {"cola": 1.9})
        ledger.save_cart(visit, 3.0, {"milk": 1}, {"milk": 1.0})
        for _ in range(2):
            ledger.bill(receipt(visit, account, number), PRICES)
        barrier.wait()
        posted += ledger.post(f"gift:{number}", 1.0, {"gifts": 5, "receivable:ann": -5})
        ledger.open_account("shared")
        ledger.open_visit(f"shared-{number}", "shared", 1.0)
        ledger.save_cart(f"shared-{number}", 2.0, {name: number}, {})
        ledger.bill(receipt(f"shared-{number}", "shared", number), PRICES)
        if number == 1:
            desk = DisputeDesk(ledger)
            dispute = desk.open(visit, "cola", 1, "not mine", 11.0, f"{name}-1").id
            desk.examine(dispute, "store", 11.5)
            barrier.wait()
            cents = desk.decide(dispute, 1, "store", 12.0, "")
    ledger.close()
    told.put((name, posted, cents))


def test_shops_that_write_at_the_same_time_charge_each_visit_and_each_key_once(url: str):
    context = multiprocessing.get_context("spawn")
    barrier, told = context.Barrier(SHOPS, timeout=120), context.Queue()
    shops = [context.Process(target=keep_shop, args=(url, f"s{n}", barrier, told)) for n in range(SHOPS)]
    for shop in shops:
        shop.start()
    results = [told.get(timeout=240) for _ in shops]
    for shop in shops:
        shop.join(60)
    assert [shop.exitcode for shop in shops] == [0] * SHOPS
    ledger = Ledger(url)
    ledger.check()
    assert sum(posted for _, posted, _ in results) == VISITS
    assert {cents for _, _, cents in results} == {129}
    assert ledger.balance("ann") == -5 * VISITS
    once = 129 * VISITS * (VISITS + 1) // 2
    assert ledger.balance("shared") == once
    assert ledger.sales() == once * (1 + SHOPS) - 129 * SHOPS
    assert len(ledger.receipts()) == VISITS * (1 + SHOPS)
    assert [ledger.cart(f"shared-{number}") in [{f"s{n}": number} for n in range(SHOPS)] for number in range(1, 5)] == [
        True
    ] * 4


def test_of_two_who_decide_the_same_moment_one_decides(url: str):
    """Refund and rejection of one dispute, two corrections of one review: each time one of the two is refused."""
    ledger = Ledger(url)
    ledger.open_account("ann")
    for number in range(8):
        ledger.open_visit(f"v{number}", "ann", 1.0)
        ledger.bill(receipt(f"v{number}", "ann", 2, flagged=True), PRICES)
    outcomes: list[str] = []

    def attempt(name: str, act) -> None:  # type: ignore[no-untyped-def]
        try:
            act()
        except Exception as error:
            outcomes.append(type(error).__name__)
        else:
            outcomes.append(name)

    for number in range(8):
        dispute = DisputeDesk(ledger).open(f"v{number}", "cola", 1, "", 11.0, f"key-{number}").id
        DisputeDesk(ledger).examine(dispute, "store", 11.5)
        tills = [Ledger(url) for _ in range(4)]
        acts = {
            "refund": lambda d=dispute, till=tills[0]: DisputeDesk(till).decide(d, 1, "x", 12.0, ""),
            "reject": lambda d=dispute, till=tills[1]: DisputeDesk(till).decide(d, 0, "y", 12.0, ""),
            "one": lambda n=number, till=tills[2]: ReviewQueue(till).correct(f"v{n}", {"cola": 3}, PRICES, "x", 12.0),
            "other": lambda n=number, till=tills[3]: ReviewQueue(till).correct(f"v{n}", {}, PRICES, "y", 12.0),
        }
        threads = [Thread(target=attempt, args=pair) for pair in acts.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        for till in tills:
            till.close()
    assert outcomes.count("LedgerError") == 16
    assert outcomes.count("refund") + outcomes.count("reject") == 8
    assert outcomes.count("one") + outcomes.count("other") == 8
    ledger.check()
    left = [DisputeDesk(ledger).charged(f"v{number}").get("cola", 0) for number in range(8)]
    assert all(0 <= count <= 3 for count in left)
    assert ledger.balance("ann") == 129 * sum(left)
