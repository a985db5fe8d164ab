"""How times, visits and tracks of one day of several are told from those of the other days."""

DAY_S = 86_400.0
TRACKS_A_DAY = 100_000
"""More than any day has, so that numbers of different days never meet."""


def opens_at(day: int | None) -> float:
    """When a day (from 1; None: the only one) opens, seconds from the first day's opening."""
    return 0.0 if day is None else (day - 1) * DAY_S


def visit_name(visit: str, day: int | None) -> str:
    """A visit's id, unique over the days; that of an only day stays as it is."""
    return visit if day is None else f"d{day}-{visit}"


def first_track(day: int | None) -> int:
    """What is added to a day's track numbers; nothing on an only day."""
    return 0 if day is None else day * TRACKS_A_DAY
