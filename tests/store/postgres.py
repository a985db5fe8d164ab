"""A PostgreSQL server of the tests' own, from the programs of Debian's package, on a socket in a temporary folder."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psycopg

MISSING = "PostgreSQL's initdb and pg_ctl are not there: apt install postgresql"


def programs() -> Path | None:
    """The folder with initdb and pg_ctl, the newest where there are several; None where there is none."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(debian, key=lambda folder: float(folder.parent.name), reverse=True)
    return next((one for one in folders if (one / "initdb").is_file() and (one / "pg_ctl").is_file()), None)


class Server:
    """A running server; `database` makes a new empty database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = count(1)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def database(self) -> str:
        """The URL of a new database."""
        name = f"books{next(self._number)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"create database {name}")  # type: ignore[call-overload]
        return self.url(name)


@contextmanager
def server(programs: Path) -> Iterator[Server]:
    """Runs a server while the block lasts; it refuses to run as root, so then another user runs it."""
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    user = _unprivileged()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)

    def call(*command: str) -> None:
        who = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, **who)  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stdout}")

    books, log = str(folder / "data"), str(folder / "log")
    # The tests' power never fails, so that their server need not wait for the disk.
    options = f"-c listen_addresses='' -c fsync=off -c max_connections=60 -k {folder}"
    try:
        call(str(programs / "initdb"), "-D", books, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        call(str(programs / "pg_ctl"), "-D", books, "-l", log, "-w", "-t", "120", "-o", options, "start")
        try:
            yield Server(folder)
        finally:
            call(str(programs / "pg_ctl"), "-D", books, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> pwd.struct_passwd | None:
    if os.getuid() != 0:
        return None
    names = {user.pw_name: user for user in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]
