"""Makes docs/dictionary.md and report/analytics.json: what each table and column of the analytics means, for people and for the report of a run."""

import json

from sql.rankings import GROUPS, TABLES, Table

_INTRODUCTION = """\
# Data dictionary of the analytics

Made by `make docs` from `sql/rankings.py`. The tables are in the schema `goodreads_analytics`. A run rebuilds them over the reviews of its window: those whose
`record_create_timestamp` is in `goodreads_analytics.review_window`, the start included, the end not. All times are UTC. A review with 0 stars counts as a review and not as
a rating ([decision 5](decisions/005-zero-stars-are-not-a-rating.md)). Ties of a rank go to more reviews, then to the lower id. How the ratings are weighted:
[decision 47](decisions/047-analytics-that-mean-something.md). `goodreads_past` has the same tables for a past window ([decision 48](decisions/048-a-past-window-beside-the-current-one.md)). [datasets.md](datasets.md) has the columns of the four datasets; `goodreads_warehouse` adds to them `record_hash`, of all of them, and `run_id`, the run that wrote the row.
"""


def dictionary_page() -> str:
    """The page in Markdown."""
    return "\n".join([_INTRODUCTION, *(_section(table) for tables in GROUPS.values() for table in tables)])


def told_tables() -> str:
    """The tables as JSON, each with the columns that a report shows: it has no package that knows the statements."""
    return json.dumps([_told(table) for table in TABLES], indent=1) + "\n"


def _told(table: Table) -> dict[str, object]:
    columns = [
        {"name": column.name, "kind": column.kind, "description": column.description}
        for column in table.told_columns
    ]
    return {"table": table.name, "title": table.title, "columns": columns}


def _section(table: Table) -> str:
    rows = [
        f"| `{column.name}`{' (key)' if column.name == table.key else ''} | {column.definition} | {column.description} |"
        for column in table.columns
    ]
    return "\n".join(
        [
            f"## {table.name}",
            "",
            f"**{table.title}.** {table.description}",
            "",
            "| column | type | meaning |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )
