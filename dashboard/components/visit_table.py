"""The table of visits; choosing a line opens the visit below."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from sim.report.visits import VisitView
from sim.report.wording import clock


def visit_table(views: Sequence[VisitView], run: str) -> VisitView | None:
    """Draws the table and returns the chosen visit, at first the first one that went wrong."""
    key = f"visit table {run}"
    start = next((n for n, view in enumerate(views) if view.verdict != "exact"), 0)
    chosen = st.dataframe(
        pd.DataFrame([row_of(view) for view in views]),
        hide_index=True,
        width="stretch",
        placeholder="-",
        on_select="rerun",
        selection_mode="single-row",
        selection_default={"selection": {"rows": [start]}} if views else None,
        key=key,
        column_config={
            "People": st.column_config.NumberColumn(help="Members of the party that this account pays for."),
            "Billed": st.column_config.NumberColumn(format="dollar", help="What the store charged."),
            "True": st.column_config.NumberColumn(format="dollar", help="What this party really carried out."),
            "Error": st.column_config.NumberColumn(format="dollar", help="Billed less true; positive is too much."),
            "Store's confidence": st.column_config.NumberColumn(
                format="%.0f %%", help="The store's own probability that every line is right."
            ),
            "Review": st.column_config.CheckboxColumn(help="The store asks a person to check this receipt."),
        },
    )
    rows = chosen["selection"]["rows"] if chosen else []
    return views[rows[0]] if rows and rows[0] < len(views) else None


def row_of(view: VisitView) -> dict[str, object]:
    """A visit's line."""
    return {
        "Account": view.account,
        "In the store": f"{clock(view.opened)} to {clock(view.closed)}" if view.billed else "not billed",
        "People": view.people,
        "Items": view.items,
        "Billed": view.billed_cents / 100,
        "True": view.true_cents / 100,
        "Error": view.error_cents / 100,
        "Verdict": {"exact": "✓ exact", "wrong": "✗ wrong", "not billed": "✗ not billed", "still open": "still open"}[
            view.verdict
        ],
        "Store's confidence": None if view.confidence is None else 100 * view.confidence,
        "Review": view.flagged,
    }
