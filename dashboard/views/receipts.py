"""Page: every visit's receipt beside the truth, with the evidence that led to it."""

import streamlit as st

from dashboard.components.html import show_part
from dashboard.components.page import bad_input_said, heading, is_one_day, shown_run
from dashboard.components.visit_table import visit_table
from sim.report.page import visit_html
from sim.report.visits import visit_views


def show() -> None:
    """Lays out the page."""
    heading(
        "Receipts", "What each shopper was billed, what that shopper really took, and how the store came to think so."
    )
    run = shown_run()
    if run is None or run.state == "running":
        return
    with bad_input_said():
        if not is_one_day(run):
            return
        views = visit_views(run)
        if not views:
            st.info("Nobody was billed in this run.")
            return
        chosen = visit_table(views, run.name)
        if chosen is None:
            st.caption("Tick the box of a line to see the visit.")
            return
        st.subheader(f"The visit of {chosen.account}", anchor=False)
        show_part(visit_html(chosen))
