"""A shop that is killed over and over bills everybody once."""

import json
from collections import Counter
from pathlib import Path

from sim.bench.dying import PLACES, draw_death
from sim.bench.recovery import OUTAGES, Tally, _count, print_recovery_bench, recovery
from sim.randomness import generator
from store.receipt import Receipt


def test_dozens_of_kills_lose_no_visit_and_bill_none_twice() -> None:
    tallies = recovery(kills=48, seed=3)
    assert sum(one.kills for one in tallies.values()) == 48
    assert sum(one.lost + one.twice for one in tallies.values()) == 0
    alone = tallies[OUTAGES[0].name]
    assert alone.kills > 0
    assert alone.differ == 0


def test_the_command_writes_its_figures(tmp_path: Path) -> None:
    out = tmp_path / "figures.json"
    print_recovery_bench(kills=4, seed=3, out=out)
    figures = json.loads(out.read_text())
    assert figures["kills"] == 4
    assert sum(sum(one["places"].values()) for one in figures["outages"].values()) == 4


def test_every_place_to_die_is_drawn() -> None:
    rng = generator(1, "kills")
    deaths = Counter(draw_death(rng).place for _ in range(500))
    assert set(deaths) == set(PLACES)
    assert deaths["any instant"] > 200


def test_lost_doubled_and_other_receipts_are_counted() -> None:
    def receipt(account: str, colas: int, flagged: bool = False) -> Receipt:
        return Receipt(f"v-{account}-{colas}", account, {"cola": colas}, 0, 0.9, flagged, 0.0, 1.0)

    tally = Tally()
    right = [receipt("ann", 1), receipt("bob", 2), receipt("cid", 3), receipt("dot", 4)]
    billed = [
        receipt("ann", 1),
        receipt("ann", 1),
        receipt("cid", 4, flagged=True),
        receipt("dot", 5),
        receipt("eve", 1),
    ]
    _count(tally, right, billed)
    assert (tally.visits, tally.lost, tally.twice, tally.differ, tally.silent) == (4, 1, 2, 2, 1)
