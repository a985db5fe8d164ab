"""A shop that goes on from its checkpoint does what one does that was never killed; a damaged one counts as none."""

import pickle
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from store.attribution import Deed, Story
from store.bags import Bag
from store.checkpoint import Checkpoint, Moment, flat, pack, unflat, unpack
from store.events import (
    GateCrossing,
    GateScan,
    MemberEntered,
    ReceiptIssued,
    StoreEvent,
    VisitClosed,
    VisitDoubted,
    VisitOpened,
)
from store.journal import Journal, read_journal
from store.ledger import Ledger
from store.receipt import Receipt
from store.shop import Shop
from tests.store.synthetic import FPS, IN, OUT, PLANOGRAM, Day
from tests.store.test_journal_and_recovery import busy_day


class Life:
    """A day told to a shop tick by tick; `die` ends the process at the end of a tick, or when it was half told."""

    def __init__(self, day: Day, folder: Path, checkpoint: bool = True, every_s: float = 1.0) -> None:
        self.day, self.folder, self.keeps, self.every_s = day, folder, checkpoint, every_s
        self.end = max(person.gone for person in day.people) + 6.0
        self.times, self.grams = day._samples(self.end)
        self.positions = {tick: day._positions(tick / FPS) for tick in range(1, int(self.end * FPS) + 1)}
        self.tokens = {person.token: person.token for person in day.people}
        self.born()

    def born(self, same_tracks: bool = True) -> None:
        path = self.folder / "events.jsonl"
        self.journal, self.ledger = Journal(path), Ledger(f"sqlite:///{self.folder / 'books.sqlite'}")
        kept = Checkpoint(self.folder / "checkpoint", self.every_s) if self.keeps else None
        parts = (PLANOGRAM, [IN, OUT], self.tokens, self.ledger, self.journal.append)
        self.shop = Shop.recover(*parts, list(read_journal(path)), checkpoint=kept, same_tracks=same_tracks)

    def tell(self, tick: int, parts: int = 3) -> None:
        t, before = tick / FPS, (tick - 1) / FPS
        for scan in self.day.scans if parts > 0 else ():
            if before < scan.t <= t:
                self.shop.gate_scan(scan)
        for crossing in self.day.crossings if parts > 0 else ():
            if before < crossing.t <= t:
                self.shop.gate_crossing(crossing)
        if parts > 1:
            self.shop.positions(t, self.positions[tick])
        if parts > 2:
            rows = (self.times > before + 1e-9) & (self.times <= t + 1e-9)
            self.shop.weights(self.times[rows], self.grams[rows])

    def die(self, same_tracks: bool = True) -> None:
        self.journal._file.close()
        self.ledger.close()
        self.born(same_tracks)

    def play(self, deaths: dict[int, int]) -> tuple[list[Receipt], list[StoreEvent]]:
        """Dies in each tick of `deaths` after so many of its parts, and is told that tick again."""
        for tick in self.positions:
            if tick in deaths:
                self.tell(tick, deaths[tick])
                self.die()
            self.tell(tick)
        self.shop.close(self.end)
        self.ledger.check()
        return list(self.ledger.receipts()), list(read_journal(self.folder / "events.jsonl"))


deaths_of_a_day = st.dictionaries(st.integers(1, 440), st.integers(0, 3), min_size=1, max_size=12)


@settings(max_examples=5, deadline=None)
@given(deaths=deaths_of_a_day)
def test_a_shop_that_keeps_every_tick_tells_and_bills_the_very_same_when_killed(
    tmp_path_factory: pytest.TempPathFactory, deaths: dict[int, int]
):
    calm = Life(busy_day(), tmp_path_factory.mktemp("calm")).play({})
    killed = Life(busy_day(), tmp_path_factory.mktemp("killed"), every_s=0.0).play(deaths)
    assert killed == calm


@settings(max_examples=8, deadline=None)
@given(deaths=deaths_of_a_day)
@example(deaths={180: 0})  # while somebody takes something
def test_a_killed_shop_bills_everybody_once_for_what_they_took(
    tmp_path_factory: pytest.TempPathFactory, deaths: dict[int, int]
):
    receipts, events = Life(busy_day(), tmp_path_factory.mktemp("killed")).play(deaths)
    assert {one.account: dict(one.lines) for one in receipts} == {"token-ann": {"crisps": 1}, "token-bob": {"rice": 1}}
    assert len(receipts) == len([event for event in events if isinstance(event, ReceiptIssued)]) == 2


def test_a_closed_shop_leaves_no_checkpoint(tmp_path: Path):
    life = Life(busy_day(), tmp_path)
    life.tell(1)
    assert (tmp_path / "checkpoint").is_file()
    life.shop.close(1.0)
    assert not (tmp_path / "checkpoint").exists()


