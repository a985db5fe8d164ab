"""The world outside the store's computers, and the driver of every run.

Floor plans, people, physics, cameras and ground truth live here; so do scenario runs, experiments and the `aisle`
command. `sim` hands what `tracking` found to `store` as the store's own event types.
"""

from contextlib import suppress

from sim.errors import MissingLibrary
from sim.graphics import choose_backend

# MuJoCo reads its choice of OpenGL library once, when it is first imported; a missing library is reported when
# something is drawn, so that commands which draw nothing work without one.
with suppress(MissingLibrary):
    choose_backend()
