"""Page: the same day under other rules, side by side."""

import streamlit as st

from dashboard.components.html import show_part
from dashboard.components.page import bad_input_said, heading, shown_run
from dashboard.components.pareto_plot import pareto_plot
from sim.report.comparison import policy_cards
from sim.report.page import comparison_html, policy_pages_html


def show() -> None:
    """Lays out the page."""
    heading(
        "Privacy and usage",
        "The same day in the same store under other rules: what each policy learns and keeps about people, and what it "
        "does for billing.",
    )
    run = shown_run()
    if run is None or not run.has_summary:
        return
    with bad_input_said():
        cards = policy_cards(run)
        if not cards:
            st.info("This run was not judged under any policy. Start one with policies, or use `aisle compare`.")
            return
        names = [card.name for card in cards]
        titles = {card.name: card.title for card in cards}
        chosen = st.multiselect("Policies", names, names, format_func=lambda name: titles[name])
        table, plot, pages = st.tabs(["Side by side", "Pareto plot", "Each policy by itself"])
        with table:
            differing = st.toggle("Only figures in which the policies differ", value=True)
            st.caption("Dotted words and figures explain themselves on hover. The best of each row is bold.")
            show_part(comparison_html(run, chosen, every_row=not differing))
        with plot:
            st.caption(
                "Filled dots are on the front: no policy is better in one figure without being worse in the other."
            )
            pareto_plot(run, chosen)
        with pages:
            st.caption("Open a policy: its rules, what its store wrote down, and every figure with its interval.")
            show_part(policy_pages_html(run, chosen))
