"""The statements of `pipeline forget`. The id is bound as `id`, the hash of the request as `subject`."""

from collections.abc import Collection
from dataclasses import dataclass

from catalog import DATASETS, REVIEWS, USERS, Dataset
from sql.template import render

STAGING, WAREHOUSE = "goodreads_staging", "goodreads_warehouse"


@dataclass(frozen=True)
class Trace:
    """A dataset whose rows belong to what is forgotten if `column` holds its id."""

    dataset: Dataset
    column: str


def traces_of(dataset: Dataset) -> tuple[Trace, ...]:
    """Where the rows of a record of this dataset are: a user's reviews are the user's own words."""
    own = Trace(dataset, dataset.key)
    return (own, Trace(REVIEWS, USERS.key)) if dataset is USERS else (own,)


def tables() -> str:
    """Schemas and names of the tables that exist."""
    return render("forget/tables.sql")


def count(trace: Trace, schema: str) -> str:
    """The number of rows that a table holds."""
    return render("forget/count.sql", schema=schema, table=trace.dataset.name, column=trace.column)


def count_examples(trace: Trace) -> str:
    """The number of results of the quality rules that name rows of the trace by their keys."""
    names = {
        "table": trace.dataset.name,
        "column": trace.column,
        "key": trace.dataset.key,
        "schema": WAREHOUSE,
    }
    return render(
        "forget/count_examples.sql" if trace.column == trace.dataset.key else "forget/count_examples_of.sql",
        **names,
    )


def forget(dataset: Dataset, staged: Collection[str], *, also_later: bool = False) -> list[str]:
    """Delete the rows of a record from the warehouse and from the tables `staged` of staging, and count them in the ledger.

    Their keys are cleared from the results of the quality rules, too.

    `also_later`: it is left out of later deliveries.
    """
    traces = traces_of(dataset)
    places = [(trace, WAREHOUSE) for trace in traces]
    places += [(trace, STAGING) for trace in traces if trace.dataset.name in staged]
    return [
        render("warehouse/lock_ledger.sql"),
        *(render("forget/account.sql", table=trace.dataset.name, column=trace.column) for trace in traces),
        render("forget/clear_examples.sql", table=dataset.name),
        *(
            render(
                "forget/clear_examples_of.sql",
                schema=schema,
                table=trace.dataset.name,
                column=trace.column,
                key=trace.dataset.key,
            )
            for trace, schema in places
            if trace.column != trace.dataset.key
        ),
        *(
            render("forget/delete.sql", schema=schema, table=trace.dataset.name, column=trace.column)
            for trace, schema in places
        ),
        *([render("forget/leave_out.sql")] if also_later else []),
    ]


def leave_out() -> list[str]:
    """Take the rows of all that is to be left out from staging, and count them as forgotten.

    One record after the other: a review may be left out for its own sake and for its writer's, and is counted once.
    """
    names = (
        {"kind": kind.name, "table": trace.dataset.name, "column": trace.column, "key": trace.dataset.key}
        for kind in DATASETS
        for trace in traces_of(kind)
    )
    return [
        statement
        for each in names
        for statement in (
            render("warehouse/account_left_out.sql", **each),
            render("warehouse/drop_left_out.sql", **each),
        )
    ]


def published() -> str:
    """The runs that have published the file bound as `file_key` and `etag`."""
    return render("forget/published.sql")
