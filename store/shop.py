"""The shop: takes gate scans, crossings, positions and plate weights as they come, and bills those who leave."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from store.accounts import Accounts
from store.attribution import Belief, BeliefSettings, Deed, Story
from store.carried import Carried, CarriedSettings
from store.cart import Cart
from store.changes import Changes
from store.checkpoint import Checkpoint, Memory, Moment, Part, flat, memory_of, pack, recall, unflat, unpack
from store.confidence import Confidence, confidence_in_use
from store.errors import BadInput
from store.events import (
    Attribution,
    GateCrossing,
    GateScan,
    HandOver,
    LeftUnpaid,
    Reattribution,
    ReceiptIssued,
    StoreEvent,
    TrackPosition,
    VisitClosed,
    WeightChange,
)
from store.gate import Gates, GateSettings
from store.handing import HandingSettings, Meeting, Meetings
from store.identification import Identification, IdentificationSettings
from store.ledger import Ledger
from store.planogram import Gate, Planogram
from store.plate_health import HealthSettings
from store.plate_watch import PlateWatch
from store.reach import ReachSettings, place_of
from store.receipt import Evidence, Receipt
from store.recovery import Remembered
from store.restart import Delivered, Told
from store.scales import ScalesSettings
from store.suspects import Suspects
from store.visit import Visit
from store.whereabouts import Whereabouts

DARK_S = 1.2
"""Without samples for longer, a restarted shop does not know when and by whom a plate was moved, seconds."""

DARK_WITHOUT_TRACKS_S = 0.3
"""The same where it has to find out anew who is who."""

POSSIBLE = 0.02
"""Least probability of a visit that may have done it, and of an item that may be in a cart."""


class ShopSettings(BaseModel):
    """Settings of the whole shop."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scales: ScalesSettings = ScalesSettings()
    gates: GateSettings = GateSettings()
    identification: IdentificationSettings = IdentificationSettings()
    reach: ReachSettings = ReachSettings()
    belief: BeliefSettings = BeliefSettings()
    confidence: Confidence = Field(default_factory=confidence_in_use)
    handing: HandingSettings = HandingSettings()
    carried: CarriedSettings = CarriedSettings()
    health: HealthSettings = HealthSettings()
    review_below: float = Field(default=0.85, ge=0, le=1, description="receipts less sure than this are reviewed")
    grace_s: float = Field(
        default=3.0, ge=0, le=600, description="from the last member's leaving to the receipt, seconds"
    )


