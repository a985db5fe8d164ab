"""Which folder of runs the dashboard shows."""

import os
import sys
from pathlib import Path

DEFAULT_RUNS = "runs"
VARIABLE = "GLASS_AISLE_RUNS"


def runs_folder() -> Path:
    """The folder given on the command line, else that of the variable GLASS_AISLE_RUNS, else `runs`."""
    given = [word for word in sys.argv[1:] if not word.startswith("-")] if _served() else []
    return Path(os.environ.get(VARIABLE) or (given[-1] if given else DEFAULT_RUNS)).resolve()


def _served() -> bool:
    """Whether this process is Streamlit serving the app, whose own arguments have been taken off already."""
    return Path(sys.argv[0]).name == "app.py"
