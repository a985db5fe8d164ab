"""Privacy policies: what each way of running the same store collects, keeps, shares and exposes.

A `Policy` (YAML in `policies/`) is applied to a `Period` of one or several days; its store is filled, searched, expired
and then counted. Every figure carries a value or the reason why there is none.
"""

from store.privacy.apply import ComparisonRow, apply_policy, compare
from store.privacy.case import Case, PictureReader
from store.privacy.catalogue import list_policies, load_policy
from store.privacy.day import (
    Basket,
    Billing,
    CameraRecord,
    DayRecords,
    Period,
    ReceiptRecord,
    Truth,
    VisitRecord,
)
from store.privacy.figures import Figure, PolicyFigures
from store.privacy.metric import Metric
from store.privacy.metrics import METRICS
from store.privacy.policy import Policy

__all__ = [
    "METRICS",
    "Basket",
    "Billing",
    "CameraRecord",
    "Case",
    "ComparisonRow",
    "DayRecords",
    "Figure",
    "Metric",
    "Period",
    "PictureReader",
    "Policy",
    "PolicyFigures",
    "ReceiptRecord",
    "Truth",
    "VisitRecord",
    "apply_policy",
    "compare",
    "list_policies",
    "load_policy",
]
