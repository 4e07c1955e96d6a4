"""Compares the rows that two contestants kept, down to every value."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from string import Template

import duckdb

from benchmarks import BenchmarkError
from benchmarks.duck import connect, file_list, quoted, render
from catalog import DATASETS, Column, Dataset, Type

Ties = Callable[[str], Path]
"""Gives the file of a dataset's tied keys."""

_NUMBER = "cast($column as bigint)"
_INSTANT = "epoch_us(cast($column as timestamptz))"
_VALUES = {
    Type.BIGINT: _NUMBER,
    Type.INTEGER: _NUMBER,
    Type.RATING: "cast($column as decimal(3, 2))",
    Type.BOOLEAN: "cast($column as boolean)",
    Type.TIMESTAMP: _INSTANT,
    Type.OFFSET_TIMESTAMP: _INSTANT,
    # only the pipeline tidies white space, so it is tidied here for all contestants
    Type.TEXT: r"nullif(trim(regexp_replace($column, '[\pZ\p{Cc}]+', ' ', 'g')), '')",
}


@dataclass(frozen=True)
class Comparison:
    """A contestant's rows of one dataset compared with the reference's.

    The checksums cover every column and do not depend on the order of rows. `tied_rows` and `wrong_rows` count the rows
    that only one of the two has. A row is tied if several rows of its key share the newest time: then any choice is right.
    All other differing rows are wrong.
    """

    dataset: str
    rows: int
    checksum: str
    reference_rows: int
    reference_checksum: str
    tied_rows: int
    wrong_rows: int


def compare(reference: Path, contestant: Path, ties: Ties) -> list[Comparison]:
    """Compare each dataset; both folders hold a folder of its name with Parquet or gzipped CSV files."""
    with closing(connect(contestant / "temporary")) as connection:
        return [_compare(connection, dataset, reference, contestant, ties) for dataset in DATASETS]


def require_equal(name: str, comparisons: Sequence[Comparison]) -> None:
    """Raise BenchmarkError if a row differs for another reason than a tie: the contestant's time would mean nothing."""
    wrong = [f"{each.dataset}: {each.wrong_rows}" for each in comparisons if each.wrong_rows]
    if wrong:
        raise BenchmarkError(
            f"{name} and the reference differ in rows ({'; '.join(wrong)}), ties not counted; expected equal rows. "
            "Look at both outputs, and mend the contestant that is wrong"
        )


def _compare(
    connection: duckdb.DuckDBPyConnection, dataset: Dataset, reference: Path, contestant: Path, ties: Ties
) -> Comparison:
    rows, checksum = _digested(connection, dataset, contestant / dataset.name, "contestant")
    expected = _digested(connection, dataset, reference / dataset.name, "reference")
    statement = render("differing_rows.sql", ties=quoted(ties(dataset.name)))
    tied, wrong = connection.execute(statement).fetchall()[0]
    return Comparison(dataset.name, rows, checksum, *expected, tied, wrong)


def _digested(
    connection: duckdb.DuckDBPyConnection, dataset: Dataset, folder: Path, table: str
) -> tuple[int, str]:
    """Count and checksum the rows of a folder; `table` then holds the key and the digest of each row."""
    values = ", ".join(_value(column) for column in dataset.columns)
    rows = _rows(folder)
    connection.execute(render("digests.sql", table=table, key=dataset.key, values=values, rows=rows))
    count, checksum = connection.execute(render("checksum.sql", table=table)).fetchall()[0]
    return count, checksum


def _value(column: Column) -> str:
    """SQL for the column's value, in a form that does not depend on how the contestant wrote it."""
    value = Template(_VALUES[column.type]).substitute(column=column.name)
    for spelling in column.missing:
        value = f"nullif({value}, {quoted(spelling)})"
    return value


def _rows(folder: Path) -> str:
    if parquet := sorted(folder.glob("*.parquet")):
        return f"read_parquet({file_list(parquet)})"
    if text := sorted(folder.glob("*.csv.gz")):
        return render("written_rows.sql", files=file_list(text))
    raise BenchmarkError(
        f"{folder} holds neither *.parquet nor *.csv.gz; expected the files that a contestant wrote. Measure again"
    )
