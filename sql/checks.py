"""The data-quality checks: one query per stage, one row per check with its number of violations."""

from collections.abc import Iterator, Mapping
from textwrap import indent

from catalog import DATASETS, Dataset
from sql.statements import RANKINGS, Ranking, row_counts
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


def analytics_checks(top: int) -> str:
    """After the analytics: complete, unrepeated, and equal to what the warehouse says."""
    return _all(
        check
        for ranking in RANKINGS.values()
        for table in ranking.tables
        for check in _ranked(ranking, table, top)
    )


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


def _ranked(ranking: Ranking, table: str, top: int) -> Iterator[str]:
    key = ranking.subject.key
    yield render("quality/unique.sql", schema="goodreads_analytics", table=table, column=key)
    yield render("quality/top.sql", table=table, top=top)
    yield render(
        "quality/matches_warehouse.sql",
        table=table,
        subject=ranking.subject.name,
        reference=ranking.reference,
        key=key,
    )


def _all(checks: Iterator[str]) -> str:
    return "\nunion all\n".join(checks)
