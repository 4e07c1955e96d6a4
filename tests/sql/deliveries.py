"""Random deliveries, and what the Spark job makes of them: the same Parquet files, without Spark."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from catalog import DATASETS, VERSION, Column, Dataset, Type
from contract.keys import PART, run_folder
from contract.ledger import ACCOUNTING, FILES, Counts
from spark_jobs.newest import newest
from spark_jobs.schema import arrow_schema
from spark_jobs.storage import Folder

Row = dict[str, Any]

KEYS = range(1, 5)
ZONE = "processed"
"""The bucket that the deliveries are written to."""

EARLIER = "r1"
"""The ETag of files that each run finds in landing, beside its own; the first delivery may have had them."""

_CAPTURED = [datetime(2020, month, 19, 21, 38, 16, us, UTC) for month in (1, 2, 3) for us in (0, 690535)]
_INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001  # hypothesis adds the zone
_LETTERS = st.characters(exclude_categories=["Cc", "Cs"])  # no cleaned text has control characters
_VALUES: dict[Type, st.SearchStrategy[Any]] = {
    Type.BIGINT: st.sampled_from(KEYS),
    Type.INTEGER: st.sampled_from([0, 1, 7]),
    Type.RATING: st.sampled_from([Decimal(text) for text in ("0", "0.01", "1", "3.33", "4.5", "5")]),
    Type.BOOLEAN: st.booleans(),
    Type.OFFSET_TIMESTAMP: _INSTANTS,
    Type.TEXT: st.text(_LETTERS, min_size=1, max_size=3),
}


@dataclass(frozen=True)
class Delivery:
    """The good rows of a run by dataset, and how many rows of each dataset were rejected."""

    rows: Mapping[str, list[Row]]
    rejected: int = 0


def _values(dataset: Dataset, column: Column) -> st.SearchStrategy[Any]:
    if column.name == VERSION.name:
        return st.sampled_from(_CAPTURED)
    if column.name == dataset.key:
        return st.sampled_from(KEYS)
    return st.none() | _VALUES[column.type]


def _rows(dataset: Dataset) -> st.SearchStrategy[list[Row]]:
    columns = {column.name: _values(dataset, column) for column in dataset.columns}
    return st.lists(st.fixed_dictionaries(columns), max_size=6)


deliveries = st.builds(
    Delivery,
    st.fixed_dictionaries({dataset.name: _rows(dataset) for dataset in DATASETS}),
    st.sampled_from([0, 1]),
)


def write(delivery: Delivery, run: str, token: int, buckets: Path) -> None:
    """Write the files of a run to the processed zone. Each dataset came in one landed file; the file's ETag is the run."""
    accounting: list[Row] = []
    files: list[Row] = []
    for dataset in DATASETS:
        won = newest(
            pa.Table.from_pylist(delivery.rows[dataset.name], arrow_schema(dataset.columns)), dataset
        )
        counts = Counts(
            rows_read=len(delivery.rows[dataset.name]) + delivery.rejected,
            rows_staged=won.rows.num_rows,
            rows_stale=won.stale,
            rows_duplicate=won.duplicate,
            rows_quarantined=delivery.rejected,
        )
        names = {"run_id": run, "dataset": dataset.name}
        accounting.append({**names, "fencing_token": token, **asdict(counts)})
        file = {"file_key": f"{dataset.name}.csv", "etag": run, "size_bytes": 1}
        files.append({**names, **file, "rows_read": counts.rows_read, "rows_quarantined": delivery.rejected})
        _write(won.rows, dataset.name, run, buckets)
    for table, rows in ((ACCOUNTING, accounting), (FILES, files)):
        _write(pa.Table.from_pylist(rows, arrow_schema(table.columns)), table.name, run, buckets)
    landed = "".join(f'"{file["file_key"]}","{etag}"\n' for file in files for etag in (run, EARLIER))
    (buckets / ZONE / run_folder(run) / "landed.csv").write_text(landed, encoding="utf-8")


def _write(rows: pa.Table, table: str, run: str, buckets: Path) -> None:
    folder = Folder(root=(buckets / ZONE).as_uri(), path=f"{run_folder(run)}/{table}")
    folder.write_parquet(f"{PART}00000.parquet", rows.schema, [rows])
