"""How often a store must be killed until it bills somebody twice or not at all.

Days of the world are recorded as cameras that see well would tell them (`sim.watched`), and each is played into a shop
without any trouble: these are the right bills. Then they are played again into a shop in a process of its own, which is
killed, restarted from its checkpoint, journal and books, killed again, and so on until the day is over.
"""

import gc
import json
import mmap
import os
import signal
import struct
import sys
import tempfile
import time
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from sim.bench.dying import Death, DyingCheckpoint, DyingJournal, die_in_the_books, draw_death
from sim.console import progress_bar
from sim.errors import SimError
from sim.handover import gates_of, planogram_of
from sim.randomness import generator
from sim.run_ledger import check_ledger
from sim.scenario import Scenario
from sim.store_plan import load_store
from sim.watched import StoreTick, watch
from sim.world import World
from store.journal import read_journal
from store.ledger import Ledger
from store.planogram import Gate, Planogram
from store.receipt import Receipt
from store.shop import Shop

SCENARIO = Scenario.model_validate(
    {
        "name": "killed", "title": "Ten shoppers in three minutes", "store": "corner-shop", "seconds": 180,
        "last_call": 25, "end_when_empty": True, "policies": [],
        "shoppers": {"random": {
            "count": 10, "couples": 1, "companion_probability": 0.1, "arrive_within": 90, "items_mean": 3,
            "buys_nothing": 0.1, "dwell_median": 2, "dwell_sigma": 0.6, "dwell_most": 8, "put_back_probability": 0.2,
        }},
    }
)  # fmt: skip

DAYS = 5
"""Days that are recorded; they are played over and over, killed at other instants each time."""

TRACK_NUMBERS = 100_000
"""Tracks of a tracker that was restarted have numbers that no earlier one had."""


OnKill = Callable[[int], None]
"""Called with the number of kills so far."""


@dataclass(frozen=True, slots=True)
class Outage:
    """What else is gone when the shop dies.

    Args:
        name: as printed.
        checkpoint: whether the shop keeps one.
        tracker: whether whoever follows people dies too.
        seconds: how long cameras and plates tell nobody what they see; gates keep what they have to say.
    """

    name: str
    checkpoint: bool = True
    tracker: bool = False
    seconds: float = 0.0


OUTAGES = (
    Outage("the shop alone"),
    Outage("tracker too", tracker=True),
    Outage("down for 2 s", tracker=True, seconds=2.0),
    Outage("no checkpoint", checkpoint=False, tracker=True),
)


@dataclass(frozen=True, slots=True)
class Day:
    """A recorded day and its right bills."""

    planogram: Planogram
    gates: Sequence[Gate]
    accounts: Mapping[str, str]
    ticks: Sequence[StoreTick]
    receipts: Sequence[Receipt]


@dataclass(slots=True)
class Tally:
    """What came of the kills of one kind of outage.

    Receipts that differ are billed once, but for something else; those that are `silent` nobody was asked to look at.
    `flagged` are all receipts for review, `flagged_unkilled` those of the same days without kills.
    """

    kills: int = 0
    plays: int = 0
    visits: int = 0
    lost: int = 0
    twice: int = 0
    differ: int = 0
    silent: int = 0
    flagged: int = 0
    flagged_unkilled: int = 0
    places: dict[str, int] = field(default_factory=dict)


def print_recovery_bench(kills: int, seed: int, url: str | None = None, out: Path | None = None) -> None:
    """Kills a shop so often and prints what became of its bills; `url` names a ledger other than SQLite files.

    Raises:
        BadInput: the URL opens no database.
        SimError: a restarted shop failed.
        LedgerError: its books do not balance.
    """
    check_ledger(url)
    started = time.perf_counter()
    with progress_bar("killing", "kills") as advance:
        tallies = recovery(kills, seed, url, lambda done: advance(done, kills))
    table = Table(title=f"{kills} kills, seed {seed}", title_style="bold", title_justify="left")
    table.add_column("what is gone")
    for column in ("kills", "visits", "lost", "twice", "other", "silent", "review", "calm"):
        table.add_column(column, justify="right")
    for name, one in tallies.items():
        values = (one.kills, one.visits, one.lost, one.twice, one.differ, one.silent, one.flagged, one.flagged_unkilled)
        table.add_row(name, *map(str, values))
    Console().print(table)
    Console().print(
        "twice: billed twice; other: billed once, but for something else; silent: of these not for review; "
        "review: receipts for review; calm: the same without kills"
    )
    places = sum((Counter(one.places) for one in tallies.values()), Counter[str]())
    Console().print(", ".join(f"{place}: {count}" for place, count in places.most_common()), highlight=False)
    Console().print(f"{time.perf_counter() - started:.0f} s", highlight=False)
    if out is not None:
        figures = {name: asdict(one) for name, one in tallies.items()}
        out.write_text(json.dumps({"kills": kills, "seed": seed, "outages": figures}, indent=2), encoding="utf-8")


