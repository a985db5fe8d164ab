import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dashboard import launch
from dashboard.__main__ import command
from dashboard.launch import StartedRun, run_command, start_run, stop_run


def test_the_command_asks_for_what_the_form_asked() -> None:
    words = run_command("quick", 3, Path("somewhere"), ["checkout", "app-entry"], video=False)
    assert words[0] == sys.executable
    assert words[3:5] == ["run", "quick"]
    assert words[words.index("--seed") + 1] == "3"
    assert words[words.index("--out") + 1] == "somewhere"
    assert [words[n + 1] for n, word in enumerate(words) if word == "--policy"] == ["checkout", "app-entry"]
    assert "--no-video" in words


def test_a_run_starts_in_the_background_and_keeps_what_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "run_command", lambda *_: [sys.executable, "-c", "print('no such scenario')"])
    run = start_run(tmp_path / "new", "quick", 3, [])
    end = time.monotonic() + 30
    while run.alive and time.monotonic() < end:
        time.sleep(0.05)
    assert not run.alive
    assert run.last_words() == "no such scenario"
    assert run.folder.parent == tmp_path / "new"
    assert run.folder.name.startswith("quick-seed3-")


def test_stopping_ends_a_run_by_the_signal_that_runs_take_as_ctrl_c() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(60)"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    stop_run(process.pid)
    assert process.wait(20) == -signal.SIGTERM


def test_stopping_a_run_that_is_gone_does_nothing() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    stop_run(process.pid)


def test_a_started_run_without_a_log_has_no_last_words(tmp_path: Path) -> None:
    assert StartedRun(tmp_path, 1, tmp_path / "none").last_words() == ""


def test_the_dashboard_takes_a_folder_and_options_in_any_number() -> None:
    assert command(["here", "--server.port", "1"])[-2:] == ["--", str(Path("here").resolve())]
    assert command(["--server.port", "1"])[-1] == str(Path("runs").resolve())
    assert "--server.port" in command(["--server.port", "1"])
