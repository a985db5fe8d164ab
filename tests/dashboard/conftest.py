import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.__main__ import command
from tests.dashboard.fake_run import copy_run, write_fake_run

START_LIMIT_S = 180.0


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run; tests that change it copy it first."""
    return write_fake_run(tmp_path_factory.mktemp("finished") / "fake")


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, finished_run: Path) -> Path:
    """A folder with a finished, an interrupted, a failed and a corrupt run."""
    folder = tmp_path_factory.mktemp("runs")
    copy_run(finished_run, folder / "stopped", "interrupted")
    copy_run(finished_run, folder / "broken-down", "failed")
    corrupt = folder / "corrupt"
    corrupt.mkdir()
    (corrupt / "run.json").write_text(json.dumps({"scenario": "corner-shop", "seed": "seven"}), encoding="utf-8")
    shutil.copytree(finished_run, folder / "fake")
    return folder


@pytest.fixture(scope="session")
def served(runs: Path) -> Iterator[str]:
    """The address of a dashboard that really serves these runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--server.port", str(port), "--server.headless", "true", "--server.address", "127.0.0.1"]
    server = subprocess.Popen([*command([str(runs), *options])], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/_stcore/health", server)
        yield address
    finally:
        server.kill()
        server.wait(60)


def _wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_LIMIT_S
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"the dashboard ended with {server.returncode} ({sys.executable})")
        try:
            urllib.request.urlopen(url, timeout=2)
        except OSError:
            time.sleep(0.3)
        else:
            return
    raise TimeoutError(f"{url} did not answer within {START_LIMIT_S} s")
