"""What the database itself refuses, whoever asks: money that does not balance, and history that is rewritten.

The entries of a transaction sum to zero, and neither they nor a transaction nor a receipt can be changed or deleted.
PostgreSQL looks at the sum when a writer commits. SQLite has no such late look, so there a transaction's entries are
written first and its own row last, which is refused unless they balance; entries without that row are refused at the
commit (their foreign key is deferred), and entries for a row that stands already are refused at once.
"""

from collections.abc import Sequence

from sqlalchemy import MetaData, Table, event
from sqlalchemy.engine import Connection

FINAL = ("transactions", "entries", "receipts", "receipt_lines", "evidence")
"""Tables whose rows stand as they were written."""

_UNBALANCED = "a transaction must have two entries or more that sum to zero"

_SQLITE = (
    f"""create trigger transactions_balance before insert on transactions
    when (select count(*) < 2 or sum(cents) <> 0 from entries where "transaction" = new.key)
    begin select raise(abort, '{_UNBALANCED}'); end""",
    """create trigger entries_complete before insert on entries
    when exists (select 1 from transactions where key = new."transaction")
    begin select raise(abort, 'a transaction takes no more entries'); end""",
    *(
        f"create trigger {table}_{change} before {change} on {table} "
        f"begin select raise(abort, '{table} are never changed'); end"
        for table in FINAL
        for change in ("update", "delete")
    ),
)

_POSTGRESQL = (
    f"""create function entries_balance() returns trigger language plpgsql as $$
    begin
      if (select count(*) < 2 or sum(cents) <> 0 from entries where "transaction" = new."transaction") then
        raise exception using message = '{_UNBALANCED}: ' || new."transaction", errcode = 'check_violation';
      end if;
      return null;
    end $$""",
    f"""create function transactions_balance() returns trigger language plpgsql as $$
    begin
      if not exists (select 1 from entries where "transaction" = new.key) then
        raise exception using message = '{_UNBALANCED}: ' || new.key, errcode = 'check_violation';
      end if;
      return null;
    end $$""",
    """create function rows_are_final() returns trigger language plpgsql as $$
    begin
      raise exception using message = tg_table_name || ' are never changed', errcode = 'check_violation';
    end $$""",
    *(
        f"create constraint trigger {table}_balance after insert on {table} deferrable initially deferred "
        f"for each row execute function {table}_balance()"
        for table in ("entries", "transactions")
    ),
    *(
        f"create trigger {table}_final before update or delete on {table} "
        "for each row execute function rows_are_final()"
        for table in FINAL
    ),
)


def guard(metadata: MetaData) -> None:
    """Adds the triggers when the tables of `metadata` are made."""
    event.listen(metadata, "after_create", _add_triggers)


def _add_triggers(_metadata: MetaData, connection: Connection, tables: Sequence[Table], **_more: object) -> None:
    made = {table.name for table in tables}
    if not made.issuperset(FINAL):
        return
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.exec_driver_sql(statement)
