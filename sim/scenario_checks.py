"""Checks of a scenario against its store: every camera, product, gondola, shelf and plate that it names exists."""

import difflib
from collections.abc import Iterable

from sim.errors import BadInput
from sim.faults import CameraFault, PlateFault
from sim.scenario import BODY_CAMERA, Scenario
from sim.script import BlockCamera, HandOver, MisplacedAtOpening, PassOver, Push, ShelfStep
from sim.store_places import plate_id
from sim.store_plan import StorePlan


def check_scenario(scenario: Scenario, plan: StorePlan, source: object) -> None:
    """Refuses a scenario that names what its store does not have.

    Raises:
        BadInput: the first such name, with its field and near names.
    """
    for index, camera in enumerate(scenario.cameras or ()):
        _known(source, f"cameras.{index}", camera, [spec.name for spec in plan.cameras])
    in_use = list(scenario.cameras or (spec.name for spec in plan.cameras))
    for index, fault in enumerate(scenario.faults):
        if isinstance(fault, CameraFault):
            _known(source, f"faults.{index}.camera", fault.camera, in_use)
        elif isinstance(fault, PlateFault):
            _known(source, f"faults.{index}.plate", fault.plate, [plate.id for plate in plan.plates()])
        else:
            _known(source, f"faults.{index}.gate", fault.gate, [g.id for g in plan.gates if g.direction != "out"])
    changes = scenario.shoppers.random.changes_clothes
    if changes and not plan.fitting_rooms:
        raise BadInput(source, "shoppers.random.changes_clothes", changes, f"0 in {plan.name}: it has no fitting rooms")
    if scenario.body_camera is not None and BODY_CAMERA in [spec.name for spec in plan.cameras]:
        raise BadInput(source, "body_camera", f"a fixed camera {BODY_CAMERA!r} in {plan.name}", "another name for that")
    for index, item in enumerate(scenario.misplaced):
        _check_item(plan, item, source, f"misplaced.{index}")
    for s, shopper in enumerate(scenario.shoppers.scripted):
        for a, action in enumerate(shopper.actions):
            at = f"shoppers.scripted.{s}.actions.{a}"
            if isinstance(action, ShelfStep | HandOver | PassOver):
                _check_item(plan, action, source, at)
            if isinstance(action, BlockCamera):
                _known(source, f"{at}.camera", action.camera, in_use)
    _check_planogram(scenario, plan, source)
    for party, items in (scenario.receipts or {}).items():
        for product in items:
            _known(source, f"receipts.{party}", product, plan.product_of)
    for product in scenario.attack.items if scenario.attack else ():
        _known(source, "attack.items", product, plan.product_of)


def _check_planogram(scenario: Scenario, plan: StorePlan, source: object) -> None:
    slots = {slot.plates for slot in plan.slot_places()}
    for index, error in enumerate(scenario.planogram_errors):
        at = f"planogram_errors.{index}"
        _known(source, f"{at}.believed", error.believed, plan.product_of)
        plates = tuple(plate_id(error.gondola, error.shelf, plate) for plate in error.plates)
        if plates not in slots:
            raise BadInput(source, f"{at}.plates", ", ".join(plates), "exactly the plates of one slot")


def _check_item(
    plan: StorePlan, item: ShelfStep | HandOver | PassOver | MisplacedAtOpening, source: object, at: str
) -> None:
    _known(source, f"{at}.product", item.product, plan.product_of)
    if isinstance(item, HandOver | PassOver):
        return
    if item.gondola is None or item.shelf is None:
        if not any(slot.product == item.product for slot in plan.slot_places()):
            raise BadInput(
                source, f"{at}.product", item.product, "a product with a place, or gondola, shelf and plates"
            )
        return
    _known(source, f"{at}.gondola", item.gondola, [gondola.id for gondola in plan.gondolas])
    gondola = next(g for g in plan.gondolas if g.id == item.gondola)
    if item.shelf > len(gondola.shelves):
        raise BadInput(source, f"{at}.shelf", item.shelf, f"1 to {len(gondola.shelves)} on gondola {gondola.id}")
    most = gondola.shelves[item.shelf - 1].plates_per_shelf
    moved = item.to if isinstance(item, Push) else ()
    wrong = [plate for plate in (*item.plates, *moved) if not 1 <= plate <= most]
    if wrong:
        raise BadInput(source, f"{at}.plates", wrong[0], f"1 to {most} on that shelf")


def _known(source: object, field: str, name: str, names: Iterable[str]) -> None:
    known = list(names)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3, cutoff=0.4) or known[:6]
        raise BadInput(source, field, name, "one of the store's, for example " + ", ".join(near))
