"""The form that starts a run, and the one that was started last."""

import streamlit as st

from dashboard.components.choice import set_chosen
from dashboard.folder import runs_folder
from dashboard.launch import StartedRun, start_run
from sim.scenario import list_scenarios
from store.privacy.catalogue import list_policies, load_policy

STARTED = "started run"
DEFAULT_POLICIES = ("checkout", "app-entry", "face-entry", "face-everywhere", "police-gallery")


def new_run_form() -> None:
    """Draws the form; a press on the button starts the run in a process of its own."""
    scenarios, policies = list(list_scenarios()), list_policies()
    with st.form("new run", border=True):
        left, middle, right = st.columns([2, 1, 4], vertical_alignment="bottom")
        default = scenarios.index("corner-shop") if "corner-shop" in scenarios else 0
        scenario = left.selectbox("Scenario", scenarios, index=default, help="Which store, who comes, what they want.")
        seed = middle.number_input("Seed", 0, 2**31 - 1, 1, help="The same seed gives the same day again.")
        chosen = right.multiselect(
            "Privacy policies to judge the day by",
            policies,
            [name for name in DEFAULT_POLICIES if name in policies],
            format_func=lambda name: load_policy(name).title,
        )
        pressed = st.form_submit_button("Start the run", type="primary", icon=":material/play_arrow:")
    if pressed and scenario:
        st.session_state[STARTED] = start_run(runs_folder(), scenario, int(seed), chosen)
        st.rerun()


def started_run() -> StartedRun | None:
    """The run started last from this browser tab, until it shows up among the runs or ends without a folder."""
    run: StartedRun | None = st.session_state.get(STARTED)
    return run


def adopt_started() -> None:
    """Chooses the started run as soon as its folder exists; to be called before the choice is drawn."""
    run = started_run()
    if run is not None and (run.folder / "run.json").is_file():
        set_chosen(run.folder.name)
        del st.session_state[STARTED]
