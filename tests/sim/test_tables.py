"""Tables that grow during a run keep every row and their types."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sim.tables import TableWriter

COLUMNS = {"t": pa.float64(), "track": pa.int64(), "account": pa.string()}


def test_rows_come_back_in_order_across_row_groups(tmp_path: Path) -> None:
    rows = [(number / 10, number, None if number % 3 else f"account-{number}") for number in range(30)]
    with TableWriter(tmp_path / "rows.parquet", COLUMNS, rows_per_group=7) as table:
        for row in rows:
            table.append(*row)
    read = pq.read_table(tmp_path / "rows.parquet")
    assert list(zip(*read.to_pydict().values(), strict=True)) == rows
    assert pq.ParquetFile(tmp_path / "rows.parquet").num_row_groups == 5


def test_an_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    with TableWriter(tmp_path / "rows.parquet", COLUMNS):
        pass
    assert pq.read_table(tmp_path / "rows.parquet").column_names == list(COLUMNS)


def test_a_run_that_dies_leaves_a_readable_table(tmp_path: Path) -> None:
    def run() -> None:
        with TableWriter(tmp_path / "rows.parquet", COLUMNS) as table:
            table.append(0.0, 1, None)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        run()
    assert pq.read_table(tmp_path / "rows.parquet").num_rows == 1
