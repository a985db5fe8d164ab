"""The Pareto plot: one privacy figure against one usage figure, each policy a dot."""

from collections.abc import Mapping

import plotly.graph_objects as go
import streamlit as st

from sim.report.charts import axis_title
from sim.report.comparison import ParetoPoint, axes, comparable, front, pareto, together
from sim.report.wording import figure
from sim.run_folder import RunFolder
from store.privacy.figures import Figure
from store.privacy.metrics import METRICS

BEST, BEATEN = "#0b6a6a", "#8c897f"


def pareto_plot(run: RunFolder, names: list[str]) -> None:
    """Draws the choice of the two figures, and the plot."""
    figures = {name: own for name, own in run.policies().items() if name in names}
    privacy, usage = comparable(figures, "privacy"), comparable(figures, "usage")
    if not privacy or not usage:
        st.info("A plot needs two policies with figures.")
        return
    first = axes(figures) or [(privacy[0], usage[0])]
    left, right = st.columns(2)
    x = left.selectbox("Privacy figure", privacy, privacy.index(first[0][0]), format_func=_title)
    y = right.selectbox("Usage figure", usage, usage.index(first[0][1]), format_func=_title)
    left.caption(METRICS[x].definition.replace("$", "\\$"))
    right.caption(METRICS[y].definition.replace("$", "\\$"))
    if len(pareto(figures, x, y)) < 2:
        st.info("Fewer than two policies have both figures.")
        return
    st.plotly_chart(pareto_figure(figures, x, y), width="stretch", config={"displayModeBar": False})


def pareto_figure(figures: Mapping[str, Mapping[str, Figure]], x: str, y: str) -> go.Figure:
    """The plot itself."""
    points = pareto(figures, x, y)
    line = front(points)
    chart = go.Figure()
    chart.add_scatter(
        x=[p.x for p in line],
        y=[p.y for p in line],
        mode="lines",
        line={"color": BEST, "dash": "dot", "width": 1.5},
        hoverinfo="skip",
    )
    for group in together(points):
        for number, p in enumerate(group):
            colour = BEST if p.best else BEATEN
            marker = {"size": 13, "color": BEST if p.best else "white", "line": {"color": colour, "width": 2}}
            label = "<br>".join(one.policy for one in group) if number == 0 else ""
            chart.add_scatter(
                x=[p.x], y=[p.y], mode="markers+text", text=[label], textposition="middle right", marker=marker,
                hovertemplate=_hover(p, x, y), cliponaxis=False,
            )  # fmt: skip
    style = {"showline": True, "linecolor": "#cfcabd", "gridcolor": "#eeece5", "zeroline": False}
    percent = {
        axis: ".0%" if METRICS[m].unit.startswith(("share", "probability")) else None
        for axis, m in (("x", x), ("y", y))
    }
    chart.update_layout(
        height=460, showlegend=False, margin={"l": 70, "r": 150, "t": 20, "b": 60}, plot_bgcolor="white",
        paper_bgcolor="rgba(0,0,0,0)", font={"color": "#1f2429", "size": 14},
        xaxis={"title": axis_title(x, "x"), "tickformat": percent["x"], **style},
        yaxis={"title": axis_title(y, "y"), "tickformat": percent["y"], **style},
    )  # fmt: skip
    return chart


def _hover(point: ParetoPoint, x: str, y: str) -> str:
    lines = [f"<b>{point.policy}</b>"]
    lines += [f"{_title(m)}: {figure(v, METRICS[m].unit)}" for m, v in ((x, point.x), (y, point.y))]
    return "<br>".join(lines) + "<extra></extra>"


def _title(metric: str) -> str:
    return METRICS[metric].title
