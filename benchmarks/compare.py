"""Whether two contestants have kept the same rows, down to every value."""

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
"""The file of a dataset's tied keys."""

_NUMBER = "cast($column as bigint)"
_INSTANT = "epoch_us(cast($column as timestamptz))"
_VALUES = {
    Type.BIGINT: _NUMBER,
    Type.INTEGER: _NUMBER,
    Type.RATING: "cast($column as decimal(3, 2))",
    Type.BOOLEAN: "cast($column as boolean)",
    Type.TIMESTAMP: _INSTANT,
    Type.OFFSET_TIMESTAMP: _INSTANT,
    # the pipeline tidies white space, which the others leave alone
    Type.TEXT: r"nullif(trim(regexp_replace($column, '[\pZ\p{Cc}]+', ' ', 'g')), '')",
}


@dataclass(frozen=True)
class Comparison:
    """One dataset of a contestant beside the reference's.

    The checksums are over every column and do not depend on the order of rows. `tied_rows` and `wrong_rows` are those that only
    one of the two has: of keys whose newest time several rows share, where any choice is right, and of all others.
    """

    dataset: str
    rows: int
    checksum: str
    reference_rows: int
    reference_checksum: str
    tied_rows: int
    wrong_rows: int


def compare(reference: Path, contestant: Path, ties: Ties) -> list[Comparison]:
    """A comparison for each dataset; both folders hold one of its name with Parquet or gzipped CSV files."""
    with closing(connect(contestant / "temporary")) as connection:
        return [_compare(connection, dataset, reference, contestant, ties) for dataset in DATASETS]


def require_equal(name: str, comparisons: Sequence[Comparison]) -> None:
    """BenchmarkError if a row differs for another reason than a tie: its time would mean nothing."""
    wrong = [f"{each.dataset}: {each.wrong_rows}" for each in comparisons if each.wrong_rows]
    if wrong:
        raise BenchmarkError(
            f"{name} and the reference differ in rows ({'; '.join(wrong)}), apart from ties; expected the same. "
            "Look at the outputs, and mend the one that is wrong"
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
    """Number of rows and checksum of a folder; the table holds key and digest of each row."""
    values = ", ".join(_value(column) for column in dataset.columns)
    rows = _rows(folder)
    connection.execute(render("digests.sql", table=table, key=dataset.key, values=values, rows=rows))
    count, checksum = connection.execute(render("checksum.sql", table=table)).fetchall()[0]
    return count, checksum


def _value(column: Column) -> str:
    """The column's value in a form that does not depend on how it was written."""
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
        f"{folder} holds neither *.parquet nor *.csv.gz; expected what a contestant has written"
    )
