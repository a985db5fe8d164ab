"""The settings that the store of a run had, as the run folder keeps them in `shop.json`."""

from pathlib import Path

from sim.configuration import validated
from sim.run_folder import RunFolder, read_object, write_json
from sim.scenario import Scenario
from store.confidence import Confidence
from store.handing import HandingSettings
from store.shop import ShopSettings


def write_settings(run: Path, settings: ShopSettings) -> None:
    """Keeps the settings with which a run's store bills."""
    write_json(run / "shop.json", settings.model_dump(mode="json"))


def shop_settings(scenario: Scenario) -> ShopSettings:
    """The settings of the store in a scenario: what the scenario rules on, and otherwise the defaults."""
    return ShopSettings(
        review_below=scenario.review.below,
        handing=HandingSettings(rule=scenario.hand_overs.rule, handed=scenario.hand_overs.handed),
    )


def settings_of(run: RunFolder) -> ShopSettings:
    """The settings of a run's store, of its first day where it has several.

    A run that kept none is older than temperatures, and its store had the defaults of then. BadInput where the file
    is wrong.
    """
    path = run.days()[0].path / "shop.json"
    if not path.is_file():
        return ShopSettings(confidence=Confidence())
    return validated(ShopSettings, read_object(path), path)
