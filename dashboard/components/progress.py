"""A run while it goes on: how far it is, what its cameras see now, and a button that stops it."""

import streamlit as st

from dashboard.components.choice import readable_runs
from dashboard.components.new_run import STARTED, started_run
from dashboard.launch import stop_run
from sim.run_folder import RunFolder

EVERY_S = 1.5


def live_runs() -> None:
    """Draws every run that is going on; redraws itself while there is one, and the page once when one ends."""
    running = [run for run in readable_runs() if run.state == "running"]
    if started_run() is not None or running:
        _live()


@st.fragment(run_every=EVERY_S)
def _live() -> None:
    running = [run for run in readable_runs() if run.state == "running"]
    names = [run.name for run in running]
    waiting = started_run()
    if waiting is not None and (waiting.folder / "run.json").is_file():
        st.rerun()
    if st.session_state.get("running names", names) != names:
        st.session_state["running names"] = names
        st.rerun()
    st.session_state["running names"] = names
    if waiting is not None:
        _say_waiting()
    for run in running:
        _one(run)


def _say_waiting() -> None:
    run = started_run()
    if run is None:
        return
    if run.alive:
        st.info(f"**{run.folder.name}** is starting: the store is being built and its cameras warm up.")
        return
    st.error(f"The run did not start. Its last words:\n\n```\n{run.last_words() or '(nothing)'}\n```")
    if st.button("Put this message away"):
        del st.session_state[STARTED]
        st.rerun()


def _one(run: RunFolder) -> None:
    progress = run.manifest.progress
    with st.container(border=True):
        left, right = st.columns([5, 1], vertical_alignment="center")
        text = f"**{run.name}**"
        if progress:
            text += f": {max(0.0, progress.t):.0f} of {progress.seconds:.0f} store seconds"
        left.progress(progress.fraction if progress else 0.0, text)
        if run.manifest.pid is not None and right.button("Stop", key=f"stop {run.name}", width="stretch"):
            stop_run(run.manifest.pid)
        live_pictures(run)


def live_pictures(run: RunFolder) -> None:
    """The newest annotated picture of each camera."""
    frames = [(name, frame) for name in run.camera_names() if (frame := run.live_frame(name))]
    for start in range(0, len(frames), 4):
        for column, (name, frame) in zip(st.columns(4), frames[start : start + 4], strict=False):
            column.image(frame.read_bytes(), caption=name, width="stretch")
