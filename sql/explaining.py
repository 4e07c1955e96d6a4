"""The queries of `pipeline explain`. The id is bound as `id`, the hash of a request to forget as `subject`."""

from collections.abc import Sequence

from catalog import PUBLISHED_BY, Dataset
from sql.rankings import CURRENT, PAST, TABLES, Table
from sql.template import render


def columns() -> str:
    """Schema, table and name of every column of the warehouse and of the analytics."""
    return render("explain/columns.sql", current=CURRENT, past=PAST)


def row(dataset: Dataset, *, names_its_run: bool) -> str:
    """Run, version and hash of a record's row; no run if the table is older than the column that names the run."""
    run = PUBLISHED_BY.name if names_its_run else f"cast(null as varchar(128)) as {PUBLISHED_BY.name}"
    return render("explain/row.sql", table=dataset.name, key=dataset.key, published_by=run)


def columns_of_row(dataset: Dataset, names: Sequence[str]) -> str:
    """What a record's row says in these columns."""
    return render("explain/columns_of_row.sql", columns=", ".join(names), table=dataset.name, key=dataset.key)


def runs(dataset: Dataset) -> str:
    """The runs that the ledger has for a dataset and when each was published, in that order."""
    return render("explain/runs.sql", table=dataset.name)


def forgotten() -> str:
    """When a record was forgotten, and since when it is left out."""
    return render("explain/forgotten.sql")


def place(table: Table, schema: str = CURRENT) -> str:
    """The row of a record in a ranking, and the last row of the ranking."""
    return render("explain/place.sql", schema=schema, table=table.name, key=table.key)


def flag(table: Table, schema: str = CURRENT) -> str:
    """The row of a record in a table of flags."""
    return render("explain/flag.sql", schema=schema, table=table.name, key=table.key)


def measured(dataset: Dataset, schema: str = CURRENT) -> str:
    """The window of the analytics, and how many of a record's reviews and ratings lie in it.

    A review names its author, book and user by the keys of their datasets, so the key alone finds a record's reviews. A review has one: itself.
    """
    return render("explain/measured.sql", schema=schema, key=dataset.key)


def rankings_of(dataset: Dataset) -> list[Table]:
    """The tables that give the dataset's records places."""
    return [table for table in TABLES if table.key == dataset.key and table.has_places]


def flags_of(dataset: Dataset) -> list[Table]:
    """The tables that name some of the dataset's records and give them no places: a row is a flag."""
    return [table for table in TABLES if table.key == dataset.key and not table.has_places]