class Shop:
    """One store's billing, online: nothing looks further ahead than a second.

    Call for every tick, in this order: `gate_scan`, `gate_crossing`, `positions`, `weights`; at the end `close`.
    """

    def __init__(
        self,
        planogram: Planogram,
        gates: Sequence[Gate],
        accounts: Mapping[str, str],
        ledger: Ledger,
        journal: Callable[[StoreEvent], None],
        settings: ShopSettings | None = None,
        families: Mapping[str, str] | None = None,
        checkpoint: Checkpoint | None = None,
    ) -> None:
        """`accounts` maps tokens to account ids; `journal` is called with every event in order.

        With a `checkpoint` the shop keeps what it knows there, for `recover`. `families` maps accounts to the one that
        pays for them where the rule is that parties pay.
        """
        self.settings = settings or ShopSettings()
        self.planogram, self.ledger, self.journal = planogram, ledger, Told(journal)
        self.where = Whereabouts()
        self.gates = Gates(gates, Accounts(accounts), self.journal, self.settings.gates, ledger.visit_id)
        identification = Identification(planogram, self.settings.identification)
        self.belief = Belief(identification, self.settings.belief)
        self.suspects = Suspects(self.gates, self.where, self.settings.reach)
        self.changes = Changes(
            planogram,
            lambda plates, delta, sd: identification.match(plates, delta, sd, self.belief.held()),
            self.settings.scales,
        )
        self.meetings = Meetings(self.settings.handing)
        self.carried = Carried(planogram, self.gates, self.where, self.settings.carried)
        self._families = dict(families or {}) if self.settings.handing.rule == "party-pays" else {}
        self.plates = PlateWatch(self.changes, self.gates, self.suspects, self.journal, self.settings.health)
        self._prices = {product.id: product.price_cents for product in planogram.products.values()}
        self._reported: dict[str, tuple[Deed, ...]] = {}
        self._carts: dict[str, dict[str, int]] = {}
        self._attributions = 0
        self._delivered = Delivered()
        self._resumed = self._resumed_samples = float("-inf")
        self._dark, self._patience = (float("inf"), float("-inf")), DARK_S
        self._checkpoint, self._kept = checkpoint, (float("-inf"), 0)
        self._packed: tuple[list[Story] | None, bytes] = (None, b"")

    @classmethod
    def recover(
        cls,
        planogram: Planogram,
        gates: Sequence[Gate],
        accounts: Mapping[str, str],
        ledger: Ledger,
        journal: Callable[[StoreEvent], None],
        events: Iterable[StoreEvent],
        settings: ShopSettings | None = None,
        families: Mapping[str, str] | None = None,
        checkpoint: Checkpoint | None = None,
        same_tracks: bool = False,
    ) -> "Shop":
        """A shop that goes on where the last one was killed; visits not yet billed are open again, with their carts.

        Deliver again the tick that was not acknowledged, and go on. Without a checkpoint that can be read, only the
        journal says what was: then members count as lost until a track is found to be theirs, and what the plates felt
        meanwhile is not known.

        Args:
            events: the whole journal.
            checkpoint: the file that the last shop kept.
            same_tracks: whether whoever follows people went on, so that tracks still have the same numbers.
        """
        shop = cls(planogram, gates, accounts, ledger, journal, settings, families, checkpoint)
        told = list(events)
        shop._delivered = Delivered(told)
        moment = checkpoint.load() if checkpoint else None
        if moment is not None and moment.lines <= len(told):
            since = told[moment.lines :]
            shop.journal.resume(len(told), since)
            shop._recall(moment.memory)
            if not same_tracks:
                shop.gates.lose_all(shop.where)
                shop._patience = DARK_WITHOUT_TRACKS_S
        else:
            since = []
            shop.journal.resume(len(told), since)
            shop._remember(Remembered(told, {gate.id: gate for gate in gates}, accounts), same_tracks)
        for event in since:
            if isinstance(event, GateScan):
                shop._scan(event)
            elif isinstance(event, GateCrossing):
                shop._pass(event)
        return shop

    def _recall(self, memory: Memory) -> None:
        """Everything that another shop knew."""
        for name, part in self._parts().items():
            recall(part, memory[name])
        self.belief.stories = list(unflat(unpack(memory["belief"]["stories"])))
        self.belief.changes = memory["belief"]["changes"]
        self._reported, self._carts = memory["shop"]["reported"], memory["shop"]["carts"]
        self._attributions = memory["shop"]["attributions"]
        self._resumed, self._resumed_samples = self.where.t, self.changes.detector.until

    def _remember(self, remembered: Remembered, same_tracks: bool) -> None:
        """What the journal and the books say, where nothing else is known."""
        self.changes.number, self._attributions = remembered.changes, remembered.attributions
        open_visits = list(remembered.open_visits(self.ledger))
        for event in remembered.concluded:
            self.journal(event)
        self.gates.restore_count(remembered.opened, remembered.came)
        for visit, cart in open_visits:
            self.gates.restore(visit, same_tracks)
            self._open(visit, cart)
            self.gates.doubt(visit, remembered.t, "the shop was restarted with nothing but its journal")
        for scan in remembered.waiting_scans():
            self._welcome(self.gates.expect(scan))
        for crossing in remembered.open_exits():
            self.gates.expect_exit(crossing)

    def _parts(self) -> dict[str, Part]:
        return {
            "where": self.where, "gates": self.gates, "changes": self.changes, "detector": self.changes.detector,
            "plates": self.plates, "health": self.plates.health, "meetings": self.meetings,
            "carried": self.carried,
        }  # fmt: skip

    def _keep(self) -> None:
        """Keeps what is known, where anything has happened or is happening on a plate, or some time has passed."""
        t, lines = self._kept
        checkpoint, now = self._checkpoint, max(self.where.t, self.changes.detector.until)
        still = lines == self.journal.lines and not self.changes.detector.moving.any()
        if checkpoint is None or (still and now < t + checkpoint.every_s):
            return
        memory: Memory = {name: memory_of(part) for name, part in self._parts().items()}
        if self.belief.stories is not self._packed[0]:
            self._packed = (self.belief.stories, pack(flat(self.belief.stories)))
        memory["belief"] = {"stories": self._packed[1], "changes": self.belief.changes}
        reported = {name: tuple(replace(deed, before=None) for deed in deeds) for name, deeds in self._reported.items()}
        memory["shop"] = {"reported": reported, "carts": self._carts, "attributions": self._attributions}
        checkpoint.save(Moment(now, self.journal.lines, memory))
        self._kept = (now, self.journal.lines)

    def gate_scan(self, scan: GateScan) -> None:
        """A token was scanned at a gate; BadInput where there is no such gate."""
        if not self._delivered.again(scan):
            self._scan(scan)

    def _scan(self, scan: GateScan) -> None:
        self._welcome(self.gates.scan(scan))

    def _welcome(self, visit: Visit | None) -> None:
        if visit is not None and visit.id not in self._carts:
            self._open(visit, {})

    def gate_crossing(self, crossing: GateCrossing) -> None:
        """Somebody passed a gate; BadInput where there is no such gate."""
        if not self._delivered.again(crossing):
            self._pass(crossing)

    def _pass(self, crossing: GateCrossing) -> None:
        guest = self.gates.crossing(crossing)
        if guest is not None:
            self.belief.open(guest.id)

    def positions(self, t: float, positions: Sequence[TrackPosition]) -> None:
        """Where everybody is at time `t`; BadInput where time runs backwards."""
        if t <= self._resumed:
            return  # delivered again after a restart
        if t < self.where.t:
            raise BadInput("positions", "t", t, f"at least {self.where.t}")
        self.where.update(t, positions)
        self.gates.update(self.where)
        self._part_from_guests(t)
        for change in self.carried.due(t):
            self._saw(change)
        self._watch_hands(t, positions)
        for visit in self._ready(t - self.settings.grace_s):
            self._bill(visit, t)

    def weights(self, times: NDArray[np.float64], grams: NDArray[np.float64]) -> None:
        """Plate samples: `times` (S,) seconds, `grams` (S, P) in the order of the planogram's plates.

        Raises:
            BadInput: the shapes do not fit the planogram, or time runs backwards.
        """
        fresh = int(np.searchsorted(times, self._resumed_samples, side="right"))  # the others come again
        times, grams = np.asarray(times)[fresh:], np.asarray(grams, np.float64)[fresh:]
        if len(times) and self._resumed_samples > float("-inf"):
            if times[0] - self._resumed_samples > self._patience:
                self._dark = (self._resumed_samples, float(times[0]))
            self._resumed_samples = float("-inf")
        if grams.shape == (len(times), len(self.planogram.plates)):  # else the detector says what is wrong
            grams = self.plates.sound(times, grams)
        for change in self.changes.update(times, grams):
            self._attribute(change)
        self.plates.look(self.where.t)
        self._keep()

    def close(self, t: float) -> None:
        """The store closes: whatever is open is decided, and everybody is billed."""
        for change in self.changes.flush(t):
            self._attribute(change)
        self.gates.finish(self.where)
        self._part_from_guests(t)
        for visit in list(self.gates.visits.values()):
            if visit.closed is None:
                self._bill(visit, t)
        if self._checkpoint:
            self._checkpoint.remove()

    def account_of(self, track: int) -> str | None:
        """The account to whose visit a track belongs, or None."""
        member = self.gates.owner.get(track)
        return None if member is None else self.gates.visits[member.visit].account or None

    def _watch_hands(self, t: float, positions: Sequence[TrackPosition]) -> None:
        """Where the carrier pays, an item may change carts when hands meet; where the picker pays, it does not."""
        if self.settings.handing.rule == "picker-pays" or not self.settings.handing.handed:
            return
        owners = {track: member.visit for track, member in self.gates.owner.items()}
        met = [one for one in self.meetings.update(t, positions, owners) if self._matters(one)]
        for meeting in met:
            self.meetings.judged(meeting)
            seen = cache(partial(self.carried.of_meeting, meeting))
            handed = self.settings.handing.handed
            self.belief.hand_over(meeting.first, meeting.second, handed, seen, until=meeting.ended)
        if met:
            self._save_carts(t)

    def _matters(self, meeting: Meeting) -> bool:
        """Whether anything may have passed: not at a shelf at which both were busy, and not where nothing was seen."""
        visits = (meeting.first, meeting.second)
        carts = [self.belief.expected(visit) for visit in visits]
        held = {product for cart in carts for product, count in cart.items() if count > POSSIBLE}
        return not self.carried.at_shelf(meeting) and self.carried.shown(meeting, sorted(held))

    def _payer(self, account: str) -> str:
        return self._families.get(account, account)

    def _open(self, visit: Visit, cart: Mapping[str, int]) -> None:
        self.belief.open(visit.id, cart)
        self._carts[visit.id] = dict(cart)
        account = self._payer(visit.account)
        self.ledger.open_account(account)
        self.ledger.open_visit(visit.id, account, visit.opened)

    def _attribute(self, change: WeightChange) -> None:
        """Takes a weight change into the stories, and tells what it and earlier ones now seem to have been."""
        self.journal(change)
        plates = [self.planogram.plate[plate] for plate in change.plates]
        ratios, unknown = self.suspects.ratios(place_of(plates, change.started, change.settled))
        guests = [name for name in ratios if self.gates.visits[name].guest]
        self.belief.observe(change, ratios, unknown, guests)
        self.carried.expect(change)
        shares = self.settings.confidence.shares(self.belief.culprits(change.id))
        if self._dark[0] - 0.3 <= change.started <= self._dark[1] + 0.3:
            for name, share in shares.items():
                if share > POSSIBLE:
                    self.gates.doubt(self.gates.visits[name], change.t, "something moved while the shop was down")
        culprits = {visit: round(share, 4) for visit, share in shares.items()}
        self._tell_news(change.t, change.id, culprits)

    def _saw(self, change: WeightChange) -> None:
        """Takes into the stories what was seen in hands around a change that they know."""
        self.belief.saw(change.id, partial(self.carried.of_change, change))
        self._tell_news(self.where.t, change.id)

    def _tell_news(self, t: float, because: str, culprits: Mapping[str, float] | None = None) -> None:
        """Tells what changes now seem to have been; `because` of one that is new where it has `culprits`."""
        for name, deeds in self.belief.likeliest().items():
            if self._reported.get(name) != deeds:
                self._reported[name] = deeds
                self._tell(t, name, deeds, because, culprits)
        self._save_carts(t)

    def _tell(
        self, t: float, name: str, deeds: tuple[Deed, ...], because: str, culprits: Mapping[str, float] | None
    ) -> None:
        parts = [(deed, item) for deed in deeds for item in deed.items or ((None, 0),)]
        for number, (deed, (product, quantity)) in enumerate(parts, start=1):
            probability = round(self.belief.probability(deed), 4)
            if name == because and culprits is not None:
                self._attributions += 1
                identity = f"a{self._attributions}"
                told: StoreEvent = Attribution(
                    t, identity, name, product, quantity, culprits, deed.visit, probability, number, len(parts)
                )
            else:
                told = Reattribution(t, name, product, quantity, deed.visit, probability, number, len(parts), because)
            self.journal(told)
            if deed.giver is not None and deed.visit is not None and product is not None:
                over = HandOver(t, name, product, abs(quantity), deed.giver, deed.visit, probability)
                self.journal(over)

    def _save_carts(self, t: float) -> None:
        for visit in self._carts:
            cart = dict(self.belief.carts(visit)[0][0])
            if cart != self._carts[visit]:
                self._carts[visit] = cart
                self.ledger.save_cart(visit, t, cart, self.belief.expected(visit))

    def _ready(self, latest: float) -> list[Visit]:
        """Visits whose last member left by `latest`."""
        own = [visit for visit in self.gates.visits.values() if visit.closed is None and not visit.guest]
        gone = [visit for visit in own if visit.last_left is not None and visit.last_left <= latest]
        return [visit for visit in gone if not self.gates.held(visit)]

    def _part_from_guests(self, t: float) -> None:
        """Guests who belong to a visit become part of it; what the others left with is nobody's purchase, and told."""
        for name, visit in self.gates.joined:
            self.belief.join(name, visit)
            self._tell_news(t, name)
        for name in self.gates.unpaid:
            guest = self.gates.visits[name]
            lines, share = self.belief.carts(name)[0]
            if lines:
                member = guest.members[0]
                self.journal(LeftUnpaid(t, name, guest.opened, member.way_out, dict(lines), round(share, 4)))
            guest.closed = t
            self._forget(guest)
        self.gates.joined, self.gates.unpaid = [], []

    def _bill(self, visit: Visit, t: float) -> None:
        visit.closed = t if visit.last_left is None else visit.last_left
        self.ledger.close_visit(visit.id, visit.closed, visit.people)
        self.journal(VisitClosed(t, visit.id, visit.account, visit.people, visit.opened))
        if visit.people:
            # A shop that was killed after the bill and before the journal had it finds it in the books.
            receipt = self.ledger.receipt(visit.id) or self.ledger.bill(
                self._receipt(visit, t), self._prices, "; ".join(visit.doubts)
            )
            lines, confidence = dict(receipt.lines), receipt.confidence
            self.journal(ReceiptIssued(t, visit.id, receipt.account, lines, receipt.cents, confidence, receipt.flagged))
        self._forget(visit)

    def _forget(self, visit: Visit) -> None:
        self.belief.close(visit.id)
        self.gates.forget(visit)
        self._carts.pop(visit.id, None)
        self._reported = {name: deeds for name, deeds in self._reported.items() if name in self.belief.changes}

    def _receipt(self, visit: Visit, t: float) -> Receipt:
        content, share = self.belief.carts(visit.id)[0]
        confidence = self.settings.confidence.receipt(share * visit.certainty)
        cart = Cart(dict(content))
        return Receipt(
            visit=visit.id,
            account=self._payer(visit.account),
            lines=cart.lines,
            cents=cart.cents(self._prices),
            confidence=round(confidence, 4),
            flagged=confidence < self.settings.review_below or bool(visit.doubts),
            opened=visit.opened,
            closed=visit.closed if visit.closed is not None else t,
            people=visit.people,
            evidence=tuple(
                self._evidence(deed, product, quantity, probability)
                for deed, probability in self.belief.deeds(visit.id, content)
                for product, quantity in deed.items
            ),
            issued=t,
        )

    def _evidence(self, deed: Deed, product: str, quantity: int, probability: float) -> Evidence:
        change = self.belief.changes[deed.change]
        return Evidence(deed.change, change.started, change.plates, product, quantity, round(probability, 4))
