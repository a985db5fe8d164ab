"""Fusion on the floor: observations of all cameras become one track for each person, online.

Read in the order of a tick: `area` (the room), `settings`, `motion` (the Kalman filter), `appearance` (galleries and
what similarity means), `track`, `association` (which observation belongs to whom), `births` (observations of nobody
known), `identity` (re-linking the lost, merging doubles, undoing swaps), `tracker` (the tick itself).
"""

from tracking.floor.area import Entrance, FloorArea
from tracking.floor.settings import FloorSettings
from tracking.floor.tracker import FloorTracker

__all__ = ["Entrance", "FloorArea", "FloorSettings", "FloorTracker"]