def recovery(kills: int, seed: int, url: str | None = None, on_kill: OnKill = lambda _: None) -> dict[str, Tally]:
    """Figures by kind of outage, after so many kills in all; the same seed draws the same deaths."""
    rng = generator(seed, "kills")
    days = [record_day(seed + number) for number in range(min(DAYS, 1 + kills // 60))]
    tallies = {outage.name: Tally() for outage in OUTAGES}
    gc.freeze()  # children that are killed soon need no copies of what they only read
    play = done = 0
    while done < kills:
        outage = OUTAGES[play % len(OUTAGES)]
        done += _play(days[play // len(OUTAGES) % len(days)], outage, tallies[outage.name], rng, kills - done, url)
        play += 1
        on_kill(done)
    gc.unfreeze()
    return tallies


def record_day(seed: int) -> Day:
    """One day of the world, and its bills when nobody is killed."""
    plan = load_store(SCENARIO.store)
    world = World(plan, SCENARIO, seed)
    ticks = list(watch(world, generator(seed, "watched")))
    ledger = Ledger("sqlite://")
    planogram, gates = planogram_of(plan), gates_of(plan)
    shop = Shop(planogram, gates, world.accounts(), ledger, lambda _: None)
    for tick in ticks:
        tell(shop, tick)
    shop.close(ticks[-1].t)
    receipts = ledger.receipts()
    ledger.close()
    return Day(planogram, gates, world.accounts(), ticks, receipts)


def tell(shop: Shop, tick: StoreTick) -> None:
    """One tick, in the order in which a shop wants it."""
    for scan in tick.scans:
        shop.gate_scan(scan)
    for crossing in tick.crossings:
        shop.gate_crossing(crossing)
    shop.positions(tick.t, tick.positions)
    shop.weights(tick.weights_t, tick.weights_g)


def _play(day: Day, outage: Outage, tally: Tally, rng: np.random.Generator, most: int, url: str | None) -> int:
    """Plays a day with at most so many kills, and returns how many there were."""
    kills = 0
    with tempfile.TemporaryDirectory() as folder, mmap.mmap(-1, 16) as shared:
        life = _Life(day, outage, Path(folder), shared, url or f"sqlite:///{folder}/books.sqlite")
        while not life.over:
            death = draw_death(rng) if kills < most else None
            if life.live(death):
                kills += 1
                place = death.place if death else ""
                tally.places[place] = tally.places.get(place, 0) + 1
        ledger = Ledger(life.url, life.shop)
        ledger.check()
        _count(tally, day.receipts, ledger.receipts(life.shop))
        ledger.close()
    tally.kills += kills
    tally.plays += 1
    return kills


def _count(tally: Tally, right: Sequence[Receipt], billed: Sequence[Receipt]) -> None:
    tally.visits += len(right)
    tally.flagged_unkilled += sum(receipt.flagged for receipt in right)
    for account in {receipt.account for receipt in (*right, *billed)}:
        wanted = [receipt for receipt in right if receipt.account == account]
        got = [receipt for receipt in billed if receipt.account == account]
        tally.lost += max(0, len(wanted) - len(got))
        tally.twice += max(0, len(got) - len(wanted))
        differing = [b for a, b in zip(wanted, got, strict=False) if dict(a.lines) != dict(b.lines)]
        tally.differ += len(differing)
        tally.silent += sum(not receipt.flagged for receipt in differing)
        tally.flagged += sum(receipt.flagged for receipt in got)


class _Life:
    """A shop that lives in one process after another; `shared` (16 bytes) outlives them.

    It holds how many ticks are acknowledged, and whether the day is over.
    """

    def __init__(self, day: Day, outage: Outage, folder: Path, shared: mmap.mmap, url: str) -> None:
        self.day, self.outage, self.folder, self.url = day, outage, folder, url
        self.shop = f"play.{uuid.uuid4().hex[:12]}"
        self._shared = shared
        self._lives = 0

    @property
    def over(self) -> bool:
        """Whether the day was played to its end."""
        return bool(struct.unpack_from("q", self._shared, 8)[0])

    def live(self, death: Death | None) -> bool:
        """One process; returns whether it was killed.

        Raises SimError where it failed by itself.
        """
        self._lives += 1
        child = os.fork()
        if child == 0:
            try:
                self._run(death)
            except BaseException:
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)
            os._exit(0)
        if death is not None and death.place == "any instant":
            time.sleep(death.seconds)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return True
        if status != 0:
            raise SimError(f"a shop failed after {self._lives - 1} restarts ({self.outage.name})")
        return False

    def _run(self, death: Death | None) -> None:
        death = death or Death("any instant", 0, 0.0, 0.0)
        path = self.folder / "events.jsonl"
        born = not path.exists()
        journal = DyingJournal(path, death)
        checkpoint = DyingCheckpoint(self.folder / "checkpoint", death) if self.outage.checkpoint else None
        ledger = Ledger(self.url, self.shop)
        die_in_the_books(death)
        parts = (self.day.planogram, self.day.gates, self.day.accounts, ledger, journal.append)
        if born:
            shop = Shop(*parts, checkpoint=checkpoint)
        else:
            events = list(read_journal(path))
            shop = Shop.recover(*parts, events, checkpoint=checkpoint, same_tracks=not self.outage.tracker)
        for number, tick in self._stream(0.0 if born else self.outage.seconds):
            tell(shop, tick)
            struct.pack_into("q", self._shared, 0, number)
        shop.close(self.day.ticks[-1].t)
        struct.pack_into("q", self._shared, 8, 1)

    def _stream(self, down_s: float) -> Iterator[tuple[int, StoreTick]]:
        """The ticks from the one that was not acknowledged on, each with its number from 1."""
        first: int = struct.unpack_from("q", self._shared, 0)[0]
        ticks = self.day.ticks
        after = next((n for n in range(first, len(ticks)) if ticks[n].t >= ticks[first].t + down_s), len(ticks) - 1)
        late = ticks[first:after]
        for number in range(after, len(ticks)):
            tick = ticks[number]
            if number == after:
                scans = tuple(scan for one in (*late, tick) for scan in one.scans)
                crossings = tuple(crossing for one in (*late, tick) for crossing in one.crossings)
                tick = replace(tick, scans=scans, crossings=crossings)
            yield number + 1, self._renumbered(tick)

    def _renumbered(self, tick: StoreTick) -> StoreTick:
        if not self.outage.tracker:
            return tick
        offset = TRACK_NUMBERS * self._lives
        return replace(tick, positions=tuple(replace(one, track=one.track + offset) for one in tick.positions))
