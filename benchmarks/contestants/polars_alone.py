"""The transform in Polars: lazy, streaming from CSV to Parquet."""

import sys
from pathlib import Path

import polars as pl

from benchmarks.contestants import files_of
from catalog import DATASETS, VERSION, Column, Dataset, Type

_READ_AS = {
    Type.BIGINT: pl.Int64(),
    Type.INTEGER: pl.Int32(),
    Type.RATING: pl.Decimal(3, 2),
    Type.BOOLEAN: pl.Boolean(),
    Type.TIMESTAMP: pl.String(),
    Type.OFFSET_TIMESTAMP: pl.String(),
    Type.TEXT: pl.String(),
}
_FORMATS = {
    Type.TIMESTAMP: "%Y-%m-%d %H:%M:%S%.f",
    Type.OFFSET_TIMESTAMP: "%a %b %d %H:%M:%S %z %Y",
}


def newest(dataset: Dataset, files: list[Path]) -> pl.LazyFrame:
    """One row for each key: a row of its newest time."""
    rows = pl.scan_csv(
        files, schema={column.name: _READ_AS[column.type] for column in dataset.columns}
    ).with_columns(_instant(column) for column in dataset.columns if column.type in _FORMATS)
    return rows.group_by(dataset.key).agg(pl.all().get(pl.col(VERSION.name).arg_max()))


def main(data: Path, target: Path) -> None:
    for dataset in DATASETS:
        folder = target / dataset.name
        folder.mkdir(parents=True)
        newest(dataset, files_of(data, dataset)).sink_parquet(folder / "newest.parquet")


def _instant(column: Column) -> pl.Expr:
    return pl.col(column.name).str.to_datetime(_FORMATS[column.type], time_unit="us")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
