"""The Pareto plot as SVG, for the page that must open anywhere."""

import math
from collections.abc import Callable, Sequence
from html import escape

from sim.report.comparison import ParetoPoint, front
from sim.report.wording import figure
from store.privacy.metrics import METRICS

WIDTH, HEIGHT = 760.0, 400.0
LEFT, RIGHT, TOP, BOTTOM = 86.0, 150.0, 24.0, 64.0
LABEL_HEIGHT = 15.0


def pareto_svg(points: Sequence[ParetoPoint], x: str, y: str) -> str:
    """Policies as dots over two metrics; filled dots are on the front, which a dashed line joins."""
    to_x = axis([point.x for point in points], LEFT, WIDTH - RIGHT)
    to_y = axis([point.y for point in points], HEIGHT - BOTTOM, TOP)
    line = " ".join(f"{to_x(p.x):.1f},{to_y(p.y):.1f}" for p in front(points))
    body = [_axes(points, x, y, to_x, to_y), f'<polyline class="front" points="{line}"/>']
    taken: list[tuple[float, float]] = []
    for point in sorted(points, key=lambda p: (p.x, p.y)):
        px, py = to_x(point.x), to_y(point.y)
        text_y = free_height(px, py, taken)
        taken.append((px, text_y))
        words = f"{point.policy}: {figure(point.x, METRICS[x].unit)} / {figure(point.y, METRICS[y].unit)}"
        kind = "best" if point.best else "beaten"
        body.append(
            f'<g class="{kind}"><title>{escape(words)}</title><circle cx="{px:.1f}" cy="{py:.1f}" r="6"/>'
            f'<text x="{px + 11:.1f}" y="{text_y + 4:.1f}">{escape(point.policy)}</text></g>'
        )
    return (
        f'<svg class="pareto" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" xmlns="http://www.w3.org/2000/svg" '
        f'aria-label="Policies by {escape(METRICS[x].title)} and {escape(METRICS[y].title)}">{"".join(body)}</svg>'
    )


def axis(values: Sequence[float], start: float, end: float) -> Callable[[float], float]:
    """A linear axis from value to drawing units with a tenth of room on both sides."""
    low, high = min(values), max(values)
    span = (high - low) or max(abs(high), 1.0)
    low, high = low - 0.1 * span, high + 0.1 * span
    return lambda value: start + (value - low) / (high - low) * (end - start)


def free_height(x: float, y: float, taken: Sequence[tuple[float, float]]) -> float:
    """The nearest height at which a label at `x` does not cover those already placed."""
    steps = [step * LABEL_HEIGHT * sign for step in range(0, 16) for sign in (1, -1)]
    for step in steps:
        if all(abs(y + step - other_y) >= LABEL_HEIGHT or abs(x - other_x) > 120 for other_x, other_y in taken):
            return y + step
    return y


def _axes(
    points: Sequence[ParetoPoint], x: str, y: str, to_x: Callable[[float], float], to_y: Callable[[float], float]
) -> str:
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    lines = [f'<rect class="field" x="{LEFT}" y="{TOP}" width="{right - LEFT}" height="{bottom - TOP}"/>']
    for value in ticks([point.x for point in points]):
        at = to_x(value)
        lines.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{bottom}"/>')
        lines.append(f'<text class="tick" x="{at:.1f}" y="{bottom + 18}" text-anchor="middle">')
        lines.append(f"{escape(figure(value, METRICS[x].unit))}</text>")
    for value in ticks([point.y for point in points]):
        at = to_y(value)
        lines.append(f'<line class="grid" x1="{LEFT}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>')
        lines.append(f'<text class="tick" x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">')
        lines.append(f"{escape(figure(value, METRICS[y].unit))}</text>")
    middle_x, middle_y = (LEFT + right) / 2, (TOP + bottom) / 2
    lines.append(
        f'<text class="axis" x="{middle_x}" y="{HEIGHT - 14}" text-anchor="middle">{_axis_title(x, "x")}</text>'
    )
    lines.append(
        f'<text class="axis" x="20" y="{middle_y}" text-anchor="middle" transform="rotate(-90 20 {middle_y})">'
        f"{_axis_title(y, 'y')}</text>"
    )
    return "".join(lines)


def ticks(values: Sequence[float]) -> list[float]:
    """Up to six round values between the smallest and the largest, both ends counted."""
    low, high = min(values), max(values)
    if high == low:
        return [low]
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = math.floor(low / step)
    found = [round(k * step, 12) for k in range(first, first + 9)]
    return [value for value in found if low - 1e-9 <= value <= high + 1e-9] or [low]


def axis_title(metric: str, axis_name: str) -> str:
    """The metric's title with an arrow towards the better end."""
    better = METRICS[metric].better
    arrows = {("x", "higher"): "better →", ("x", "lower"): "← better"}
    arrows |= {("y", "higher"): "better →", ("y", "lower"): "← better"}
    return f"{METRICS[metric].title} ({arrows[(axis_name, better)]})"


def _axis_title(metric: str, axis_name: str) -> str:
    return escape(axis_title(metric, axis_name))
