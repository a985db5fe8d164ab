"""What the cameras see at one instant: who stands how and where, and what is on the shelves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sim.people import Reach
    from sim.props.prop import Placement


class VisiblePerson(Protocol):
    """What the renderer needs of a person; `sim.world`'s person states have it."""

    @property
    def person(self) -> str:
        """Name of the person, a key of the renderer's people."""

    @property
    def x(self) -> float:
        """Metres, floor frame."""

    @property
    def y(self) -> float:
        """Metres, floor frame."""

    @property
    def heading(self) -> float:
        """Radians from x."""

    @property
    def phase(self) -> float:
        """Radians, phase of the walking cycle."""

    @property
    def speed(self) -> float:
        """Metres a second."""

    @property
    def reach(self) -> Reach | Sequence[Reach] | None:
        """What the arms reach for."""

    @property
    def carrying(self) -> float:
        """0 to 1, how far the arm that holds the bag is bent."""

    @property
    def bag_at(self) -> tuple[float, float, float] | None:
        """Where the bag stands that was put out of the hand: middle of its bottom, metres."""

    @property
    def outfit(self) -> int:
        """Which of the person's outfits is worn, 0 the first."""

    @property
    def held_product(self) -> str | None:
        """Product in the hand."""


@dataclass(frozen=True, slots=True)
class MisplacedItem:
    """An item that stands on a plate of another product, at the front or `behind` what belongs there."""

    product: str
    plate: str
    behind: bool = False


@dataclass(frozen=True, slots=True)
class SceneState:
    """One instant.

    `shelf_stock` counts the items present by slot key (`SlotPlace.key`); a slot that is not named has its opening
    stock. The item taken first is the one at the front. Props that are not named are out of sight.
    """

    t: float
    people: Sequence[VisiblePerson] = ()
    shelf_stock: Mapping[str, int] = field(default_factory=dict)
    misplaced: tuple[MisplacedItem, ...] = ()
    props: tuple[Placement, ...] = ()
