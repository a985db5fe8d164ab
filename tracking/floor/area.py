"""The tracked area: its boundary, the entrances where people come and go, and what stands in the way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely import Polygon

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Entrance:
    """A place where people may appear and disappear: its centre and the radius around it, metres."""

    name: str
    x: float
    y: float
    radius_m: float


@dataclass(frozen=True, slots=True, eq=False)
class FloorArea:
    """The tracked part of the floor.

    Args:
        boundary: (N, 2) metres, corners of the tracked area in order.
        entrances: where people may appear and disappear.
        obstacles: each (M, 2) metres, corners of what nobody stands in, such as gondolas.
    """

    boundary: Array
    entrances: tuple[Entrance, ...]
    obstacles: tuple[Array, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a boundary that encloses nothing."""
        polygon = Polygon(self.boundary)
        if not polygon.is_valid or polygon.area <= 0:
            raise ValueError(f"boundary encloses no area: {np.asarray(self.boundary).tolist()}")

    def polygon(self) -> Polygon:
        """The boundary as a polygon."""
        return Polygon(self.boundary)

    def entrance_gap(self, points: ArrayLike) -> Array:
        """(N,) metres from points (N, 2) to the rim of the nearest entrance; negative inside one.

        Without any entrance people may appear anywhere: -inf.
        """
        places: Array = np.asarray(points, dtype=np.float64).reshape(-1, 2)
        if not self.entrances:
            return np.full(len(places), -np.inf)
        centres = np.array([(one.x, one.y) for one in self.entrances])
        radii = np.array([one.radius_m for one in self.entrances])
        gaps = np.linalg.norm(places[:, None] - centres[None], axis=2) - radii
        return np.asarray(gaps.min(axis=1), dtype=np.float64)


class AreaTest:
    """Fast answers about one `FloorArea`, prepared once."""

    def __init__(self, area: FloorArea) -> None:
        """Prepare the polygons."""
        self.area = area
        self._polygon = area.polygon()
        self._obstacles = shapely.union_all([Polygon(corners) for corners in area.obstacles])
        shapely.prepare(self._polygon)
        shapely.prepare(self._obstacles)

    def outside_m(self, points: ArrayLike) -> Array:
        """(N,) metres by which points (N, 2) lie outside the boundary, 0 inside."""
        places = shapely.points(np.asarray(points, dtype=np.float64).reshape(-1, 2))
        return np.asarray(shapely.distance(self._polygon, places), dtype=np.float64)

    def inside_m(self, point: Array) -> float:
        """Metres from `point` (2,) inside the area to its boundary, 0 outside."""
        place = shapely.Point(point)
        return float(self._polygon.exterior.distance(place)) if self._polygon.contains(place) else 0.0

    def beside_obstacle(self, point: Array) -> Array:
        """The nearest point (2,) to `point` (2,) that is in no obstacle."""
        place = shapely.Point(point)
        if self._obstacles.is_empty or not self._obstacles.contains(place):
            return point
        nearest = shapely.shortest_line(self._obstacles.boundary, place)
        return np.asarray(shapely.get_coordinates(nearest)[0], dtype=np.float64)
