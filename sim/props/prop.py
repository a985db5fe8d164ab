"""What all props have in common: added to a scene once, then placed or hidden at every instant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import mujoco
    import numpy as np
    from numpy.typing import NDArray

HIDDEN = (0.0, 0.0, -50.0)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a prop is: its name, metres in the floor frame, heading in radians from x, and its foot's height."""

    prop: str
    x: float
    y: float
    heading: float
    z: float = 0.0


class Prop(Protocol):
    """A thing that can be placed in a scene."""

    @property
    def name(self) -> str:
        """Unique in the scene, also among the people's names."""

    @property
    def radius_m(self) -> float:
        """Of the piece of floor that it covers; 0 hangs and leaves the floor free."""

    def add_to(self, spec: mujoco.MjSpec) -> None:
        """Adds bodies, geoms, textures to the scene before it is compiled; nothing collides."""

    def bind(self, model: Any) -> None:
        """Finds the prop in the compiled model."""

    def place(self, model: Any, data: Any, at: Placement | None) -> NDArray[np.float64]:
        """Moves it there, or out of sight if None; returns points (N, 3) in the world that enclose it, N may be 0."""
