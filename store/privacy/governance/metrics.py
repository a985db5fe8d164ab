"""Metrics of who asked for what, and of people's rights."""

from store.privacy.metric import Metric

METRICS: tuple[Metric, ...] = ()
