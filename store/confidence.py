"""How sure the store says it is: probabilities of the belief, corrected for being too timid or too bold.

The belief multiplies many likelihoods that are not quite independent, so that its probabilities come out too near the
middle or too near the ends. A temperature corrects that (Guo et al. 2017): every probability's log odds are divided by
it. Below 1 the store says it more boldly, above 1 more timidly. It changes nothing of what is billed, only how sure the
store says it is, and so which receipts go to a person. `store/confidence.yaml` holds those in use and names the runs
that they were fitted on; `aisle calibrate RUN...` makes it anew.
"""

from collections.abc import Mapping
from functools import lru_cache
from math import exp, log
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from store.errors import BadInput

CONFIDENCE = Path(__file__).parent / "confidence.yaml"

_LEAST = 1e-9


class Confidence(BaseModel):
    """Temperatures of attributions and of receipts; 1 leaves probabilities as the belief has them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    attribution_temperature: float = Field(default=1.0, ge=0.1, le=10, description="of who made a weight change")
    receipt_temperature: float = Field(default=1.0, ge=0.1, le=10, description="of that every line is right")
    fitted_on: tuple[str, ...] = Field(default=(), description="runs it was fitted on, SCENARIO/SEED; never judged by")

    def receipt(self, probability: float) -> float:
        """The corrected probability that a receipt is right."""
        return tempered(probability, self.receipt_temperature)

    def shares(self, candidates: Mapping[str, float]) -> dict[str, float]:
        """The corrected probabilities of everybody who may have made a change; what is missing to 1 is nobody's.

        Of probabilities that sum to more than 1, as two people may have been in one change, each is corrected alone.
        """
        if self.attribution_temperature == 1:
            return dict(candidates)
        total = sum(candidates.values())
        if total > 1 + 1e-6:
            return {name: tempered(share, self.attribution_temperature) for name, share in candidates.items()}
        power = 1 / self.attribution_temperature
        raised = {name: share**power for name, share in candidates.items()}
        whole = sum(raised.values()) + max(0.0, 1 - total) ** power
        return {name: share / whole for name, share in raised.items()} if whole > 0 else dict(candidates)


def tempered(probability: float, temperature: float) -> float:
    """The probability whose log odds are those of `probability` over `temperature`; 0 and 1 stay what they are."""
    if temperature == 1 or probability in (0.0, 1.0):
        return probability
    kept = min(1 - _LEAST, max(_LEAST, probability))
    return 1 / (1 + exp(-log(kept / (1 - kept)) / temperature))


@lru_cache(maxsize=1)
def confidence_in_use() -> Confidence:
    """The temperatures of `store/confidence.yaml`."""
    return load_confidence(CONFIDENCE)


def load_confidence(path: Path) -> Confidence:
    """Temperatures from a YAML file; BadInput where it is none."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Confidence.model_validate(content or {})
    except (OSError, yaml.YAMLError) as error:
        raise BadInput(path, "file", str(error).split("\n")[0], "temperatures in YAML") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise BadInput(path, field or "file", first["input"], first["msg"]) from error
