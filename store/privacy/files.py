"""Models in YAML files (policies, matcher presets): by name or by path, with errors that say where and what."""

import difflib
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from store.errors import PolicyError
from store.privacy.policy import ContradictionError

_Model = TypeVar("_Model", bound=BaseModel)


def load_model(model: type[_Model], name_or_path: str | Path, folder: Path, noun: str) -> _Model:
    """A validated YAML file from `folder` by name, or from anywhere by path."""
    path = _find(name_or_path, folder, noun)
    return _validated(model, path, _read(path))


def names(folder: Path) -> list[str]:
    """Names of the YAML files in a folder, sorted."""
    return sorted(path.stem for path in folder.glob("*.yaml"))


def _find(name_or_path: str | Path, folder: Path, noun: str) -> Path:
    built_in = folder / f"{name_or_path}.yaml"
    if built_in.parent == folder and built_in.is_file():
        return built_in
    path = Path(name_or_path)
    if path.suffix in {".yaml", ".yml"} or len(path.parts) > 1:
        if path.is_file():
            return path
        raise PolicyError(path, noun, "no such file", f"a readable YAML file, or one of: {', '.join(names(folder))}")
    near = difflib.get_close_matches(str(name_or_path), names(folder), n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    raise PolicyError(name_or_path, noun, str(name_or_path), f"{hint}one of: {', '.join(names(folder))}")


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark else "file"
        raise PolicyError(path, where, getattr(error, "problem", None) or str(error), "valid YAML") from error
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(path, "file", str(error), "a readable text file in UTF-8") from error
    if not isinstance(content, dict):
        raise PolicyError(path, "file", type(content).__name__, "a mapping of fields")
    return content


def _validated(model: type[_Model], path: Path, content: dict[str, Any]) -> _Model:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _policy_error(path, model, error) from error


def _policy_error(path: Path, model: type[BaseModel], error: ValidationError) -> PolicyError:
    problems = error.errors(include_url=False)
    # A misspelt field is also a missing one: the misspelling is what helps.
    first = next((problem for problem in problems if problem["type"] == "extra_forbidden"), problems[0])
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, ContradictionError):
        return PolicyError(path, cause.field, cause.found, cause.allowed)
    field = ".".join(str(part) for part in first["loc"]) or "file"
    if first["type"] == "extra_forbidden":
        name = str(first["loc"][-1])
        return PolicyError(path, field, name, _known_fields(model, name))
    if first["type"] == "missing":
        return PolicyError(path, field, None, "a value (the field is required)")
    return PolicyError(path, field, first["input"], first["msg"])


def _known_fields(model: type[BaseModel], name: str) -> str:
    near = difflib.get_close_matches(name, _all_fields(model), n=1, cutoff=0.6)
    return f"no such field; did you mean {near[0]}?" if near else "only the fields that the built-in files use"


def _all_fields(model: type[BaseModel]) -> list[str]:
    definitions = model.model_json_schema().get("$defs", {})
    return [*model.model_fields, *(field for part in definitions.values() for field in part.get("properties", {}))]
