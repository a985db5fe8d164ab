"""How figures are written for people: money, shares, times, counts."""

import math
from datetime import datetime

from store.privacy.figures import Figure


def money(cents: float) -> str:
    """Cents as dollars, `$12.40`; a minus sign goes first."""
    sign = "-" if cents < 0 else ""
    return f"{sign}${abs(cents) / 100:,.2f}"


def signed_money(cents: float) -> str:
    """A difference in cents, with its sign: `+$1.20`, `-$0.80`, `$0.00`."""
    return f"+{money(cents)}" if cents > 0 else money(cents)


def share(fraction: float) -> str:
    """A fraction of one as a percentage, one decimal where it is small or nearly all; never rounded to none or all."""
    percent = 100 * fraction
    if 0 < percent < 0.05 or 99.95 <= percent < 100:
        return "< 0.1 %" if percent < 50 else "> 99.9 %"
    if -0.05 < percent <= 0:
        return "0 %"
    return f"{percent:.1f} %" if abs(percent) < 10 or 99 < percent < 100 else f"{percent:.0f} %"


def clock(t: float) -> str:
    """Seconds from opening as m:ss; times before opening get a minus sign."""
    whole = int(abs(t))
    return f"{'-' if t < 0 else ''}{whole // 60}:{whole % 60:02d}"


def duration(seconds: float) -> str:
    """How long something is kept, in the unit that people would use: `5 minutes`, `30 days`, `7 years`."""
    if seconds <= 0:
        return "never written down"
    units = ((31_536_000, "year"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))
    size, name = next(((size, name) for size, name in units if seconds >= size), units[-1])
    amount = seconds / size
    number = f"{amount:.0f}" if abs(amount - round(amount)) < 0.05 else f"{amount:.1f}"
    return f"{number} {name}" if number == "1" else f"{number} {name}s"


def moment(written: str) -> str:
    """A wall-clock time of ISO 8601 as people write it; anything else as it is."""
    try:
        when = datetime.fromisoformat(written)
    except ValueError:
        return written or "-"
    return f"{when.day} {when:%b %Y, %H:%M} {when.tzname() or ''}".strip()


def figure(value: float, unit: str) -> str:
    """A metric's value with its unit, rounded to what a reader can use."""
    if unit.startswith(("share", "probability")):
        return share(value)
    if unit.startswith("cents"):
        return money(value)
    if unit.startswith("USD"):
        return money(100 * value) if abs(value) < 1000 else f"${value:,.0f}"
    return plain(value)


def interval(figure_of: Figure, unit: str) -> str:
    """The 95 % interval of a figure, empty where it has none or none that says more than the figure."""
    if figure_of.low is None or figure_of.high is None or figure_of.low == figure_of.high:
        return ""
    return f"{figure(figure_of.low, unit)} to {figure(figure_of.high, unit)}"


def figure_note(figure_of: Figure, unit: str) -> str:
    """What stands on hover over a figure: the exact value, its 95 % interval, and what a reader must know."""
    parts = [] if figure_of.value is None else [f"{figure_of.value:.6g}"]
    if figure_of.low is not None and figure_of.high is not None:
        parts.append(f"95 % interval {figure(figure_of.low, unit)} to {figure(figure_of.high, unit)}")
    return ". ".join([*parts, *([figure_of.note] if figure_of.note else [])])


def unit_words(unit: str) -> str:
    """The unit as it stands beside a title: shares and money carry theirs in the figure."""
    for carried in ("share", "probability", "cents", "USD"):
        if unit.startswith(carried):
            return unit.removeprefix(carried).strip(" ,")
    return unit


def plain(value: float) -> str:
    """A number with thousands separators and about three significant digits."""
    if not math.isfinite(value):
        return "-"
    size = abs(value)
    if size >= 100 or value == int(value):
        return f"{value:,.0f}"
    if size >= 0.01:
        return f"{value:.3g}"
    return f"{value:.1e}".replace("e-0", "e-")


def count(number: int, singular: str, plural: str | None = None) -> str:
    """`1 visit`, `2 visits`."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
