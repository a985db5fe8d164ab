"""Every metric by name, in the order in which tables show them."""

from store.privacy.attacks.metrics import METRICS as ATTACKS
from store.privacy.governance.metrics import METRICS as GOVERNANCE
from store.privacy.keeping.metrics import METRICS as KEEPING
from store.privacy.metric import GROUPS, Metric
from store.privacy.service.metrics import METRICS as SERVICE
from store.privacy.uses.metrics import METRICS as USES

_ROOMS = (*KEEPING, *GOVERNANCE, *ATTACKS, *USES, *SERVICE)
METRICS: dict[str, Metric] = {metric.name: metric for group in GROUPS for metric in _ROOMS if metric.group == group}
"""Every metric by name, group after group; the definitions stand in the room that computes the figure."""
