"""The database behind the books: SQLite in a file or in memory, or PostgreSQL, by URL.

Many stores may write to one database at once. On SQLite a writer holds the whole file from its first statement on
(`BEGIN IMMEDIATE`), so nobody reads what another is about to change. On PostgreSQL writers run at READ COMMITTED and
lock the row of the visit that they change (`store.ledger`), so that different visits never wait for each other, and no
two writers hold locks that the other wants: nothing has to be tried again. Readers see one moment on both.
"""

import sqlite3
import time

from sqlalchemy import Engine, event, make_url, text
from sqlalchemy import create_engine as _create_engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from store.books import Books
from store.errors import BadInput

ALLOWED = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"

WAIT_S = 60.0
"""How long a writer waits for another before it gives up, seconds."""

_CREATING = 0x61_69_73_6C_65
"""Key of the advisory lock under which one store makes the tables while others wait."""


def open_engine(url: str) -> Engine:
    """An engine for the URL, set so that several processes can write; BadInput where the URL is none."""
    address = _address(url)
    try:
        engine = _create_engine(address, **_options(address))
    except (SQLAlchemyError, ImportError, ValueError) as error:
        raise BadInput("ledger", "url", shown(url), ALLOWED) from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def create_books(engine: Engine, url: str) -> None:
    """Makes the tables that are missing; BadInput where the database cannot be reached or written."""
    try:
        with writing(engine).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": _CREATING})
            Books.metadata.create_all(connection)
    except SQLAlchemyError as error:
        raise BadInput("ledger", "url", shown(url), f"a database that can be written ({reason(error)})") from error


def writing(engine: Engine) -> Engine:
    """The engine for transactions that write."""
    return engine.execution_options(writes=True)


def reading(engine: Engine) -> Engine:
    """The engine for transactions whose statements all see the same moment."""
    if engine.dialect.name == "postgresql":
        return engine.execution_options(isolation_level="REPEATABLE READ")
    return engine


def enter(session: Session, table: type[Books], **values: object) -> None:
    """Adds a row unless there is one of that id, also where another store adds it at the same moment."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    session.execute(insert(table).values(**values).on_conflict_do_nothing())


def shown(url: str) -> str:
    """The URL as it may be printed and kept: without its password."""
    try:
        return make_url(url).render_as_string(hide_password=True)
    except (ArgumentError, ValueError):
        return url


def reason(error: SQLAlchemyError) -> str:
    """What a database said, in one line."""
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().split("\n")[0]


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise BadInput("ledger", "url", url, ALLOWED) from error
    if address.drivername == "postgresql":
        return address.set(drivername="postgresql+psycopg")
    if address.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise BadInput("ledger", "url", shown(url), ALLOWED)
    return address


def _options(address: URL) -> dict[str, object]:
    if address.get_backend_name() == "postgresql":
        # A connection that the server dropped while the store was quiet is replaced instead of failing a bill.
        return {"pool_pre_ping": True, "isolation_level": "READ COMMITTED"}
    if address.database in (None, "", ":memory:"):
        return {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
    return {"connect_args": {"timeout": WAIT_S}}


def _configure_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver would begin a transaction only at the first change, after what was read may have become untrue.
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")
    # WAL keeps the books readable for the live view while they are written, and after a crash
    _use_write_ahead_log(connection)
    # What was charged stays charged when the machine loses its power.
    connection.execute("PRAGMA synchronous=FULL")


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Changing the journal's mode does not wait for others by itself, so that it is tried again."""
    deadline = time.monotonic() + WAIT_S
    while connection.execute("PRAGMA journal_mode").fetchone()[0] == "delete":
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
