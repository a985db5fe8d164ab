"""Rules that every detector, embedder and tracker must keep, checked on small scenes: also those of a user.

`check` runs all rules of a kind and says which hold; a test of one's own is
`assert not check("tracker", MyTracker).broken`.
"""

from tracking.conformance.detector import DETECTOR_RULES
from tracking.conformance.embedder import EMBEDDER_RULES
from tracking.conformance.rules import KINDS, BrokenRule, Kind, Report, Rule, check
from tracking.conformance.tracker import TRACKER_RULES

__all__ = [
    "DETECTOR_RULES",
    "EMBEDDER_RULES",
    "KINDS",
    "TRACKER_RULES",
    "BrokenRule",
    "Kind",
    "Report",
    "Rule",
    "check",
]
