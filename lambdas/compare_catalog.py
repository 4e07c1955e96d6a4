"""CompareCatalog: the statements that bring the tables to the catalog."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from aws_lambda_powertools import Logger

from lambdas.shared.data_api import read_rows
from lambdas.shared.errors import MigrationRefusedError
from lambdas.shared.migration import Step, definitions_of, is_older, migration

_WAY_OUT = (
    ". Nothing was changed. Take the change of the catalog back; or drop the table by hand and fill it again: "
    "`pipeline rebuild TABLE` makes a table of goodreads_warehouse anew, a run makes those of goodreads_analytics"
)
log = Logger()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """{wanted, digest, templates, columns, versions} -> {is_newer, steps}; MigrationRefusedError if a step cannot be made.

    `wanted` are the definitions of the catalog and `digest` is theirs. `templates` are the statements to add and to widen a column.
    `columns` and `versions` are finished statements of sql/migration. `is_newer` says that the tables are not known to be those of
    the catalog.
    """
    versions = list(read_rows(event["versions"]))
    digests = [version["digest"] for version in versions]
    found = migration(
        event["wanted"],
        definitions_of(read_rows(event["columns"])),
        last=json.loads(versions[-1]["definition"]) if versions else None,
        is_older=is_older(event["digest"], digests),
    )
    if found.refused:
        raise MigrationRefusedError("; ".join(found.refused) + _WAY_OUT)
    steps = statements(found.steps, event["templates"])
    for step in steps:
        log.warning("the tables follow the catalog", extra={"statement": step})
    return {"is_newer": bool(steps) or digests[-1:] != [event["digest"]], "steps": steps}


def statements(steps: Iterable[Step], templates: Mapping[str, str]) -> list[str]:
    """A statement for each step; Redshift takes one column a statement."""
    return [
        templates[step.kind].format(table=step.table, column=step.column, type=step.type) for step in steps
    ]
