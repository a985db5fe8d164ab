"""Every metric by name, in the order in which tables show them."""

from store.privacy.attacks.metrics import METRICS as ATTACKS
from store.privacy.governance.metrics import METRICS as GOVERNANCE
from store.privacy.keeping.metrics import METRICS as KEEPING
from store.privacy.metric import Metric
from store.privacy.service.metrics import METRICS as SERVICE
from store.privacy.uses.metrics import METRICS as USES

METRICS: dict[str, Metric] = {metric.name: metric for metric in (*KEEPING, *GOVERNANCE, *ATTACKS, *USES, *SERVICE)}
"""Every metric by name; the definitions stand in the room that computes the figure."""
