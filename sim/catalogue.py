"""The built-in stores, scenarios, experiments, policies and presets: listing them, checking files of any kind."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sim.configuration import read_yaml
from sim.errors import BadInput
from sim.experiment import list_experiments, load_experiment
from sim.scenario import list_scenarios, load_scenario
from sim.store_plan import list_stores, load_store
from store.privacy.catalogue import list_policies, load_policy
from store.privacy.faces.preset import list_presets, load_preset

#: A field that only this kind of file has, and how such a file is loaded.
KINDS: Mapping[str, tuple[str, Callable[[Path], object]]] = {
    "store plan": ("gondolas", load_store),
    "experiment": ("seeds", load_experiment),
    "policy": ("billing", load_policy),
    "matcher preset": ("published", load_preset),
    "scenario": ("seconds", load_scenario),
}


def check_file(path: Path) -> tuple[str, str]:
    """Validates one file of any kind and returns its kind and its name.

    Raises:
        BadInput: it is missing, of no known kind, or wrong.
        PolicyError: it is a wrong policy or matcher preset.
    """
    if not path.is_file():
        raise BadInput(path, "file", "no such file", "a store, scenario, experiment, policy or matcher preset in YAML")
    content = read_yaml(path)
    for kind, (field, load) in KINDS.items():
        if field in content:
            return kind, str(getattr(load(path), "name", path.stem))
    fields = ", ".join(f"{field} ({kind})" for kind, (field, _) in KINDS.items())
    raise BadInput(path, "file", ", ".join(content) or "nothing", f"a file with one of these fields: {fields}")


def print_catalogue() -> None:
    """Prints every built-in store, scenario, experiment, policy and matcher preset with its title."""
    console = Console()
    for heading, names, load in (
        ("Scenarios  (aisle run NAME)", list_scenarios(), load_scenario),
        ("Stores  (named in a scenario)", list_stores(), load_store),
        ("Experiments  (aisle experiment NAME)", list_experiments(), load_experiment),
        ("Policies  (aisle compare RUN --policy NAME)", list_policies(), load_policy),
        ("Matcher presets  (named in a policy)", list_presets(), load_preset),
    ):
        console.print(_listing(heading, names, load))


def _listing(heading: str, names: Iterable[str], load: Callable[[str], object]) -> Table:
    table = Table(title=heading, title_justify="left", title_style="bold", box=None, show_header=False, padding=(0, 2))
    for name in names:
        table.add_row(name, str(getattr(load(name), "title", "")))
    return table
