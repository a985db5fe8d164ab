"""`python -m dashboard [RUNS] [STREAMLIT OPTIONS]`: serves the dashboard on a folder of runs."""

import os
import sys
from pathlib import Path

from dashboard.folder import DEFAULT_RUNS


def command(arguments: list[str]) -> list[str]:
    """The command line that serves the dashboard; the first argument that is no option is the folder of runs."""
    folder = next((word for word in arguments[:1] if not word.startswith("-")), None)
    options = arguments[1:] if folder else arguments
    app = Path(__file__).with_name("app.py")
    runs = str(Path(folder or DEFAULT_RUNS).resolve())
    return [sys.executable, "-m", "streamlit", "run", str(app), *options, "--", runs]


if __name__ == "__main__":
    # Streamlit takes this process's place, so that whoever stops it stops the server and not its parent.
    words = command(sys.argv[1:])
    os.execv(words[0], words)
