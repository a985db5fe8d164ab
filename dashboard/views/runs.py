"""Page: all runs, one chosen, a new one started."""

import streamlit as st

from dashboard.components.choice import broken_runs, chosen_run, display_path, readable_runs
from dashboard.components.headline_figures import headline_figures
from dashboard.components.new_run import new_run_form
from dashboard.components.page import bad_input_said, heading, say_state
from dashboard.components.progress import live_runs
from dashboard.components.run_table import run_table
from dashboard.folder import runs_folder


def show() -> None:
    """Lays out the page."""
    heading("Runs", "Each run is one simulated shopping day: watched by cameras, billed by the store, and then judged.")
    run = chosen_run()
    if run is not None:
        st.subheader(run.name, anchor=False)
        if run.state != "running":
            say_state(run)
        with bad_input_said():
            if run.has_summary:
                headline_figures(run.summary)
    live_runs()
    st.subheader("All runs", anchor=False)
    if readable_runs():
        run_table()
    else:
        st.info(f"No run yet in `{display_path(runs_folder())}`. Start the first one below.")
    for error in broken_runs():
        st.warning(
            f"**{error.file}** cannot be read. `{error.field}`: found `{error.found}`; allowed: {error.allowed}."
        )
    st.subheader("Start a run", anchor=False)
    st.markdown("The day is simulated on this machine in the background; it appears above with its progress.")
    new_run_form()
