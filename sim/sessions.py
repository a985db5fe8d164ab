"""Real shopping sessions, hand-labelled in a nanostore, as scenarios that simulated shoppers re-enact.

Real are the products, their weights and places, who took or put back what, in which order and about when. The room,
the ways between the shelves and the bodies are ours.
"""

import csv
import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from sim.demand import Shoppers
from sim.errors import BadInput
from sim.routing import Router, Spot
from sim.scenario import Scenario
from sim.scenario_checks import check_scenario
from sim.script import MisplacedAtOpening, Pick, PutBack, ScriptedShopper
from sim.store_places import SlotPlace, plate_id
from sim.store_plan import StorePlan, load_store

STORE = "nanostore"
SPACING_SECONDS = 6.0
"""Between events of a session without a usable clock, as the source's description says."""

HANDLING_SECONDS = 3.4
"""From one grasp to the next at the same shelf: hand back, stow, turn, hand out."""

SPEED = 0.9
"""m/s between shelves, for planning; people differ."""

MOST_STRETCH = 2.5
"""A session is not slowed down more than this; what still does not fit happens as soon as it can."""

ENTRY_SECONDS = 5.0
"""From the street past the gate."""


class SessionEvent(BaseModel):
    """One row of the sessions' table."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    session: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    event: int = Field(ge=1)
    second: float | None = Field(ge=0)
    shopper: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    action: Literal["pick", "put_back"]
    product_id: str = Field(min_length=1)
    quantity: int = Field(ge=1, le=20)
    gondola: str
    shelf: int = Field(ge=1)
    plates: tuple[int, ...] = Field(min_length=1)

    @field_validator("second", mode="before")
    @classmethod
    def _no_clock(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("plates", mode="before")
    @classmethod
    def _numbers(cls, value: object) -> object:
        return tuple(value.split()) if isinstance(value, str) else value

    @property
    def plate_ids(self) -> tuple[str, ...]:
        """The plates by id."""
        return tuple(plate_id(self.gondola, self.shelf, index) for index in self.plates)


@dataclass(frozen=True, slots=True)
class SessionReceipt:
    """What a shopper of a session must be billed for."""

    shopper: str
    items: Mapping[str, int]


def read_sessions(path: Path) -> dict[str, list[SessionEvent]]:
    """Sessions by name, each with its events in order: by the clock where there is one, else as listed.

    Raises:
        BadInput: the file cannot be read, lacks a column, or a row has a wrong value (row 1 is the first below the
            heading).
    """
    sessions: dict[str, list[SessionEvent]] = {}
    for number, row in _rows(path, list(SessionEvent.model_fields)):
        try:
            event = SessionEvent.model_validate(row)
        except ValidationError as error:
            first = error.errors()[0]
            raise BadInput(path, f"row {number}, {first['loc'][0]}", first["input"], first["msg"]) from error
        sessions.setdefault(event.session, []).append(event)
    if not sessions:
        raise BadInput(path, "rows", 0, "at least one event")
    return {name: _in_order(events) for name, events in sessions.items()}


def session_receipts(events: Iterable[SessionEvent]) -> list[SessionReceipt]:
    """The right receipts of a session, straight from its events: picks less put-backs."""
    items: dict[str, dict[str, int]] = {}
    for event in events:
        own = items.setdefault(event.shopper, {})
        sign = 1 if event.action == "pick" else -1
        own[event.product_id] = own.get(event.product_id, 0) + sign * event.quantity
    return [SessionReceipt(who, {p: n for p, n in sorted(own.items()) if n > 0}) for who, own in sorted(items.items())]


def sessions_to_scenarios(sessions: Path, products: Path, out: Path) -> list[Path]:
    """Writes one scenario for each session into the folder `out` and returns their paths, in order of the table.

    Args:
        sessions: the events (columns session, event, second, shopper, action, product_id, quantity, gondola, shelf,
            plates).
        products: the products (columns product_id, weight_g); they must be those of the store `nanostore`.
        out: made if missing.

    Raises:
        BadInput: a table is broken, or names a product or place that the store does not have.
    """
    plan = load_store(STORE)
    _check_products(products, plan)
    read = read_sessions(sessions)
    router = Router(plan)
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for name, events in read.items():
        scenario = scenario_of(name, events, plan, router)
        check_scenario(scenario, plan, f"{sessions}, session {name}")
        path = out / f"{name}.yaml"
        content = scenario.model_dump(mode="json", exclude_unset=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110), encoding="utf-8")
        written.append(path)
    return written


def scenario_of(name: str, events: Sequence[SessionEvent], plan: StorePlan, router: Router) -> Scenario:
    """The scenario that re-enacts one session."""
    slots = plan.slot_places()
    clock = all(event.second is not None for event in events)
    seconds = [float(event.second or 0) if clock else i * SPACING_SECONDS for i, event in enumerate(events)]
    stretch = _stretch(events, seconds, slots, plan, router)
    lead = ENTRY_SECONDS * len({event.shopper for event in events}) + _way_in(events[0], slots, plan, router) + 1
    times = [round(lead + stretch * second, 1) for second in seconds]
    shoppers = [_shopper(who, events, times) for who in sorted({event.shopper for event in events})]
    end = _end(events, times, slots, plan, router)
    return Scenario(
        name=name,
        title=f"Real session {name}: {len(events)} events of {len(shoppers)} shopper{'s' * (len(shoppers) > 1)}",
        description=_story(clock, stretch),
        store=STORE,
        seconds=math.ceil(end + 60),
        last_call=25.0,
        end_when_empty=True,
        shoppers=Shoppers(scripted=tuple(shoppers)),
        misplaced=tuple(_lying_elsewhere(events, slots)),
    )


def _story(clock: bool, stretch: float) -> str:
    text = "Products, weights, places, people and order are those of a real, hand-labelled session."
    if not clock:
        return f"{text} The source gives no clock: events are about {SPACING_SECONDS * stretch:.1f} s apart."
    if stretch > 1:
        return f"{text} Its clock runs {stretch:.2f} times slower, so that people can walk between these shelves."
    return f"{text} Its times are the source's; what walking does not allow happens as soon as it can."


def _rows(path: Path, columns: Sequence[str]) -> Iterable[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(path, "file", str(error), "a readable CSV file in UTF-8") from error
    reader = csv.DictReader(text.splitlines())
    missing = [column for column in columns if column not in (reader.fieldnames or [])]
    if missing:
        raise BadInput(path, "columns", ", ".join(reader.fieldnames or []) or "none", "also " + ", ".join(missing))
    for number, row in enumerate(reader, start=1):
        if None in row or None in row.values():
            raise BadInput(path, f"row {number}", ",".join(str(v) for v in row.values()), "as many values as columns")
        yield number, row


def _in_order(events: list[SessionEvent]) -> list[SessionEvent]:
    events = sorted(events, key=lambda event: event.event)
    if all(event.second is not None for event in events):
        events.sort(key=lambda event: event.second or 0.0)
    return events


def _check_products(path: Path, plan: StorePlan) -> None:
    for number, row in _rows(path, ("product_id", "weight_g")):
        if row["product_id"] not in plan.product_of:
            raise BadInput(path, f"row {number}, product_id", row["product_id"], f"a product of the store {STORE}")


def _shopper(who: str, events: Sequence[SessionEvent], times: Sequence[float]) -> ScriptedShopper:
    """Comes in early enough for the first thing to do, and does everything at its time."""
    actions: list[Pick | PutBack] = []
    first = next(t for event, t in zip(events, times, strict=True) if event.shopper == who)
    for event, t in zip(events, times, strict=True):
        if event.shopper == who:
            kind = {"pick": Pick, "put_back": PutBack}[event.action]
            actions.append(
                kind(
                    do=event.action,
                    at=t,
                    product=event.product_id,
                    quantity=event.quantity,
                    gondola=event.gondola,
                    shelf=event.shelf,
                    plates=event.plates,
                )
            )
    number = sorted({event.shopper for event in events}).index(who)
    arrive = max(1.0 + 0.5 * number, first - 25.0)
    return ScriptedShopper(id=who, arrive=round(arrive, 1), actions=tuple(actions))


def _access(event: SessionEvent, slots: Sequence[SlotPlace], plan: StorePlan) -> Spot:
    """About where one stands for an event."""
    at = set(event.plate_ids)
    known = next((s for s in slots if at & set(s.plates)), None)
    if known is not None:
        return known.access
    gondola = next((g for g in plan.gondolas if g.id == event.gondola), None)
    if gondola is None:
        raise BadInput("sessions", f"session {event.session}, gondola", event.gondola, f"a gondola of {STORE}")
    angle = math.radians(gondola.heading_deg)
    out = gondola.depth_m / 2 + 0.4
    return gondola.x + out * math.cos(angle), gondola.y + out * math.sin(angle)


def _metres(start: Spot, end: Spot, router: Router) -> float:
    start, end = router.nearest(start), router.nearest(end)
    return sum(math.dist(a, b) for a, b in itertools.pairwise([start, *router.way(start, end)]))


def _way_in(event: SessionEvent, slots: Sequence[SlotPlace], plan: StorePlan, router: Router) -> float:
    """Seconds from the gate to the place of an event."""
    return _metres(plan.gate_places()[0].inside, _access(event, slots, plan), router) / SPEED + 1.5


def _needs(
    events: Sequence[SessionEvent], slots: Sequence[SlotPlace], plan: StorePlan, router: Router
) -> dict[int, tuple[int, float]]:
    """For every event with an earlier one of the same shopper: the index of that one, and seconds needed between."""
    last: dict[str, int] = {}
    needs = {}
    for i, event in enumerate(events):
        if event.shopper in last:
            before = events[last[event.shopper]]
            walk = _metres(_access(before, slots, plan), _access(event, slots, plan), router) / SPEED
            needs[i] = (last[event.shopper], HANDLING_SECONDS * before.quantity + walk + (0.8 if walk > 0.3 else 0.0))
        last[event.shopper] = i
    return needs


def _stretch(
    events: Sequence[SessionEvent],
    seconds: Sequence[float],
    slots: Sequence[SlotPlace],
    plan: StorePlan,
    router: Router,
) -> float:
    """One factor for the whole session: three in four steps become possible, within reason."""
    needs = _needs(events, slots, plan, router)
    factors = [need / (seconds[i] - seconds[k]) for i, (k, need) in needs.items() if seconds[i] > seconds[k]]
    return round(min(MOST_STRETCH, max(1.0, float(np.quantile(factors, 0.75)))), 2) if factors else 1.0


def _end(
    events: Sequence[SessionEvent], times: Sequence[float], slots: Sequence[SlotPlace], plan: StorePlan, router: Router
) -> float:
    """About when the last event will really have happened."""
    needs = _needs(events, slots, plan, router)
    real: list[float] = []
    for i, t in enumerate(times):
        earlier = real[needs[i][0]] + 1.3 * needs[i][1] if i in needs else 0.0
        real.append(max(t, earlier))
    return max(real) + 1.3 * HANDLING_SECONDS * max(event.quantity for event in events)


def _lying_elsewhere(events: Sequence[SessionEvent], slots: Sequence[SlotPlace]) -> list[MisplacedAtOpening]:
    """Items taken where the product's plan place is not, and where nobody put one before: they lay there already."""
    put: list[SessionEvent] = []
    found = []
    for event in events:
        at = set(event.plate_ids)
        own = any(slot.product == event.product_id and at & set(slot.plates) for slot in slots)
        if own:
            continue
        if event.action == "put_back":
            put += [event] * event.quantity
            continue
        missing = event.quantity
        for earlier in [e for e in put if e.product_id == event.product_id and at & set(e.plate_ids)][:missing]:
            put.remove(earlier)
            missing -= 1
        if missing:
            found.append(
                MisplacedAtOpening(
                    product=event.product_id,
                    gondola=event.gondola,
                    shelf=event.shelf,
                    plates=event.plates,
                    quantity=missing,
                )
            )
    return found
