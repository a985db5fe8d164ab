"""Page: the floor plan with tracks beside what the cameras saw, on one clock."""

import streamlit as st

from dashboard.components.page import bad_input_said, heading, is_one_day, shown_run
from dashboard.components.player import player
from dashboard.components.progress import live_pictures, live_runs


def show() -> None:
    """Lays out the page."""
    heading("Store", "Where the store believed everybody was, beside what its cameras saw at that moment.")
    run = shown_run()
    if run is None:
        return
    if run.state == "running":
        live_runs()
        return
    with bad_input_said():
        if not is_one_day(run):
            return
        if not (run.path / "tracks" / "floor.parquet").is_file():
            st.info("This run ended before it had tracks. These are the last pictures of its cameras.")
            live_pictures(run)
            return
        player(run)
