"""How people walk: JuPedSim moves their centres around each other and the gondolas, and their bodies follow.

Floor frame: metres, headings in radians from x. The model is the collision-free speed model, version 2, in which
people slow down for whoever is ahead and turn away from walls and neighbours.
"""

import itertools
import math

import jupedsim
import numpy as np

from sim.errors import BadInput
from sim.mechanics import Walking
from sim.people import Person, advance_phase
from sim.routing import Router, Spot
from sim.store_plan import StorePlan

ARRIVED_M = 0.05
ACCELERATION = 1.4  # m/s2, of getting under way and of stopping
TURN_RATE = 4.0  # rad/s at most
MOVING = 0.12  # m/s; slower than this, a body faces where it wants to and not where it drifts
SLIM = 0.8
"""Factor on the radius of somebody who squeezes past: shoulders turned aside."""
CLOSE = 0.55
"""The same for who wants to stand shoulder to shoulder: the model's repulsion balances at half a metre then."""
RADIUS_M = {"wheelchair": 0.33, "pram": 0.3}
"""Half the width of a wheelchair, and of somebody with a pram; its length the model does not know."""


class Walker:
    """One person on the floor: where they are and where they want to go.

    `speed` is the smoothed real speed, m/s; `phase` that of the walking cycle, radians. `led_by` names who has this
    person at hand; `slim` says that the shoulders are turned to stand close to others.
    """

    def __init__(self, person: Person, agent: int, x: float, y: float, heading: float, cruise: float, radius: float):
        self.person, self.agent = person, agent
        self.x, self.y, self.heading = x, y, heading
        self.cruise, self.radius = cruise, radius
        self.speed, self.phase = 0.0, 0.0
        self.way: list[Spot] = []
        self.facing: float | None = None
        self.wanted = 0.0
        self.velocity = (0.0, 0.0)
        self.best, self.waited, self.tries = math.inf, 0.0, 0
        self.led_by = ""
        self.slim = False

    @property
    def spot(self) -> Spot:
        """Where the person's centre is."""
        return self.x, self.y

    @property
    def arrived(self) -> bool:
        """Whether there is nowhere left to go."""
        return not self.way

    @property
    def turned(self) -> bool:
        """Whether the body faces the way it was asked to."""
        return self.facing is None or abs(angle_between(self.heading, self.facing)) < 0.12

    def stop(self) -> None:
        """Stays where it is."""
        self.way = []

    def face(self, heading: float | None) -> None:
        """Turns to `heading` as soon as the person stands."""
        self.facing = heading

    def left_to_go(self) -> float:
        """Metres to the end of the way."""
        points = [self.spot, *self.way]
        return sum(math.dist(a, b) for a, b in itertools.pairwise(points))


