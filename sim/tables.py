"""Parquet tables that grow while a run goes on, in constant memory."""

from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

_ROWS_PER_GROUP = 20_000


class TableWriter:
    """Appends rows to one Parquet file; rows are flushed in groups, the rest when it is closed.

    Args:
        path: the file; its folder must exist.
        columns: column name to pyarrow type, in order.
        rows_per_group: rows that wait in memory before they are written; fewer where rows are large.
    """

    def __init__(self, path: Path, columns: dict[str, pa.DataType], rows_per_group: int = _ROWS_PER_GROUP) -> None:
        self._schema = pa.schema(list(columns.items()))
        self._writer = pq.ParquetWriter(path, self._schema)
        self._rows: list[tuple[object, ...]] = []
        self._most = rows_per_group

    def append(self, *row: object) -> None:
        """Adds one row, its values in the order of the columns."""
        self._rows.append(row)
        if len(self._rows) >= self._most:
            self._flush()

    def close(self) -> None:
        """Writes what is left and finishes the file."""
        self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if not self._rows:
            return
        values = zip(*self._rows, strict=True)
        arrays = [pa.array(list(column), field.type) for column, field in zip(values, self._schema, strict=True)]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
        self._rows.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()
