"""The world outside the store's computers: people, shelves and scales, moved tick by tick, with perfect truth."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import simpy
from numpy.typing import NDArray

from sim.children import Child
from sim.cues import Cues
from sim.demand import Employee
from sim.doorways import Doorways
from sim.faulty_gates import FaultyGates
from sim.faulty_plates import FaultyPlates
from sim.guests import guests_of
from sim.labels import labels_by_account, labels_of
from sim.officer import Officer, officer_visitor
from sim.people import Person, Reach
from sim.premises import Premises
from sim.props.prop import Placement
from sim.props.wheeled import Cart
from sim.randomness import day_seed, generator
from sim.scales import PlateScales
from sim.scenario import OFFICER, Crowd, Scenario
from sim.scenario_checks import check_scenario
from sim.scene import MisplacedItem
from sim.shoppers import Shopper
from sim.staff import Staff, staff_visitor
from sim.standing import StandingSpots
from sim.stock import Shelves
from sim.store_plan import StorePlan, camera_models
from sim.truth import Truth, TruthEvent, TruthKind, TruthReceipt, TruthSubject
from sim.visitors import Visitor, accounts_of, subjects_of, visitors_of
from sim.walking import Walkers
from sim.wheels import Pushing, carts_of
from store.events import GateCrossing, GateScan

WALKING_HZ = 50
"""Walking steps a second, at least."""

AFTERGLOW_SECONDS = 4.0
"""How long a scenario that ends with its last shopper goes on, so that the store can bill that one."""


@dataclass(frozen=True, slots=True)
class PersonState:
    """A person at one tick: place (metres), heading (radians), gait `phase` (radians) and speed (m/s).

    `carrying` 0 ... 1 says how far the arm with the bag is bent; `held_product` is in the reaching hand.
    `outfit` numbers what the person wears, 0 at first. `bag_at` is where the bag stands that the hand has let go of.
    """

    person: str
    role: str
    x: float
    y: float
    heading: float
    phase: float
    speed: float
    reach: Reach | tuple[Reach, ...] | None
    carrying: float
    held_product: str | None
    bag_items: int
    outfit: int = 0
    bag_at: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class WorldTick:
    """One tick of the world, and what happened since the tick before.

    people: everybody in the scene; inside: names of those who are in the store. weights_t (S,) seconds and weights_g
    (S, P) grams relative to tare, plates in the order of the plan. shelf_stock: items at their own place by slot key.
    blocked: cameras before whose lens somebody holds something. props: where wheelchairs and prams are.
    """

    t: float
    people: tuple[PersonState, ...]
    inside: frozenset[str]
    weights_t: NDArray[np.float64]
    weights_g: NDArray[np.float32]
    gate_scans: tuple[GateScan, ...]
    gate_crossings: tuple[GateCrossing, ...]
    events: tuple[TruthEvent, ...]
    shelf_stock: Mapping[str, int]
    misplaced: tuple[MisplacedItem, ...] = ()
    blocked: frozenset[str] = frozenset()
    props: tuple[Placement, ...] = ()


class World:
    """A store during one day (from 1) of a scenario. The same plan, scenario, seed and day give the same ticks.

    Raises:
        BadInput: the scenario names what the store does not have.
    """

    def __init__(self, plan: StorePlan, scenario: Scenario, seed: int, day: int = 1) -> None:
        check_scenario(scenario, plan, scenario.name)
        self.plan, self.scenario, self.fps = plan, scenario, scenario.fps
        today = day_seed(seed, day, scenario.days)
        self._substeps = math.ceil(WALKING_HZ / scenario.fps)
        self._environment = simpy.Environment()
        walkers = Walkers(plan, scenario.walking, 1.0 / (scenario.fps * self._substeps), generator(today, "walking"))
        scales = PlateScales(plan.plates(), scenario.scales, scenario.weigh_hz, generator(today, "scales"))
        shelves = Shelves(plan, scenario, scales, generator(today, "items"))
        self._premises = Premises(
            self._environment, walkers, StandingSpots(walkers), shelves, scales,
            Doorways(plan, self._environment), Truth(), scenario.hands, scenario.seconds - scenario.last_call,
            Cues(self._environment, scenario.shoppers.scripted),
            cameras={camera.name: camera.position for camera in plan.cameras},
            fitting_rooms=tuple((room.x, room.y) for room in plan.fitting_rooms),
        )  # fmt: skip
        visitors = visitors_of(scenario, plan, shelves, walkers, seed, day)
        self._premises.truth.label(labels_by_account(visitors))
        self._accounts = accounts_of(visitors)
        working = [staff_visitor(employee, seed) for employee in scenario.shoppers.staff]
        self._subjects = subjects_of([*visitors, *working], scenario, seed, labels_of([*visitors, *working]))
        self.people: dict[str, Person] = {visitor.person.name: visitor.person for visitor in visitors}
        self._shoppers = self._premises.shoppers
        for visitor in visitors:
            kind = Child if visitor.hand_of else Shopper
            shopper = kind(visitor, self._premises, generator(today, "shopper", visitor.person.name))
            self._shoppers[shopper.name] = shopper
            self._environment.process(shopper.visit())
        if scenario.body_camera is not None:
            self._send_officer(officer_visitor(scenario.body_camera, seed), scenario.body_camera.stay, today)
        for employee in scenario.shoppers.staff:
            self._employ(employee, seed, today)
        if scenario.crowd is not None:
            self._gather(scenario.crowd, scenario.cameras, today)
        self._carts = carts_of(self.people.values(), seed)
        self._pushing = Pushing(self._carts, walkers.router)
        self._faulty_gates = FaultyGates(scenario.faults)
        self._faulty_plates = FaultyPlates([plate.id for plate in plan.plates()], scenario.faults)
        self._ticks = 0
        self._empty_since: float | None = None
        self._crossings: list[GateCrossing] = []

    def _send_officer(self, visitor: Visitor, stay: float, today: int) -> None:
        """The officer looks the same on every day, and walks otherwise."""
        officer = Officer(visitor, self._premises, generator(today, "shopper", OFFICER), self.plan, stay)
        self.people[officer.name] = visitor.person
        self._shoppers[officer.name] = officer
        self._environment.process(officer.visit())

    def _employ(self, employee: Employee, seed: int, today: int) -> None:
        """An employee looks the same on every day."""
        visitor = staff_visitor(employee, seed)
        staff = Staff(visitor, self._premises, generator(today, "shopper", employee.id), self.plan, employee)
        self.people[staff.name] = visitor.person
        self._shoppers[staff.name] = staff
        self._environment.process(staff.visit())

    def _gather(self, crowd: Crowd, in_use: Sequence[str] | None, today: int) -> None:
        """Brings in the crowd, which is another one on every day."""
        models = camera_models(self.plan)
        cameras = [models[name] for name in in_use or models]
        for guest in guests_of(crowd, self.plan, cameras, self._premises, today):
            self.people[guest.name] = guest.person
            self._shoppers[guest.name] = guest
            self._environment.process(guest.visit())

    @property
    def done(self) -> bool:
        """Whether the scenario's time is over."""
        if self.scenario.end_when_empty and self._empty_since is not None:
            return self._ticks >= (self._empty_since + AFTERGLOW_SECONDS) * self.fps
        return self._ticks >= round(self.scenario.seconds * self.fps)

    @property
    def carts(self) -> list[Cart]:
        """Wheelchairs and prams of everybody who may come, for the scene."""
        return list(self._carts.values())

    @property
    def shelf_stock(self) -> Mapping[str, int]:
        """Items at their own place now, by slot key."""
        return self._premises.shelves.stock()

    @property
    def misplaced(self) -> tuple[MisplacedItem, ...]:
        """Items at other products' places now."""
        return self._premises.shelves.misplaced()

    @property
    def items_on_shelves(self) -> int:
        """All items on all shelves, misplaced ones included."""
        return self._premises.shelves.count()

    @property
    def items_with_people(self) -> int:
        """Items in hands, bags and clothes and in baskets left behind, of those who left too."""
        return sum(len(shopper.items) + len(shopper.left_behind) for shopper in self._shoppers.values())

    @property
    def items_delivered(self) -> int:
        """Items that staff have brought from the back room."""
        return sum(one.delivered for one in self._shoppers.values() if isinstance(one, Staff))

    def carried(self) -> dict[str, Counter[str]]:
        """What everybody has in hand, bag and clothes, by name: products with counts, of those who left too."""
        return {name: Counter(item.product for item in one.items) for name, one in self._shoppers.items()}

    def plate_loads_g(self) -> NDArray[np.float64]:
        """(P,) what really lies on each plate, grams, in the order of the plan."""
        return self._premises.scales.load_g()

    def accounts(self) -> dict[str, str]:
        """Accounts by token, of everybody who may come."""
        return dict(self._accounts)

    def subjects(self) -> list[TruthSubject]:
        """Who everybody who may come really is."""
        return list(self._subjects)

    def truth_receipts(self) -> list[TruthReceipt]:
        """The right bills so far."""
        return self._premises.truth.receipts()

    def step(self) -> WorldTick:
        """Moves the world to the next camera tick."""
        start, self._ticks = self._ticks / self.fps, self._ticks + 1
        end = self._ticks / self.fps
        for substep in range(1, self._substeps + 1):
            t = end if substep == self._substeps else start + substep / (self.fps * self._substeps)
            self._premises.scales.advance(t)
            self._environment.run(until=t)
            self._premises.walkers.step()
            self._watch_gates(t)
        shoppers = [one for one in self._shoppers.values() if not isinstance(one, Staff)]
        if self._empty_since is None and all(shopper.gone for shopper in shoppers or self._shoppers.values()):
            self._empty_since = end
        return self._tick(end)

    def _watch_gates(self, t: float) -> None:
        spots = {name: walker.spot for name, walker in self._premises.walkers.present.items()}
        for door in self._premises.doorways.all.values():
            for name, direction in door.watch(spots):
                shopper = self._shoppers[name]
                shopper.inside = direction == "in"
                self._crossings.append(GateCrossing(t, door.place.id, direction))
                kind: TruthKind = "enter" if direction == "in" else "leave"
                self._premises.truth.add(TruthEvent(t, name, shopper.visitor.account, kind))

    def _tick(self, t: float) -> WorldTick:
        scans, self._premises.scans = self._faulty_gates.deliver(self._premises.scans, t), []
        crossings, self._crossings = tuple(self._crossings), []
        weights_t, weights_g = self._premises.scales.readings()
        wheels = {
            name: self._pushing.at(shopper.walker)
            for name, shopper in self._shoppers.items()
            if shopper.walker is not None
        }
        weights_g = self._faulty_plates.read(weights_t, weights_g)
        return WorldTick(
            t=t,
            people=tuple(
                state
                for name, shopper in self._shoppers.items()
                if (state := _state(shopper, t, wheels[name][1] if name in wheels else ()))
            ),
            inside=frozenset(name for name, shopper in self._shoppers.items() if shopper.inside),
            weights_t=weights_t,
            weights_g=weights_g,
            gate_scans=scans,
            gate_crossings=crossings,
            events=self._premises.truth.drain(),
            shelf_stock=self.shelf_stock,
            misplaced=self.misplaced,
            blocked=frozenset(self._premises.blocked),
            props=tuple(at for at, _ in wheels.values() if at is not None),
        )


def _state(shopper: Shopper, t: float, pushing: tuple[Reach, ...] = ()) -> PersonState | None:
    walker = shopper.walker
    if walker is None:
        return None
    return PersonState(
        person=shopper.name,
        role=shopper.role,
        x=walker.x,
        y=walker.y,
        heading=walker.heading,
        phase=walker.phase,
        speed=walker.speed,
        reach=shopper.reach(t) or pushing or None,
        carrying=1.0 if shopper.carries_left else 0.0,
        held_product=shopper.held[0].product if shopper.held else None,
        bag_items=len(shopper.bag),
        outfit=shopper.outfit,
        bag_at=shopper.bag_at,
    )
