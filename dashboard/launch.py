"""Starts runs as processes of their own and stops them; knows nothing of the page that asks."""

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sim.run_folder import process_alive


@dataclass(frozen=True, slots=True)
class StartedRun:
    """A run that was started from here: its folder, its process, and where it prints."""

    folder: Path
    pid: int
    log: Path

    @property
    def alive(self) -> bool:
        """Whether its process still runs."""
        reap(self.pid)
        return process_alive(self.pid)

    def last_words(self, lines: int = 6) -> str:
        """The end of what it printed, for a run that stopped before it had a folder."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.is_file() else ""
        return "\n".join(text.strip().splitlines()[-lines:])


def start_run(runs: Path, scenario: str, seed: int, policies: Sequence[str], video: bool = True) -> StartedRun:
    """Starts `aisle run` in the background, into a new folder named by scenario, seed and time."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    folder = runs / f"{scenario}-seed{seed}-{stamp}"
    runs.mkdir(parents=True, exist_ok=True)
    log = runs / f".{folder.name}.log"
    with log.open("w", encoding="utf-8") as printed:
        process = subprocess.Popen(
            run_command(scenario, seed, folder, policies, video),
            stdout=printed,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    return StartedRun(folder, process.pid, log)


def run_command(scenario: str, seed: int, folder: Path, policies: Sequence[str], video: bool) -> list[str]:
    """The command line of a run; it uses this very interpreter, so that it finds the same packages."""
    entry = "import sys; from sim.cli import main; sys.argv[0] = 'aisle'; main()"
    options = ["--seed", str(seed), "--out", str(folder), "--video" if video else "--no-video"]
    wanted = [word for policy in policies for word in ("--policy", policy)]
    return [sys.executable, "-c", entry, "run", scenario, *options, *wanted]


def stop_run(pid: int) -> None:
    """Asks a run to stop as Ctrl-C does; its folder will say `interrupted`. Nothing happens if it is gone."""
    if process_alive(pid):
        os.kill(pid, signal.SIGTERM)


def reap(pid: int) -> None:
    """Lets a finished child of this process go, so that it does not count as running."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
