"""Reads YAML files into Pydantic models and turns every fault into one `BadInput` line."""

from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sim.errors import BadInput

Model = TypeVar("Model", bound=BaseModel)

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$", max_length=60)]
Share = Annotated[float, Field(ge=0, le=1)]


class Settings(BaseModel):
    """Configuration that refuses unknown fields and stays as it was read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


# The safe loader written in C reads a store ten times faster; not every build of PyYAML has it.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class FieldError(ValueError):
    """Raised inside a model's validator: which field is wrong, what was found there and what is allowed."""

    def __init__(self, field: str, found: object, allowed: str) -> None:
        """Keeps the three parts of the message."""
        self.field, self.found, self.allowed = field, found, allowed
        super().__init__(f"{field}: found {found!r}, allowed: {allowed}")


def read_yaml(path: Path) -> dict[str, Any]:
    """The mapping written in a YAML file.

    Raises:
        BadInput: the file cannot be read, is no YAML, or holds something else than a mapping.
    """
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)
    except OSError as error:
        raise BadInput(path, "file", error.strerror or str(error), "a readable YAML file") from error
    except UnicodeDecodeError as error:
        raise BadInput(path, "file", "bytes that are no UTF-8", "a YAML file in UTF-8") from error
    except yaml.YAMLError as error:
        raise BadInput(path, _line(error), _problem(error), "YAML syntax") from error
    if not isinstance(content, dict):
        raise BadInput(path, "file", type(content).__name__, "a mapping of fields")
    return content


def validated(model: type[Model], content: dict[str, Any], path: object) -> Model:
    """`content` as a `model`.

    Raises:
        BadInput: the first field that breaks the model, with its dotted place in the file.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise _bad_input(error, model, path) from error


def _line(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 1}" if mark is not None else "file"


def _problem(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0]


def _bad_input(error: ValidationError, model: type[BaseModel], path: object) -> BadInput:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, FieldError):
        return BadInput(path, ".".join(filter(None, (place, cause.field))), cause.found, cause.allowed)
    kind = first["type"]
    if kind == "missing":
        return BadInput(path, place, "nothing", "a value; this field is required")
    if kind == "extra_forbidden":
        return BadInput(path, place, first["input"], "no such field; known are " + _known(model, first["loc"]))
    return BadInput(path, place, first["input"], first["msg"].removeprefix("Input should be "))


def _known(model: type[BaseModel], loc: tuple[int | str, ...]) -> str:
    """Names of the fields of the model that holds the last part of `loc`."""
    holder: Any = model
    for part in loc[:-1]:
        if isinstance(part, str) and part in getattr(holder, "model_fields", {}):
            holder = _inner_model(holder.model_fields[part].annotation)
    return ", ".join(getattr(holder, "model_fields", {})) or "none"


def _inner_model(annotation: Any) -> Any:
    """The model inside `tuple[Model, ...]`, `Model | None` and the like."""
    for inner in getattr(annotation, "__args__", ()):
        found = _inner_model(inner)
        if found is not None:
            return found
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
