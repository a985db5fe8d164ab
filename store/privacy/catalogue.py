"""The built-in policies by name, and anybody's own by path; the presets that they name are checked with them."""

from pathlib import Path

from store.errors import PolicyError
from store.privacy.faces.matcher import Matcher
from store.privacy.files import load_model, names
from store.privacy.policy import ContradictionError, Policy

POLICIES = Path(__file__).parent / "policies"


def list_policies() -> list[str]:
    """Names of the built-in policies, sorted."""
    return names(POLICIES)


def load_policy(name_or_path: str | Path) -> Policy:
    """A built-in policy by name, or a policy file by path. Raises `PolicyError` on anything wrong in it.

    A matcher preset that it names may be built in or a file; a relative path is looked for beside the policy's file.
    """
    policy = load_model(Policy, name_or_path, POLICIES, "policy")
    who = policy.identification
    if who.preset is not None:
        who = who.model_copy(update={"preset": _preset(name_or_path, "identification.preset", who.preset, None)})
    searches = tuple(
        search.model_copy(
            update={"preset": _preset(name_or_path, f"searches.{row}", search.preset, search.threshold_percent)}
        )
        for row, search in enumerate(policy.searches)
    )
    return policy.model_copy(update={"identification": who, "searches": searches})


def _preset(file: str | Path, field: str, preset: str, percent: float | None) -> str:
    """The preset's name, or its file's whole path, once it has been loaded and asked for its rate."""
    beside = Path(file).parent / preset
    found = str(beside.resolve()) if Path(preset).suffix in {".yaml", ".yml"} and beside.is_file() else preset
    try:
        Matcher.of(found).rate(percent)
    except ContradictionError as error:
        raise PolicyError(file, f"{field}.{error.field}", error.found, error.allowed) from error
    except PolicyError as error:
        if error.file == preset:
            raise PolicyError(file, f"{field}: {error.field}", preset, error.allowed) from error
        raise PolicyError(file, f"{field}: {error.file}: {error.field}", error.found, error.allowed) from error
    return found
