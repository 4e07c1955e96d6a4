"""The queries of `pipeline explain`. The id is bound as `id`, the hash of a request to forget as `subject`."""

from collections.abc import Sequence

from catalog import PUBLISHED_BY, Dataset
from sql.rankings import RANKINGS, Ranking, Table
from sql.template import render


def columns() -> str:
    """Table and name of every column of the warehouse and of the analytics."""
    return render("explain/columns.sql")


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


def place(table: Table) -> str:
    """The row of a record in a table with places, and the table's last row."""
    return render("explain/place.sql", table=table.name, key=table.key)


def measured(ranking: Ranking) -> str:
    """The window of the analytics, and how many of a record's reviews and ratings lie in it."""
    return render("explain/measured.sql", reference=ranking.reference)


def ranking_of(dataset: Dataset) -> Ranking | None:
    """The ranking of a dataset's records, if they are ranked."""
    return RANKINGS.get(dataset.name)
