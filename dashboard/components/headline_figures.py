"""The headline figures of a run in one line."""

import streamlit as st

from sim.report.headlines import headlines
from sim.run_folder import RunSummary


def headline_figures(summary: RunSummary) -> None:
    """One box a figure; the definition is on hover."""
    found = headlines(summary)
    for column, line in zip(st.columns(len(found)), found, strict=True):
        with column.container(border=True, height="stretch"):
            st.metric(line.title, line.value, help=line.definition)
            st.caption(line.detail.replace("$", "\\$"))
