"""What a rule is, and how all rules of a kind are checked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from tracking.errors import TrackingError

Kind = Literal["detector", "embedder", "tracker"]
KINDS: tuple[Kind, ...] = get_args(Kind)


class BrokenRule(TrackingError):
    """A rule that does not hold: what was found."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Args:
        text: what must hold, as a sentence.
        holds: takes what is checked (a detector, an embedder, a tracker's factory) and raises BrokenRule if not.
    """

    text: str
    holds: Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Report:
    """Which rules hold, and which do not, with what was found."""

    kept: tuple[str, ...]
    broken: tuple[tuple[str, str], ...]


def check(kind: Kind, factory: Callable[..., Any]) -> Report:
    """Check every rule of a kind.

    Args:
        kind: what it is to be.
        factory: a class or a function. That of a detector or an embedder is called once without arguments, that of a
            tracker as `tracking.tracker.TrackerFactory` says, once for each rule.
    """
    from tracking.conformance.detector import DETECTOR_RULES
    from tracking.conformance.embedder import EMBEDDER_RULES
    from tracking.conformance.tracker import TRACKER_RULES

    rules: dict[Kind, Sequence[Rule]] = {
        "detector": DETECTOR_RULES, "embedder": EMBEDDER_RULES, "tracker": TRACKER_RULES,
    }  # fmt: skip
    kept, broken = [], []
    subject = factory if kind == "tracker" else factory()
    for rule in rules[kind]:
        found = _found(rule, subject)
        if found is None:
            kept.append(rule.text)
        else:
            broken.append((rule.text, found))
    return Report(tuple(kept), tuple(broken))


def require(condition: bool, found: str) -> None:
    """Raise BrokenRule with what was found unless the condition holds."""
    if not condition:
        raise BrokenRule(found)


def _found(rule: Rule, subject: object) -> str | None:
    """What broke a rule; whatever somebody's code raises breaks it too."""
    try:
        rule.holds(subject)
    except BrokenRule as problem:
        return str(problem)
    except Exception as problem:
        return f"{type(problem).__name__}: {problem}".splitlines()[0]
    return None
