"""The data-quality checks: one query per stage, one row per check with its number of violations."""

from collections.abc import Iterator, Mapping
from textwrap import indent

from catalog import DATASETS, Dataset
from sql.rankings import CURRENT, TABLES, Table
from sql.statements import row_counts
from sql.template import INDENT, render


def staging_checks(reject_limits: Mapping[str, int]) -> str:
    """Before the publish: what was loaded is complete and obeys the catalog's rules.

    `reject_limits` is the share of rejected rows, in percent, above which a dataset is not published, unless
    `accept_rejects` is bound as `true`.
    """
    return _all(
        check
        for dataset in DATASETS
        for check in (
            render("quality/rows_staged.sql", table=dataset.name),
            render("quality/accounting.sql", table=dataset.name),
            render("quality/files.sql", table=dataset.name),
            render("quality/reject_share.sql", table=dataset.name, limit=reject_limits[dataset.name]),
            *_rules(dataset, "goodreads_staging"),
        )
    )


def warehouse_checks() -> str:
    """After the publish: the warehouse obeys the rules and holds what the ledger says."""
    return _all(
        check
        for dataset in DATASETS
        for check in (
            render("quality/ledger.sql", counted=indent(row_counts(dataset), INDENT)),
            *_rules(dataset, "goodreads_warehouse"),
        )
    )


def analytics_checks(top: int, schema: str = CURRENT) -> str:
    """After the analytics: complete, unrepeated, and equal to what the warehouse says."""
    return _all(check for table in TABLES for check in _analysed(table, top, schema))


def _rules(dataset: Dataset, schema: str) -> Iterator[str]:
    names = {"schema": schema, "table": dataset.name}
    yield render("quality/unique.sql", **names, column=dataset.key)
    for column in dataset.stored_columns:
        if column.required:
            yield render("quality/required.sql", **names, column=column.name)
        if column.bounds:
            minimum, maximum = column.bounds
            yield render(
                "quality/range.sql", **names, column=column.name, minimum=str(minimum), maximum=str(maximum)
            )


def _analysed(table: Table, top: int, schema: str) -> Iterator[str]:
    names = {"schema": schema, "table": table.name}
    yield render("quality/unique.sql", **names, column=table.key)
    if table.has_places:
        yield render("quality/top.sql", **names, top=top)
    for column in table.columns:
        if column.bounds:
            minimum, maximum = column.bounds
            yield render("quality/range.sql", **names, column=column.name, minimum=minimum, maximum=maximum)
    for rule in table.rules:
        yield render(f"quality/{rule}.sql", **names, key=table.key, **table.names)


def _all(checks: Iterator[str]) -> str:
    return "\nunion all\n".join(checks)