class Walkers:
    """Everybody on the floor.

    Args:
        plan: the store.
        settings: radius, time gap and patience.
        dt: seconds of one step.
        rng: sidesteps of people who are stuck.
    """

    def __init__(self, plan: StorePlan, settings: Walking, dt: float, rng: np.random.Generator) -> None:
        self.router = Router(plan)
        self.settings, self.dt, self._rng = settings, dt, rng
        self._simulation = jupedsim.Simulation(
            model=jupedsim.CollisionFreeSpeedModelV2(), geometry=plan.walkable(0.0), dt=dt
        )
        self._stage = self._simulation.add_direct_steering_stage()
        self._journey = self._simulation.add_journey(jupedsim.JourneyDescription([self._stage]))
        self.present: dict[str, Walker] = {}

    def add(self, person: Person, spot: Spot, heading: float, cruise: float) -> Walker:
        """Brings a person onto the floor, standing.

        Raises:
            BadInput: the person is there already, or nobody can stand there.
        """
        if person.name in self.present:
            raise BadInput("walking", "person", person.name, "somebody who is not on the floor yet")
        if not self.router.standable(spot):
            raise BadInput("walking", "spot", spot, "a point of the floor with room for a body")
        radius = self._radius(person)
        parameters = jupedsim.CollisionFreeSpeedModelV2AgentParameters(
            position=spot, journey_id=self._journey, stage_id=self._stage, radius=radius,
            time_gap=self.settings.time_gap, desired_speed=0.0,
        )  # fmt: skip
        agent = self._simulation.add_agent(parameters)
        walker = Walker(person, agent, *spot, heading, cruise, radius)
        self.present[person.name] = walker
        return walker

    def _radius(self, person: Person) -> float:
        return RADIUS_M.get(person.mobility, self.settings.radius_m * min(1.0, person.height_m / 1.65))

    def roomy(self, spot: Spot, person: Person, least: float) -> bool:
        """Whether a person can appear at `spot`: everybody else `least` metres away, and no two bodies in one place."""
        own = self._radius(person)
        return all(math.dist(w.spot, spot) > max(least, own + w.radius + 0.02) for w in self.present.values())

    def remove(self, name: str) -> None:
        """Takes a person off the floor."""
        self._simulation.mark_agent_for_removal(self.present.pop(name).agent)

    def send(self, walker: Walker, goal: Spot, via: Spot | None = None) -> None:
        """Sets a person on the way to `goal`, through `via` where given.

        Raises:
            BadInput: nobody can stand there.
        """
        first = self.router.way(walker.spot, via) if via else []
        walker.way = [*first, *self.router.way(via or walker.spot, goal)]
        walker.facing = None
        walker.best, walker.waited, walker.tries = math.inf, 0.0, 0

    def lead(self, walker: Walker, spot: Spot) -> None:
        """Sets a person on the way to a spot that moves, near which is near enough; call it again and again."""
        goal = self.router.nearest(spot)
        if math.dist(goal, walker.spot) < 2 * ARRIVED_M:
            walker.way = []
            return
        walker.way = [goal] if self.router.straight(walker.spot, goal) else self.router.way(walker.spot, goal)
        walker.best, walker.waited, walker.tries = math.inf, 0.0, 0

    def crowded(self, spot: Spot, distance: float, but: Walker | None = None) -> bool:
        """Whether somebody (but not `but`) is nearer than `distance` to `spot`."""
        return any(w is not but and math.dist(w.spot, spot) < distance for w in self.present.values())

    def step(self) -> None:
        """Moves everybody by one time step."""
        for walker in self.present.values():
            self._steer(walker)
        self._simulation.iterate()
        for walker in self.present.values():
            self._follow(walker)

    def _steer(self, walker: Walker) -> None:
        agent = self._simulation.agent(walker.agent)
        self._pass_waypoints(walker)
        if walker.arrived:
            walker.wanted = 0.0
        else:
            self._mind_progress(walker)
            room = walker.left_to_go() if len(walker.way) == 1 else math.inf
            braking = math.sqrt(2 * ACCELERATION * max(0.0, room - ARRIVED_M / 2)) + 0.08
            walker.wanted = min(walker.wanted + ACCELERATION * self.dt, walker.cruise, braking)
            agent.target = walker.way[0]
        agent.model.desired_speed = walker.wanted
        agent.model.radius = walker.radius * (CLOSE if walker.slim else SLIM if walker.tries >= 2 else 1.0)

    def _pass_waypoints(self, walker: Walker) -> None:
        while len(walker.way) > 1:
            near = math.dist(walker.spot, walker.way[0])
            if near > 0.9 or (near > ARRIVED_M * 2 and not self.router.straight(walker.spot, walker.way[1])):
                return
            walker.way.pop(0)
        if walker.way and math.dist(walker.spot, walker.way[0]) < ARRIVED_M:
            walker.way = []

    def _mind_progress(self, walker: Walker) -> None:
        """Whoever does not get nearer for a while looks for another way."""
        left = walker.left_to_go()
        if left < walker.best - 0.1:
            walker.best, walker.waited = left, 0.0
            return
        walker.waited += self.dt
        if walker.waited > self.settings.patience * (1 + 0.3 * (walker.tries % 3)):
            self._replan(walker)

    def _replan(self, walker: Walker) -> None:
        """First around those in the way; then with a step aside, to the right if possible, and turned shoulders."""
        walker.tries += 1
        goal = walker.way[-1]
        if walker.tries % 2:
            near = [w.spot for w in self.present.values() if w is not walker and math.dist(w.spot, walker.spot) < 2.0]
            walker.way = self.router.way(
                walker.spot, goal, avoid=[spot for spot in near if math.dist(spot, goal) > 0.5]
            )
        else:
            aside = self._aside(walker)
            walker.way = [*self.router.way(walker.spot, aside), *self.router.way(aside, goal)]
        walker.best, walker.waited = math.inf, 0.0

    def _aside(self, walker: Walker) -> Spot:
        towards = math.atan2(walker.way[0][1] - walker.y, walker.way[0][0] - walker.x)
        options = []
        for turn in (-0.5, -0.75, 0.5, 0.75, 1.0):
            for reach in (0.4, 0.8, 1.4):
                angle = towards + turn * math.pi
                spot = (walker.x + reach * math.cos(angle), walker.y + reach * math.sin(angle))
                if self.router.straight(walker.spot, spot) and not self.crowded(spot, 0.55, walker):
                    options.append(spot)
        return options[int(self._rng.integers(len(options)))] if options else self.router.nearest(walker.spot)

    def _follow(self, walker: Walker) -> None:
        """Position from the model; heading and gait from the way it went."""
        x, y = self._simulation.agent(walker.agent).position
        moved = math.dist((x, y), walker.spot)
        blend = min(1.0, self.dt / 0.2)
        vx = walker.velocity[0] + blend * ((x - walker.x) / self.dt - walker.velocity[0])
        vy = walker.velocity[1] + blend * ((y - walker.y) / self.dt - walker.velocity[1])
        walker.velocity, walker.x, walker.y = (vx, vy), x, y
        walker.speed = math.hypot(vx, vy)
        goal = math.atan2(vy, vx) if walker.speed > MOVING else walker.facing
        if goal is not None:
            self._turn(walker, goal)
        walker.phase = advance_phase(walker.phase, moved, walker.person, walker.speed)

    def _turn(self, walker: Walker, goal: float) -> None:
        error = angle_between(walker.heading, goal)
        step = max(-TURN_RATE * self.dt, min(TURN_RATE * self.dt, error * min(1.0, 7 * self.dt)))
        walker.heading = (walker.heading + step + math.pi) % math.tau - math.pi


def angle_between(a: float, b: float) -> float:
    """The turn from heading `a` to heading `b`, from -pi to pi."""
    return (b - a + math.pi) % math.tau - math.pi
