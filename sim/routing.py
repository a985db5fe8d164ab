"""Ways across the floor: JuPedSim's routing over the walkable area, pulled tight, around people where asked."""

from collections.abc import Sequence

import jupedsim
from shapely import LineString, Point, prepare, unary_union
from shapely.geometry.polygon import Polygon
from shapely.ops import nearest_points

from sim.errors import BadInput
from sim.store_plan import StorePlan

Spot = tuple[float, float]

CLEARANCE_M = 0.3
"""Kept from gondolas and walls where there is room: an adult's half shoulder width and some air."""

TIGHT_M = 0.2
"""The least distance of a body's centre from anything solid."""

AVOIDED_M = 0.5
"""Kept from the centre of somebody who stands in the way."""


class Router:
    """Finds ways between two points of a store's floor."""

    def __init__(self, plan: StorePlan) -> None:
        """Meshes the floor once with the wide clearance and once with the tight one."""
        self.tight = plan.walkable(TIGHT_M)
        self._wide = plan.walkable(CLEARANCE_M)
        self._clear = self.tight.buffer(1e-6)
        prepare(self._clear)
        self._engines = [(area, jupedsim.RoutingEngine(area)) for area in (self._wide, self.tight)]

    def standable(self, spot: Spot) -> bool:
        """Whether a body's centre may be there."""
        return bool(self._clear.covers(Point(spot)))

    def straight(self, start: Spot, end: Spot) -> bool:
        """Whether the straight line between two points touches nothing solid."""
        return bool(self._clear.covers(LineString((start, end))))

    def nearest(self, spot: Spot) -> Spot:
        """The point of the floor nearest to `spot` at which a body's centre may be."""
        return spot if self.standable(spot) else _into(self.tight, spot)

    def way(self, start: Spot, goal: Spot, avoid: Sequence[Spot] = ()) -> list[Spot]:
        """Points to walk to, one after the other, the last of them `goal`; around `avoid` if there is such a way.

        Raises:
            BadInput: nobody can stand at `goal`.
        """
        if not self.standable(goal):
            raise BadInput("walking", "goal", goal, "a point of the floor with room for a body")
        if avoid:
            detour = self._around(start, goal, avoid)
            if detour:
                return detour
        if self.straight(start, goal):
            return [goal]
        for area, engine in self._engines:
            found = _routed(engine, area, start, goal)
            if found:
                return self._tightened(start, found)
        return [goal]

    def _around(self, start: Spot, goal: Spot, avoid: Sequence[Spot]) -> list[Spot]:
        bodies = unary_union([Point(spot).buffer(AVOIDED_M, quad_segs=2) for spot in avoid])
        free = self.tight.difference(bodies)
        pieces: list[Polygon] = [piece for piece in getattr(free, "geoms", [free]) if piece.area > 0.05]
        if not pieces:
            return []
        area = min(pieces, key=lambda piece: piece.distance(Point(goal)) + piece.distance(Point(start)))
        if area.distance(Point(goal)) > AVOIDED_M or area.distance(Point(start)) > AVOIDED_M:
            return []
        return _routed(jupedsim.RoutingEngine(area), area, start, goal)

    def _tightened(self, start: Spot, way: list[Spot]) -> list[Spot]:
        """The way without the points that a straight line can skip."""
        out, here, rest = [], start, way
        while rest:
            last = next((i for i in range(len(rest) - 1, 0, -1) if self.straight(here, rest[i])), 0)
            here, rest = rest[last], rest[last + 1 :]
            out.append(here)
        return out


def _into(area: Polygon, spot: Spot) -> Spot:
    """The point of `area` nearest to `spot`, a hair inside so that the mesh has it."""
    if area.covers(Point(spot)):
        return spot
    inner = area.buffer(-0.01)
    nearest = nearest_points(inner if not inner.is_empty else area, Point(spot))[0]
    return float(nearest.x), float(nearest.y)


def _routed(engine: jupedsim.RoutingEngine, area: Polygon, start: Spot, goal: Spot) -> list[Spot]:
    """Waypoints over one mesh, from the points of its area nearest to start and goal; nothing where it has no way."""
    first, last = _into(area, start), _into(area, goal)
    try:
        found = engine.compute_waypoints(first, last)
    except RuntimeError:
        return []
    points = [(float(x), float(y)) for x, y in found]
    return [*([first] if first != start else []), *points[1:], goal]
