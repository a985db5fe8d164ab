"""The table of all runs; choosing a line chooses the run for all pages."""

from typing import Any

import pandas as pd
import streamlit as st

from dashboard.components.choice import WORDS, readable_runs, set_chosen
from sim.errors import BadInput
from sim.report.headlines import DEFINITIONS
from sim.run_folder import RunFolder

KEY = "run table"


def run_table() -> None:
    """Draws the table."""
    runs = readable_runs()
    table = pd.DataFrame([row_of(run) for run in runs])
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        placeholder="-",
        on_select=lambda: _choose(runs),
        selection_mode="single-row",
        key=KEY,
        column_config={
            "Started": st.column_config.DatetimeColumn(format="D MMM YYYY, HH:mm"),
            "Done": st.column_config.ProgressColumn(
                format="percent",
                min_value=0,
                max_value=1,
                width="small",
                help="Share of the store seconds that were simulated.",
            ),
            "Exact receipts": st.column_config.NumberColumn(format="%.0f %%", help=DEFINITIONS["exact_rate"]),
            "Money error": st.column_config.NumberColumn(format="dollar", help=DEFINITIONS["money_error"]),
            "HOTA": st.column_config.NumberColumn(format="%.2f", help=DEFINITIONS["hota"]),
            "IDF1": st.column_config.NumberColumn(format="%.2f", help=DEFINITIONS["idf1"]),
            "Real time": st.column_config.NumberColumn(format="%.2f x", help=DEFINITIONS["real_time_factor"]),
        },
    )
    st.caption("Tick the box of a line to show that run on all pages. Column titles explain themselves on hover.")


def row_of(run: RunFolder) -> dict[str, Any]:
    """A run's line; figures that it does not have stay empty."""
    manifest = run.manifest
    row: dict[str, Any] = {
        "Run": run.name,
        "Scenario": manifest.scenario,
        "Seed": manifest.seed,
        "State": WORDS[run.state],
        "Started": pd.to_datetime(manifest.started, errors="coerce", utc=True),
        "Done": manifest.progress.fraction if manifest.progress else None,
    }
    return row | dict.fromkeys(("Exact receipts", "Money error", "HOTA", "IDF1", "Real time")) | _figures(run)


def _figures(run: RunFolder) -> dict[str, Any]:
    try:
        summary = run.summary
    except BadInput:
        return {}
    rate = summary.receipts.get("exact_rate")
    over, under = (summary.receipts.get(key) for key in ("overcharged_cents", "undercharged_cents"))
    return {
        "Exact receipts": None if rate is None else 100 * rate,
        "Money error": None if over is None or under is None else (over + under) / 100,
        "HOTA": summary.tracking.get("hota"),
        "IDF1": summary.tracking.get("idf1"),
        "Real time": summary.speed.get("real_time_factor"),
    }


def _choose(runs: list[RunFolder]) -> None:
    chosen = st.session_state[KEY].selection.rows
    if chosen:
        set_chosen(runs[chosen[0]].name)
