"""Two drawings for the page that must open anywhere: whether probabilities hold, and what review buys."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from sim.report.charts import axis, ticks
from sim.report.wording import share

SIDE, MARGIN = 300.0, 52.0
WIDTH, HEIGHT = 460.0, 300.0

Scale = Callable[[float], float]


def reliability_svg(block: Mapping[str, Any], title: str) -> str:
    """The reliability diagram of one kind of statement: stated against right, with Wilson's 95 % intervals.

    `block` is one of `receipts.calibration` of the summary; dots are larger the more statements they stand for.
    """
    to_x, to_y = _unit_scales()
    size = MARGIN + SIDE + 28
    body = [_field(SIDE, SIDE), *_unit_grid(to_x, to_y)]
    body.append(f'<line class="front" x1="{to_x(0):.1f}" y1="{to_y(0):.1f}" x2="{to_x(1):.1f}" y2="{to_y(1):.1f}"/>')
    for one in block["bins"]:
        x, y, radius = to_x(one["mean_stated"]), to_y(one["share_right"]), 3 + 7 * (one["n"] / block["n"]) ** 0.5
        low, high = to_y(one["share_right_low"]), to_y(one["share_right_high"])
        words = f"{one['n']} stated {share(one['mean_stated'])} sure in the mean, {share(one['share_right'])} right"
        body.append(
            f'<g class="best"><title>{escape(words)}</title><line class="whisker" x1="{x:.1f}" x2="{x:.1f}" '
            f'y1="{low:.1f}" y2="{high:.1f}"/><circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/></g>'
        )
    body += _titles(SIDE, SIDE, "stated probability", "share that was right")
    return _svg(size, size, f"Reliability: {title}", body)


def review_svg(curve: Sequence[Mapping[str, float | None]], field: str, title: str) -> str:
    """One figure of the review curve (`receipts.review.curve`) against the share reviewed; `field` names the figure.

    A rate is drawn with its interval `..._low` and `..._high` where the curve has one.
    """
    points = [(_value(point, "reviewed"), _value(point, field)) for point in curve]
    stem = field.removesuffix("_rate")
    band = [
        (_value(p, "reviewed"), _value(p, f"{stem}_low"), _value(p, f"{stem}_high"))
        for p in curve
        if f"{stem}_low" in p
    ]
    values = [y for _, y in points] + [edge for _, low, high in band for edge in (low, high)]
    to_x = axis([0.0, 1.0], MARGIN, MARGIN + WIDTH - 20)
    to_y = axis(values, HEIGHT, 10)
    rate = field.endswith("_rate")
    body = [_field(WIDTH - 20, HEIGHT - 10)]
    for value in ticks(values):
        body.append(_grid_line(MARGIN, MARGIN + WIDTH - 20, to_y(value), share(value) if rate else f"{value:,.0f}"))
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        body.append(
            f'<text class="tick" x="{to_x(value):.1f}" y="{HEIGHT + 16}" text-anchor="middle">{share(value)}</text>'
        )
    if band:
        edge = [(x, high) for x, _, high in band] + [(x, low) for x, low, _ in reversed(band)]
        body.append(f'<polygon class="band" points="{_path(edge, to_x, to_y)}"/>')
    body.append(f'<polyline class="curve" points="{_path(points, to_x, to_y)}"/>')
    body += _titles(WIDTH - 20, HEIGHT - 10, "share of visits reviewed", title)
    return _svg(MARGIN + WIDTH, HEIGHT + MARGIN, f"Review: {title}", body)


def _value(point: Mapping[str, float | None], field: str) -> float:
    return float(point[field] or 0.0)


def _path(points: Sequence[tuple[float, float]], to_x: Scale, to_y: Scale) -> str:
    return " ".join(f"{to_x(x):.1f},{to_y(y):.1f}" for x, y in points)


def _unit_scales() -> tuple[Scale, Scale]:
    return lambda x: MARGIN + x * SIDE, lambda y: 10 + (1 - y) * SIDE


def _unit_grid(to_x: Scale, to_y: Scale) -> list[str]:
    lines = []
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        lines.append(_grid_line(MARGIN, MARGIN + SIDE, to_y(value), share(value)))
        lines.append(
            f'<text class="tick" x="{to_x(value):.1f}" y="{SIDE + 26}" text-anchor="middle">{share(value)}</text>'
        )
    return lines


def _grid_line(left: float, right: float, y: float, label: str) -> str:
    return (
        f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="tick" x="{left - 6}" y="{y + 4:.1f}" text-anchor="end">{escape(label)}</text>'
    )


def _field(width: float, height: float) -> str:
    return f'<rect class="field" x="{MARGIN}" y="10" width="{width}" height="{height}"/>'


def _titles(width: float, height: float, x_title: str, y_title: str) -> list[str]:
    middle = 10 + height / 2
    return [
        f'<text class="axis" x="{MARGIN + width / 2}" y="{height + 48}" text-anchor="middle">{escape(x_title)}</text>',
        f'<text class="axis" x="10" y="{middle}" text-anchor="middle" transform="rotate(-90 10 {middle})">'
        f"{escape(y_title)}</text>",
    ]


def _svg(width: float, height: float, label: str, body: Sequence[str]) -> str:
    return (
        f'<svg class="pareto receipts" viewBox="0 0 {width:.0f} {height:.0f}" role="img" '
        f'xmlns="http://www.w3.org/2000/svg" aria-label="{escape(label)}">{"".join(body)}</svg>'
    )
