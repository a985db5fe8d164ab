"""A small store with scripted people, plates and gates: what a shop would be told, without cameras and physics.

Nothing of it is the real simulation: people are points that walk straight, hands are points that swing to a plate and
back, plates are sums of steps, presses and noise. Positions and hands carry the errors that good cameras have.
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from store.events import GateCrossing, GateScan, HandPosition, StoreEvent, TrackPosition
from store.ledger import Ledger
from store.planogram import Gate, Planogram, Plate, Product, Slot
from store.receipt import Receipt
from store.shop import Shop

HZ, FPS = 60, 10
WALK_M_S = 1.3

ROWS = {
    # gondola and shelf: products of plates 1 to 6; a product on two neighbouring entries is a slot of two plates
    ("A", 1): ["cola", "cola-zero", "tea", "tea-green", "water", "water"],
    ("A", 2): ["crisps", "crisps", "nachos", "nachos", "popcorn", "gum"],
    ("A", 3): ["juice", "milk", "oat-milk", "soup", "beans", "tuna"],
    ("B", 1): ["choc", "choc-dark", "biscuit", "biscuit", "honey", "jam"],
    ("B", 2): ["soap", "shampoo", "paste", "towels", "towels", "light"],
    ("B", 3): ["rice", "pasta", "sauce", "oil", "salt", "spice"],
}
WEIGHTS = {
    "cola": 352, "cola-zero": 336, "tea": 548, "tea-green": 545, "water": 1040, "crisps": 151, "nachos": 206,
    "popcorn": 93, "gum": 24, "juice": 1068, "milk": 1036, "oat-milk": 1030, "soup": 389, "beans": 447, "tuna": 186,
    "choc": 101, "choc-dark": 104, "biscuit": 212, "honey": 648, "jam": 464, "soap": 574, "shampoo": 331,
    "paste": 128, "towels": 284, "light": 31, "rice": 1012, "pasta": 509, "sauce": 428, "oil": 930, "salt": 505,
    "spice": 42,
}  # fmt: skip
PRICES = {product: 99 + 10 * number for number, product in enumerate(WEIGHTS)}
FACES = {"A": (2.0, 4.8, (0.0, -1.0)), "B": (4.2, 2.6, (-1.0, 0.0))}
HEIGHTS = {1: 1.45, 2: 1.0, 3: 0.5}
WIDTH, DEPTH = 0.25, 0.4
IN, OUT = Gate("in", 0.8, 0.0, "in"), Gate("out", 3.4, 0.0, "out")


def planogram() -> Planogram:
    """36 plates on two gondolas, 31 products, four slots of two plates."""
    plates, slots = [], []
    for (gondola, shelf), products in ROWS.items():
        x, y, front = FACES[gondola]
        for index, product in enumerate(products, start=1):
            along = (index - 3.5) * WIDTH
            centre = (x - front[1] * along, y + front[0] * along, HEIGHTS[shelf])
            plates.append(Plate(f"{gondola}-{shelf}-{index}", gondola, shelf, index, centre, (WIDTH, DEPTH), front))
            if index > 1 and products[index - 2] == product:
                slots[-1] = Slot(product, (slots[-1].plates[0], plates[-1].id))
            else:
                slots.append(Slot(product, (plates[-1].id,)))
    products = [Product(name, name, grams, PRICES[name]) for name, grams in WEIGHTS.items()]
    return Planogram(products, plates, slots)


PLANOGRAM = planogram()
HOME = {slot.product_id: slot.plates for slot in PLANOGRAM.slots}


@dataclass
class Reaching:
    """A hand goes to a point around time `t` and is back `half` seconds before and after."""

    t: float
    point: tuple[float, float, float]
    half: float = 0.7


@dataclass
class Person:
    """One shopper: way points (t, x, y), reaches, the token, and what is really held."""

    name: str
    token: str
    track: int
    way: list[tuple[float, float, float]]
    reaches: list[Reaching] = field(default_factory=list)
    items: Counter[str] = field(default_factory=Counter)
    gone: float = float("inf")
    breaks: list[tuple[float, float, int]] = field(default_factory=list)

    def at(self, t: float) -> tuple[float, float]:
        """Where the person stands at `t`."""
        times, xs, ys = zip(*self.way, strict=True)
        return float(np.interp(t, times, xs)), float(np.interp(t, times, ys))


class Day:
    """A scripted day; every method that acts moves the person there first and returns the moment of the act."""

    def __init__(
        self,
        seed: int = 0,
        hand_seen: float = 0.8,
        hand_sd: float = 0.07,
        body_sd: float = 0.1,
        polite: bool = False,
    ) -> None:
        """`polite` people wait until nobody who was scripted before them stands where they want to stand."""
        self.polite = polite
        self.rng = np.random.default_rng(seed)
        self.hand_seen, self.hand_sd, self.body_sd = hand_seen, hand_sd, body_sd
        self.people: list[Person] = []
        self.steps: list[tuple[float, str, float]] = []
        self.presses: list[tuple[float, str, float, float]] = []
        self.scans: list[GateScan] = []
        self.crossings: list[GateCrossing] = []
        self.weights: dict[tuple[str, str], list[float]] = {}
        self.events: list[StoreEvent] = []
        self.faults: list[tuple[str, str, float, float, float]] = []

    def fault(self, kind: str, plate: str, start: float, end: float = 1e9, grams_a_second: float = 0.0) -> None:
        """From `start` to `end` a plate is `dead` (no samples), `stuck` (repeats one) or `drifting`."""
        self.faults.append((kind, plate, start, end, grams_a_second))

    def enter(self, name: str, t: float, token: str | None = None) -> Person:
        """Scans at `t`, passes the gate a second later."""
        token = token or f"token-{name}"
        person = Person(name, token, len(self.people) + 1, [(t - 0.5, 0.8, -0.8), (t + 1.0, 0.8, 0.0)])
        person.way.append((t + 1.8, 0.8, 1.0))
        self.people.append(person)
        self.scans.append(GateScan(t, "in", token))
        self.crossings.append(GateCrossing(t + 1.0, "in", "in"))
        return person

    def go(self, person: Person, plates: tuple[str, ...], beside: float = 0.0, at: float | None = None) -> float:
        """Walks to a shelf, `beside` metres to the right of the plates, and stands there from `at` on."""
        x, y, _ = self._centre(plates)
        front = PLANOGRAM.plate[plates[0]].front
        spot = (x + 0.62 * front[0] + beside * -front[1], y + 0.62 * front[1] + beside * front[0])
        then, old_x, old_y = person.way[-1]
        arrive = then + max(0.1, np.hypot(spot[0] - old_x, spot[1] - old_y) / WALK_M_S)
        if self.polite and at is None:
            free = next(t for t in np.arange(arrive, arrive + 120, 0.5) if self._free(person, spot, t))
            person.way.append((then + free - arrive, old_x, old_y))
            arrive = float(free)
        person.way.append((arrive, *spot))
        if at is not None:
            if arrive > at - 0.5:
                raise ValueError(f"{person.name} cannot be at {plates} by {at}, only by {arrive + 0.5:.1f}")
            person.way.append((at - 0.3, *spot))
        return person.way[-1][0]

    def pick(
        self,
        person: Person,
        product: str,
        at: float | None = None,
        quantity: int = 1,
        plates: tuple[str, ...] | None = None,
        beside: float = 0.0,
    ) -> float:
        """Takes items from their slot, or from `plates` where they were misplaced."""
        plates = plates or HOME[product]
        t = self._reach(person, plates, at, beside)
        for _ in range(quantity):
            key = ("-".join(plates), product)
            astray = self.weights.get(key)
            grams = astray.pop() if astray else WEIGHTS[product] * (1 + 0.01 * self.rng.normal())
            self._load(t, plates, -grams)
        person.items[product] += quantity
        return t

    def put_back(
        self, person: Person, product: str, at: float | None = None, plates: tuple[str, ...] | None = None
    ) -> float:
        """Puts an item back in its slot, or on `plates`."""
        place = plates or HOME[product]
        t = self._reach(person, place, at, 0.0)
        grams = WEIGHTS[product] * (1 + 0.01 * self.rng.normal())
        if plates:
            self.weights.setdefault(("-".join(plates), product), []).append(grams)
        self._load(t, place, grams)
        person.items[product] -= 1
        return t

    def touch(self, person: Person, product: str, at: float | None = None) -> float:
        """Touches a plate without taking anything."""
        return self._reach(person, HOME[product], at, 0.0, press=400.0)

    def leave(self, person: Person, at: float | None = None) -> float:
        """Walks out."""
        then, x, y = person.way[-1]
        t = then + np.hypot(x - OUT.x, y) / WALK_M_S + 0.5
        t = max(t, at or 0.0)
        person.way += [(t - np.hypot(x - OUT.x, y) / WALK_M_S, x, y), (t, OUT.x, 0.0), (t + 0.6, OUT.x, -0.8)]
        person.gone = t + 0.6
        self.crossings.append(GateCrossing(t, "out", "out"))
        return t

    def lose(self, person: Person, start: float, end: float) -> None:
        """The person's track dies from `start` on and begins again at `end` under another id."""
        person.breaks.append((start, end, 100 + 10 * person.track + len(person.breaks)))

    def truth(self) -> dict[str, dict[str, int]]:
        """Items by token."""
        found: dict[str, Counter[str]] = {}
        for person in self.people:
            found.setdefault(person.token, Counter()).update(person.items)
        return {token: {name: n for name, n in sorted(items.items()) if n} for token, items in found.items()}

    def run(self, shop: Shop | None = None, until: float | None = None) -> list[Receipt]:
        """Tells a shop the whole day, tick by tick, and returns its receipts."""
        shop = shop or self.shop()
        end = until if until is not None else max([p.gone for p in self.people if p.gone < 1e9], default=20.0) + 6.0
        times, grams = self._samples(end)
        scans, crossings = sorted(self.scans, key=lambda s: s.t), sorted(self.crossings, key=lambda c: c.t)
        for tick in range(1, int(end * FPS) + 1):
            t, before = tick / FPS, (tick - 1) / FPS
            for scan in scans:
                if before < scan.t <= t:
                    shop.gate_scan(scan)
            for crossing in crossings:
                if before < crossing.t <= t:
                    shop.gate_crossing(crossing)
            shop.positions(t, self._positions(t))
            rows = (times > before + 1e-9) & (times <= t + 1e-9)
            shop.weights(times[rows], grams[rows])
        if until is None:
            shop.close(end)
        return shop.ledger.receipts()

    def shop(self, ledger: Ledger | None = None) -> Shop:
        """A shop whose accounts are named as the tokens are."""
        tokens = {person.token: person.token for person in self.people}
        return Shop(PLANOGRAM, [IN, OUT], tokens, ledger or Ledger("sqlite://"), self.events.append)

    def _free(self, person: Person, spot: tuple[float, float], t: float) -> bool:
        """Whether nobody else is within half a metre of the spot during the next two seconds."""
        others = [other for other in self.people if other is not person]
        places = [other.at(t + later) for other in others for later in (0.0, 0.5, 1.0, 1.5, 2.0)]
        return all(np.hypot(x - spot[0], y - spot[1]) > 0.5 for x, y in places)

    def _centre(self, plates: tuple[str, ...]) -> tuple[float, float, float]:
        x, y, z = np.mean([PLANOGRAM.plate[plate].position for plate in plates], axis=0)
        return float(x), float(y), float(z)

    def _reach(
        self, person: Person, plates: tuple[str, ...], at: float | None, beside: float, press: float | None = None
    ) -> float:
        ready = self.go(person, plates, beside, at)
        t = at if at is not None else ready + 0.8
        person.way.append((t + 0.7, *person.way[-1][1:]))
        x, y, z = self._centre(plates)
        wiggle = self.rng.normal(0, 0.04, 2)
        person.reaches.append(Reaching(t, (x + wiggle[0], y + wiggle[1], z + 0.1)))
        force = press if press is not None else float(self.rng.uniform(20, 150)) * self.rng.choice([-0.2, 1.0])
        for plate in plates:
            self.presses.append((t - 0.35, plate, 0.7, force / len(plates)))
        return t

    def _load(self, t: float, plates: tuple[str, ...], grams: float) -> None:
        shares = 1 + self.rng.uniform(-0.2, 0.2, len(plates))
        for plate, share in zip(plates, shares / shares.sum(), strict=True):
            self.steps.append((t, plate, grams * float(share)))

    def _samples(self, end: float) -> tuple[np.ndarray, np.ndarray]:
        times = np.arange(1, round(end * HZ) + 1) / HZ
        columns = len(PLANOGRAM.plates)
        grams = self.rng.normal(3000, 500, columns) + self.rng.normal(0, 1.0, (len(times), columns))
        for t, plate, delta in self.steps:
            since = np.clip(times - t, 0, None)
            course = (times >= t) * (1 - np.exp(-since / 0.06) * np.cos(40 * since))
            grams[:, PLANOGRAM.column[plate]] += delta * course
        for t, plate, seconds, force in self.presses:
            share = np.clip((times - t) / seconds, 0, 1)
            grams[:, PLANOGRAM.column[plate]] += force * np.sin(np.pi * share) ** 2
        for kind, plate, start, stop, speed in self.faults:
            if kind == "drifting":
                grams[:, PLANOGRAM.column[plate]] += speed * np.clip(times - start, 0, stop - start)
        grams = np.round(grams * 2) / 2
        for kind, plate, start, stop, _ in self.faults:
            column, during = PLANOGRAM.column[plate], (times >= start) & (times < stop)
            if kind == "dead":
                grams[during, column] = np.nan
            elif kind == "stuck" and during.any():
                grams[during, column] = grams[during, column][0]
        return times, grams

    def _positions(self, t: float) -> list[TrackPosition]:
        found = []
        for person in self.people:
            x, y = person.at(t)
            track = next((new for _, end, new in reversed(person.breaks) if t >= end), person.track)
            lost = any(start <= t < end for start, end, _ in person.breaks)
            if t < person.way[0][0] + 0.6 or t >= person.gone - 0.2 or lost:
                continue
            dx, dy = self.rng.normal(0, self.body_sd, 2)
            found.append(TrackPosition(track, t, x + dx, y + dy, self.body_sd, self._hands(person, t, x, y)))
        return found

    def _hands(self, person: Person, t: float, x: float, y: float) -> tuple[HandPosition, ...]:
        reach = next((r for r in person.reaches if abs(t - r.t) < r.half), None)
        places = [(x + 0.2, y, 0.85), (x - 0.2, y, 0.85)]
        if reach is not None:
            out = np.cos(np.pi / 2 * abs(t - reach.t) / reach.half) ** 0.7
            places[0] = tuple(np.array(places[0]) * (1 - out) + np.array(reach.point) * out)
        seen = [place for place in places if self.rng.random() < self.hand_seen]
        noisy = [np.array(place) + self.rng.normal(0, self.hand_sd, 3) for place in seen]
        return tuple(HandPosition(*(float(v) for v in place), self.hand_sd) for place in noisy)


def billed(receipts: list[Receipt]) -> dict[str, dict[str, int]]:
    """Lines by account."""
    return {receipt.account: dict(receipt.lines) for receipt in receipts}
