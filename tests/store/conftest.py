"""Ledgers on both databases: whoever asks for `url` runs once on SQLite and once on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.postgres import MISSING, Server, programs, server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server of our own; skips where its programs are missing."""
    folder = programs()
    if folder is None:
        pytest.skip(MISSING)
    with server(folder) as running:
        yield running


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of new, empty books that outlive whoever opens them."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'books.sqlite'}"
    server: Server = request.getfixturevalue("postgres")
    return server.database()
