"""What every page begins with, and what stands there when a run cannot be shown."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from dashboard.components.choice import chosen_run
from sim.errors import BadInput
from sim.run_folder import RunFolder


def heading(title: str, sentence: str) -> None:
    """The page's title, and one sentence that says what the page shows."""
    st.title(title, anchor=False)
    st.markdown(sentence)


def shown_run() -> RunFolder | None:
    """The chosen run; where there is none, says how to get one. An unfinished run is said to be so."""
    run = chosen_run()
    if run is None:
        st.info("There is no run to show yet. Start one on the page **Runs**.", icon=":material/info:")
        return None
    say_state(run)
    return run


def say_state(run: RunFolder) -> None:
    """One clear line for every run that is not simply finished."""
    progress = run.manifest.progress
    reached = f" after {max(0.0, progress.t):.0f} of {progress.seconds:.0f} store seconds" if progress else ""
    match run.state:
        case "interrupted":
            st.warning(f"This run was interrupted{reached}. What it had written by then is shown.")
        case "failed":
            st.error(f"This run failed{reached}: {run.manifest.error or 'it left no reason'}.")
        case "lost":
            st.warning(f"This run stopped without a word{reached}: no process writes to its folder any more.")
        case "running":
            st.info(f"This run is still going on{reached.replace('after', 'at')}. Its figures come at the end.")
        case _:
            pass


@contextmanager
def bad_input_said() -> Iterator[None]:
    """Says in one line which file and field is wrong, instead of breaking the page."""
    try:
        yield
    except BadInput as error:
        st.error(
            f"**{error.file}** cannot be shown.\n\nField `{error.field}`: found `{error.found}`. "
            f"Allowed: {error.allowed}.",
            icon=":material/broken_image:",
        )


def is_one_day(run: RunFolder) -> bool:
    """Whether the run has pictures and receipts of its own; of several days, says that these are with the days."""
    if run.manifest.days == 1:
        return True
    days = ", ".join(f"**{day.name}**" for day in run.days())
    st.info(f"This run has several days. Choose one of them in the side bar: {days}.", icon=":material/date_range:")
    return False
