"""The numbers of a run's page, and what `pipeline query` answers to the question that each of them stands for."""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from typer.testing import CliRunner

from contract.ledger import ROWS, word_of
from local_cloud.state import StateFolder
from operations.__main__ import app
from sql.rankings import CURRENT, TABLES

_DIGITS = 6
"""So many digits of a measure are shown."""

Number = int | Decimal


def asked(state: StateFolder, document: Mapping[str, Any]) -> dict[str, Number]:
    """{place in the document: number}; only names of tables, rules and files are taken from the document itself."""
    return dict([*_analytics(state, document), *_of_the_run(state, document)])


def shown_as(number: Number, text: str) -> bool:
    """Whether the page tells the number: an integer whole, a measure with six digits."""
    told = Decimal(text.replace(",", ""))
    return told == number if isinstance(number, int) else float(told) == float(f"{number:.{_DIGITS}g}")


def _analytics(state: StateFolder, document: Mapping[str, Any]) -> Iterator[tuple[str, Number]]:
    declared = {table.name: table for table in TABLES}
    for place, told in enumerate(document["analytics"]):
        table = declared[told["table"]]
        columns = [(number, each.name) for number, each in enumerate(table.told_columns)]
        names = ", ".join(name for _, name in columns)
        first = f"select {names} from {CURRENT}.{table.name} order by {table.told_first} limit {table.told}"
        rows = _query(state, f"select {names} from ({first}) as told order by {table.order}")
        for line, row in enumerate(rows):
            for (column, _), measure in zip(columns, table.told_columns, strict=True):
                if measure.kind in ("integer", "number") and row[column] is not None:
                    yield f"analytics/{place}/rows/{line}/{column}", _number(row[column], measure.kind)


def _of_the_run(state: StateFolder, document: Mapping[str, Any]) -> Iterator[tuple[str, Number]]:
    run = f"where run_id = '{document['run_id']}'"
    for place, told in enumerate(document["datasets"]):
        sql = f"select {', '.join(ROWS)} from goodreads_warehouse.ledger {run} and dataset = '{told['dataset']}'"
        (counts,) = _query(state, sql)
        for name, count in zip(ROWS, counts, strict=True):
            yield f"datasets/{place}/{word_of(name)}", int(count)
    rules = {
        (stage, table, f"{column} {rule}".strip()): (violations, allowed)
        for stage, table, column, rule, violations, allowed in _query(
            state,
            f"select stage, table_name, column_name, rule, violations, allowed from goodreads_warehouse.quality_results {run}",
        )
    }
    for place, check in enumerate(document["checks"]):
        found = rules[check["stage"], check["table"], check["rule"]]
        for name, number in zip(("violations", "limit"), found, strict=True):
            yield f"checks/{place}/{name}", int(number)
    files = {
        key: (size, rows)
        for key, size, rows in _query(
            state, f"select file_key, size_bytes, rows_read from goodreads_warehouse.ledger_files {run}"
        )
    }
    yield "files/total", len(files)
    for place, file in enumerate(document["files"]["listed"]):
        yield f"files/listed/{place}/rows", int(files[file["key"]][1])


def _number(value: Any, kind: str) -> Number:
    return int(value) if kind == "integer" else Decimal(str(value))


def _query(state: StateFolder, sql: str) -> Sequence[Sequence[Any]]:
    done = CliRunner().invoke(app, ["query", sql, "--json", "--state", str(state.root)])
    assert done.exit_code == 0, done.output
    rows: list[list[Any]] = json.loads(done.stdout)["rows"]
    return rows
