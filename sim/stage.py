"""The store and its people as one MuJoCo model, set to an instant by `show`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import mujoco
import numpy as np
from numpy.typing import NDArray

from sim.light import LightLevel
from sim.people import Person, Reach
from sim.scene import MisplacedItem, SceneState, VisiblePerson
from sim.store_geometry import GROUP_HIDDEN, GROUP_SHOWN, SPARE_ITEMS, item_shape, rgb, slot_items, store_xml

if TYPE_CHECKING:
    from sim.props.prop import Placement, Prop
    from sim.store_plan import ProductSpec, StorePlan

Pose = NDArray[np.float64]
_GEOM_TYPE = {"box": mujoco.mjtGeom.mjGEOM_BOX, "cylinder": mujoco.mjtGeom.mjGEOM_CYLINDER}


class Stage:
    """Owns the model; people that a scene does not name are hidden."""

    def __init__(self, plan: StorePlan, people: Mapping[str, Person], props: Sequence[Prop] = ()) -> None:
        """Compiles the store with everybody and everything that may appear in it."""
        self.plan, self.people = plan, dict(people)
        spec = mujoco.MjSpec.from_string(store_xml(plan))
        for person in self.people.values():
            person.add_to(spec)
            body = spec.worldbody.add_body(name=_held(person.name), mocap=True, pos=(0, 0, -50))
            body.add_geom(type=mujoco.mjtGeom.mjGEOM_BOX, size=(0.03, 0.03, 0.03), group=GROUP_HIDDEN)
        for prop in props:
            prop.add_to(spec)
        self.model: Any = spec.compile()
        self.data: Any = mujoco.MjData(self.model)
        for person in self.people.values():
            person.bind(self.model)
            self._set_shown(person, shown=False)
        self._props = {prop.name: prop for prop in props}
        for prop in props:
            prop.bind(self.model)
            prop.place(self.model, self.data, None)
        self._items = {
            key: [[self.model.geom(part).id for part in (name, name + "+")] for name in names]
            for key, names in slot_items(plan).items()
        }
        self._plates = {plate.id: plate for plate in plan.plates()}
        self._stock = {key: len(items) for key, items in self._items.items()}
        self._misplaced: tuple[MisplacedItem, ...] = ()
        self.poses: dict[str, Pose] = {}
        self._lamps = np.array(self.model.light_diffuse, np.float64)
        self._headlight = [np.array(part, np.float64) for part in self._headlight_parts()]
        #: Points (N, 3) that enclose each prop in sight, world metres.
        self.prop_points: dict[str, NDArray[np.float64]] = {}
        mujoco.mj_forward(self.model, self.data)

    def show(self, scene: SceneState) -> list[NDArray[np.float64]]:
        """Sets the model to the scene; returns the places (3,) at which items came or went."""
        changed = self._show_stock(scene.shelf_stock)
        changed += self._show_misplaced(scene.misplaced)
        self._show_people(scene.people)
        self._show_props(scene.props)
        mujoco.mj_kinematics(self.model, self.data)
        return changed

    def light(self, level: LightLevel) -> None:
        """Turns the store's lamps to a level; takes effect when the scene is loaded next."""
        tint = level.tint()
        across = np.asarray(self.model.light_pos[:, 0], np.float64) / self.plan.room.width_m
        self.model.light_diffuse[:] = self._lamps * level.lamp_shares(across)[:, None] * tint
        for part, own in zip(self._headlight_parts(), self._headlight, strict=True):
            part[:] = own * tint

    def _headlight_parts(self) -> tuple[Any, Any]:
        return self.model.vis.headlight.ambient, self.model.vis.headlight.diffuse

    def hide(self, person: str) -> None:
        """Hides somebody, with what is in the hand, until the next `show`."""
        self._set_shown(self.people[person], shown=False)

    def reveal(self, person: str) -> None:
        """Undoes `hide` for somebody whose hands are empty and whom the scene names."""
        self._set_shown(self.people[person], shown=person in self.poses)

    def _show_people(self, states: Iterable[VisiblePerson]) -> None:
        self.poses = {}
        for state in states:
            person = self.people[state.person]
            pose = person.pose(
                state.x, state.y, state.heading, state.phase, state.speed, state.reach, carrying=state.carrying,
                bag_at=state.bag_at,
            )  # fmt: skip
            person.place(self.data, pose)
            person.wear(state.outfit)
            self.poses[state.person] = pose
            self._hold(person, pose, state)
        for name, person in self.people.items():
            self._set_shown(person, shown=name in self.poses)

    def _show_props(self, placements: Iterable[Placement]) -> None:
        wanted = {at.prop: at for at in placements}
        placed = {name: prop.place(self.model, self.data, wanted.get(name)) for name, prop in self._props.items()}
        self.prop_points = {name: points for name, points in placed.items() if len(points)}

    def _set_shown(self, person: Person, shown: bool) -> None:
        self.model.skin_group[list(person.skin_ids)] = GROUP_HIDDEN
        if shown:
            self.model.skin_group[person.worn_skin] = GROUP_SHOWN
        if not shown:
            self.model.geom_group[self._held_geom(person)] = GROUP_HIDDEN

    def _held_geom(self, person: Person) -> int:
        return int(self.model.body_geomadr[self.model.body(_held(person.name)).id])

    def _hold(self, person: Person, pose: Pose, state: VisiblePerson) -> None:
        geom = self._held_geom(person)
        product = self.plan.product_of.get(state.held_product or "")
        self.model.geom_group[geom] = GROUP_HIDDEN if product is None else GROUP_SHOWN
        if product is None:
            return
        self._dress(geom, product)
        side = _reaching_side(state)
        mocap = self.model.body_mocapid[self.model.geom_bodyid[geom]]
        forward = np.array([np.cos(state.heading), np.sin(state.heading), 0.0])
        self.data.mocap_pos[mocap] = person.hand(pose, side) + forward * product.size_m[1] * 0.4
        self.data.mocap_quat[mocap] = [np.cos(state.heading / 2), 0, 0, np.sin(state.heading / 2)]

    def _dress(self, geom: int, product: ProductSpec) -> None:
        """Gives a geom the look of a product."""
        kind, size = item_shape(product)
        self.model.geom_type[geom] = _GEOM_TYPE[kind]
        self.model.geom_size[geom] = size
        self.model.geom_rgba[geom] = (*rgb(product.colour), 1)

    def _show_stock(self, stock: Mapping[str, int]) -> list[NDArray[np.float64]]:
        changed = []
        for key, count in stock.items():
            items, before = self._items[key], self._stock[key]
            count = min(int(count), len(items))
            for parts in items[min(before, count) : max(before, count)]:
                self.model.geom_group[parts] = GROUP_SHOWN if count > before else GROUP_HIDDEN
                changed.append(self.data.geom_xpos[parts[0]].copy())
            self._stock[key] = count
        return changed

    def _show_misplaced(self, items: tuple[MisplacedItem, ...]) -> list[NDArray[np.float64]]:
        if items == self._misplaced:
            return []
        places = [self._place_spare(i, items[i] if i < len(items) else None) for i in range(SPARE_ITEMS)]
        self._misplaced = items
        return [place for place in places if place is not None]

    def _place_spare(self, number: int, item: MisplacedItem | None) -> NDArray[np.float64] | None:
        geom = self.model.geom(f"spare:{number}").id
        before = self._misplaced[number] if number < len(self._misplaced) else None
        if before == item:
            return None
        self.model.geom_group[geom] = GROUP_SHOWN if item else GROUP_HIDDEN
        if item is not None:
            product, plate = self.plan.product_of[item.product], self._plates[item.plate]
            self._dress(geom, product)
            # At the front edge and a little off the middle of the plate: put down in haste, over what stands there.
            offset = plate.size[1] / 2 - product.size_m[1] / 2 - 0.02
            offset *= -1 if item.behind else 1
            x, y = plate.centre[0] + plate.front[0] * offset, plate.centre[1] + plate.front[1] * offset
            self.model.geom_pos[geom] = (x, y, plate.centre[2] + product.size_m[2] / 2)
            angle = np.arctan2(plate.front[1], plate.front[0]) + np.pi / 2 + 0.3
            self.model.geom_quat[geom] = (np.cos(angle / 2), 0, 0, np.sin(angle / 2))
        mujoco.mj_kinematics(self.model, self.data)
        return np.asarray(self.model.geom_pos[geom]).copy()


def _held(person: str) -> str:
    return f"held:{person}"


def _reaching_side(state: VisiblePerson) -> str:
    """The hand that holds the product: the one that reaches furthest, else the right one."""
    reach = state.reach
    if reach is None:
        return "R"
    reaches = (reach,) if isinstance(reach, Reach) else tuple(reach)
    return max(reaches, key=lambda one: one.blend).side if reaches else "R"