@pytest.mark.parametrize("damage", ["cut", "changed", "other version", "empty"])
def test_a_damaged_checkpoint_is_none_and_every_visit_is_billed_once_and_reviewed(tmp_path: Path, damage: str):
    life = Life(busy_day(), tmp_path)
    for tick in range(1, 150):
        life.tell(tick)
    path = tmp_path / "checkpoint"
    content = path.read_bytes()
    broken = {
        "cut": content[:-9],
        "changed": content[:-9] + b"?" + content[-8:],
        "other version": b"x" + content,
        "empty": b"",
    }[damage]
    path.write_bytes(broken)
    assert Checkpoint(path).load() is None
    life.die(same_tracks=False)
    for tick in range(150, len(life.positions) + 1):
        life.tell(tick)
    life.shop.close(life.end)
    receipts = life.ledger.receipts()
    assert [receipt.account for receipt in receipts] == ["token-ann", "token-bob"]
    assert all(receipt.flagged for receipt in receipts)
    assert any(isinstance(event, VisitDoubted) for event in read_journal(tmp_path / "events.jsonl"))


def test_a_checkpoint_that_is_ahead_of_the_journal_is_not_believed(tmp_path: Path):
    """As after a power cut: the journal lost lines that the checkpoint counts."""
    life = Life(busy_day(), tmp_path)
    for tick in range(1, 60):
        life.tell(tick)
    journal = tmp_path / "events.jsonl"
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:3]))
    life.die(same_tracks=False)
    for tick in range(60, len(life.positions) + 1):
        life.tell(tick)
    life.shop.close(life.end)
    assert len(life.ledger.receipts()) == 2


def test_nothing_in_a_checkpoint_is_run(tmp_path: Path):
    class Bomb:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "run",))

    with pytest.raises(pickle.UnpicklingError, match="no record of the store"):
        unpack(pickle.dumps(Bomb()))
    Checkpoint(tmp_path / "checkpoint").save(Moment(1.0, 2, {}))
    assert Checkpoint(tmp_path / "checkpoint").load() == Moment(1.0, 2, {})
    assert not (tmp_path / "run").exists()


def test_stories_of_a_thousand_deeds_survive(tmp_path: Path):
    deeds = None
    for number in range(5000):
        deeds = Deed(f"w{number}", "visit-1", (("cola", 1),), None, deeds)
    stories = [
        Story(0.0, {"visit-1": (("cola", 5),)}, (), deeds),
        Story(-1.0, {}, (), deeds and deeds.before),
        Story(-2.0, bags=(Bag("visit-1", ("A-1-1",), 350.2, 2),)),
    ]
    found = list(unflat(unpack(pack(flat(stories)))))
    assert found == stories
    assert len(list(found[0].deeds.back())) == 5000  # type: ignore[union-attr]
    assert found[0].deeds.before is found[1].deeds  # type: ignore[union-attr]


def test_without_a_checkpoint_new_visits_and_changes_get_new_numbers(tmp_path: Path):
    day = Day(4)
    ann = day.enter("ann", 1.0)
    day.pick(ann, "cola")
    day.leave(ann)
    bob = day.enter("bob", 30.0)
    day.pick(bob, "rice")
    day.leave(bob)
    life = Life(day, tmp_path, checkpoint=False)
    for tick in range(1, len(life.positions) + 1):
        if tick == 250:
            life.die(same_tracks=False)
        life.tell(tick)
    life.shop.close(life.end)
    assert [(one.visit, one.account) for one in life.ledger.receipts()] == [
        ("visit-1", "token-ann"),
        ("visit-2", "token-bob"),
    ]
    opened = [event.visit for event in read_journal(tmp_path / "events.jsonl") if isinstance(event, VisitOpened)]
    assert opened == ["visit-1", "visit-2"]


def test_without_a_checkpoint_who_has_scanned_may_still_pass_and_who_passes_has_left(tmp_path: Path):
    life = Life(busy_day(), tmp_path, checkpoint=False)
    crossing_out = round(life.day.crossings[-1].t * FPS)
    for tick in range(1, len(life.positions) + 1):
        life.tell(tick)
        if tick in (15, crossing_out + 2):
            life.die(same_tracks=True)
    life.shop.close(life.end)
    events = list(read_journal(tmp_path / "events.jsonl"))
    assert len([event for event in events if isinstance(event, GateScan | GateCrossing)]) == 6
    closed = {event.visit: event.t for event in events if isinstance(event, VisitClosed)}
    assert closed["visit-2"] < life.end - 1
    assert len(life.ledger.receipts()) == 2


def test_wherever_the_journal_ends_a_shop_restarts_from_it_again_and_again(tmp_path: Path):
    life = Life(busy_day(), tmp_path, checkpoint=False)
    for tick in range(1, len(life.positions) + 1):
        life.tell(tick)
    lines = (tmp_path / "events.jsonl").read_text().splitlines(keepends=True)
    assert len(lines) > 20
    for end in range(1, len(lines) + 1):
        folder = tmp_path / str(end)
        folder.mkdir()
        (folder / "events.jsonl").write_text("".join(lines[:end]))
        again = Life(busy_day(), folder, checkpoint=False)
        for tick in range(len(life.positions) - 20, len(life.positions) + 1):
            again.tell(tick)
            if tick % 7 == 0:
                again.die(same_tracks=False)
        again.shop.close(life.end)
        events = list(read_journal(folder / "events.jsonl"))
        entered = {event.visit for event in events if isinstance(event, MemberEntered)}
        receipts = again.ledger.receipts()
        assert len(receipts) == len({receipt.visit for receipt in receipts})
        assert {receipt.visit for receipt in receipts} == entered
