"""A run that is stopped says so, and leaves a ledger that can be read."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sim.run_folder import RunFolder
from store.ledger import Ledger


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_is_marked_interrupted_and_its_ledger_is_readable(tmp_path: Path, stop: signal.Signals) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-m", "sim.cli", "run", "quick", "--out", str(out), "--no-video"]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        _wait_until_moving(run, out)
        os.kill(run.pid, stop)
        output, _ = run.communicate(timeout=60)
    finally:
        run.kill()
    assert run.returncode not in (0, 2), output.decode()
    assert b"Traceback" not in output
    assert RunFolder(out).manifest.status == "interrupted"
    Ledger(f"sqlite:///{out / 'store.sqlite'}").check()
    assert RunFolder(out).receipts() is not None


def _wait_until_moving(run: subprocess.Popen[bytes], out: Path) -> None:
    deadline = time.monotonic() + 400
    while time.monotonic() < deadline:
        if run.poll() is not None:
            pytest.fail(f"the run ended by itself: {run.stdout.read().decode() if run.stdout else ''}")
        if (out / "run.json").is_file():
            progress = json.loads((out / "run.json").read_text(encoding="utf-8")).get("progress") or {}
            if progress.get("t", -1) > 2:
                return
        time.sleep(0.2)
    pytest.fail("the run did not start moving within 400 seconds")
