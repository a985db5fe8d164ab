"""The run that all pages show: chosen in the side bar, kept in the session and in the address."""

from pathlib import Path

import streamlit as st

from dashboard.folder import runs_folder
from sim.errors import BadInput
from sim.run_folder import RunFolder, list_runs

KEY = "chosen run"
WORDS = {
    "running": "running",
    "finished": "finished",
    "failed": "failed",
    "interrupted": "interrupted",
    "lost": "stopped without a word",
}


def choose_run() -> None:
    """Draws the choice in the side bar, where there is anything to choose."""
    names = [run.name for run in readable_runs()]
    if not names:
        return
    wanted = st.session_state.get(KEY) or st.query_params.get("run")
    st.session_state[KEY] = wanted if wanted in names else names[0]
    with st.sidebar:
        st.selectbox("Run shown on all pages", names, key=KEY, help="Newest first.")
        run = chosen_run()
        if run:
            st.caption(f"{run.manifest.scenario}, seed {run.manifest.seed}, {WORDS[run.state]}")
    st.query_params["run"] = st.session_state[KEY]


def set_chosen(name: str) -> None:
    """Makes a run the chosen one; only to be called before `choose_run` of the same page view (in a callback)."""
    st.session_state[KEY] = name


def chosen_run() -> RunFolder | None:
    """The chosen run, or None where there is no run."""
    name = st.session_state.get(KEY)
    return next((run for run in readable_runs() if run.name == name), None)


def readable_runs() -> list[RunFolder]:
    """Runs of the folder whose `run.json` can be read, newest first."""
    return [run for run in list_runs(runs_folder()) if isinstance(run, RunFolder)]


def broken_runs() -> list[BadInput]:
    """What is wrong with the others."""
    return [run for run in list_runs(runs_folder()) if isinstance(run, BadInput)]


def display_path(path: Path) -> str:
    """A path as short as it can be said: from the home folder or the working folder."""
    for root, name in ((Path.cwd(), "."), (Path.home(), "~")):
        if path.is_relative_to(root):
            return str(Path(name) / path.relative_to(root))
    return str(path)
