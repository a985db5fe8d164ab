"""`python -m dashboard [RUNS] [STREAMLIT OPTIONS]`: serves the dashboard on a folder of runs."""

import subprocess
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
    try:
        raise SystemExit(subprocess.call(command(sys.argv[1:])))
    except KeyboardInterrupt:
        raise SystemExit(0) from None
