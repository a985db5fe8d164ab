"""YAML files of the user's, read into a model; whatever is wrong is said in one line."""

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from tracking.errors import BadInput

Model = TypeVar("Model", bound=BaseModel)


def read_yaml(path: Path | str, model: type[Model]) -> Model:
    """The content of a YAML file as `model`; BadInput names the field that is wrong."""
    try:
        return model.model_validate(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise BadInput(str(path), "file", str(problem).replace("\n", " "), "a readable YAML file") from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "file"
        raise BadInput(str(path), field, first.get("input"), first["msg"]) from problem
