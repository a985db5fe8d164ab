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
    """A built-in policy by name, or a policy file by path. Raises `PolicyError` on anything wrong in it."""
    policy = load_model(Policy, name_or_path, POLICIES, "policy")
    if policy.identification.preset is not None:
        _check_preset(name_or_path, "identification.preset", policy.identification.preset, None)
    for row, search in enumerate(policy.searches):
        _check_preset(name_or_path, f"searches.{row}", search.preset, search.threshold_percent)
    return policy


def _check_preset(file: str | Path, field: str, preset: str, percent: float | None) -> None:
    try:
        Matcher.of(preset).rate(percent)
    except ContradictionError as error:
        raise PolicyError(file, f"{field}.{error.field}", error.found, error.allowed) from error
    except PolicyError as error:
        raise PolicyError(file, f"{field}: {error.field}", error.found, error.allowed) from error
