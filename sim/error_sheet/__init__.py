"""The error sheet of a run: every switch, loss, ghost, double and late birth of tracking, with what was seen of it."""

from sim.error_sheet.command import write_error_sheet

__all__ = ["write_error_sheet"]
